#include "kernels/dense.h"

#include "tile_gemm.h"

#include "kernels/gemm.h"
#include "base/simd.h"

#include <string.h>

/* Own products take whole tiles; OpenBLAS takes the rest. */
static bool whole_tiles(int in, int out)
{
    return in % TILE == 0 && out % TILE == 0;
}

/* A panel of columns at a time, and so many of their rows as stay in the caches: rows of w lie far apart, and are read
 * from memory once. */
static void forward_panel(int n, int in, int out, int first, const float *x, const float *w, float *y)
{
    enum { DEPTH = 512 };
    float panel[DEPTH * PANEL] __attribute__((aligned(64)));
    int columns = out - first < PANEL ? out - first : PANEL;
    for (int p = 0; p < in; p += DEPTH) {
        int depth = in - p < DEPTH ? in - p : DEPTH;
        for (int r = 0; r < depth; r++)
            memcpy(panel + r * PANEL, w + (size_t)(p + r) * out + first, (size_t)columns * sizeof *w);
        tile_gemm(n, columns, depth, p > 0, x + p, (tile_layout){(size_t)in, TILE}, panel, y + first,
                  (tile_layout){(size_t)out, TILE});
    }
}

void lws_dense_forward(int n, int in, int out, const float *x, const float *w, float *y)
{
    if (!whole_tiles(in, out)) {
        lws_gemm(false, false, n, out, in, x, in, w, out, 0, y, out);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int first = 0; first < out; first += PANEL)
        forward_panel(n, in, out, first, x, w, y);
}

void lws_dense_backward_data(int n, int in, int out, const float *dy, const float *w, float *dx)
{
    lws_gemm(false, true, n, in, out, dy, out, w, out, 0, dx, in);
}

void lws_dense_backward_weight(int n, int in, int out, const float *x, const float *dy, float *dw)
{
    if (!whole_tiles(in, out)) {
        lws_gemm(true, false, in, out, n, x, in, dy, out, 0, dw, out);
        return;
    }
    tile_layout columns = {(size_t)out, TILE};
#pragma omp parallel for schedule(static)
    for (int first = 0; first < in; first += TILE)
        tile_gemm_transposed(TILE, out, n, false, x + first, (tile_layout){(size_t)in, TILE}, dy, columns,
                             dw + (size_t)first * out, columns);
}

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
