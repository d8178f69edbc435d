#include "shard_file.h"

#include "data/h5.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- images ---------------------------------------------------------------------------------- */

static lws_status put_images(lws_h5 *file, int64_t rows, int size, int channels, const uint8_t *pixels,
                             const uint64_t *digests, const char *const *names)
{
    int64_t shape[4] = {rows, size, size, channels};
    char digest[LWS_DIGEST_TEXT];
    LWS_TRY(lws_h5_write(file, "/images", LWS_H5_U8, 4, shape, pixels));
    LWS_TRY(lws_h5_write(file, "/digests", LWS_H5_U64, 1, shape, digests));
    LWS_TRY(lws_h5_write_strings(file, "/names", rows, names));
    LWS_TRY(lws_dataset_names_digest(rows, names, digest));
    return lws_h5_put_text(file, "/", "names_digest", digest);
}

/* Closes the file; takes it away where anything failed, since half a file serves nobody and fills
 * the disk. */
static lws_status finish(lws_h5 *file, const char *path, lws_status status)
{
    if (status == LWS_OK) {
        status = lws_h5_close(file);
        if (status != LWS_OK)
            unlink(path);
        return status;
    }
    char message[1024]; /* closing may fail as well, but the first failure is the one to tell */
    snprintf(message, sizeof message, "%s", lws_message());
    lws_h5_close(file);
    unlink(path);
    return lws_fail(status, "%s", message);
}

lws_status lws_shard_file_write(const char *path, int64_t rows, int size, int channels, const uint8_t *pixels,
                                const uint64_t *digests, const char *const *names)
{
    lws_h5 *file;
    LWS_TRY(lws_h5_create(path, &file));
    return finish(file, path, put_images(file, rows, size, channels, pixels, digests, names));
}

/* ---- facts ----------------------------------------------------------------------------------- */

static lws_status put_by_split(lws_h5 *file, const char *name, const int64_t value[LWS_SPLITS])
{
    char text[128];
    snprintf(text, sizeof text, "%s:%lld,%s:%lld,%s:%lld", lws_split_name[LWS_TRAIN], (long long)value[LWS_TRAIN],
             lws_split_name[LWS_VALID], (long long)value[LWS_VALID], lws_split_name[LWS_TEST],
             (long long)value[LWS_TEST]);
    return lws_h5_put_text(file, "/", name, text);
}

static lws_status put_facts(lws_h5 *file, const lws_shard_facts *f)
{
    LWS_TRY(lws_h5_put_text(file, "/", "split", lws_split_name[f->split]));
    LWS_TRY(lws_h5_put_i64(file, "/", "shard", f->shard));
    LWS_TRY(lws_h5_put_i64(file, "/", "shards", f->shards_by_split[f->split]));
    LWS_TRY(lws_h5_put_i64(file, "/", "first_row", f->first_row));
    LWS_TRY(lws_h5_put_i64(file, "/", "rows_in_split", f->rows_by_split[f->split]));
    LWS_TRY(put_by_split(file, "rows_by_split", f->rows_by_split));
    LWS_TRY(put_by_split(file, "shards_by_split", f->shards_by_split));
    LWS_TRY(lws_h5_put_text(file, "/", "recipe", f->recipe));
    LWS_TRY(lws_h5_put_text(file, "/", "digest", f->digest));
    LWS_TRY(lws_h5_put_text(file, "/", "split_digest", f->split_digest));
    LWS_TRY(lws_h5_put_i64(file, "/", "schema", LWS_DATASET_SCHEMA));
    return lws_h5_sync(file);
}

lws_status lws_shard_file_complete(const char *path, const lws_shard_facts *facts)
{
    lws_h5 *file;
    int64_t rows;
    LWS_TRY(lws_h5_edit(path, &file));
    LWS_TRY(finish(file, path, put_facts(file, facts)));
    lws_status status = lws_dataset_verify_shard(path, &rows);
    if (status != LWS_OK)
        unlink(path);
    return status;
}
