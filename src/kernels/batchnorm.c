#include "kernels/batchnorm.h"

#include "base/simd.h"

#include <math.h>
#include <string.h>

/* Rows summed by one thread at a time, so many that they stay in the inner caches; fixes the order of the sums. */
static int block_size(int channels)
{
    enum { ELEMENTS = 32768, LEAST = 16 };
    return ELEMENTS / channels > LEAST ? ELEMENTS / channels : LEAST;
}

static int block_count(int rows, int channels)
{
    return (rows + block_size(channels) - 1) / block_size(channels);
}

static int block_rows(int rows, int channels, int block)
{
    int size = block_size(channels), left = rows - block * size;
    return left < size ? left : size;
}

size_t lws_batchnorm_scratch(int rows, int channels)
{
    /* Two doubles a channel and block, three floats a channel. */
    return ((size_t)block_count(rows, channels) * 4 + 3) * (size_t)channels;
}

typedef float few __attribute__((vector_size(8 * sizeof(float)), aligned(4), may_alias));
typedef int few_bits __attribute__((vector_size(8 * sizeof(int))));
typedef double few_doubles __attribute__((vector_size(8 * sizeof(double)), aligned(8), may_alias));
enum { FEW = 8, GROUP = 4 }; /* vectors of channels whose sums stay in registers */

/* The two sums over rows of 8 · `vectors` channels, in double: of x - origin and of its square; or, where dy is given,
 * of the dy that ReLU lets through and of its product with x - mean (origin). */
LWS_INLINE void sum_channels(int vectors, int rows, size_t stride, bool relu, const float *x, const float *origin,
                             const float *scale, const float *beta, const float *dy, double *sum, double *second)
{
    few_doubles a[GROUP], b[GROUP];
    for (int k = 0; k < vectors; k++)
        a[k] = b[k] = (few_doubles){0};
    for (int r = 0; r < rows; r++) {
        for (int k = 0; k < vectors; k++) {
            size_t at = r * stride + (size_t)k * FEW;
            few centred = *(const few *)(x + at) - *(const few *)(origin + k * FEW);
            few value = centred;
            if (dy) {
                value = *(const few *)(dy + at);
                few y = centred * *(const few *)(scale + k * FEW) + *(const few *)(beta + k * FEW);
                if (relu)
                    value = (few)((few_bits)value & (y > 0));
            }
            few_doubles wide = __builtin_convertvector(value, few_doubles);
            a[k] += wide;
            b[k] += wide * __builtin_convertvector(centred, few_doubles);
        }
    }
    for (int k = 0; k < vectors; k++) {
        *(few_doubles *)(sum + k * FEW) = a[k];
        *(few_doubles *)(second + k * FEW) = b[k];
    }
}

/* The same for any number of channels, the last ones one at a time. */
LWS_INLINE void sum_rows(int rows, int c, bool relu, const float *x, const float *origin, const float *scale,
                         const float *beta, const float *dy, double *sum, double *second)
{
    int i = 0;
    for (; i + GROUP * FEW <= c; i += GROUP * FEW)
        sum_channels(GROUP, rows, (size_t)c, relu, x + i, origin + i, scale + i, beta + i, dy ? dy + i : NULL, sum + i,
                     second + i);
    for (; i + FEW <= c; i += FEW)
        sum_channels(1, rows, (size_t)c, relu, x + i, origin + i, scale + i, beta + i, dy ? dy + i : NULL, sum + i,
                     second + i);
    for (; i < c; i++) {
        sum[i] = second[i] = 0;
        for (int r = 0; r < rows; r++) {
            float centred = x[(size_t)r * c + i] - origin[i], value = centred;
            if (dy)
                value = relu && !(centred * scale[i] + beta[i] > 0) ? 0 : dy[(size_t)r * c + i];
            sum[i] += (double)value;
            second[i] += (double)value * (double)centred;
        }
    }
}

LWS_VARIANTS(static, void, value_sums,
             (int rows, int c, const float *x, const float *origin, double *sum, double *second),
             (rows, c, x, origin, sum, second))
{
    sum_rows(rows, c, false, x, origin, origin, origin, NULL, sum, second);
}

