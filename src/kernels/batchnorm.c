/* Batch normalisation: sums over rows in double, part by part, and what is done with them. */
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
    return (size_t)block_count(rows, channels) * 4 * (size_t)channels; /* two doubles a channel and block */
}

typedef float few __attribute__((vector_size(8 * sizeof(float)), aligned(4), may_alias));
typedef int few_bits __attribute__((vector_size(8 * sizeof(int))));
typedef double few_doubles __attribute__((vector_size(8 * sizeof(double)), aligned(8), may_alias));
enum { FEW = 8, GROUP = 4 }; /* vectors of channels whose sums stay in registers */

/* What the loops below work with: rows of `channels` floats, and arrays of [channels]. */
typedef struct operands {
    int rows, channels;
    const float *x, *dy;        /* dy NULL: the values themselves are summed */
    const float *restrict mean; /* what is taken off x */
    const float *restrict scale, *restrict beta, *restrict mean_dy, *restrict slope;
} operands;

static operands operands_of(const lws_batchnorm *bn, int rows, const float *x, const float *dy)
{
    return (operands){rows, bn->channels, x, dy, bn->mean, bn->scale, bn->beta, bn->mean_dy, bn->slope};
}

/* The two sums over rows of 8 · `vectors` channels from channel `at` on, in double: of x - mean and of its square; or,
 * where dy is given, of the dy that ReLU lets through and of its product with x - mean. */
LWS_INLINE void sum_channels(int vectors, const operands *o, bool relu, int at, double *sum, double *second)
{
    few_doubles a[GROUP], b[GROUP];
    const float *mean = o->mean + at, *scale = o->scale + at, *beta = o->beta + at;
    const float *x = o->x + at, *dy = o->dy ? o->dy + at : NULL;
    size_t stride = (size_t)o->channels;
    int rows = o->rows;
    for (int k = 0; k < vectors; k++)
        a[k] = b[k] = (few_doubles){0};
    for (int r = 0; r < rows; r++) {
        for (int k = 0; k < vectors; k++) {
            size_t i = r * stride + (size_t)k * FEW;
            few centred = *(const few *)(x + i) - *(const few *)(mean + k * FEW);
            few value = centred;
            if (dy) {
                value = *(const few *)(dy + i);
                few y = centred * *(const few *)(scale + k * FEW) + *(const few *)(beta + k * FEW);
                if (relu)
                    value = (few)((few_bits)value & (y > 0));
            }
            few_doubles exact = __builtin_convertvector(value, few_doubles);
            a[k] += exact;
            b[k] += exact * __builtin_convertvector(centred, few_doubles);
        }
    }
    for (int k = 0; k < vectors; k++) {
        *(few_doubles *)(sum + at + k * FEW) = a[k];
        *(few_doubles *)(second + at + k * FEW) = b[k];
    }
}

/* The same for all channels, the last ones one at a time. */
LWS_INLINE void sum_rows(const operands *o, bool relu, double *sum, double *second)
{
    int c = o->channels, i = 0;
    for (; i + GROUP * FEW <= c; i += GROUP * FEW)
        sum_channels(GROUP, o, relu, i, sum, second);
    for (; i + FEW <= c; i += FEW)
        sum_channels(1, o, relu, i, sum, second);
    for (; i < c; i++) {
        sum[i] = second[i] = 0;
        for (int r = 0; r < o->rows; r++) {
            float centred = o->x[(size_t)r * c + i] - o->mean[i], value = centred;
            if (o->dy)
                value = relu && !(centred * o->scale[i] + o->beta[i] > 0) ? 0 : o->dy[(size_t)r * c + i];
            sum[i] += (double)value;
            second[i] += (double)value * (double)centred;
        }
    }
}

LWS_VARIANTS(static, void, value_sums,
             (int rows, int c, const float *x, const float *origin, double *sum, double *second),
             (rows, c, x, origin, sum, second))
{
    operands o = {.rows = rows, .channels = c, .x = x, .dy = NULL, .mean = origin, .scale = origin, .beta = origin};
    sum_rows(&o, false, sum, second);
}

LWS_VARIANTS(static, void, gradient_sums, (operands o, bool relu, double *sum, double *second), (o, relu, sum, second))
{
    if (relu)
        sum_rows(&o, true, sum, second);
    else
        sum_rows(&o, false, sum, second);
}

LWS_VARIANTS(static, void, normalise, (operands o, bool relu, const float *restrict x, float *restrict y),
             (o, relu, x, y))
{
    size_t rows = (size_t)o.rows;
    int c = o.channels;
    for (size_t r = 0; r < rows; r++) {
        for (int i = 0; i < c; i++) {
            float v = (x[r * c + i] - o.mean[i]) * o.scale[i] + o.beta[i];
            y[r * c + i] = relu && v < 0 ? 0 : v;
        }
    }
}

