/* Reading a shard: rule by rule, as shard_format.h numbers them. */
#include "shard_format.h"

#include <stdlib.h>
#include <string.h>

/* ---- header ---------------------------------------------------------------------------------- */

/* (4) */
static lws_status read_by_split(lws_h5 *file, const char *path, const char *name, int64_t max,
                                int64_t value[LWS_SPLITS])
{
    char *text;
    LWS_TRY(lws_h5_get_text(file, "/", name, &text));
    lws_status status = LWS_OK;
    bool good = shard_parse_by_split(text, value);
    for (int s = 0; s < LWS_SPLITS; s++)
        good = good && value[s] <= max;
    if (!good)
        status = lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is malformed: '%s'", path, name, text);
    free(text);
    return status;
}

/* (5) */
static lws_status read_digest(lws_h5 *file, const char *path, const char *name, char digest[LWS_DIGEST_TEXT])
{
    char *text;
    LWS_TRY(lws_h5_get_text(file, "/", name, &text));
    bool fits = strlen(text) == LWS_DIGEST_TEXT - 1;
    if (fits)
        memcpy(digest, text, LWS_DIGEST_TEXT);
    free(text);
    return fits ? LWS_OK : lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is no digest", path, name);
}

/* (3) */
static lws_status read_split(lws_h5 *file, const char *path, lws_split *split)
{
    char *text;
    LWS_TRY(lws_h5_get_text(file, "/", SHARD_SPLIT, &text));
    *split = shard_parse_split(text);
    free(text);
    return *split < LWS_SPLITS ? LWS_OK : lws_fail(LWS_ERR_FORMAT, "%s: of an unknown split", path);
}

/* (2) */
static lws_status check_schema(lws_h5 *file, const char *path)
{
    int64_t schema;
    bool has_schema;
    LWS_TRY(lws_h5_has(file, "/", SHARD_SCHEMA_NAME, &has_schema));
    if (!has_schema)
        return lws_fail(LWS_ERR_FORMAT,
                        "%s is no complete shard of a dataset made by 'lwssim prepare' "
                        "(no schema version in it)",
                        path);
    LWS_TRY(lws_h5_get_i64(file, "/", SHARD_SCHEMA_NAME, &schema));
    if (schema != SHARD_SCHEMA)
        return lws_fail(LWS_ERR_FORMAT,
                        "%s has dataset schema %lld and this program reads schema %d: "
                        "prepare the dataset again, or use the version that made it",
                        path, (long long)schema, SHARD_SCHEMA);
    return LWS_OK;
}

/* (6) */
static lws_status read_images_shape(lws_h5 *file, const char *path, lws_shard_header *h)
{
    lws_h5_info info;
    LWS_TRY(lws_h5_describe(file, SHARD_IMAGES, &info));
    const int64_t *d = info.dims;
    if (info.type != LWS_H5_U8 || info.rank != 4 || d[1] < 1 || d[2] < 1 || d[1] > SHARD_SIDE_MAX ||
        d[2] > SHARD_SIDE_MAX || (d[3] != 1 && d[3] != 3))
        return lws_fail(LWS_ERR_FORMAT, "%s: /images is not a uint8 array [n, H, W, 1 or 3]", path);
    if (d[0] && info.offset < 0)
        return lws_fail(LWS_ERR_FORMAT,
                        "%s: /images is chunked or compressed; lwssim maps it and needs it in one piece: "
                        "h5repack -l /images:CONTI -f /images:NONE",
                        path);
    h->rows = d[0];
    h->height = (int)d[1];
    h->width = (int)d[2];
    h->channels = (int)d[3];
    h->offset = info.offset;
    return LWS_OK;
}

/* (8) */
static lws_status read_digests(lws_h5 *file, const char *path, lws_shard_header *h)
{
    lws_h5_info info;
    LWS_TRY(lws_h5_describe(file, SHARD_DIGESTS, &info)); /* before memory is taken for a wild count */
    if (info.rank != 1 || info.dims[0] != h->rows)
        return lws_fail(LWS_ERR_FORMAT, "%s: /digests does not have one value per image", path);
    h->digests = calloc((size_t)h->rows + 1, sizeof *h->digests);
    if (!h->digests)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", path);
    LWS_TRY(lws_h5_read(file, SHARD_DIGESTS, LWS_H5_U64, h->rows, h->digests));
    char digest[LWS_DIGEST_TEXT];
    lws_digest(h->digests, (size_t)h->rows * sizeof *h->digests, digest);
    if (strcmp(digest, h->digest) != 0)
        return lws_fail(LWS_ERR_FORMAT, "%s is damaged: /digests does not match its own digest", path);
    return LWS_OK;
}

