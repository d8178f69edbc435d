/* Every shard of a dataset's folder, recomputed. */
#include "data/dataset.h"

#include "base/folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int is_shard(const struct dirent *entry)
{
    return lws_shard_is_name(entry->d_name);
}

static lws_status verify_one(const char *path, lws_dataset_verified *done, void *user)
{
    int64_t rows;
    LWS_TRY(lws_shard_verify(path, &rows));
    done(user, path, rows);
    return LWS_OK;
}

lws_status lws_dataset_verify(const char *folder, lws_dataset_verified *done, void *user)
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
            status = verify_one(path, done, user);
        free(entry[i]);
    }
    free(entry);
    return status;
}
