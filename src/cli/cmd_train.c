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

/* Weakest first: defaults, config.ini of the run when resuming, --config, the command line. */
static lws_status read_keys(lws_comm *comm, lws_config_table table, int argc, char **argv, command *c, bool *done)
{
    int help;
    LWS_TRY(cli_parse(table, c, argc, argv, usage, NULL, NULL, done));
    if (*done)
        return LWS_OK;
    if (!c->run[0])
        return lws_fail(LWS_ERR_USAGE, "train: --run DIR is needed: the folder for checkpoints and logs");
    if (c->resume && c->overwrite)
        return lws_fail(LWS_ERR_USAGE, "train: --resume and --overwrite exclude each other");
    lws_config_defaults(lws_train_table, &c->options);
    if (c->resume)
        LWS_TRY(lws_train_load_options(comm, c->run, &c->options));
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

lws_status cmd_train(int argc, char **argv)
{
    lws_comm *comm;
    bool done = false;
    LWS_TRY(cli_enter(&comm));
    command *c = calloc(1, sizeof *c);
    lws_config_key *keys = malloc((lws_train_table.count + 8) * sizeof *keys);
    lws_status status = LWS_OK;
    if (!c || !keys)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory reading the command line");
    else
        status = read_keys(comm, whole_table(keys), argc, argv, c, &done);
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK && !done) {
        int threads;
        lws_train_request request = {c->run, c->resume, c->overwrite};
        status = cli_start_threads(comm, (int)c->options.threads, &threads);
        cli_describe_machine(lws_comm_size(comm), threads);
        if (status == LWS_OK)
            status = lws_train(comm, &c->options, &request);
    }
    free(keys);
    free(c);
    return cli_leave(comm, status);
}
