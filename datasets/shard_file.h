/* Writing one shard file, in two steps: its images when they are decoded, and what it must know of
 * the whole dataset when all shards are. A file without the second step does not pass for a shard.
 */
#ifndef LWSSIM_SHARD_FILE_H
#define LWSSIM_SHARD_FILE_H

#include "data/dataset.h"

/* What a shard says about the dataset. */
typedef struct lws_shard_facts {
    lws_split split;
    int shard;
    int64_t first_row;
    int64_t rows_by_split[LWS_SPLITS], shards_by_split[LWS_SPLITS];
    const char *recipe;
    const char *digest, *split_digest;
} lws_shard_facts;

/* Creates the file with pixels uint8 [rows, size, size, channels], digests [rows] and names [rows].
 * On failure (full disk) no file is left. LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status lws_shard_file_write(const char *path, int64_t rows, int size, int channels, const uint8_t *pixels,
                                const uint64_t *digests, const char *const *names);

/* Adds the facts, flushes to disk, and reads everything back (lws_dataset_verify_shard). On failure
 * no file is left. */
lws_status lws_shard_file_complete(const char *path, const lws_shard_facts *facts);

#endif
