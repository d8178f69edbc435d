/* A dataset folder: the public <lwssim/dataset.h>, and what else the program needs of it.
 *
 * It holds files that are valid shards (shard/shard_format.h) with the names of shards; whatever else is in it does not
 * matter. It is a valid dataset if and only if
 *
 *   (1) there is a shard, and no file LWS_DATASET_REPLACING;
 *   (2) for each split all shards are there that shards_by_split of the first shard by name counts;
 *   (3) split and shard, in each, are those of its name;
 *   (4) rows_by_split, shards_by_split, H, W, C and recipe are the same in all;
 *   (5) first_row, in each, is the number of rows in the shards of its split before it;
 *   (6) split_digest is the same in all shards of a split, and the digest of their /digests one after the other; these
 *       are rows_by_split in number.
 *
 * Opening a split checks (1), (2), and of its own shards (3) to (6), against the first shard by name. */
#ifndef LWSSIM_DATA_DATASET_H
#define LWSSIM_DATA_DATASET_H

#include "data/shard.h"
#include <lwssim/dataset.h>

/* While a file of this name is in the folder, its shards are being replaced, and lws_dataset_open refuses it. */
#define LWS_DATASET_REPLACING ".lwssim-replacing"

/* The bytes of one image, uint8 [H, W, C], in the map. 0 <= row < rows. Not collective. */
const uint8_t *lws_dataset_row(const lws_dataset *dataset, int64_t row);

/* The digest (lws_digest64) of these bytes as they were when the dataset was opened. Not collective. */
uint64_t lws_dataset_row_digest(const lws_dataset *dataset, int64_t row);

/* LWS_ERR_FORMAT where they are others now. Not collective. */
lws_status lws_dataset_check_row(const lws_dataset *dataset, int64_t row);

/* From now on the split has no more than its first `rows` images, at least one; its digest is still that of all. Not
 * collective. */
void lws_dataset_keep_first(lws_dataset *dataset, int64_t rows);

/* The names of all images of the split, in the order of its rows: those of their sources. Read from the shards anew;
 * free with lws_dataset_free_names. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY. Not collective. */
lws_status lws_dataset_names(const lws_dataset *dataset, char ***names);
void lws_dataset_free_names(const lws_dataset *dataset, char **names);

/* Opens every split, and recomputes every digest of every file that has the name of a shard, by name; done(user, path,
 * rows) for each that is as it was written. The first that is not ends it: as lws_dataset_open and lws_shard_verify.
 * Not collective. */
typedef void lws_dataset_verified(void *user, const char *path, int64_t rows);
lws_status lws_dataset_verify(const char *folder, lws_dataset_verified *done, void *user);

/* Has the kernel begin to read images `rows[0..n)` from the disk, for a lws_dataset_read of them some milliseconds
 * later: call it for the next batch before computing the current one. Waits for nothing, changes no result and cannot
 * fail; about 1 µs a row where they are in memory already. Rows out of range are passed over. Any thread. Not
 * collective. */
void lws_dataset_prefetch(const lws_dataset *dataset, const int64_t *rows, int n);

#endif
