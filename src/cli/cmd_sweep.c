/* lwssim sweep: lists of values for keys of training, and the other keys as `train` has them. */
#include "cli.h"

#include "base/folder.h"
#include "base/log.h"
#include "table/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lwssim sweep --data DIR --output DIR --vary 'KEY=VALUE;VALUE' [--vary …] [--KEY VALUE …]\n"
    "       mpirun -n RANKS lwssim sweep …\n"
    "A training for each combination, then their figures. The same command again goes on; more values may be asked "
    "for.\n";

typedef struct command {
    lws_train_options options;
    char output[LWS_CONFIG_TEXT], vary[LWS_CONFIG_TEXT], sort[LWS_CONFIG_TEXT];
    int split;
    int64_t images, ranks_per_cell;
} command;

#define OWN(name, type, field, initial, min, max, choices, help)                                                       \
    {                                                                                                                  \
        name, type, offsetof(command, field), initial, min, max, choices, help, NULL                                   \
    }

static const lws_config_key own_keys[] = {
    {"output", LWS_CONFIG_STRING, offsetof(command, output), "", 0, 0, "DIR", "folder of the sweep", "command"},
    OWN("vary", LWS_CONFIG_STRING, vary, "", 0, 0, "'KEY=VALUE;VALUE;…'",
        "values of a key of training; may be given for several keys"),
    OWN("sort", LWS_CONFIG_STRING, sort, "ssim_g11", 0, 0, "FIGURE",
        "order of the table: mse, ssim_g11, colour_slope, …"),
    OWN("split", LWS_CONFIG_CHOICE, split, "valid", 0, 0, "train|valid|test", "the images to evaluate"),
    OWN("images", LWS_CONFIG_INT, images, "0", 0, 1L << 40, NULL, "of that split at most; 0: all"),
    OWN("ranks-per-cell", LWS_CONFIG_INT, ranks_per_cell, "0", 0, 1 << 16, NULL,
        "ranks that train a cell together; 0: one, and more where there are fewer cells than ranks"),
};

enum { OWN_KEYS = sizeof own_keys / sizeof *own_keys };

/* The value of --vary at argv[*at], where that is one; *at moves on to its last word. NULL: it is another option. */
static const char *vary_at(int argc, char **argv, int *at)
{
    const char *option = argv[*at];
    if (strncmp(option, "--vary=", 7) == 0)
        return option + 7;
    return strcmp(option, "--vary") == 0 && *at + 1 < argc ? argv[++*at] : NULL;
}

/* All that --vary says, as one text. It is the one option that may be given several times. */
static lws_status gather_vary(int argc, char **argv, char vary[LWS_CONFIG_TEXT])
{
    size_t used = 0;
    vary[0] = 0;
    for (int i = 1; i < argc; i++) {
        const char *value = vary_at(argc, argv, &i);
        if (!value)
            continue;
        used += (size_t)snprintf(vary + used, LWS_CONFIG_TEXT - used, "%s%s", used ? " | " : "", value);
        if (used >= LWS_CONFIG_TEXT)
            return lws_fail(LWS_ERR_USAGE, "sweep: --vary: more than %d bytes in all", LWS_CONFIG_TEXT - 1);
    }
    return LWS_OK;
}

static lws_status check_request(lws_config_table table, const command *c, int ranks)
{
    if (!c->output[0])
        return lws_fail(LWS_ERR_USAGE, "sweep: --output DIR is needed: the folder for the runs and their table");
    if (!c->options.data[0])
        return lws_fail(LWS_ERR_USAGE, "sweep: --data DIR is needed: the images");
    for (size_t i = OWN_KEYS; i < table.count; i++)
        if (table.given[i] && lws_sweep_varies(c->vary, table.keys[i].name))
            return lws_fail(LWS_ERR_USAGE, "sweep: --%s is given, and varied: leave one of them out",
                            table.keys[i].name);
    if (lws_sweep_varies(c->vary, "epochs") && (c->options.steps > 0 || lws_sweep_varies(c->vary, "steps")))
        return lws_fail(LWS_ERR_USAGE,
                        "sweep: epochs are varied, and steps, which count in their place, are given: leave "
                        "steps out");
    if (c->ranks_per_cell > ranks)
        return lws_fail(LWS_ERR_USAGE, "sweep: --ranks-per-cell %lld: the job has %d ranks",
                        (long long)c->ranks_per_cell, ranks);
    return LWS_OK;
}

static lws_status read_keys(lws_config_table table, int argc, char **argv, void *fields, int ranks)
{
    command *c = fields;
    LWS_TRY(gather_vary(argc, argv, c->vary));
    cli_make_absolute(c->options.data);
    return check_request(table, c, ranks);
}

static lws_status make(lws_comm *comm, void *fields)
{
    const command *c = fields;
    int threads;
    const lws_sweep_request request = {.folder = c->output,
                                       .vary = c->vary,
                                       .sort = c->sort,
                                       .split = (lws_split)c->split,
                                       .images = c->images,
                                       .ranks_per_cell = c->ranks_per_cell,
                                       .options = c->options};
    LWS_TRY(cli_start_threads(comm, (int)c->options.threads, &threads));
    cli_describe_machine(lws_comm_size(comm), threads);
    return lws_sweep(comm, &request);
}

lws_status cmd_sweep(int argc, char **argv)
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
