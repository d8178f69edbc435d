#include "kernels/conv.h"

#include "conv_thin.h"

#include "kernels/gemm.h"
#include "base/simd.h"

#include <omp.h>
#include <string.h>

/* The column buffer of a tile of images should stay in the caches between im2col and GEMM. The number is part
 * of what fixes the bits, so it does not follow the machine. */
enum { TILE_BYTES = 4 << 20 };

static int tile_images(const lws_conv2d *g, int n)
{
    size_t bytes = (size_t)g->out_h * g->out_w * g->kernel * g->kernel * g->in_c * sizeof(float);
    size_t tile = TILE_BYTES / bytes;
    size_t half = (size_t)(n + 1) / 2; /* two tiles at least, so that two threads find work */
    if (tile > half)
        tile = half;
    return tile < 1 ? 1 : (int)tile;
}

size_t lws_conv2d_scratch(const lws_conv2d *g, int n, int threads)
{
    if (conv_thin_fits(g))
        return conv_thin_scratch(g, n, threads);
    return (size_t)threads * tile_images(g, n) * g->out_h * g->out_w * g->kernel * g->kernel * g->in_c;
}

/* For output column ow: the part [*first, *last) of the kernel's columns that falls inside the input. */
static inline void clip(int start, int size, int kernel, int *first, int *last)
{
    *first = start < 0 ? -start : 0;
    *last = start + kernel > size ? size - start : kernel;
    if (*first > kernel)
        *first = kernel;
    if (*last < *first)
        *last = *first;
}

/* Kernel rows [k0, k1) of the columns of one image: col [out_h · out_w, (k1 - k0) · kernel · in_c]. */
static void im2col(const lws_conv2d *g, const float *x, int k0, int k1, float *col)
{
    size_t run = (size_t)g->kernel * g->in_c;
    for (int oh = 0; oh < g->out_h; oh++) {
        for (int ow = 0; ow < g->out_w; ow++) {
            int w0 = ow * g->stride - g->pad, first, last;
            clip(w0, g->in_w, g->kernel, &first, &last);
            size_t head = (size_t)first * g->in_c, body = (size_t)(last - first) * g->in_c;
            for (int k = k0; k < k1; k++, col += run) {
                int h = oh * g->stride - g->pad + k;
                if (h < 0 || h >= g->in_h || body == 0) {
                    memset(col, 0, run * sizeof *col);
                    continue;
                }
                if (body < run) /* at the left or right edge */
                    memset(col, 0, run * sizeof *col);
                memcpy(col + head, x + ((ptrdiff_t)h * g->in_w + w0 + first) * g->in_c, body * sizeof *col);
            }
        }
    }
}

LWS_VARIANTS(static, void, add, (size_t n, const float *restrict a, float *restrict sum), (n, a, sum))
{
    for (size_t i = 0; i < n; i++)
        sum[i] += a[i];
}

/* The adjoint of im2col over all kernel rows, overwriting the image x. */
static void col2im(const lws_conv2d *g, const float *col, float *x)
{
    size_t run = (size_t)g->kernel * g->in_c;
    memset(x, 0, (size_t)g->in_h * g->in_w * g->in_c * sizeof *x);
    for (int oh = 0; oh < g->out_h; oh++) {
        for (int ow = 0; ow < g->out_w; ow++) {
            int w0 = ow * g->stride - g->pad, first, last;
            clip(w0, g->in_w, g->kernel, &first, &last);
            for (int k = 0; k < g->kernel; k++, col += run) {
                int h = oh * g->stride - g->pad + k;
                if (h >= 0 && h < g->in_h)
                    add((size_t)(last - first) * g->in_c, col + (size_t)first * g->in_c,
                        x + ((ptrdiff_t)h * g->in_w + w0 + first) * g->in_c);
            }
        }
    }
}

