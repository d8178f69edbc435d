/* One shard file of a dataset, as dataset.h describes it. */
#ifndef LWSSIM_SHARD_H
#define LWSSIM_SHARD_H

#include "data/dataset.h"
#include "data/h5.h"

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

/* A read-only map of a whole file. */
typedef struct lws_shard_map {
    void *base; /* NULL: nothing mapped */
    size_t bytes;
} lws_shard_map;

/* Maps the file; LWS_ERR_FORMAT where it is too short to hold the header's pixels. Where it becomes too short later,
 * the process ends with a message (map_guard.h). */
lws_status lws_shard_map_open(const char *path, const lws_shard_header *header, lws_shard_map *map);
void lws_shard_map_close(lws_shard_map *map);

#endif
