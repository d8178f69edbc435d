#include <lwssim/batchnorm.h>

#include <lwssim/simd.h>
#include <math.h>
#include <string.h>

enum { BLOCK = 512 }; /* rows summed by one thread at a time; fixes the order of the sums */

static int block_count(int rows)
{
    return (rows + BLOCK - 1) / BLOCK;
}

static int block_rows(int rows, int block)
{
    int left = rows - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

size_t lws_batchnorm_scratch(int rows, int channels)
{
    /* Two doubles a channel and block, two floats a channel. */
    return ((size_t)block_count(rows) * 4 + 2) * (size_t)channels;
}

LWS_CLONES static void block_sums(int rows, int c, const float *restrict x, double *restrict sum)
{
    memset(sum, 0, (size_t)c * sizeof *sum);
    for (size_t r = 0; r < (size_t)rows; r++)
        for (int i = 0; i < c; i++)
            sum[i] += (double)x[r * c + i];
}

LWS_CLONES static void block_squares(int rows, int c, const float *restrict x, const float *restrict mean,
                                     double *restrict sum)
{
    memset(sum, 0, (size_t)c * sizeof *sum);
    for (size_t r = 0; r < (size_t)rows; r++) {
        for (int i = 0; i < c; i++) {
            float d = x[r * c + i] - mean[i];
            sum[i] += (double)d * (double)d;
        }
    }
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
    for (int b = 0; b < block_count(rows); b++) {
        size_t at = (size_t)b * BLOCK * channels;
        normalise((size_t)block_rows(rows, b), channels, relu, x + at, mean, scale, beta, y + at);
    }
}

void lws_batchnorm_forward(int rows, int channels, bool relu, const float *x, const float *gamma, const float *beta,
                           float *y, float *mean, float *inv_std, float *unbiased_var, float *scratch)
{
    double *sums = (double *)scratch;
    int blocks = block_count(rows);
    float *scale = (float *)(sums + (size_t)blocks * channels);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        block_sums(block_rows(rows, b), channels, x + (size_t)b * BLOCK * channels, sums + (size_t)b * channels);
    combine(blocks, channels, sums);
    for (int i = 0; i < channels; i++)
        mean[i] = (float)(sums[i] / rows);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++)
        block_squares(block_rows(rows, b), channels, x + (size_t)b * BLOCK * channels, mean,
                      sums + (size_t)b * channels);
    combine(blocks, channels, sums);
    for (int i = 0; i < channels; i++) {
        double var = sums[i] / rows;
        inv_std[i] = (float)(1 / sqrt(var + LWS_BATCHNORM_EPSILON));
        unbiased_var[i] = (float)(rows > 1 ? sums[i] / (rows - 1) : var);
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
        for (int b = 0; b < block_count(rows); b++) {
            for (int r = 0; r < block_rows(rows, b); r++) {
                size_t at = ((size_t)b * BLOCK + r) * channels + c0;
                normalise(1, count, relu, x + at, mean + c0, scale, beta + c0, y + at);
            }
        }
    }
}

/* Sums over rows of dy and of dy · xhat, where ReLU let dy through. */
LWS_CLONES static void block_gradients(int rows, int c, bool relu, const float *restrict x, const float *restrict y,
                                       const float *restrict mean, const float *restrict inv_std,
                                       const float *restrict dy, double *restrict sum_dy, double *restrict sum_dy_xhat)
{
    memset(sum_dy, 0, (size_t)c * sizeof *sum_dy);
    memset(sum_dy_xhat, 0, (size_t)c * sizeof *sum_dy_xhat);
    for (size_t r = 0; r < (size_t)rows; r++) {
        for (int i = 0; i < c; i++) {
            float d = relu && !(y[r * c + i] > 0) ? 0 : dy[r * c + i];
            float xhat = (x[r * c + i] - mean[i]) * inv_std[i];
            sum_dy[i] += (double)d;
            sum_dy_xhat[i] += (double)d * (double)xhat;
        }
    }
}

LWS_CLONES static void block_dx(int rows, int c, bool relu, const float *restrict x, const float *restrict y,
                                const float *restrict gamma, const float *restrict mean, const float *restrict inv_std,
                                const float *restrict mean_dy, const float *restrict mean_dy_xhat, const float *dy,
                                float *dx)
{
    for (size_t r = 0; r < (size_t)rows; r++) {
        for (int i = 0; i < c; i++) {
            float d = relu && !(y[r * c + i] > 0) ? 0 : dy[r * c + i];
            float xhat = (x[r * c + i] - mean[i]) * inv_std[i];
            dx[r * c + i] = gamma[i] * inv_std[i] * (d - mean_dy[i] - xhat * mean_dy_xhat[i]);
        }
    }
}

void lws_batchnorm_backward(int rows, int channels, bool relu, const float *x, const float *y, const float *gamma,
                            const float *mean, const float *inv_std, const float *dy, float *dx, float *dgamma,
                            float *dbeta, float *scratch)
{
    int blocks = block_count(rows);
    size_t c = (size_t)channels;
    double *sum_dy = (double *)scratch, *sum_dy_xhat = sum_dy + blocks * c;
    float *mean_dy = (float *)(sum_dy_xhat + blocks * c), *mean_dy_xhat = mean_dy + c;
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++) {
        size_t at = (size_t)b * BLOCK * c;
        block_gradients(block_rows(rows, b), channels, relu, x + at, y + at, mean, inv_std, dy + at, sum_dy + b * c,
                        sum_dy_xhat + b * c);
    }
    combine(blocks, channels, sum_dy);
    combine(blocks, channels, sum_dy_xhat);
    for (size_t i = 0; i < c; i++) {
        dbeta[i] = (float)sum_dy[i];
        dgamma[i] = (float)sum_dy_xhat[i];
        mean_dy[i] = (float)(sum_dy[i] / rows);
        mean_dy_xhat[i] = (float)(sum_dy_xhat[i] / rows);
    }
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++) {
        size_t at = (size_t)b * BLOCK * c;
        block_dx(block_rows(rows, b), channels, relu, x + at, y + at, gamma, mean, inv_std, mean_dy, mean_dy_xhat,
                 dy + at, dx + at);
    }
}
