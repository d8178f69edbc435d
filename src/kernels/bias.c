/* Biases: one number a channel, added to every row, and its gradient, summed over the rows. */
#include "kernels/bias.h"

#include "base/simd.h"

#include <stddef.h>

/* A few channels repeat often enough to fill vectors: as many rows at a time as make whole ones. */
enum { REPEAT = 16, FEW = 16 };

LWS_VARIANTS(static, void, add_few, (int rows, int channels, const float *restrict b, float *restrict y),
             (rows, channels, b, y))
{
    float repeated[REPEAT * FEW];
    size_t period = (size_t)REPEAT * channels, n = (size_t)rows * channels, at = 0;
    for (size_t i = 0; i < period; i++)
        repeated[i] = b[i % channels];
    for (; at + period <= n; at += period)
        for (size_t i = 0; i < period; i++)
            y[at + i] += repeated[i];
    for (size_t i = 0; at + i < n; i++)
        y[at + i] += repeated[i];
}

LWS_VARIANTS(static, void, sum_few, (int rows, int channels, const float *restrict dy, float *restrict db),
             (rows, channels, dy, db))
{
    double sum[REPEAT * FEW] = {0};
    size_t period = (size_t)REPEAT * channels, n = (size_t)rows * channels, at = 0;
    for (; at + period <= n; at += period)
        for (size_t i = 0; i < period; i++)
            sum[i] += (double)dy[at + i];
    for (size_t i = 0; at + i < n; i++)
        sum[i] += (double)dy[at + i];
    for (int c = 0; c < channels; c++) {
        for (size_t i = c + channels; i < period; i += channels)
            sum[c] += sum[i];
        db[c] = (float)sum[c];
    }
}

LWS_VARIANTS(static, void, add_many, (int rows, int channels, const float *restrict b, float *restrict y),
             (rows, channels, b, y))
{
    for (size_t r = 0; r < (size_t)rows; r++)
        for (int c = 0; c < channels; c++)
            y[r * channels + c] += b[c];
}

LWS_VARIANTS(static, void, sum_many, (int rows, int channels, const float *restrict dy, float *restrict db),
             (rows, channels, dy, db))
{
    enum { CHUNK = 64 }; /* channels summed at once, so that the sums stay in registers or L1 */
    for (int c0 = 0; c0 < channels; c0 += CHUNK) {
        int count = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        double sum[CHUNK] = {0};
        for (size_t r = 0; r < (size_t)rows; r++)
            for (int c = 0; c < count; c++)
                sum[c] += (double)dy[r * channels + c0 + c];
        for (int c = 0; c < count; c++)
            db[c0 + c] = (float)sum[c];
    }
}

void lws_bias_forward(int rows, int channels, const float *b, float *y)
{
    if (channels <= FEW)
        add_few(rows, channels, b, y);
    else
        add_many(rows, channels, b, y);
}

void lws_bias_backward(int rows, int channels, const float *dy, float *db)
{
    if (channels <= FEW)
        sum_few(rows, channels, dy, db);
    else
        sum_many(rows, channels, dy, db);
}
