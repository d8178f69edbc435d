/* Gaussian sums around pixels, tap by tap over whole rows. */
#include "kernels/blur.h"

#include "base/simd.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

lws_blur lws_blur_gaussian(double sigma, int radius)
{
    lws_blur blur = {.radius = radius};
    double sum = 0;
    for (int i = 0; i <= 2 * radius; i++) {
        double d = i - radius;
        blur.tap[i] = exp(-d * d / (2 * sigma * sigma));
        sum += blur.tap[i];
    }
    for (int i = 0; i <= 2 * radius; i++) {
        blur.tap[i] /= sum;
        blur.below[i + 1] = blur.below[i] + blur.tap[i];
    }
    return blur;
}

void lws_blur_inside(const lws_blur *blur, int n, double *inside)
{
    int radius = blur->radius;
    for (int i = 0; i < n; i++) {
        int first = i < radius ? radius - i : 0, end = n - i <= radius ? radius + n - i : 2 * radius + 1;
        inside[i] = blur->below[end] - blur->below[first];
    }
}

/* sum += Σ_{t < 4} tap[t] · x[t · n + …], in the order of t: a row of sums is loaded and stored once for four taps. */
LWS_VARIANTS(static, void, add_four, (size_t n, const double *tap, const double *restrict x, double *restrict sum),
             (n, tap, x, sum))
{
    for (size_t i = 0; i < n; i++)
        sum[i] = (((sum[i] + tap[0] * x[i]) + tap[1] * x[n + i]) + tap[2] * x[2 * n + i]) + tap[3] * x[3 * n + i];
}

LWS_VARIANTS(static, void, add_one, (size_t n, double tap, const double *restrict x, double *restrict sum),
             (n, tap, x, sum))
{
    for (size_t i = 0; i < n; i++)
        sum[i] += tap * x[i];
}

/* Every column of x [h, w] by itself. */
static void along_columns(const lws_blur *blur, int h, int w, const double *x, double *out)
{
    size_t n = (size_t)w;
    int radius = blur->radius;
    for (int r = 0; r < h; r++) {
        int t = r > radius ? r - radius : 0, end = h - r <= radius ? h : r + radius + 1;
        double *sum = out + (size_t)r * n;
        memset(sum, 0, n * sizeof *sum);
        for (; t + 4 <= end; t += 4)
            add_four(n, &blur->tap[radius - r + t], x + (size_t)t * n, sum);
        for (; t < end; t++)
            add_one(n, blur->tap[radius - r + t], x + (size_t)t * n, sum);
    }
}

/* x [h, w] to out [w, h], by squares that fit into the cache's lines. */
static void transpose(int h, int w, const double *restrict x, double *restrict out)
{
    enum { SIDE = 8 };
    for (int r = 0; r < h; r += SIDE)
        for (int c = 0; c < w; c += SIDE)
            for (int j = c; j < w && j < c + SIDE; j++)
                for (int i = r; i < h && i < r + SIDE; i++)
                    out[(size_t)j * (size_t)h + (size_t)i] = x[(size_t)i * (size_t)w + (size_t)j];
}

void lws_blur_sums(const lws_blur *blur, int h, int w, const double *x, double *out, double *scratch)
{
    double *turned = scratch + (size_t)h * (size_t)w;
    along_columns(blur, h, w, x, scratch);
    transpose(h, w, scratch, turned);
    along_columns(blur, w, h, turned, out);
}
