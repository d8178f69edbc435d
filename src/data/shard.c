#include "shard.h"

#include "map_guard.h"

#include "base/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- header ---------------------------------------------------------------------------------- */

/* "train:7000,valid:500,test:500" */
static bool parse_by_split(const char *text, int64_t value[LWS_SPLITS])
{
    for (int s = 0; s < LWS_SPLITS; s++) {
        size_t n = strlen(lws_split_name[s]);
        if (strncmp(text, lws_split_name[s], n) != 0 || text[n] != ':')
            return false;
        char *end;
        value[s] = strtoll(text + n + 1, &end, 10);
        if (end == text + n + 1 || value[s] < 0 || *end != (s + 1 < LWS_SPLITS ? ',' : 0))
            return false;
        text = end + 1;
    }
    return true;
}

static lws_status read_by_split(lws_h5 *file, const char *path, const char *name, int64_t max,
                                int64_t value[LWS_SPLITS])
{
    char *text;
    LWS_TRY(lws_h5_get_text(file, "/", name, &text));
    lws_status status = LWS_OK;
    bool good = parse_by_split(text, value);
    for (int s = 0; s < LWS_SPLITS; s++)
        good = good && value[s] <= max;
    if (!good)
        status = lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is malformed: '%s'", path, name, text);
    free(text);
    return status;
}

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

static lws_status read_split(lws_h5 *file, const char *path, lws_split *split)
{
    char *text;
    LWS_TRY(lws_h5_get_text(file, "/", "split", &text));
    int s = 0;
    while (s < LWS_SPLITS && strcmp(text, lws_split_name[s]) != 0)
        s++;
    *split = (lws_split)s;
    free(text);
    return s < LWS_SPLITS ? LWS_OK : lws_fail(LWS_ERR_FORMAT, "%s: of an unknown split", path);
}

static lws_status check_schema(lws_h5 *file, const char *path)
{
    int64_t schema;
    bool has_schema;
    LWS_TRY(lws_h5_has(file, "/", "schema", &has_schema));
    if (!has_schema)
        return lws_fail(LWS_ERR_FORMAT,
                        "%s is no complete shard of a dataset made by 'lwssim prepare' "
                        "(no schema version in it)",
                        path);
    LWS_TRY(lws_h5_get_i64(file, "/", "schema", &schema));
    if (schema != LWS_DATASET_SCHEMA)
        return lws_fail(LWS_ERR_FORMAT,
                        "%s has dataset schema %lld and this program reads schema %d: "
                        "prepare the dataset again, or use the version that made it",
                        path, (long long)schema, LWS_DATASET_SCHEMA);
    return LWS_OK;
}

static lws_status read_images_shape(lws_h5 *file, const char *path, lws_shard_header *h)
{
    lws_h5_info info;
    LWS_TRY(lws_h5_describe(file, "/images", &info));
    const int64_t *d = info.dims;
    if (info.type != LWS_H5_U8 || info.rank != 4 || d[1] < 1 || d[2] < 1 || d[1] > 65536 || d[2] > 65536 ||
        (d[3] != 1 && d[3] != 3))
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

static lws_status read_digests(lws_h5 *file, const char *path, lws_shard_header *h)
{
    lws_h5_info info;
    LWS_TRY(lws_h5_describe(file, "/digests", &info)); /* before memory is taken for a wild count */
    if (info.rank != 1 || info.dims[0] != h->rows)
        return lws_fail(LWS_ERR_FORMAT, "%s: /digests does not have one value per image", path);
    h->digests = calloc((size_t)h->rows + 1, sizeof *h->digests);
    if (!h->digests)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", path);
    LWS_TRY(lws_h5_read(file, "/digests", LWS_H5_U64, h->rows, h->digests));
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
    LWS_TRY(lws_h5_get_i64(file, "/", "shard", &h->shard));
    LWS_TRY(lws_h5_get_i64(file, "/", "shards", &h->shards));
    LWS_TRY(lws_h5_get_i64(file, "/", "first_row", &h->first_row));
    LWS_TRY(lws_h5_get_i64(file, "/", "rows_in_split", &h->rows_in_split));
    LWS_TRY(read_by_split(file, path, "rows_by_split", INT64_MAX / 8, h->rows_by_split));
    LWS_TRY(read_by_split(file, path, "shards_by_split", LWS_DATASET_SHARDS, h->shards_by_split));
    LWS_TRY(lws_h5_get_text(file, "/", "recipe", &h->recipe));
    LWS_TRY(read_digest(file, path, "digest", h->digest));
    LWS_TRY(read_digest(file, path, "split_digest", h->split_digest));
    LWS_TRY(read_images_shape(file, path, h));
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

/* ---- map ------------------------------------------------------------------------------------- */

/* True where bytes [0, offset + rows * H * W * C) lie in a file of `size` bytes. */
static bool long_enough(const lws_shard_header *h, int64_t size)
{
    int64_t pixels, end;
    return !__builtin_mul_overflow((int64_t)h->height * h->width * h->channels, h->rows, &pixels) &&
           !__builtin_add_overflow(pixels, h->offset, &end) && end <= size;
}

static lws_status map_file(const char *path, int fd, size_t bytes, lws_shard_map *map)
{
    void *base = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return lws_fail(LWS_ERR_IO, "cannot map %s into memory: %m", path);
    lws_status status = map_guard_add(base, bytes, path);
    if (status == LWS_OK)
        *map = (lws_shard_map){base, bytes};
    else
        munmap(base, bytes);
    return status;
}

lws_status lws_shard_map_open(const char *path, const lws_shard_header *header, lws_shard_map *map)
{
    int fd;
    int64_t size;
    *map = (lws_shard_map){0};
    if (header->rows == 0)
        return LWS_OK;
    LWS_TRY(lws_input_open(path, &fd, &size));
    lws_status status =
        long_enough(header, size)
            ? map_file(path, fd, (size_t)size, map)
            : lws_fail(LWS_ERR_FORMAT, "%s is truncated: copy it again, or prepare the dataset again", path);
    close(fd);
    return status;
}

void lws_shard_map_close(lws_shard_map *map)
{
    map_guard_remove(map->base);
    if (map->base)
        munmap(map->base, map->bytes);
    *map = (lws_shard_map){0};
}

/* ---- verification ---------------------------------------------------------------------------- */

static lws_status verify_names(lws_h5 *file, const char *path, int64_t rows, char *const *names)
{
    char *stored, digest[LWS_DIGEST_TEXT];
    LWS_TRY(lws_h5_get_text(file, "/", "names_digest", &stored));
    lws_status status = lws_dataset_names_digest(rows, (const char *const *)names, digest);
    if (status == LWS_OK && strcmp(stored, digest) != 0)
        status = lws_fail(LWS_ERR_FORMAT, "%s is damaged: /names does not match its digest", path);
    free(stored);
    return status;
}

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

static lws_status verify(lws_h5 *file, const char *path, const lws_shard_header *h)
{
    char **names = NULL;
    int64_t count = 0;
    LWS_TRY(lws_h5_read_strings(file, "/names", &count, &names));
    lws_status status = LWS_OK;
    if (count != h->rows)
        status = lws_fail(LWS_ERR_FORMAT, "%s: /names does not have one name per image", path);
    if (status == LWS_OK)
        status = verify_names(file, path, count, names);
    if (status == LWS_OK)
        status = verify_pixels(path, h, names);
    lws_h5_free_strings(count, names);
    return status;
}

lws_status lws_dataset_verify_shard(const char *path, int64_t *rows)
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
