/* lwssim inspect: what datasets, shards, checkpoints and runs hold. */
#include "cli.h"

#include "inspect_dataset.h"

#include "data/checkpoint.h"
#include "data/codes_file.h"
#include "data/dataset.h"
#include "data/path_kind.h"
#include "data/run_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: lwssim inspect FILE|DIR [--digest] [--grid PNG]\n"
                            "What a dataset, shard, checkpoint or run holds.\n";

typedef struct command {
    bool digest;
    inspect_grid grid;
} command;

static const lws_config_key keys[] = {
    {"digest", LWS_CONFIG_FLAG, offsetof(command, digest), "false", 0, 0, NULL,
     "print only the digest: equal digests, equal contents", "options"},
    {"grid", LWS_CONFIG_STRING, offsetof(command, grid.to.output), "", 0, 0, "PNG",
     "of a dataset: a picture of some of its training images, whose names are printed", NULL},
    {"count", LWS_CONFIG_INT, offsetof(command, grid.count), "64", 1, GALLERY_MAX, NULL,
     "with --grid: how many, evenly over all", NULL},
    {"columns", LWS_CONFIG_INT, offsetof(command, grid.to.columns), "8", 1, 64, NULL,
     "with --grid: images side by side", NULL},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

typedef struct totals {
    int64_t parameters;
    char slots[128];                     /* of the optimizer: "m, v" */
    char last[LWS_CHECKPOINT_SLOT_NAME]; /* of them */
} totals;

/* Arrays come by name, so those of a slot follow each other. */
static void note_slot(totals *t, const char *slot)
{
    size_t used = strlen(t->slots);
    if (strcmp(slot, t->last) == 0)
        return;
    snprintf(t->slots + used, sizeof t->slots - used, "%s%s", used ? ", " : "", slot);
    snprintf(t->last, sizeof t->last, "%s", slot);
}

static lws_status print_array(void *user, const lws_checkpoint_array *array)
{
    totals *t = user;
    if (array->group == LWS_CHECKPOINT_MODEL)
        t->parameters += array->count;
    if (array->group == LWS_CHECKPOINT_SLOT) {
        note_slot(t, array->slot);
        return LWS_OK;
    }
    printf("  %-36s ", array->name);
    for (int i = 0; i < array->rank; i++)
        printf("%s%lld", i ? " × " : "", (long long)array->dims[i]);
    printf("\n");
    return LWS_OK;
}

static lws_status inspect_arrays(const char *path)
{
    totals t = {0};
    LWS_TRY(lws_checkpoint_visit(path, print_array, &t));
    printf("  %lld parameters; %s%s\n", (long long)t.parameters,
           t.slots[0] ? "with the state of the optimizer: " : "without the state of the optimizer", t.slots);
    return LWS_OK;
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
    lws_shard_header h;
    char rows[LWS_SHARD_BY_SPLIT];
    LWS_TRY(lws_shard_header_read(path, &h));
    lws_shard_by_split(h.rows_by_split, rows);
    if (digest_only)
        printf("%s\n", h.digest);
    else
        printf("split          %s\ndigest         %s\nsplit_digest   %s\nrows_by_split  %s\nrecipe         %s\n",
               lws_split_name[h.split], h.digest, h.split_digest, rows, h.recipe);
    lws_shard_header_free(&h);
    return LWS_OK;
}

static lws_status inspect_codes(const char *path, bool digest_only)
{
    lws_codes_file c;
    char digest[LWS_DIGEST_TEXT];
    LWS_TRY(lws_codes_read(path, false, &c));
    lws_digest(c.code, (size_t)c.n * (size_t)c.latent * sizeof *c.code, digest);
    if (digest_only)
        printf("%s\n", digest);
    else
        printf("codes %s\n  %lld of %d numbers%s, digest %s (verified)\n  model %s, images of %d × %d × %d, "
               "checkpoint %s\n  images of %s\n",
               path, (long long)c.n, c.latent, c.log_variance ? ", with log-variances" : "", digest, c.model, c.image.h,
               c.image.w, c.image.c, c.checkpoint, c.dataset[0] ? c.dataset : "no dataset");
    lws_codes_file_free(&c);
    return LWS_OK;
}

lws_status cmd_inspect(int argc, char **argv)
{
    command c = {0};
    bool done;
    const char **path = (const char **)argv; /* what is no option, moved to the front */
    int paths;
    lws_path_kind kind;
    LWS_TRY(cli_parse(table, &c, argc, argv, usage, path, &paths, &done));
    if (done)
        return LWS_OK;
    if (paths != 1)
        return lws_fail(LWS_ERR_USAGE, "inspect: one file or folder is needed, %d given", paths);
    LWS_TRY(lws_path_identify(path[0], &kind));
    if (c.grid.to.output[0] && (kind != LWS_PATH_DATASET || c.digest))
        return lws_fail(LWS_ERR_USAGE, "inspect: --grid is for datasets, and not with --digest");
    switch (kind) {
    case LWS_PATH_DATASET:
        return inspect_dataset(path[0], c.digest, &c.grid);
    case LWS_PATH_SHARD:
        return inspect_shard(path[0], c.digest);
    case LWS_PATH_CHECKPOINT:
        return inspect_checkpoint(path[0], c.digest);
    case LWS_PATH_CODES:
        return inspect_codes(path[0], c.digest);
    default: {
        char folder[LWS_PATH], newest[LWS_PATH];
        lws_run_checkpoints(path[0], folder);
        LWS_TRY(lws_checkpoint_find(folder, -1, newest));
        return inspect_checkpoint(newest, c.digest);
    }
    }
}