LWS_VARIANTS(static, void, input_gradient, (operands o, bool relu, const float *restrict x, const float *dy, float *dx),
             (o, relu, x, dy, dx))
{
    size_t rows = (size_t)o.rows;
    int c = o.channels;
    for (size_t r = 0; r < rows; r++) {
        for (int i = 0; i < c; i++) {
            float centred = x[r * c + i] - o.mean[i];
            float d = relu && !(centred * o.scale[i] + o.beta[i] > 0) ? 0 : dy[r * c + i];
            dx[r * c + i] = o.scale[i] * (d - o.mean_dy[i] - centred * o.slope[i]);
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

void lws_batchnorm_finalize_stats(const lws_batchnorm *bn, int rows, int part_rows, double *sums)
{
    int c = bn->channels, joined = part_rows < rows ? part_rows : rows;
    for (const double *part = sums; joined < rows; joined += part_rows) {
        part += 2 * (size_t)c;
        join(c, joined, rows - joined < part_rows ? rows - joined : part_rows, part, sums);
    }
    for (int i = 0; i < c; i++) {
        double squares = sums[c + i], var = squares / rows;
        bn->mean[i] = (float)sums[i];
        bn->inv_std[i] = (float)(1 / sqrt(var + LWS_BATCHNORM_EPSILON));
        bn->scale[i] = bn->gamma[i] * bn->inv_std[i];
        bn->unbiased_var[i] = (float)(rows > 1 ? squares / (rows - 1) : var);
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
    normalise(operands_of(bn, rows, x, NULL), bn->relu, x, y);
}

void lws_batchnorm_accumulate_gradient_sums(const lws_batchnorm *bn, int rows, const float *x, const float *dy,
                                            double *sums)
{
    gradient_sums(operands_of(bn, rows, x, dy), bn->relu, sums, sums + bn->channels);
}

LWS_VARIANTS(static, void, add_sums, (size_t n, const double *restrict from, double *restrict to), (n, from, to))
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

void lws_batchnorm_finalize_gradient_sums(const lws_batchnorm *bn, int rows, int part_rows, double *sums)
{
    size_t c = (size_t)bn->channels;
    for (int part = 1; part * part_rows < rows; part++)
        add_sums(2 * c, sums + part * 2 * c, sums);
    for (size_t i = 0; i < c; i++) {
        double root = (double)bn->inv_std[i], product = sums[c + i];
        bn->dbeta[i] = (float)sums[i];
        bn->dgamma[i] = (float)(product * root);
        bn->mean_dy[i] = (float)(sums[i] / rows);
        bn->slope[i] = (float)(product * root * root / rows);
    }
}

void lws_batchnorm_input_gradient(const lws_batchnorm *bn, int rows, const float *x, const float *dy, float *dx)
{
    input_gradient(operands_of(bn, rows, x, dy), bn->relu, x, dy, dx);
}

/* ---- whole arrays, in blocks of rows ----------------------------------------------------------------------------- */

void lws_batchnorm_forward(const lws_batchnorm *bn, int rows, const float *x, float *y, float *scratch)
{
    int c = bn->channels, blocks = block_count(rows, c), size = block_size(c);
    size_t block = (size_t)size * c;
    double *sums = (double *)scratch;
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        lws_batchnorm_accumulate_stats(c, block_rows(rows, c, b), x + b * block, sums + b * 2 * (size_t)c);
    lws_batchnorm_finalize_stats(bn, rows, size, sums);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        lws_batchnorm_normalize(bn, block_rows(rows, c, b), x + b * block, y + b * block);
}

void lws_batchnorm_apply(const lws_batchnorm *bn, int rows, const float *x, const float *mean, const float *var,
                         float *y)
{
    int c = bn->channels, blocks = block_count(rows, c);
    size_t block = (size_t)block_size(c) * c;
    lws_batchnorm_use_stats(bn, mean, var);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        lws_batchnorm_normalize(bn, block_rows(rows, c, b), x + b * block, y + b * block);
}

void lws_batchnorm_backward(const lws_batchnorm *bn, int rows, const float *x, const float *dy, float *dx,
                            float *scratch)
{
    int c = bn->channels, blocks = block_count(rows, c), size = block_size(c);
    size_t block = (size_t)size * c;
    double *sums = (double *)scratch;
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        lws_batchnorm_accumulate_gradient_sums(bn, block_rows(rows, c, b), x + b * block, dy + b * block,
                                               sums + b * 2 * (size_t)c);
    lws_batchnorm_finalize_gradient_sums(bn, rows, size, sums);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        lws_batchnorm_input_gradient(bn, block_rows(rows, c, b), x + b * block, dy + b * block, dx + b * block);
}
