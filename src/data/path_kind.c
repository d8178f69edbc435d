/* What a path is, as the formats tell. */
#include "data/path_kind.h"

#include "checkpoint/checkpoint_format.h"
#include "codes/codes_format.h"
#include "shard/shard_format.h"

#include "data/run_names.h"

#include <string.h>
#include <sys/stat.h>

typedef struct contents {
    bool has_shard, has_config;
} contents;

static lws_status look_at(void *user, const char *folder, const char *name)
{
    contents *c = user;
    (void)folder;
    c->has_shard |= lws_shard_is_name(name);
    c->has_config |= strcmp(name, LWS_RUN_CONFIG) == 0;
    return LWS_OK;
}

static lws_status identify_folder(const char *path, lws_path_kind *kind)
{
    char checkpoints[LWS_PATH];
    contents c = {0};
    LWS_TRY(lws_folder_each(path, look_at, &c));
    lws_run_checkpoints(path, checkpoints);
    bool is_run = c.has_config || lws_checkpoint_count(checkpoints) > 0; /* they hold the configuration */
    if (!c.has_shard && !is_run)
        return lws_fail(LWS_ERR_FORMAT,
                        "%s holds neither a dataset (SPLIT-00000-of-NNNNN.h5) nor a run "
                        "(config.ini, checkpoints)",
                        path);
    *kind = is_run ? LWS_PATH_RUN : LWS_PATH_DATASET;
    return LWS_OK;
}

static lws_status identify_file(lws_h5 *file, const char *path, lws_path_kind *kind)
{
    bool is_checkpoint, is_shard, is_codes;
    LWS_TRY(codes_is_marked(file, &is_codes));
    if (is_codes) {
        *kind = LWS_PATH_CODES;
        return LWS_OK;
    }
    LWS_TRY(checkpoint_is_marked(file, &is_checkpoint));
    LWS_TRY(shard_is_marked(file, &is_shard));
    if (!is_checkpoint && !is_shard)
        return lws_fail(LWS_ERR_FORMAT, "%s is an HDF5 file, but neither a shard nor a checkpoint nor codes", path);
    *kind = is_checkpoint ? LWS_PATH_CHECKPOINT : LWS_PATH_SHARD;
    return LWS_OK;
}

lws_status lws_path_identify(const char *path, lws_path_kind *kind)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return lws_fail(LWS_ERR_IO, "cannot open %s: %m", path);
    if (S_ISDIR(info.st_mode))
        return identify_folder(path, kind);
    lws_h5 *file;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = identify_file(file, path, kind);
    lws_h5_close(file);
    return status;
}
