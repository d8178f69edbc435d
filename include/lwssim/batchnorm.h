/* Batch normalisation over the rows of [rows, channels] (NHWC: rows = n·h·w), with an optional ReLU in the same
 * pass. Ioffe & Szegedy 2015. Sums are taken in double over fixed blocks of rows in fixed order: the bits do not
 * depend on the number of threads. Pure functions that check nothing. */
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

#endif
