#include "cli.h"

#include "data/checkpoint.h"
#include "data/dataset.h"
#include "base/log.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: lwssim verify FILE|DIR …\n"
                            "Recomputes every digest of datasets, shards, checkpoints and runs; stops at the "
                            "first mismatch.\n";

static lws_status verify_shard(const char *path)
{
    int64_t rows;
    LWS_TRY(lws_shard_verify(path, &rows));
    printf("%s: %lld images, as written\n", path, (long long)rows);
    return LWS_OK;
}

static lws_status verify_checkpoint(const char *path)
{
    LWS_TRY(lws_checkpoint_verify_name(path));
    printf("%s: as written\n", path);
    return LWS_OK;
}

static int is_shard(const struct dirent *entry)
{
    return lws_shard_is_name(entry->d_name);
}

/* A dataset is also whole: every split opens. */
static lws_status verify_dataset(const char *folder)
{
    struct dirent **entry;
    lws_status status = LWS_OK;
    for (int s = 0; s < LWS_SPLITS; s++) {
        lws_dataset *dataset;
        LWS_TRY(lws_dataset_open(folder, (lws_split)s, &dataset));
        lws_dataset_close(dataset);
    }
    int count = scandir(folder, &entry, is_shard, alphasort);
    if (count < 0)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", folder);
    for (int i = 0; i < count; i++) {
        char path[LWS_PATH + 256];
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (status == LWS_OK)
            status = verify_shard(path);
        free(entry[i]);
    }
    free(entry);
    return status;
}

/* The checkpoints, from the first on. */
static lws_status verify_run(const char *run)
{
    char folder[LWS_PATH], path[LWS_PATH];
    int64_t *steps, count;
    snprintf(folder, sizeof folder, "%s/checkpoints", run);
    LWS_TRY(lws_checkpoint_list(folder, &steps, &count));
    lws_status status =
        count > 0 ? LWS_OK : lws_fail(LWS_ERR_IO, "there is nothing to verify in %s: it has no checkpoint", folder);
    for (int64_t i = count; i-- > 0 && status == LWS_OK;) {
        lws_checkpoint_path(folder, steps[i], path);
        status = verify_checkpoint(path);
    }
    free(steps);
    return status;
}

static lws_status verify(const char *path)
{
    cli_kind kind;
    LWS_TRY(cli_identify(path, &kind));
    switch (kind) {
    case CLI_SHARD:
        return verify_shard(path);
    case CLI_CHECKPOINT:
        return verify_checkpoint(path);
    case CLI_DATASET:
        return verify_dataset(path);
    default:
        return verify_run(path);
    }
}

lws_status cmd_verify(int argc, char **argv)
{
    bool done, unused = false;
    const char **path = (const char **)argv; /* what is no option, moved to the front */
    int paths;
    LWS_TRY(cli_parse((lws_config_table){0}, &unused, argc, argv, usage, path, &paths, &done));
    if (done)
        return LWS_OK;
    if (paths == 0)
        return lws_fail(LWS_ERR_USAGE, "verify: a file or folder is needed");
    for (int i = 0; i < paths; i++)
        LWS_TRY(verify(path[i]));
    return LWS_OK;
}
