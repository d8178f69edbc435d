/* lwssim verify: recomputes every digest of datasets, shards, checkpoints, runs and codes. */
#include "cli.h"

#include "data/checkpoint.h"
#include "data/codes_file.h"
#include "data/dataset.h"
#include "data/path_kind.h"
#include "data/run_names.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: lwssim verify FILE|DIR …\n"
                            "Recomputes every digest of datasets, shards, checkpoints, runs and codes; stops at the "
                            "first mismatch.\n";

static void print_shard(void *user, const char *path, int64_t rows)
{
    (void)user;
    printf("%s: %lld images, as written\n", path, (long long)rows);
}

static lws_status verify_shard(const char *path)
{
    int64_t rows;
    LWS_TRY(lws_shard_verify(path, &rows));
    print_shard(NULL, path, rows);
    return LWS_OK;
}

static lws_status verify_checkpoint(const char *path)
{
    LWS_TRY(lws_checkpoint_verify_name(path));
    printf("%s: as written\n", path);
    return LWS_OK;
}

/* The checkpoints, from the first on. */
static lws_status verify_run(const char *run)
{
    char folder[LWS_PATH], path[LWS_PATH];
    int64_t *steps, count;
    lws_run_checkpoints(run, folder);
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

static lws_status verify_codes(const char *path)
{
    lws_codes_file codes;
    LWS_TRY(lws_codes_read(path, false, &codes));
    printf("%s: %lld codes, as written\n", path, (long long)codes.n);
    lws_codes_file_free(&codes);
    return LWS_OK;
}

static lws_status verify(const char *path)
{
    lws_path_kind kind;
    LWS_TRY(lws_path_identify(path, &kind));
    switch (kind) {
    case LWS_PATH_SHARD:
        return verify_shard(path);
    case LWS_PATH_CHECKPOINT:
        return verify_checkpoint(path);
    case LWS_PATH_DATASET:
        return lws_dataset_verify(path, print_shard, NULL);
    case LWS_PATH_CODES:
        return verify_codes(path);
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
