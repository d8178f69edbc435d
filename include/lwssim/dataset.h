/* A dataset folder, as `lwssim prepare` makes it: 8-bit images in HDF5 shards, read through memory maps.
 *
 *   lws_dataset *dataset;
 *   if (lws_dataset_open("celeba64", LWS_TRAIN, &dataset) != LWS_OK)
 *       return puts(lws_message());
 *   const lws_dataset_info *info = lws_dataset_get_info(dataset);
 *   lws_dataset_read(dataset, rows, n, x);      x: float [n, height, width, channels]
 *   lws_dataset_close(dataset);
 *
 * A dataset is read by any number of processes and threads at once; nothing here writes. To open one, files are read in
 * child processes, as they may be damaged or made up. Not collective. */
#ifndef LWSSIM_DATASET_H
#define LWSSIM_DATASET_H

#include <lwssim/split.h>
#include <lwssim/status.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lws_dataset lws_dataset;

enum { LWS_DATASET_DIGEST = 33 }; /* 32 hexadecimal digits and the end */

typedef struct lws_dataset_info {
    int height, width, channels;
    int64_t rows; /* of this split */
    int shards;
    char digest[LWS_DATASET_DIGEST]; /* of the pixels of this split, the same for any number of shards */
    const char *recipe;              /* what was done to the images; owned by the dataset */
    int64_t rows_by_split[LWS_SPLITS];
} lws_dataset_info;

/* Opens one split: checks that every shard of every split is there, and that those of this one are
 * whole and fit each other (schema, size, recipe, counts, digests of digests), and maps the images.
 * A split with no rows opens as empty. Pixels are not read: lws_dataset_read checks those that it
 * reads, `lwssim verify` all.
 * LWS_ERR_IO, LWS_ERR_FORMAT (truncated or altered shard), LWS_ERR_MISMATCH (a shard missing or of
 * another dataset), LWS_ERR_MEMORY. */
lws_status lws_dataset_open(const char *folder, lws_split split, lws_dataset **out);

/* NULL is fine. */
void lws_dataset_close(lws_dataset *dataset);

/* Owned by the dataset. */
const lws_dataset_info *lws_dataset_get_info(const lws_dataset *dataset);

/* Images `rows[0..n)` as float NHWC in [0, 1] (byte / 255) to out [n, height, width, channels]. Each image is held
 * against the digest that it had when the dataset was opened, at about 1 µs for 12 KB: LWS_ERR_FORMAT names the first
 * that has changed since. LWS_ERR_USAGE where a row is not one of the split's. Where a shard is truncated while it is
 * in use, or its disk fails, the process ends with a message that names it. Any thread. */
lws_status lws_dataset_read(const lws_dataset *dataset, const int64_t *rows, int n, float *out);

#ifdef __cplusplus
}
#endif

#endif
