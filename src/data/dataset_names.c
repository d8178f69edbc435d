/* The names of a split's images, shard by shard. */
#include "data/dataset.h"

#include "shard/shard_format.h"

#include "base/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those of one shard, to names[0 .. room); *count of them. */
static lws_status read_shard(const char *path, int64_t room, char **names, int64_t *count)
{
    lws_h5 *file;
    char **own = NULL, *stored = NULL, digest[LWS_DIGEST_TEXT];
    *count = 0;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = lws_h5_read_strings(file, SHARD_NAMES, count, &own);
    if (status == LWS_OK)
        status = lws_h5_get_text(file, "/", SHARD_NAMES_DIGEST, &stored);
    lws_h5_close(file);
    if (status == LWS_OK)
        status = lws_shard_names_digest(*count, (const char *const *)own, digest);
    if (status == LWS_OK && (*count > room || strcmp(stored, digest) != 0))
        status = lws_fail(LWS_ERR_FORMAT, "%s has changed, or its names do not match their digest", path);
    free(stored);
    if (status != LWS_OK) {
        lws_h5_free_strings(*count, own);
        *count = 0;
        return status;
    }
    if (*count > 0)
        memcpy(names, own, (size_t)*count * sizeof *names); /* the texts are now of the longer list */
    free(own);
    return LWS_OK;
}

lws_status lws_dataset_names(const char *folder, lws_split split, const lws_dataset *dataset, char ***out)
{
    const lws_dataset_info *info = lws_dataset_get_info(dataset);
    char **names = calloc((size_t)info->rows + 1, sizeof *names), shard[LWS_SHARD_NAME], path[LWS_PATH];
    lws_status status = names ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for the names of %s", folder);
    int64_t done = 0, count;
    for (int s = 0; s < info->shards && status == LWS_OK; s++) {
        lws_shard_name(split, s, info->shards, shard);
        if (snprintf(path, sizeof path, "%s/%s", folder, shard) >= LWS_PATH)
            status = lws_fail(LWS_ERR_IO, "%s: the name is too long", folder);
        else
            status = read_shard(path, info->rows - done, names + done, &count);
        done += status == LWS_OK ? count : 0;
    }
    if (status == LWS_OK && done != info->rows)
        status = lws_fail(LWS_ERR_FORMAT, "%s has changed: it has %lld names and %lld images", folder, (long long)done,
                          (long long)info->rows);
    if (status != LWS_OK) {
        lws_h5_free_strings(done, names);
        names = NULL;
    }
    *out = names;
    return status;
}
