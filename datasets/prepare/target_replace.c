/* New files take the places of old ones. A marker that names them stands in the folder from before the first change
 * until after the last: whoever finds it can go on, and nobody takes what is there for a dataset. */
#include "target.h"

#include "base/files.h"
#include "base/folder.h"
#include "base/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char marker_format[] = LWS_TARGET_MARKER_BEGINS "puts these in place\ntrain %d\nvalid %d\ntest %d\n";

/* ---- steps that may be repeated -------------------------------------------------------------- */

/* Done with each of the new files. */
typedef lws_status step(const char *from, const char *to);

/* Before the first change all of them are there. */
static lws_status require(const char *from, const char *to)
{
    (void)to;
    return access(from, F_OK) == 0 ? LWS_OK : lws_fail(LWS_ERR_IO, "%s, which this job has written, is gone: %m", from);
}

static lws_status put_in_place(const char *from, const char *to)
{
    if (rename(from, to) != 0)
        return lws_fail(LWS_ERR_IO, "cannot rename %s to %s: %m. Run lwssim prepare again to finish.", from, to);
    return LWS_OK;
}

/* The job that was killed had come so far. */
static lws_status put_in_place_again(const char *from, const char *to)
{
    return access(from, F_OK) != 0 && errno == ENOENT ? LWS_OK : put_in_place(from, to);
}

/* From .NAME.partial to NAME. */
static lws_status do_one(step *what, const char *folder, const char *name)
{
    char *from = lws_path(folder, ".", name, LWS_SHARD_PARTIAL), *to = lws_path(folder, "", name, "");
    lws_status status = from && to ? what(from, to) : lws_fail(LWS_ERR_MEMORY, "out of memory publishing %s", name);
    free(from);
    free(to);
    return status;
}

static lws_status do_all(step *what, const char *folder, const int shards[LWS_SPLITS])
{
    char name[LWS_SHARD_NAME];
    for (int s = 0; s < LWS_SPLITS; s++) {
        for (int i = 0; i < shards[s]; i++) {
            lws_shard_name((lws_split)s, i, shards[s], name);
            LWS_TRY(do_one(what, folder, name));
        }
    }
    return do_one(what, folder, LWS_PREPARE_REPORT);
}

/* Is it one of the new shards? Only their number in its name has to be looked at. */
static bool is_new(const char *name, const int shards[LWS_SPLITS])
{
    lws_shard_place place;
    return lws_shard_parse_name(name, &place) && place.shards == shards[place.split] && place.shard < place.shards;
}

/* All that have the name of a shard are shards: that was looked at before. */
static lws_status remove_old(void *shards, const char *folder, const char *name)
{
    return lws_shard_is_name(name) && !is_new(name, shards) ? lws_target_remove(folder, name) : LWS_OK;
}

static lws_status finish(const char *folder, const char *marker, int shards[LWS_SPLITS], step *put)
{
    LWS_TRY(do_all(put, folder, shards));
    LWS_TRY(lws_folder_each(folder, remove_old, shards));
    LWS_TRY(lws_target_clear(folder));
    LWS_TRY(lws_folder_flush(folder));
    if (unlink(marker) != 0)
        return lws_fail(LWS_ERR_IO, "cannot remove %s: %m", marker);
    return lws_folder_flush(folder);
}

/* ---- from the beginning, and from where it was left ------------------------------------------ */

lws_status lws_target_replace(const char *folder, int shards[LWS_SPLITS], bool *begun)
{
    char text[256];
    char *marker = lws_path(folder, "", LWS_DATASET_REPLACING, "");
    int length = snprintf(text, sizeof text, marker_format, shards[LWS_TRAIN], shards[LWS_VALID], shards[LWS_TEST]);
    *begun = false;
    if (!marker)
        return lws_fail(LWS_ERR_MEMORY, "out of memory publishing the dataset");
    lws_status status = do_all(require, folder, shards);
    if (status == LWS_OK)
        status = lws_folder_flush(folder); /* what the marker promises is on the disk before it */
    if (status == LWS_OK)
        status = lws_output_write(marker, text, (size_t)length);
    if (status == LWS_OK) {
        *begun = true;
        status = finish(folder, marker, shards, put_in_place);
    }
    free(marker);
    return status;
}

static lws_status resume(const char *folder, const char *marker, bool *found)
{
    int shards[LWS_SPLITS];
    FILE *in = fopen(marker, "re");
    *found = in != NULL;
    if (!in)
        return errno == ENOENT ? LWS_OK : lws_fail(LWS_ERR_IO, "cannot read %s: %m", marker);
    bool is_own = fscanf(in, marker_format, &shards[LWS_TRAIN], &shards[LWS_VALID], &shards[LWS_TEST]) == LWS_SPLITS;
    fclose(in);
    for (int s = 0; is_own && s < LWS_SPLITS; s++)
        is_own = shards[s] >= 0 && shards[s] <= LWS_SHARDS_MAX;
    if (!is_own)
        return lws_fail(LWS_ERR_USAGE, "%s is not a file of lwssim prepare: move it away, or choose another --output",
                        marker);
    return finish(folder, marker, shards, put_in_place_again);
}

lws_status lws_target_replace_resume(const char *folder, bool *found)
{
    char *marker = lws_path(folder, "", LWS_DATASET_REPLACING, "");
    *found = false;
    lws_status status =
        marker ? resume(folder, marker, found) : lws_fail(LWS_ERR_MEMORY, "out of memory looking at %s", folder);
    free(marker);
    return status;
}
