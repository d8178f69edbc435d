/* Batch normalisation over the rows of [rows, channels] (NHWC: rows = n·h·w), with an optional ReLU in the same
 * pass. Ioffe & Szegedy 2015. Sums are taken in double over fixed parts of the rows and joined in fixed order: the bits
 * do not depend on the number of threads. Pure functions that check nothing. */
#ifndef LWSSIM_BATCHNORM_H
#define LWSSIM_BATCHNORM_H

#include <stdbool.h>
#include <stddef.h>

#define LWS_BATCHNORM_EPSILON 1e-5

/* Floats of scratch for both passes. */
size_t lws_batchnorm_scratch(int rows, int channels);

/* y = gamma · (x - mean) / sqrt(var + epsilon) + beta, then max(y, 0) with relu. mean and the biased var of this
 * batch are written to mean [channels] and inv_std [channels] (= 1 / sqrt(var + epsilon)) for the backward pass;
 * unbiased_var [channels] gets var · rows / (rows - 1) for running statistics (var where rows is 1). */
void lws_batchnorm_forward(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                           float *y, float *mean, float *inv_std, float *unbiased_var, float *scratch);

/* The same with given statistics (evaluation). */
void lws_batchnorm_apply(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                         const float *mean, const float *var, float *y);

/* From the forward pass: x, mean, inv_std; where y was 0 under relu is computed again. Overwrites dx, dgamma and dbeta.
 * dx may be dy. The batch statistics are differentiated through. */
void lws_batchnorm_backward(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                            const float *mean, const float *inv_std, const float *dy, float *dx, float *dgamma,
                            float *dbeta, float *scratch);

/* ---- the same in parts, for a caller that has the rows an image at a time ---------------------------------------- */

/* Arrays of [channels], the caller's. */
typedef struct lws_batchnorm {
    int channels;
    bool relu;
    const float *gamma, *beta;
    float *mean, *inv_std, *scale; /* written by _statistics or _given; scale = gamma · inv_std */
    float *mean_dy, *slope;        /* written by _gradients */
} lws_batchnorm;

/* Mean and summed squared deviation of a part: sums [2 · channels]. */
void lws_batchnorm_accumulate_stats(int channels, int rows, const float *x, double *sums);

/* From those of consecutive parts of `part_rows` rows (the last has what is left of `rows`), in sums [parts, 2 ·
 * channels], which are used up: the statistics of all rows. */
void lws_batchnorm_finalize_stats(const lws_batchnorm *bn, int rows, int part_rows, double *sums, float *unbiased_var);

/* In their place, given ones: mean and var [channels]. */
void lws_batchnorm_use_stats(const lws_batchnorm *bn, const float *mean, const float *var);

/* y of some rows. y and x do not overlap. */
void lws_batchnorm_normalize(const lws_batchnorm *bn, int rows, const float *x, float *y);

/* What a part adds to the gradients: sums [2 · channels]. */
void lws_batchnorm_accumulate_gradient_sums(const lws_batchnorm *bn, int rows, const float *x, const float *dy,
                                            double *sums);

/* From those of consecutive parts, which are used up: overwrites dgamma and dbeta, and makes ready for: */
void lws_batchnorm_finalize_gradient_sums(const lws_batchnorm *bn, int rows, int part_rows, double *sums, float *dgamma,
                                          float *dbeta);

/* dx of some rows. dx may be dy. */
void lws_batchnorm_input_gradient(const lws_batchnorm *bn, int rows, const float *x, const float *dy, float *dx);

#endif