static void direct_forward(const lws_conv2d *g, int n, const float *x, const float *w, float *y, float *scratch)
{
    int depth = g->kernel * g->kernel * g->in_c, pixels = g->out_h * g->out_w;
    int tile = tile_images(g, n), tiles = (n + tile - 1) / tile;
    size_t image = (size_t)g->in_h * g->in_w * g->in_c;
#pragma omp parallel for schedule(dynamic)
    for (int t = 0; t < tiles; t++) {
        int first = t * tile, count = n - first < tile ? n - first : tile;
        float *col = scratch + (size_t)omp_get_thread_num() * tile * pixels * depth;
        for (int i = 0; i < count; i++)
            im2col(g, x + (first + i) * image, 0, g->kernel, col + (size_t)i * pixels * depth);
        lws_gemm(false, false, count * pixels, g->out_c, depth, col, depth, w, g->out_c, 0,
                 y + (size_t)first * pixels * g->out_c, g->out_c);
    }
}

static void direct_backward_data(const lws_conv2d *g, int n, const float *dy, const float *w, float *dx, float *scratch)
{
    int depth = g->kernel * g->kernel * g->in_c, pixels = g->out_h * g->out_w;
    int tile = tile_images(g, n), tiles = (n + tile - 1) / tile;
    size_t image = (size_t)g->in_h * g->in_w * g->in_c;
#pragma omp parallel for schedule(dynamic)
    for (int t = 0; t < tiles; t++) {
        int first = t * tile, count = n - first < tile ? n - first : tile;
        float *col = scratch + (size_t)omp_get_thread_num() * tile * pixels * depth;
        lws_gemm(false, true, count * pixels, depth, g->out_c, dy + (size_t)first * pixels * g->out_c, g->out_c, w,
                 g->out_c, 0, col, depth);
        for (int i = 0; i < count; i++)
            col2im(g, col + (size_t)i * pixels * depth, dx + (first + i) * image);
    }
}

static void direct_backward_weight(const lws_conv2d *g, int n, const float *x, const float *dy, float *dw,
                                   float *scratch)
{
    int run = g->kernel * g->in_c, pixels = g->out_h * g->out_w, tile = tile_images(g, n);
    size_t image = (size_t)g->in_h * g->in_w * g->in_c;
    /* Each kernel row is a block of dw of its own: threads share them out without a reduction. */
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < g->kernel; k++) {
        float *col = scratch + (size_t)omp_get_thread_num() * tile * pixels * run * g->kernel;
        for (int first = 0; first < n; first += tile) {
            int count = n - first < tile ? n - first : tile;
            for (int i = 0; i < count; i++)
                im2col(g, x + (first + i) * image, k, k + 1, col + (size_t)i * pixels * run);
            lws_gemm(true, false, run, g->out_c, count * pixels, col, run, dy + (size_t)first * pixels * g->out_c,
                     g->out_c, first > 0, dw + (size_t)k * run * g->out_c, g->out_c);
        }
    }
}

bool lws_conv2d_takes_hooks(const lws_conv2d *g)
{
    return conv_thin_fits(g);
}

void lws_conv2d_run(const lws_conv2d *g, int n, const lws_conv2d_args *job, const float *w, float *scratch)
{
    if (conv_thin_fits(g)) {
        conv_thin_run(g, n, job, w, scratch);
        return;
    }
    if (job->dw)
        direct_backward_weight(g, n, job->wide.at, job->narrow.at, job->dw, scratch);
    if (job->to_narrow.at)
        direct_forward(g, n, job->wide.at, w, job->to_narrow.at, scratch);
    if (job->to_wide.at)
        direct_backward_data(g, n, job->narrow.at, w, job->to_wide.at, scratch);
}

void lws_conv2d_forward(const lws_conv2d *g, int n, const float *x, const float *w, float *y, float *scratch)
{
    lws_conv2d_run(g, n, &(lws_conv2d_args){.wide.at = x, .to_narrow.at = y}, w, scratch);
}

void lws_conv2d_backward_data(const lws_conv2d *g, int n, const float *dy, const float *w, float *dx, float *scratch)
{
    lws_conv2d_run(g, n, &(lws_conv2d_args){.narrow.at = dy, .to_wide.at = dx}, w, scratch);
}

void lws_conv2d_backward_weight(const lws_conv2d *g, int n, const float *x, const float *dy, float *dw, float *scratch)
{
    lws_conv2d_run(g, n, &(lws_conv2d_args){.wide.at = x, .narrow.at = dy, .dw = dw}, NULL, scratch);
}
