/* A shard: one file of the images of a dataset. Its format, and what makes it valid, stand in shard/shard_format.h;
 * this is how it is named, written, read and verified. Not collective. */
#ifndef LWSSIM_SHARD_H
#define LWSSIM_SHARD_H

#include "base/digest.h"
#include <lwssim/split.h>
#include <lwssim/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "train", "valid", "test". */
extern const char *const lws_split_name[LWS_SPLITS];

/* ---- names ----------------------------------------------------------------------------------- */

enum {
    LWS_SHARD_NAME = 64,    /* room for the name of a shard */
    LWS_SHARDS_MAX = 99999, /* of a split, at most */
};

typedef struct lws_shard_place {
    lws_split split;
    int shard, shards; /* which of how many of the split */
} lws_shard_place;

/* "train-00000-of-00008.h5", without a folder / what a name of that form says / whether it is of that form. */
void lws_shard_name(lws_split split, int shard, int shards, char name[LWS_SHARD_NAME]);
bool lws_shard_parse_name(const char *name, lws_shard_place *place);
bool lws_shard_is_name(const char *name);

/* A file in the making is .NAME.partial: what NAME is. False where `name` is none. */
#define LWS_SHARD_PARTIAL ".partial"
bool lws_shard_parse_partial(const char *name, char inner[LWS_SHARD_NAME]);

/* ---- writing --------------------------------------------------------------------------------- */

/* In two steps: the images when they are decoded, and what the shard says of the whole dataset when all shards are
 * written. A file without the second step does not pass for a shard. */

typedef struct lws_shard_images {
    int64_t rows;
    int size, channels;
    const uint8_t *pixels;   /* [rows, size, size, channels] */
    const uint64_t *digests; /* [rows], lws_digest64 of each */
    const char *const *names;
} lws_shard_images;

/* Creates the file. On failure (full disk) none is left. LWS_ERR_IO, LWS_ERR_LIMIT, LWS_ERR_MEMORY. */
lws_status lws_shard_write(const char *path, const lws_shard_images *images);

/* What a shard says about the dataset. */
typedef struct lws_shard_facts {
    lws_split split;
    int shard;
    int64_t first_row;
    int64_t rows_by_split[LWS_SPLITS], shards_by_split[LWS_SPLITS];
    const char *recipe;
    const char *digest, *split_digest;
} lws_shard_facts;

/* Adds the facts, flushes to disk, and reads everything back (lws_shard_verify). On failure no file is left. */
lws_status lws_shard_complete(const char *path, const lws_shard_facts *facts);

/* lws_digest over the names, each with its terminating zero. LWS_ERR_MEMORY. */
lws_status lws_shard_names_digest(int64_t rows, const char *const *names, char digest[LWS_DIGEST_TEXT]);

/* ---- reading --------------------------------------------------------------------------------- */

/* Whether a file is meant as a shard, by what is in it; whether it is valid is another question. LWS_ERR_FORMAT where
 * it is no HDF5 file that can be opened, LWS_ERR_IO. */
lws_status lws_shard_peek(const char *path, bool *is_shard);

typedef struct lws_shard_header {
    lws_split split;
    int64_t shard, shards, first_row, rows, rows_in_split;
    int64_t rows_by_split[LWS_SPLITS], shards_by_split[LWS_SPLITS];
    int height, width, channels;
    int64_t offset; /* of the pixels in the file */
    char digest[LWS_DIGEST_TEXT], split_digest[LWS_DIGEST_TEXT];
    char *recipe;      /* owned */
    uint64_t *digests; /* [rows], owned */
} lws_shard_header;

/* Reads and checks everything but pixels and names. Free with lws_shard_header_free, which is fine
 * with a zeroed header. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY. */
lws_status lws_shard_header_read(const char *path, lws_shard_header *header);
void lws_shard_header_free(lws_shard_header *header);

/* The names of its images, which must be `rows`, held against their digest; free with lws_h5_free_strings. LWS_ERR_IO,
 * LWS_ERR_FORMAT, LWS_ERR_MEMORY. */
lws_status lws_shard_read_names(const char *path, int64_t rows, char ***names);

/* "train:7000,valid:500,test:500", as it stands in the file. */
enum { LWS_SHARD_BY_SPLIT = 128 };
void lws_shard_by_split(const int64_t value[LWS_SPLITS], char text[LWS_SHARD_BY_SPLIT]);

/* A read-only map of a whole file. */
typedef struct lws_shard_map {
    void *base; /* NULL: nothing mapped */
    size_t bytes;
} lws_shard_map;

/* Maps the file; LWS_ERR_FORMAT where it is too short to hold the header's pixels. Where it becomes too short later,
 * the process ends with a message. */
lws_status lws_shard_map_open(const char *path, const lws_shard_header *header, lws_shard_map *map);
void lws_shard_map_close(lws_shard_map *map);

/* Recomputes every digest of a shard: pixels, digests, names. LWS_ERR_FORMAT names the first
 * image that does not match. *rows is the number of images in it. */
lws_status lws_shard_verify(const char *path, int64_t *rows);

#endif
