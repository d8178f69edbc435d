#include "cli.h"

#include "data/checkpoint.h"
#include "data/h5.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static lws_status identify_folder(const char *path, cli_kind *kind)
{
    DIR *dir = opendir(path);
    char checkpoints[LWS_PATH];
    bool shards = false, config = false;
    if (!dir)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", path);
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t length = strlen(entry->d_name);
        shards |= strstr(entry->d_name, "-of-") && length > 3 && strcmp(entry->d_name + length - 3, ".h5") == 0 &&
                  entry->d_name[0] != '.';
        config |= strcmp(entry->d_name, "config.ini") == 0;
    }
    closedir(dir);
    snprintf(checkpoints, sizeof checkpoints, "%s/checkpoints", path);
    config = config || lws_checkpoint_count(checkpoints) > 0; /* they hold the configuration */
    if (!shards && !config)
        return lws_fail(LWS_ERR_FORMAT,
                        "%s holds neither a dataset (SPLIT-00000-of-NNNNN.h5) nor a run "
                        "(config.ini, checkpoints)",
                        path);
    *kind = config ? CLI_RUN : CLI_DATASET;
    return LWS_OK;
}

lws_status cli_identify(const char *path, cli_kind *kind)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return lws_fail(LWS_ERR_IO, "cannot open %s: %m", path);
    if (S_ISDIR(info.st_mode))
        return identify_folder(path, kind);
    lws_h5 *file;
    bool is_checkpoint = false, is_shard = false;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = lws_h5_has(file, "/", "kind", &is_checkpoint);
    if (status == LWS_OK)
        status = lws_h5_has(file, "/", "split", &is_shard);
    lws_h5_close(file);
    LWS_TRY(status);
    if (!is_checkpoint && !is_shard)
        return lws_fail(LWS_ERR_FORMAT, "%s is an HDF5 file, but neither a shard nor a checkpoint", path);
    *kind = is_checkpoint ? CLI_CHECKPOINT : CLI_SHARD;
    return LWS_OK;
}
