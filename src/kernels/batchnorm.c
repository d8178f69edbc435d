#include <lwssim/batchnorm.h>

#include <lwssim/simd.h>
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

LWS_CLONES static void block_sums(int rows, int c, const float *x, const float *origin, double *sum, double *second)
{
    sum_rows(rows, c, false, x, origin, origin, origin, NULL, sum, second);
}

LWS_CLONES static void block_gradients(int rows, int c, bool relu, const float *x, const float *mean,
                                       const float *scale, const float *beta, const float *dy, double *sum,
                                       double *second)
{
    if (relu)
        sum_rows(rows, c, true, x, mean, scale, beta, dy, sum, second);
    else
        sum_rows(rows, c, false, x, mean, scale, beta, dy, sum, second);
}

/* Adds the blocks' sums to the first block's. */
LWS_CLONES static void combine(int blocks, int c, double *sums)
{
    for (int b = 1; b < blocks; b++)
        for (int i = 0; i < c; i++)
            sums[i] += sums[(size_t)b * c + i];
}

LWS_CLONES static void normalise(size_t rows, int c, bool relu, const float *restrict x, const float *restrict mean,
                                 const float *restrict scale, const float *restrict beta, float *restrict y)
{
    for (size_t r = 0; r < rows; r++) {
        for (int i = 0; i < c; i++) {
            float v = (x[r * c + i] - mean[i]) * scale[i] + beta[i];
            y[r * c + i] = relu && v < 0 ? 0 : v;
        }
    }
}

static void apply(int rows, int channels, bool relu, const float *x, const float *mean, const float *scale,
                  const float *beta, float *y)
{
#pragma omp parallel for schedule(static)
    for (int b = 0; b < block_count(rows, channels); b++) {
        size_t at = (size_t)b * block_size(channels) * channels;
        normalise((size_t)block_rows(rows, channels, b), channels, relu, x + at, mean, scale, beta, y + at);
    }
}

void lws_batchnorm_forward(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                           float *y, float *mean, float *inv_std, float *unbiased_var, float *scratch)
{
    int blocks = block_count(rows, channels);
    size_t c = (size_t)channels;
    double *sum = (double *)scratch, *square = sum + blocks * c;
    float *scale = (float *)(square + blocks * c);
    /* One pass is enough in double, with the first row taken off so that a large mean does not cancel the variance. */
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        block_sums(block_rows(rows, channels, b), channels, x + (size_t)b * block_size(channels) * c, x, sum + b * c,
                   square + b * c);
    combine(blocks, channels, sum);
    combine(blocks, channels, square);
    for (size_t i = 0; i < c; i++) {
        double shifted_mean = sum[i] / rows, squares = square[i] - sum[i] * shifted_mean;
        squares = squares > 0 ? squares : 0; /* never negative but for rounding; a NaN goes the way of the mean */
        double var = squares / rows;
        mean[i] = (float)((double)x[i] + shifted_mean);
        inv_std[i] = (float)(1 / sqrt(var + LWS_BATCHNORM_EPSILON));
        unbiased_var[i] = (float)(rows > 1 ? squares / (rows - 1) : var);
        scale[i] = gamma[i] * inv_std[i];
    }
    apply(rows, channels, relu, x, mean, scale, beta, y);
}

void lws_batchnorm_apply(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                         const float *mean, const float *var, float *y)
{
    enum { CHUNK = 256 }; /* channels at a time: no scratch is asked of the caller */
    for (int c0 = 0; c0 < channels; c0 += CHUNK) {
        int count = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float scale[CHUNK];
        for (int i = 0; i < count; i++)
            scale[i] = (float)(gamma[c0 + i] / sqrt((double)var[c0 + i] + LWS_BATCHNORM_EPSILON));
#pragma omp parallel for schedule(static)
        for (int b = 0; b < block_count(rows, channels); b++) {
            for (int r = 0; r < block_rows(rows, channels, b); r++) {
                size_t at = ((size_t)b * block_size(channels) + r) * channels + c0;
                normalise(1, count, relu, x + at, mean + c0, scale, beta + c0, y + at);
            }
        }
    }
}

LWS_CLONES static void block_dx(int rows, int c, bool relu, const float *restrict x, const float *restrict mean,
                                const float *restrict scale, const float *restrict beta, const float *restrict mean_dy,
                                const float *restrict slope, const float *dy, float *dx)
{
    for (size_t r = 0; r < (size_t)rows; r++) {
        for (int i = 0; i < c; i++) {
            float centred = x[r * c + i] - mean[i];
            float d = relu && !(centred * scale[i] + beta[i] > 0) ? 0 : dy[r * c + i];
            dx[r * c + i] = scale[i] * (d - mean_dy[i] - centred * slope[i]);
        }
    }
}

void lws_batchnorm_backward(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                            const float *mean, const float *inv_std, const float *dy, float *dx, float *dgamma,
                            float *dbeta, float *scratch)
{
    int blocks = block_count(rows, channels);
    size_t c = (size_t)channels;
    double *sum = (double *)scratch, *product = sum + blocks * c;
    float *scale = (float *)(product + blocks * c), *mean_dy = scale + c, *slope = mean_dy + c;
    for (size_t i = 0; i < c; i++)
        scale[i] = gamma[i] * inv_std[i]; /* as in the forward pass: y > 0 here where it was there */
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++) {
        size_t at = (size_t)b * block_size(channels) * c;
        block_gradients(block_rows(rows, channels, b), channels, relu, x + at, mean, scale, beta, dy + at, sum + b * c,
                        product + b * c);
    }
    combine(blocks, channels, sum);
    combine(blocks, channels, product);
    for (size_t i = 0; i < c; i++) {
        double root = (double)inv_std[i];
        dbeta[i] = (float)sum[i];
        dgamma[i] = (float)(product[i] * root);
        mean_dy[i] = (float)(sum[i] / rows);
        slope[i] = (float)(product[i] * root * root / rows);
    }
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++) {
        size_t at = (size_t)b * block_size(channels) * c;
        block_dx(block_rows(rows, channels, b), channels, relu, x + at, mean, scale, beta, mean_dy, slope, dy + at,
                 dx + at);
    }
}
