/* A dataset folder: HDF5 shards of 8-bit images, read through memory maps.
 *
 * Files "SPLIT-00000-of-00008.h5", SPLIT one of train, valid, test. In each:
 *   /images   uint8 [n, H, W, C], contiguous; C is 1 (grey) or 3 (RGB)
 *   /names    source names, n strings
 *   /digests  uint64 [n], lws_digest64 of each image's pixels
 *   attributes on the root:
 *     schema            = LWS_DATASET_SCHEMA
 *     split             "train"; shard, shards: which of how many of the split
 *     first_row         rows of the split before this shard
 *     rows_in_split     and rows_by_split, "train:7000,valid:500,test:500"
 *     shards_by_split   "train:8,valid:1,test:1"; 0 where a split has no rows
 *     recipe            text
 *     digest            lws_digest over /digests of this shard
 *     split_digest      the same over all shards of the split in order
 *     names_digest      lws_dataset_names_digest
 *
 * The names say which images they are, the recipe what was done to them. A shard is read by any
 * number of processes at once; nothing here writes. */
#ifndef LWSSIM_DATASET_H
#define LWSSIM_DATASET_H

#include "base/digest.h"
#include <lwssim/status.h>

#include <stdbool.h>
#include <stdint.h>

enum { LWS_DATASET_SCHEMA = 1 };

enum {
    LWS_DATASET_SHARD_NAME = 64, /* room for the name of a shard */
    LWS_DATASET_SHARDS = 99999,  /* of a split, at most */
};

/* While a file of this name is in the folder, its shards are being replaced, and lws_dataset_open refuses it. */
#define LWS_DATASET_REPLACING ".lwssim-replacing"

typedef enum lws_split { LWS_TRAIN, LWS_VALID, LWS_TEST, LWS_SPLITS } lws_split;

/* "train", "valid", "test". */
extern const char *const lws_split_name[LWS_SPLITS];

/* "train-00000-of-00008.h5", without a folder / whether `name` is of that form. */
void lws_dataset_shard_name(lws_split split, int shard, int shards, char name[LWS_DATASET_SHARD_NAME]);
bool lws_dataset_is_shard_name(const char *name);

/* lws_digest over the names, each with its terminating zero. LWS_ERR_MEMORY. */
lws_status lws_dataset_names_digest(int64_t rows, const char *const *names, char digest[LWS_DIGEST_TEXT]);

typedef struct lws_dataset lws_dataset;

typedef struct lws_dataset_info {
    int height, width, channels;
    int64_t rows; /* of this split */
    int shards;
    char digest[LWS_DIGEST_TEXT]; /* of the pixels of this split, the same for any number of shards
                                   */
    const char *recipe;           /* owned by the dataset */
    int64_t rows_by_split[LWS_SPLITS];
} lws_dataset_info;

/* Opens one split: checks that every shard of every split is there, and that those of this one are
 * whole and fit each other (schema, size, recipe, counts, digests of digests), and maps the images.
 * A split with no rows opens as empty. Pixels are not read: lws_dataset_read checks those that it
 * reads, lws_dataset_verify_shard all.
 * LWS_ERR_IO, LWS_ERR_FORMAT (truncated or altered shard), LWS_ERR_MISMATCH (a shard missing or of
 * another dataset). Any rank, independently. */
lws_status lws_dataset_open(const char *folder, lws_split split, lws_dataset **out);
void lws_dataset_close(lws_dataset *dataset);
const lws_dataset_info *lws_dataset_get_info(const lws_dataset *dataset);

/* The bytes of one image, uint8 [H, W, C], in the map. 0 <= row < rows. */
const uint8_t *lws_dataset_row(const lws_dataset *dataset, int64_t row);

/* Images `rows[0..n)` as float NHWC in [0, 1] (byte / 255) to out [n, H, W, C]. Rows must be in
 * range. Each image is held against the digest that it had when the dataset was opened, at about 1 µs for 12 KB:
 * LWS_ERR_FORMAT names the first that has changed since. Any rank, any thread. */
lws_status lws_dataset_read(const lws_dataset *dataset, const int64_t *rows, int n, float *out);

/* Has the kernel begin to read images `rows[0..n)` from the disk, for a lws_dataset_read of them some milliseconds
 * later: call it for the next batch before computing the current one. Waits for nothing, changes no result and cannot
 * fail; about 1 µs a row where they are in memory already. Rows out of range are passed over. Any thread. */
void lws_dataset_prefetch(const lws_dataset *dataset, const int64_t *rows, int n);

/* Recomputes every digest of one shard file: pixels, digests, names. LWS_ERR_FORMAT names the first
 * image that does not match. *rows is the number of images in it. */
lws_status lws_dataset_verify_shard(const char *path, int64_t *rows);

#endif