LWS_VARIANTS(static, void, gradient_sums,
             (int rows, int c, bool relu, const float *x, const float *mean, const float *scale, const float *beta,
              const float *dy, double *sum, double *second),
             (rows, c, relu, x, mean, scale, beta, dy, sum, second))
{
    if (relu)
        sum_rows(rows, c, true, x, mean, scale, beta, dy, sum, second);
    else
        sum_rows(rows, c, false, x, mean, scale, beta, dy, sum, second);
}

LWS_VARIANTS(static, void, normalise,
             (size_t rows, int c, bool relu, const float *restrict x, const float *restrict mean,
              const float *restrict scale, const float *restrict beta, float *restrict y),
             (rows, c, relu, x, mean, scale, beta, y))
{
    for (size_t r = 0; r < rows; r++) {
        for (int i = 0; i < c; i++) {
            float v = (x[r * c + i] - mean[i]) * scale[i] + beta[i];
            y[r * c + i] = relu && v < 0 ? 0 : v;
        }
    }
}

LWS_VARIANTS(static, void, input_gradient,
             (int rows, int c, bool relu, const float *restrict x, const float *restrict mean,
              const float *restrict scale, const float *restrict beta, const float *restrict mean_dy,
              const float *restrict slope, const float *dy, float *dx),
             (rows, c, relu, x, mean, scale, beta, mean_dy, slope, dy, dx))
{
    for (size_t r = 0; r < (size_t)rows; r++) {
        for (int i = 0; i < c; i++) {
            float centred = x[r * c + i] - mean[i];
            float d = relu && !(centred * scale[i] + beta[i] > 0) ? 0 : dy[r * c + i];
            dx[r * c + i] = scale[i] * (d - mean_dy[i] - centred * slope[i]);
        }
    }
}

/* ---- in parts ---------------------------------------------------------------------------------------------------- */

void lws_batchnorm_accumulate_stats(int channels, int rows, const float *x, double *sums)
{
    double *mean = sums, *squares = sums + channels;
    value_sums(rows, channels, x, x, mean, squares); /* from the first row on, so that a large mean cancels nothing */
    for (int i = 0; i < channels; i++) {
        double shifted = mean[i] / rows, deviation = squares[i] - mean[i] * shifted;
        squares[i] =
            deviation > 0 ? deviation : 0; /* never negative but for rounding; a NaN goes the way of the mean */
        mean[i] = (double)x[i] + shifted;
    }
}

/* Joins the mean and squared deviation of `more` rows to those of `rows` (Chan, Golub & LeVeque 1979). */
LWS_VARIANTS(static, void, join, (int c, double rows, double more, const double *restrict from, double *restrict to),
             (c, rows, more, from, to))
{
    double part = more / (rows + more), weight = rows * part;
    for (int i = 0; i < c; i++) {
        double delta = from[i] - to[i];
        to[i] += delta * part;
        to[c + i] += from[c + i] + delta * delta * weight;
    }
}

void lws_batchnorm_finalize_stats(const lws_batchnorm *bn, int rows, int part_rows, double *sums, float *unbiased_var)
{
    int c = bn->channels, done = part_rows < rows ? part_rows : rows;
    for (const double *part = sums; done < rows; done += part_rows) {
        part += 2 * (size_t)c;
        join(c, done, rows - done < part_rows ? rows - done : part_rows, part, sums);
    }
    for (int i = 0; i < c; i++) {
        double squares = sums[c + i], var = squares / rows;
        bn->mean[i] = (float)sums[i];
        bn->inv_std[i] = (float)(1 / sqrt(var + LWS_BATCHNORM_EPSILON));
        bn->scale[i] = bn->gamma[i] * bn->inv_std[i];
        unbiased_var[i] = (float)(rows > 1 ? squares / (rows - 1) : var);
    }
}

void lws_batchnorm_use_stats(const lws_batchnorm *bn, const float *mean, const float *var)
{
    for (int i = 0; i < bn->channels; i++) {
        double root = 1 / sqrt((double)var[i] + LWS_BATCHNORM_EPSILON);
        bn->mean[i] = mean[i];
        bn->inv_std[i] = (float)root;
        bn->scale[i] = (float)(bn->gamma[i] * root);
    }
}

void lws_batchnorm_normalize(const lws_batchnorm *bn, int rows, const float *x, float *y)
{
    normalise((size_t)rows, bn->channels, bn->relu, x, bn->mean, bn->scale, bn->beta, y);
}

