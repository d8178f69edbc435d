#include "cli.h"

#include <lwssim/comm.h>
#include <lwssim/log.h>
#include <lwssim/trainer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: lwssim train --data DIR --run DIR [--config FILE] [--KEY VALUE …]\n"
                            "       lwssim train --run DIR --resume [--KEY VALUE …]\n"
                            "       mpirun -n RANKS lwssim train …\n";

typedef struct command {
    lws_train_options options; /* first: its table's offsets hold here too */
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

/* The command's own keys, then all training keys. */
static lws_config_table whole_table(lws_config_key *keys)
{
    size_t own = sizeof own_keys / sizeof *own_keys;
    memcpy(keys, own_keys, sizeof own_keys);
    memcpy(keys + own, lws_train_table.keys, lws_train_table.count * sizeof *keys);
    return (lws_config_table){keys, own + lws_train_table.count};
}

static lws_status check_request(const command *c)
{
    if (!c->run[0])
        return lws_fail(LWS_ERR_USAGE, "train: --run DIR is needed: the folder for checkpoints and logs");
    if (c->resume && c->overwrite)
        return lws_fail(LWS_ERR_USAGE, "train: --resume and --overwrite exclude each other");
    return LWS_OK;
}

/* --config, then the command line, over what `options` hold. */
static lws_status read_wishes(lws_config_table table, int argc, char **argv, command *c)
{
    int help;
    int64_t steps = c->options.steps, epochs = c->options.epochs;
    if (c->config[0])
        LWS_TRY(lws_config_read_file(lws_train_table, &c->options, c->config));
    LWS_TRY(lws_config_parse(table, c, argc, argv, argv[0], NULL, NULL, &help));
    if (c->resume && c->options.steps == steps && c->options.epochs != epochs)
        c->options.steps = 0; /* the length is now wanted in epochs, the newer wish */
    /* The run remembers its dataset; it must find it again from any folder. */
    char *absolute = realpath(c->options.data, NULL);
    if (absolute && strlen(absolute) < sizeof c->options.data)
        snprintf(c->options.data, sizeof c->options.data, "%s", absolute);
    free(absolute);
    return LWS_OK;
}

/* Weakest first: defaults, config.ini of the run when resuming, --config, the command line. `status`: of what went
 * before on this rank. All ranks. */
static lws_status read_keys(lws_comm *comm, lws_status status, lws_config_table table, int argc, char **argv,
                            command *c, bool *done)
{
    lws_config_table request = {own_keys, sizeof own_keys / sizeof *own_keys};
    if (status == LWS_OK)
        status = cli_parse(table, c, argc, argv, usage, NULL, NULL, done);
    if (status == LWS_OK && !*done)
        status = check_request(c);
    LWS_TRY(cli_agree(comm, status, argv[0], *done, request, c, (const char *const[]){"config", NULL}));
    if (*done)
        return LWS_OK;
    lws_config_defaults(lws_train_table, &c->options);
    if (c->resume)
        LWS_TRY(lws_train_load_options(comm, c->run, &c->options));
    return lws_comm_agree(comm, read_wishes(table, argc, argv, c));
}

lws_status cmd_train(int argc, char **argv)
{
    lws_comm *comm;
    bool done = false;
    LWS_TRY(lws_comm_start(&comm));
    command *c = calloc(1, sizeof *c);
    lws_config_key *keys = malloc((lws_train_table.count + 8) * sizeof *keys);
    lws_status status = LWS_OK;
    if (!c || !keys)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory reading the command line");
    status = read_keys(comm, status, keys ? whole_table(keys) : (lws_config_table){0}, argc, argv, c, &done);
    if (status == LWS_OK && !done) {
        int cores, ranks, threads = lws_comm_threads(comm, &cores, &ranks);
        cli_describe_machine(lws_comm_size(comm), c->options.threads > 0 ? (int)c->options.threads : threads);
        lws_train_request request = {c->run, c->resume, c->overwrite};
        status = lws_train(comm, &c->options, &request);
    }
    free(keys);
    free(c);
    return cli_leave(comm, status);
}