static lws_status read_header(lws_h5 *file, const char *path, lws_shard_header *h)
{
    LWS_TRY(check_schema(file, path));
    LWS_TRY(read_split(file, path, &h->split));
    LWS_TRY(lws_h5_get_i64(file, "/", SHARD_SHARD, &h->shard));
    LWS_TRY(lws_h5_get_i64(file, "/", SHARD_SHARDS, &h->shards));
    LWS_TRY(lws_h5_get_i64(file, "/", SHARD_FIRST_ROW, &h->first_row));
    LWS_TRY(lws_h5_get_i64(file, "/", SHARD_ROWS_IN_SPLIT, &h->rows_in_split));
    LWS_TRY(read_by_split(file, path, SHARD_ROWS_BY_SPLIT, INT64_MAX / 8, h->rows_by_split));
    LWS_TRY(read_by_split(file, path, SHARD_SHARDS_BY_SPLIT, LWS_SHARDS_MAX, h->shards_by_split));
    LWS_TRY(lws_h5_get_text(file, "/", SHARD_RECIPE, &h->recipe));
    LWS_TRY(read_digest(file, path, SHARD_DIGEST, h->digest));
    LWS_TRY(read_digest(file, path, SHARD_SPLIT_DIGEST, h->split_digest));
    LWS_TRY(read_images_shape(file, path, h));
    /* (7) */
    if (h->shards < 1 || h->shard < 0 || h->shard >= h->shards || h->first_row < 0 ||
        h->first_row > h->rows_in_split - h->rows || h->rows_in_split != h->rows_by_split[h->split] ||
        h->shards != h->shards_by_split[h->split])
        return lws_fail(LWS_ERR_FORMAT, "%s: its counts of rows and shards contradict each other", path);
    return read_digests(file, path, h);
}

lws_status lws_shard_header_read(const char *path, lws_shard_header *header)
{
    lws_h5 *file;
    *header = (lws_shard_header){0};
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = read_header(file, path, header);
    lws_h5_close(file);
    if (status != LWS_OK)
        lws_shard_header_free(header);
    return status;
}

void lws_shard_header_free(lws_shard_header *header)
{
    free(header->recipe);
    free(header->digests);
    *header = (lws_shard_header){0};
}

/* ---- verification ---------------------------------------------------------------------------- */

/* (10) */
static lws_status verify_names(lws_h5 *file, const char *path, int64_t rows, char *const *names)
{
    char *stored, digest[LWS_DIGEST_TEXT];
    LWS_TRY(lws_h5_get_text(file, "/", SHARD_NAMES_DIGEST, &stored));
    lws_status status = lws_shard_names_digest(rows, (const char *const *)names, digest);
    if (status == LWS_OK && strcmp(stored, digest) != 0)
        status = lws_fail(LWS_ERR_FORMAT, "%s is damaged: /names does not match its digest", path);
    free(stored);
    return status;
}

/* (9) and (11) */
static lws_status verify_pixels(const char *path, const lws_shard_header *h, char *const *names)
{
    lws_shard_map map;
    LWS_TRY(lws_shard_map_open(path, h, &map));
    lws_status status = LWS_OK;
    size_t bytes = (size_t)h->height * (size_t)h->width * (size_t)h->channels;
    const uint8_t *pixels = map.base ? (const uint8_t *)map.base + h->offset : NULL;
    for (int64_t i = 0; i < h->rows && status == LWS_OK; i++) {
        if (lws_digest64(pixels + (size_t)i * bytes, bytes) != h->digests[i])
            status = lws_fail(LWS_ERR_FORMAT,
                              "%s is damaged: image %lld (%s) does not match its digest. "
                              "Prepare the dataset again, or copy this file again.",
                              path, (long long)i, names[i]);
    }
    lws_shard_map_close(&map);
    return status;
}

static lws_status read_names(lws_h5 *file, const char *path, int64_t rows, char ***names)
{
    int64_t count = 0;
    LWS_TRY(lws_h5_read_strings(file, SHARD_NAMES, &count, names));
    lws_status status = LWS_OK;
    if (count != rows)
        status = lws_fail(LWS_ERR_FORMAT, "%s: /names does not have one name per image", path);
    if (status == LWS_OK)
        status = verify_names(file, path, count, *names);
    if (status != LWS_OK)
        lws_h5_free_strings(count, *names);
    return status;
}

static lws_status verify(lws_h5 *file, const char *path, const lws_shard_header *h)
{
    char **names = NULL;
    LWS_TRY(read_names(file, path, h->rows, &names));
    lws_status status = verify_pixels(path, h, names);
    lws_h5_free_strings(h->rows, names);
    return status;
}

lws_status lws_shard_read_names(const char *path, int64_t rows, char ***names)
{
    lws_h5 *file;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = read_names(file, path, rows, names);
    lws_h5_close(file);
    return status;
}

lws_status lws_shard_verify(const char *path, int64_t *rows)
{
    lws_shard_header header = {0};
    lws_h5 *file;
    *rows = 0;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = read_header(file, path, &header);
    if (status == LWS_OK)
        status = verify(file, path, &header);
    *rows = header.rows;
    lws_h5_close(file);
    lws_shard_header_free(&header);
    return status;
}
