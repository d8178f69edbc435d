/* lwssim table1: the keys of training over the defaults and --quick, and the table itself. */
#include "cli.h"

#include "base/folder.h"
#include "base/log.h"
#include "base/simd.h"
#include "base/text.h"
#include "kernels/gemm.h"
#include "table/table1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lwssim table1 --data DIR --output DIR [--models …] [--losses …] [--seeds 3] [--quick] [--KEY VALUE …]\n"
    "       mpirun -n RANKS lwssim table1 …\n"
    "The same command again goes on; more models, losses or seeds may be asked for. Keys of training hold for all "
    "cells.\n";

typedef struct command {
    lws_train_options options;
    char output[LWS_CONFIG_TEXT], models[LWS_CONFIG_TEXT], losses[LWS_CONFIG_TEXT], seeds[LWS_CONFIG_TEXT];
    bool quick;
    int64_t images, ranks_per_cell;
    char words[2048]; /* the command itself */
} command;

#define OWN(name, type, field, initial, min, max, choices, help)                                                       \
    {                                                                                                                  \
        name, type, offsetof(command, field), initial, min, max, choices, help, NULL                                   \
    }

static const lws_config_key own_keys[] = {
    {"output", LWS_CONFIG_STRING, offsetof(command, output), "", 0, 0, "DIR", "folder of the table", "command"},
    OWN("models", LWS_CONFIG_STRING, models, "ae,vae,mmd-ae", 0, 0, "M,M,…", "rows: models of train --model"),
    OWN("losses", LWS_CONFIG_STRING, losses, "mse,ssim,lwssim", 0, 0, "L,L,…", "columns: losses of train --loss"),
    OWN("seeds", LWS_CONFIG_STRING, seeds, "3", 0, 0, "N", "how many, from 1 on; or seeds with commas between"),
    OWN("quick", LWS_CONFIG_FLAG, quick, "false", 0, 0, NULL,
        "minutes on two cores: small networks, few steps; what else is given holds"),
    OWN("test-images", LWS_CONFIG_INT, images, "0", 0, 1L << 40, NULL, "of the test split at most; 0: all"),
    OWN("ranks-per-cell", LWS_CONFIG_INT, ranks_per_cell, "0", 0, 1 << 16, NULL,
        "ranks that train a cell together; 0: one, and more where there are fewer cells than ranks"),
};

enum { OWN_KEYS = sizeof own_keys / sizeof *own_keys };

static lws_status check_request(lws_config_table table, const command *c, int ranks)
{
    static const char *const lists[][2] = {{"model", "models"}, {"loss", "losses"}, {"seed", "seeds"}};
    if (!c->output[0])
        return lws_fail(LWS_ERR_USAGE, "table1: --output DIR is needed: the folder for the table and its runs");
    if (!c->options.data[0])
        return lws_fail(LWS_ERR_USAGE, "table1: --data DIR is needed: the images");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lws_config_is_given(table, lists[i][0]))
            return lws_fail(LWS_ERR_USAGE, "table1: --%s is of one run: a table has --%s", lists[i][0], lists[i][1]);
    if (c->ranks_per_cell > ranks || c->ranks_per_cell > c->options.micro_batches)
        return lws_fail(LWS_ERR_USAGE,
                        "table1: --ranks-per-cell %lld: the job has %d ranks, and a step %lld micro-batches",
                        (long long)c->ranks_per_cell, ranks, (long long)c->options.micro_batches);
    return LWS_OK;
}

/* As it was typed, but for quotes. */
static void join_words(int argc, char **argv, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "lwssim");
    for (int i = 0; i < argc && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, " %s", argv[i]);
}

/* --quick changes defaults, so what is given is read once more over them. */
static lws_status read_keys(lws_config_table table, int argc, char **argv, void *fields, int ranks)
{
    command *c = fields;
    int help;
    if (c->quick) {
        lws_config_defaults(table, c);
        LWS_TRY(lws_table1_quick(table, c));
        memset(table.given, 0, table.count * sizeof *table.given);
        LWS_TRY(lws_config_parse(table, c, argc, argv, argv[0], NULL, NULL, &help));
    }
    if (lws_config_is_given(table, "epochs") && !lws_config_is_given(table, "steps"))
        c->options.steps = 0; /* else the newer wish would not count */
    join_words(argc, argv, c->words, sizeof c->words);
    cli_make_absolute(c->options.data);
    return check_request(table, c, ranks);
}

static lws_status make(lws_comm *comm, void *fields)
{
    const command *c = fields;
    int threads;
    char machine[256];
    LWS_TRY(cli_start_threads(comm, (int)c->options.threads, &threads));
    cli_describe_machine(lws_comm_size(comm), threads);
    snprintf(machine, sizeof machine, "%d rank%s of %d thread%s on %d machine%s, instruction set %s, matrix kernel %s",
             lws_comm_size(comm), lws_plural(lws_comm_size(comm)), threads, lws_plural(threads), lws_comm_nodes(comm),
             lws_plural(lws_comm_nodes(comm)), lws_arch_name(), lws_gemm_core());
    const lws_table1_request request = {.folder = c->output,
                                        .models = c->models,
                                        .losses = c->losses,
                                        .seeds = c->seeds,
                                        .images = c->images,
                                        .ranks_per_cell = c->ranks_per_cell,
                                        .options = c->options,
                                        .command = c->words,
                                        .machine = machine};
    return lws_table1(comm, &request);
}

lws_status cmd_table1(int argc, char **argv)
{
    static const char *const own[] = {"data", "threads", NULL};
    static const cli_job job = {.keys = own_keys,
                                .key_count = OWN_KEYS,
                                .size = sizeof(command),
                                .trains = true,
                                .usage = usage,
                                .own = own,
                                .read = read_keys,
                                .run = make};
    return cli_run_job(&job, argc, argv);
}