void lws_batchnorm_accumulate_gradient_sums(const lws_batchnorm *bn, int rows, const float *x, const float *dy,
                                            double *sums)
{
    gradient_sums(rows, bn->channels, bn->relu, x, bn->mean, bn->scale, bn->beta, dy, sums, sums + bn->channels);
}

LWS_VARIANTS(static, void, add_sums, (size_t n, const double *restrict from, double *restrict to), (n, from, to))
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

void lws_batchnorm_finalize_gradient_sums(const lws_batchnorm *bn, int rows, int part_rows, double *sums, float *dgamma,
                                          float *dbeta)
{
    size_t c = (size_t)bn->channels;
    for (int part = 1; part * part_rows < rows; part++)
        add_sums(2 * c, sums + part * 2 * c, sums);
    for (size_t i = 0; i < c; i++) {
        double root = (double)bn->inv_std[i], product = sums[c + i];
        dbeta[i] = (float)sums[i];
        dgamma[i] = (float)(product * root);
        bn->mean_dy[i] = (float)(sums[i] / rows);
        bn->slope[i] = (float)(product * root * root / rows);
    }
}

void lws_batchnorm_input_gradient(const lws_batchnorm *bn, int rows, const float *x, const float *dy, float *dx)
{
    input_gradient(rows, bn->channels, bn->relu, x, bn->mean, bn->scale, bn->beta, bn->mean_dy, bn->slope, dy, dx);
}

/* ---- whole arrays, in blocks of rows ----------------------------------------------------------------------------- */

void lws_batchnorm_forward(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                           float *y, float *mean, float *inv_std, float *unbiased_var, float *scratch)
{
    int blocks = block_count(rows, channels), size = block_size(channels);
    size_t c = (size_t)channels, block = size * c;
    double *sums = (double *)scratch;
    lws_batchnorm bn = {.channels = channels,
                        .relu = relu,
                        .gamma = gamma,
                        .beta = beta,
                        .mean = mean,
                        .inv_std = inv_std,
                        .scale = (float *)(sums + blocks * 2 * c)};
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        lws_batchnorm_accumulate_stats(channels, block_rows(rows, channels, b), x + b * block, sums + b * 2 * c);
    lws_batchnorm_finalize_stats(&bn, rows, size, sums, unbiased_var);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        lws_batchnorm_normalize(&bn, block_rows(rows, channels, b), x + b * block, y + b * block);
}

void lws_batchnorm_apply(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                         const float *mean, const float *var, float *y)
{
    enum { CHUNK = 256 }; /* channels at a time: no scratch is asked of the caller */
    for (int c0 = 0; c0 < channels; c0 += CHUNK) {
        int count = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float at[3][CHUNK];
        lws_batchnorm bn = {.channels = count,
                            .relu = relu,
                            .gamma = gamma + c0,
                            .beta = beta + c0,
                            .mean = at[0],
                            .inv_std = at[1],
                            .scale = at[2]};
        lws_batchnorm_use_stats(&bn, mean + c0, var + c0);
#pragma omp parallel for schedule(static)
        for (int r = 0; r < rows; r++)
            lws_batchnorm_normalize(&bn, 1, x + (size_t)r * channels + c0, y + (size_t)r * channels + c0);
    }
}

void lws_batchnorm_backward(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                            const float *mean, const float *inv_std, const float *dy, float *dx, float *dgamma,
                            float *dbeta, float *scratch)
{
    int blocks = block_count(rows, channels), size = block_size(channels);
    size_t c = (size_t)channels, block = size * c;
    double *sums = (double *)scratch;
    float *own = (float *)(sums + blocks * 2 * c);
    lws_batchnorm bn = {.channels = channels,
                        .relu = relu,
                        .gamma = gamma,
                        .beta = beta,
                        .mean = (float *)mean,
                        .inv_std = (float *)inv_std,
                        .scale = own,
                        .mean_dy = own + c,
                        .slope = own + 2 * c};
    for (size_t i = 0; i < c; i++)
        bn.scale[i] = gamma[i] * inv_std[i]; /* as in the forward pass: y > 0 here where it was there */
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        lws_batchnorm_accumulate_gradient_sums(&bn, block_rows(rows, channels, b), x + b * block, dy + b * block,
                                               sums + b * 2 * c);
    lws_batchnorm_finalize_gradient_sums(&bn, rows, size, sums, dgamma, dbeta);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        lws_batchnorm_input_gradient(&bn, block_rows(rows, channels, b), x + b * block, dy + b * block, dx + b * block);
}
