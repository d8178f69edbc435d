#include "cli.h"

#include "data/checkpoint.h"
#include "data/dataset.h"
#include "data/h5.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: lwssim inspect FILE|DIR [--digest]\n"
                            "What a dataset, shard, checkpoint or run holds.\n";

typedef struct command {
    bool digest;
} command;

static const lws_config_key keys[] = {
    {"digest", LWS_CONFIG_FLAG, offsetof(command, digest), "false", 0, 0, NULL,
     "print only the digest: equal digests, equal contents", "options"},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

static lws_status inspect_dataset(const char *folder, bool digest_only)
{
    for (int s = 0; s < LWS_SPLITS; s++) {
        lws_dataset *dataset;
        LWS_TRY(lws_dataset_open(folder, (lws_split)s, &dataset));
        const lws_dataset_info *info = lws_dataset_get_info(dataset);
        if (digest_only)
            printf("%s %s\n", info->rows > 0 ? info->digest : "-", lws_split_name[s]);
        else if (info->rows == 0)
            printf("%-6s no images\n", lws_split_name[s]);
        else
            printf("%-6s %8lld images of %d × %d × %d in %d shard%s, digest %s\n", lws_split_name[s],
                   (long long)info->rows, info->height, info->width, info->channels, info->shards,
                   info->shards == 1 ? "" : "s", info->digest);
        if (!digest_only && s == LWS_SPLITS - 1 && info->recipe)
            printf("recipe %s\n", info->recipe);
        lws_dataset_close(dataset);
    }
    return LWS_OK;
}

typedef struct totals {
    int64_t parameters;
    char slots[128]; /* of the optimizer: "m, v" */
    char last[32];   /* of them */
} totals;

/* "/optimizer/m/NAME": arrays come by name, so those of a slot follow each other. */
static void note_slot(totals *t, const char *name)
{
    char slot[sizeof t->last];
    snprintf(slot, sizeof slot, "%.*s", (int)strcspn(name, "/"), name);
    if (strcmp(slot, t->last) == 0)
        return;
    size_t used = strlen(t->slots);
    snprintf(t->slots + used, sizeof t->slots - used, "%s%s", used ? ", " : "", slot);
    strcpy(t->last, slot);
}

static lws_status print_array(void *user, const char *name, const lws_h5_info *info)
{
    totals *t = user;
    int64_t count = 1;
    char shape[LWS_H5_RANK * sizeof " × 9223372036854775807" + 1] = ""; /* the longest there can be */
    size_t used = 0;
    for (int i = 0; i < info->rank; i++) {
        count *= info->dims[i];
        used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%lld", i ? " × " : "", (long long)info->dims[i]);
    }
    if (strncmp(name, "/model/", 7) == 0)
        t->parameters += count;
    if (strncmp(name, "/optimizer/", 11) == 0)
        note_slot(t, name + 11);
    else
        printf("  %-36s %s\n", name, shape);
    return LWS_OK;
}

static lws_status inspect_arrays(const char *path)
{
    lws_h5 *file;
    totals t = {0};
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = lws_h5_visit(file, print_array, &t);
    lws_h5_close(file);
    if (status == LWS_OK)
        printf("  %lld parameters; %s%s\n", (long long)t.parameters,
               t.slots[0] ? "with the state of the optimizer: " : "without the state of the optimizer", t.slots);
    return status;
}

static lws_status inspect_checkpoint(const char *path, bool digest_only)
{
    lws_checkpoint_meta meta;
    char digest[LWS_DIGEST_TEXT], *config;
    LWS_TRY(lws_checkpoint_verify(path));
    LWS_TRY(lws_checkpoint_digest(path, digest));
    if (digest_only) {
        printf("%s\n", digest);
        return LWS_OK;
    }
    LWS_TRY(lws_checkpoint_read_meta(path, &meta, &config));
    printf("checkpoint %s\n  step %lld, epoch %lld, seed %lld, images of %d × %d × %d\n"
           "  digest %s (verified)\n  trained on %s\n",
           path, (long long)meta.step, (long long)meta.epoch, (long long)meta.seed, meta.image.h, meta.image.w,
           meta.image.c, digest, meta.dataset_digest);
    if (meta.best_step >= 0)
        printf("  best validation SSIM %.4f at step %lld\n", meta.best_ssim, (long long)meta.best_step);
    lws_status status = inspect_arrays(path);
    printf("\n%s", config);
    free(config);
    return status;
}

static lws_status inspect_shard(const char *path, bool digest_only)
{
    static const char *const names[] = {"split", "digest", "split_digest", "rows_by_split", "recipe"};
    lws_h5 *file;
    lws_status status = LWS_OK;
    LWS_TRY(lws_h5_open(path, &file));
    for (size_t i = 0; i < sizeof names / sizeof *names && status == LWS_OK; i++) {
        char *text;
        status = lws_h5_get_text(file, "/", names[i], &text);
        if (status != LWS_OK)
            break;
        if (!digest_only)
            printf("%-14s %s\n", names[i], text);
        else if (strcmp(names[i], "digest") == 0)
            printf("%s\n", text);
        free(text);
    }
    lws_h5_close(file);
    return status;
}

lws_status cmd_inspect(int argc, char **argv)
{
    command c;
    bool done;
    const char **path = (const char **)argv; /* what is no option, moved to the front */
    int paths;
    cli_kind kind;
    LWS_TRY(cli_parse(table, &c, argc, argv, usage, path, &paths, &done));
    if (done)
        return LWS_OK;
    if (paths != 1)
        return lws_fail(LWS_ERR_USAGE, "inspect: one file or folder is needed, %d given", paths);
    LWS_TRY(cli_identify(path[0], &kind));
    switch (kind) {
    case CLI_DATASET:
        return inspect_dataset(path[0], c.digest);
    case CLI_SHARD:
        return inspect_shard(path[0], c.digest);
    case CLI_CHECKPOINT:
        return inspect_checkpoint(path[0], c.digest);
    default: {
        char folder[LWS_PATH], newest[LWS_PATH];
        snprintf(folder, sizeof folder, "%s/checkpoints", path[0]);
        LWS_TRY(lws_checkpoint_find(folder, -1, newest));
        return inspect_checkpoint(newest, c.digest);
    }
    }
}
