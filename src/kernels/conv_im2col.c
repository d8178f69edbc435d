/* Any convolution, as matrix products by OpenBLAS: the pixels under each position of the kernel are copied into a row
 * of columns, a tile of images at a time. */
#include "conv_algorithms.h"

#include "base/simd.h"
#include "kernels/gemm.h"

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

static bool fits(const lws_conv2d *g)
{
    (void)g;
    return true;
}

static size_t scratch_size(const lws_conv2d *g, int n, int threads)
{
    return (size_t)threads * tile_images(g, n) * g->out_h * g->out_w * g->kernel * g->kernel * g->in_c;
}

/* Where the kernel's columns begin at input column `start`: the part [*first, *last) of them that falls inside the
 * input, of `size` columns. */
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

static void forward(const lws_conv2d *g, int n, const float *x, const float *w, float *y, float *scratch)
{
    int depth = g->kernel * g->kernel * g->in_c, pixels = g->out_h * g->out_w;
    int tile = tile_images(g, n), tiles = (n + tile - 1) / tile;
    size_t image = input_size(g);
#pragma omp parallel for schedule(dynamic)
    for (int t = 0; t < tiles; t++) {
        int first = t * tile, count = n - first < tile ? n - first : tile;
        float *col = scratch + (size_t)omp_get_thread_num() * tile * pixels * depth;
        for (int i = 0; i < count; i++)
            im2col(g, x + (first + i) * image, 0, g->kernel, col + (size_t)i * pixels * depth);
        lws_gemm(count * pixels, g->out_c, depth, (lws_gemm_operand){col, depth, false},
                 (lws_gemm_operand){w, g->out_c, false},
                 (lws_gemm_result){y + (size_t)first * pixels * g->out_c, g->out_c, 0});
    }
}

static void backward_data(const lws_conv2d *g, int n, const float *dy, const float *w, float *dx, float *scratch)
{
    int depth = g->kernel * g->kernel * g->in_c, pixels = g->out_h * g->out_w;
    int tile = tile_images(g, n), tiles = (n + tile - 1) / tile;
    size_t image = input_size(g);
#pragma omp parallel for schedule(dynamic)
    for (int t = 0; t < tiles; t++) {
        int first = t * tile, count = n - first < tile ? n - first : tile;
        float *col = scratch + (size_t)omp_get_thread_num() * tile * pixels * depth;
        lws_gemm(count * pixels, depth, g->out_c,
                 (lws_gemm_operand){dy + (size_t)first * pixels * g->out_c, g->out_c, false},
                 (lws_gemm_operand){w, g->out_c, true}, (lws_gemm_result){col, depth, 0});
        for (int i = 0; i < count; i++)
            col2im(g, col + (size_t)i * pixels * depth, dx + (first + i) * image);
    }
}

static void backward_weight(const lws_conv2d *g, int n, const float *x, const float *dy, float *dw, float *scratch)
{
    int run = g->kernel * g->in_c, pixels = g->out_h * g->out_w, tile = tile_images(g, n);
    size_t image = input_size(g);
    /* Each kernel row is a block of dw of its own: threads share them out without a reduction. */
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < g->kernel; k++) {
        float *col = scratch + (size_t)omp_get_thread_num() * tile * pixels * run * g->kernel;
        for (int first = 0; first < n; first += tile) {
            int count = n - first < tile ? n - first : tile;
            for (int i = 0; i < count; i++)
                im2col(g, x + (first + i) * image, k, k + 1, col + (size_t)i * pixels * run);
            lws_gemm(run, g->out_c, count * pixels, (lws_gemm_operand){col, run, true},
                     (lws_gemm_operand){dy + (size_t)first * pixels * g->out_c, g->out_c, false},
                     (lws_gemm_result){dw + (size_t)k * run * g->out_c, g->out_c, first > 0});
        }
    }
}

static void run(const lws_conv2d *g, int n, const lws_conv2d_args *args, const float *w, float *scratch)
{
    if (args->dw)
        backward_weight(g, n, args->input.at, args->output.at, args->dw, scratch);
    if (args->to_output.at)
        forward(g, n, args->input.at, w, args->to_output.at, scratch);
    if (args->to_input.at)
        backward_data(g, n, args->output.at, w, args->to_input.at, scratch);
}

const lws_conv_algorithm conv_im2col = {
    .key = "im2col", .name = "im2col", .fits = fits, .scratch = scratch_size, .run = run};
