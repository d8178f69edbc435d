/* Batch normalisation over the rows of [rows, channels] (NHWC: rows = n·h·w), with an optional ReLU in the same
 * pass. Ioffe & Szegedy 2015. Sums are taken in double over fixed parts of the rows and joined in fixed order: the bits
 * do not depend on the number of threads. Pure functions that check nothing. */
#ifndef LWSSIM_BATCHNORM_H
#define LWSSIM_BATCHNORM_H

#include <stdbool.h>
#include <stddef.h>

#define LWS_BATCHNORM_EPSILON 1e-5

/* What batch norm works with: arrays of [channels], the caller's. What is given stands first, then what the passes
 * leave for each other, which must stay until the backward pass. */
typedef struct lws_batchnorm {
    int channels;
    bool relu;
    const float *gamma, *beta;
    float *mean, *inv_std, *scale; /* of the rows; 1 / sqrt(var + epsilon), var the biased one; gamma · inv_std */
    float *unbiased_var;           /* for running statistics: var · rows / (rows - 1); var where rows is 1 */
    float *mean_dy, *slope;        /* what the batch statistics take off dy: the backward pass's own */
    float *dgamma, *dbeta;         /* gradients; overwritten */
} lws_batchnorm;

/* Floats of scratch for both passes. */
size_t lws_batchnorm_scratch(int rows, int channels);

/* y = gamma · (x - mean) / sqrt(var + epsilon) + beta, then max(y, 0) with relu, by the statistics of these rows.
 * Writes mean, inv_std, scale and unbiased_var. */
void lws_batchnorm_forward(const lws_batchnorm *bn, int rows, const float *x, float *y, float *scratch);

/* The same with given statistics (evaluation): mean and var [channels]. Writes the struct's mean, inv_std and scale. */
void lws_batchnorm_apply(const lws_batchnorm *bn, int rows, const float *x, const float *mean, const float *var,
                         float *y);

/* From the forward pass: x, mean, inv_std and scale; where y was 0 under relu is computed again. Overwrites dx, dgamma
 * and dbeta. dx may be dy. The batch statistics are differentiated through. */
void lws_batchnorm_backward(const lws_batchnorm *bn, int rows, const float *x, const float *dy, float *dx,
                            float *scratch);

/* ---- the same in parts, for a caller that has the rows an image at a time ---------------------------------------- */

/* Mean and summed squared deviation of a part: sums [2 · channels]. */
void lws_batchnorm_accumulate_stats(int channels, int rows, const float *x, double *sums);

/* From those of consecutive parts of `part_rows` rows (the last has what is left of `rows`), in sums [parts, 2 ·
 * channels], which are used up: the statistics of all rows, as lws_batchnorm_forward() writes them. */
void lws_batchnorm_finalize_stats(const lws_batchnorm *bn, int rows, int part_rows, double *sums);

/* In their place, given ones: mean and var [channels]. */
void lws_batchnorm_use_stats(const lws_batchnorm *bn, const float *mean, const float *var);

/* y of some rows. y and x do not overlap. */
void lws_batchnorm_normalize(const lws_batchnorm *bn, int rows, const float *x, float *y);

/* What a part adds to the gradients: sums [2 · channels]. */
void lws_batchnorm_accumulate_gradient_sums(const lws_batchnorm *bn, int rows, const float *x, const float *dy,
                                            double *sums);

/* From those of consecutive parts, which are used up: overwrites dgamma and dbeta, and writes mean_dy and slope for: */
void lws_batchnorm_finalize_gradient_sums(const lws_batchnorm *bn, int rows, int part_rows, double *sums);

/* dx of some rows. dx may be dy. */
void lws_batchnorm_input_gradient(const lws_batchnorm *bn, int rows, const float *x, const float *dy, float *dx);

#endif
