/* lwssim train: the keys of a run, weakest first, and the training itself. */
#include "cli.h"

#include "base/folder.h"
#include "base/log.h"
#include "comm/comm.h"
#include "data/run_names.h"
#include "train/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] = "usage: lwssim train --data DIR --run DIR [--config FILE] [--KEY VALUE …]\n"
                            "       lwssim train --run DIR --resume [--KEY VALUE …]\n"
                            "       mpirun -n RANKS lwssim train …\n";

typedef struct command {
    lws_train_options options;
    char run[LWS_CONFIG_TEXT], config[LWS_CONFIG_TEXT];
    bool resume, overwrite;
} command;

static const lws_config_key own_keys[] = {
    {"run", LWS_CONFIG_STRING, offsetof(command, run), "", 0, 0, "DIR", "folder of the run: checkpoints, log, pictures",
     "command"},
    {"config", LWS_CONFIG_STRING, offsetof(command, config), "", 0, 0, "FILE",
     "read keys from a file first; the command line overrides it", NULL},
    {"resume", LWS_CONFIG_FLAG, offsetof(command, resume), "false", 0, 0, NULL,
     "go on from the newest checkpoint of the run that is whole", NULL},
    {"overwrite", LWS_CONFIG_FLAG, offsetof(command, overwrite), "false", 0, 0, NULL,
     "throw away the run that is in the folder", NULL},
};

enum { OWN_KEYS = sizeof own_keys / sizeof *own_keys };

/* After keys of one origin were read: epochs given without steps is the newer wish, though steps stand there from an
 * older one. */
static void settle_length(lws_config_table table, lws_train_options *options)
{
    if (lws_config_is_given(table, "epochs") && !lws_config_is_given(table, "steps"))
        options->steps = 0;
    memset(table.given, 0, table.count * sizeof *table.given);
}

/* A new run writes a config.ini of its own, with every key: not over the file that was written by hand. */
static lws_status check_config(const command *c)
{
    char own[LWS_PATH];
    struct stat own_info, info;
    snprintf(own, sizeof own, "%s/" LWS_RUN_CONFIG, c->run);
    if (c->config[0] && stat(own, &own_info) == 0 && stat(c->config, &info) == 0 && own_info.st_dev == info.st_dev &&
        own_info.st_ino == info.st_ino)
        return lws_fail(LWS_ERR_USAGE,
                        "train: the run would write its own %s over --config %s: copy that file to another folder, and "
                        "give the copy",
                        own, c->config);
    return LWS_OK;
}

static lws_status check_request(const command *c)
{
    if (!c->run[0])
        return lws_fail(LWS_ERR_USAGE, "train: --run DIR is needed: the folder for checkpoints and logs");
    if (c->resume && c->overwrite)
        return lws_fail(LWS_ERR_USAGE, "train: --resume and --overwrite exclude each other");
    return c->resume ? LWS_OK : check_config(c);
}

/* --config, then the command line, over what `options` hold. */
static lws_status read_wishes(lws_config_table table, int argc, char **argv, command *c)
{
    int help;
    lws_config_table train_keys = {table.keys + OWN_KEYS, table.count - OWN_KEYS, table.given + OWN_KEYS};
    memset(table.given, 0, table.count * sizeof *table.given);
    if (c->config[0])
        LWS_TRY(lws_config_read_file(train_keys, c, c->config));
    settle_length(table, &c->options);
    lws_train_options file = c->options;
    LWS_TRY(lws_config_parse(table, c, argc, argv, argv[0], NULL, NULL, &help));
    if (c->config[0] && !c->resume)
        LWS_TRY(lws_train_options_reown(&file, table, &c->options));
    settle_length(table, &c->options);
    cli_make_absolute(c->options.data);
    return LWS_OK;
}

/* Weakest first: defaults, config.ini of the run when resuming, --config, the command line. `status`: of what went
 * before on this rank. All ranks. */
static lws_status read_keys(lws_comm *comm, lws_status status, lws_config_table table, int argc, char **argv,
                            command *c, bool *done)
{
    lws_config_table request = {.keys = own_keys, .count = OWN_KEYS};
    if (status == LWS_OK)
        status = cli_parse(table, c, argc, argv, usage, NULL, NULL, done);
    if (status == LWS_OK && !*done)
        status = check_request(c);
    LWS_TRY(cli_agree(comm, status, argv[0], *done, request, c, (const char *const[]){"config", NULL}));
    if (*done)
        return LWS_OK;
    lws_config_defaults(lws_train_table(), &c->options);
    if (c->resume)
        LWS_TRY(lws_train_load_options(comm, c->run, &c->options));
    return lws_comm_agree(comm, read_wishes(table, argc, argv, c));
}

lws_status cmd_train(int argc, char **argv)
{
    lws_comm *comm;
    bool done = false;
    LWS_TRY(cli_enter(&comm));
    command *c = calloc(1, sizeof *c);
    lws_config_table table;
    lws_status status = cli_compose_keys(own_keys, OWN_KEYS, offsetof(command, options), &table);
    if (!c)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory reading the command line");
    status = read_keys(comm, status, table, argc, argv, c, &done);
    if (status == LWS_OK && !done) {
        int threads;
        lws_train_request request = {.run = c->run, .resume = c->resume, .overwrite = c->overwrite};
        status = cli_start_threads(comm, (int)c->options.threads, &threads);
        cli_describe_machine(lws_comm_size(comm), threads);
        if (status == LWS_OK)
            status = lws_train(comm, &c->options, &request);
    }
    cli_free_keys(&table);
    free(c);
    return cli_leave(comm, status);
}
