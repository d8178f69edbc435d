/* Writing a shard, in two steps. */
#include "shard_format.h"

#include <stdio.h>
#include <unistd.h>

/* ---- images ---------------------------------------------------------------------------------- */

static lws_status put_images(lws_h5 *file, const lws_shard_images *images)
{
    int64_t rows = images->rows, shape[4] = {rows, images->size, images->size, images->channels};
    char digest[LWS_DIGEST_TEXT];
    LWS_TRY(lws_h5_write(file, SHARD_IMAGES, LWS_H5_U8, 4, shape, images->pixels));
    LWS_TRY(lws_h5_write(file, SHARD_DIGESTS, LWS_H5_U64, 1, shape, images->digests));
    LWS_TRY(lws_h5_write_strings(file, SHARD_NAMES, rows, images->names));
    LWS_TRY(lws_shard_names_digest(rows, images->names, digest));
    return lws_h5_put_text(file, "/", SHARD_NAMES_DIGEST, digest);
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

lws_status lws_shard_write(const char *path, const lws_shard_images *images)
{
    lws_h5 *file;
    LWS_TRY(lws_h5_create(path, &file));
    return finish(file, path, put_images(file, images));
}

/* ---- facts ----------------------------------------------------------------------------------- */

static lws_status put_by_split(lws_h5 *file, const char *name, const int64_t value[LWS_SPLITS])
{
    char text[LWS_SHARD_BY_SPLIT];
    lws_shard_by_split(value, text);
    return lws_h5_put_text(file, "/", name, text);
}

static lws_status put_facts(lws_h5 *file, const lws_shard_facts *f)
{
    LWS_TRY(lws_h5_put_text(file, "/", SHARD_SPLIT, lws_split_name[f->split]));
    LWS_TRY(lws_h5_put_i64(file, "/", SHARD_SHARD, f->shard));
    LWS_TRY(lws_h5_put_i64(file, "/", SHARD_SHARDS, f->shards_by_split[f->split]));
    LWS_TRY(lws_h5_put_i64(file, "/", SHARD_FIRST_ROW, f->first_row));
    LWS_TRY(lws_h5_put_i64(file, "/", SHARD_ROWS_IN_SPLIT, f->rows_by_split[f->split]));
    LWS_TRY(put_by_split(file, SHARD_ROWS_BY_SPLIT, f->rows_by_split));
    LWS_TRY(put_by_split(file, SHARD_SHARDS_BY_SPLIT, f->shards_by_split));
    LWS_TRY(lws_h5_put_text(file, "/", SHARD_RECIPE, f->recipe));
    LWS_TRY(lws_h5_put_text(file, "/", SHARD_DIGEST, f->digest));
    LWS_TRY(lws_h5_put_text(file, "/", SHARD_SPLIT_DIGEST, f->split_digest));
    LWS_TRY(lws_h5_put_i64(file, "/", SHARD_SCHEMA_NAME, SHARD_SCHEMA));
    return lws_h5_sync(file);
}

lws_status lws_shard_complete(const char *path, const lws_shard_facts *facts)
{
    lws_h5 *file;
    int64_t rows;
    LWS_TRY(lws_h5_edit(path, &file));
    LWS_TRY(finish(file, path, put_facts(file, facts)));
    lws_status status = lws_shard_verify(path, &rows);
    if (status != LWS_OK)
        unlink(path);
    return status;
}
