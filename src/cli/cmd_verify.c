#include "cli.h"

#include <dirent.h>
#include <lwssim/checkpoint.h>
#include <lwssim/dataset.h>
#include <lwssim/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: lwssim verify FILE|DIR …\n"
                            "Recomputes every digest of datasets, shards, checkpoints and runs; stops at the "
                            "first mismatch.\n";

static lws_status verify_shard(const char *path)
{
    int64_t rows;
    LWS_TRY(lws_dataset_verify_shard(path, &rows));
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
    return lws_dataset_is_shard_name(entry->d_name);
}

static int is_checkpoint(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return strncmp(entry->d_name, "step-", 5) == 0 && strcmp(entry->d_name + length - 3, ".h5") == 0;
}

static lws_status verify_all(const char *folder, int (*filter)(const struct dirent *),
                             lws_status (*verify)(const char *path))
{
    struct dirent **entry;
    int count = scandir(folder, &entry, filter, alphasort);
    lws_status status = LWS_OK;
    if (count < 0)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", folder);
    for (int i = 0; i < count; i++) {
        char path[LWS_PATH + 256];
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (status == LWS_OK)
            status = verify(path);
        free(entry[i]);
    }
    free(entry);
    if (count == 0)
        return lws_fail(LWS_ERR_IO, "there is nothing to verify in %s", folder);
    return status;
}

/* A dataset is also whole: every split opens. */
static lws_status verify_dataset(const char *folder)
{
    for (int s = 0; s < LWS_SPLITS; s++) {
        lws_dataset *dataset;
        LWS_TRY(lws_dataset_open(folder, (lws_split)s, &dataset));
        lws_dataset_close(dataset);
    }
    return verify_all(folder, is_shard, verify_shard);
}

static lws_status verify(const char *path)
{
    char folder[LWS_PATH];
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
        snprintf(folder, sizeof folder, "%s/checkpoints", path);
        return verify_all(folder, is_checkpoint, verify_checkpoint);
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
