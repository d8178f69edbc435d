/* Which images make up a batch: a pure function of (seed, step), the same on every rank.
 *
 * Each epoch is a keyed permutation of the rows, cut into batches; the rows left over at the end of an epoch
 * (fewer than a batch) sit that epoch out. Position in the data is the step alone. */
#ifndef LWSSIM_SAMPLER_H
#define LWSSIM_SAMPLER_H

#include <stdint.h>

typedef struct lws_sampler {
    uint64_t seed;
    int64_t rows;  /* in the dataset, >= batch */
    int64_t batch; /* global batch, >= 1 */
} lws_sampler;

int64_t lws_sampler_steps_per_epoch(const lws_sampler *sampler);

/* Rows of the images [first, first + n) of the global batch of step `step` (0-based). first + n <= batch. */
void lws_sampler_batch(const lws_sampler *sampler, int64_t step, int64_t first, int64_t n, int64_t *rows);

#endif
