#include <lwssim/winograd.h>

#include "winograd_1d.h"
#include "winograd_domain.h"

enum { PAD = 16 }; /* floats that keep rows off each other's cache sets */

static size_t tiles_of(const lws_conv2d *g, int m)
{
    return (size_t)tiles_along(g->out_h, m) * tiles_along(g->out_w, m);
}

bool lws_winograd_fits(const lws_conv2d *g)
{
    return g->kernel == 4 && g->stride == 2 && g->pad == 1 && g->in_h == 2 * g->out_h && g->in_w == 2 * g->out_w &&
           g->in_c % LANES == 0 && g->out_c % LANES == 0 && g->in_c <= WINOGRAD_CHANNELS;
}

size_t lws_winograd_weights(const lws_conv2d *g, int m)
{
    return points(m) * (winograd_forward_panels(g).point + winograd_backward_panels(g).point);
}

void lws_winograd_transform(const lws_conv2d *g, int m, const float *w, float *transformed)
{
    float *backward = transformed + points(m) * winograd_forward_panels(g).point;
    int blocks = g->in_c / LANES;
#pragma omp parallel for schedule(static)
    for (int r = 0; r < PHASES * blocks; r++)
        winograd_weights(g, m, r / blocks, r % blocks * LANES, w, transformed, backward);
}

/* Images go through in blocks, so that what is transformed stays in the caches until it is multiplied. Part of what
 * fixes the bits, so it does not follow the machine. */
enum { BLOCK_BYTES = 6 << 20 };

static int block_images(const lws_conv2d *g, int m, int n)
{
    size_t bytes = tiles_of(g, m) * points(m) * (PHASES * (size_t)g->in_c + g->out_c) * sizeof(float);
    size_t block = BLOCK_BYTES / bytes, least = (128 + tiles_of(g, m) - 1) / tiles_of(g, m);
    if (block < least) /* products of fewer rows are slow */
        block = least;
    return block > (size_t)n ? n : (int)block;
}

/* Where a block of images stands in scratch: the transforms of the wide and of the narrow images. */
typedef struct block_layout {
    int rows;                    /* tiles */
    size_t wide_row, narrow_row; /* floats from tile to tile */
    size_t wide, narrow;         /* floats from point to point */
    float *in, *out;
} block_layout;

static block_layout layout(const lws_conv2d *g, int m, int images, float *scratch)
{
    block_layout b = {.rows = (int)tiles_of(g, m) * images};
    b.wide_row = PHASES * (size_t)g->in_c + PAD;
    b.narrow_row = (size_t)g->out_c + PAD;
    b.wide = (size_t)b.rows * b.wide_row;
    b.narrow = (size_t)b.rows * b.narrow_row;
    b.in = scratch;
    b.out = scratch + points(m) * b.wide;
    return b;
}

static size_t gradient_size(const lws_conv2d *g, int m)
{
    return (size_t)points(m) * PHASES * g->in_c * g->out_c;
}

size_t lws_winograd_scratch(const lws_conv2d *g, int m, int n)
{
    block_layout b = layout(g, m, block_images(g, m, n), NULL);
    return points(m) * (b.wide + b.narrow) + gradient_size(g, m);
}

/* One point of one block: c [rows, columns] = a [rows, depth] · the point's weights, in panels. */
static void multiply(int rows, int columns, const float *a, size_t a_row, const float *weights, size_t depth, float *c,
                     size_t c_row)
{
    tile_gemm(rows, columns, (int)depth, false,
              &(tile_gemm_operands){.a = a,
                                    .a_row = a_row,
                                    .a_k = 1,
                                    .b = weights,
                                    .b_k = PANEL,
                                    .b_panel = depth * PANEL,
                                    .c = c,
                                    .c_row = c_row});
}

void lws_winograd_forward(const lws_conv2d *g, int m, int n, const float *x, const float *transformed, float *y,
                          float *scratch)
{
    int block = block_images(g, m, n), tiles = (int)tiles_of(g, m);
    size_t in = (size_t)g->in_h * g->in_w * g->in_c, out = (size_t)g->out_h * g->out_w * g->out_c;
    panels w = winograd_forward_panels(g);
    for (int first = 0; first < n; first += block) {
        int count = n - first < block ? n - first : block;
        block_layout b = layout(g, m, count, scratch);
#pragma omp parallel
        {
#pragma omp for schedule(static)
            for (int i = 0; i < count; i++)
                winograd_wide(g, m, x + (size_t)(first + i) * in, b.in + (size_t)i * tiles * b.wide_row, b.wide_row,
                              b.wide);
#pragma omp for schedule(dynamic)
            for (int p = 0; p < points(m); p++)
                multiply(b.rows, g->out_c, b.in + p * b.wide, b.wide_row, transformed + p * w.point, w.depth,
                         b.out + p * b.narrow, b.narrow_row);
#pragma omp for schedule(static)
            for (int i = 0; i < count; i++)
                winograd_narrow(g, m, b.out + (size_t)i * tiles * b.narrow_row, b.narrow_row, b.narrow,
                                y + (size_t)(first + i) * out);
        }
    }
}

void lws_winograd_backward_data(const lws_conv2d *g, int m, int n, const float *dy, const float *transformed, float *dx,
                                float *scratch)
{
    int block = block_images(g, m, n), tiles = (int)tiles_of(g, m);
    size_t in = (size_t)g->in_h * g->in_w * g->in_c, out = (size_t)g->out_h * g->out_w * g->out_c;
    panels w = winograd_backward_panels(g);
    transformed += points(m) * winograd_forward_panels(g).point;
    for (int first = 0; first < n; first += block) {
        int count = n - first < block ? n - first : block;
        block_layout b = layout(g, m, count, scratch);
#pragma omp parallel
        {
#pragma omp for schedule(static)
            for (int i = 0; i < count; i++)
                winograd_narrow_adjoint(g, m, dy + (size_t)(first + i) * out, b.out + (size_t)i * tiles * b.narrow_row,
                                        b.narrow_row, b.narrow);
#pragma omp for schedule(dynamic)
            for (int p = 0; p < points(m); p++)
                multiply(b.rows, PHASES * g->in_c, b.out + p * b.narrow, b.narrow_row, transformed + p * w.point,
                         w.depth, b.in + p * b.wide, b.wide_row);
#pragma omp for schedule(static)
            for (int i = 0; i < count; i++)
                winograd_wide_adjoint(g, m, b.in + (size_t)i * tiles * b.wide_row, b.wide_row, b.wide,
                                      dx + (size_t)(first + i) * in);
        }
    }
}

void lws_winograd_backward_weight(const lws_conv2d *g, int m, int n, const float *x, const float *dy, float *dw,
                                  float *scratch)
{
    int block = block_images(g, m, n), tiles = (int)tiles_of(g, m), height = PHASES * g->in_c;
    size_t in = (size_t)g->in_h * g->in_w * g->in_c, out = (size_t)g->out_h * g->out_w * g->out_c;
    size_t tap_stride = (size_t)g->in_c * g->out_c, stride = PHASES * tap_stride;
    float *gradient = scratch; /* of the transformed weights, summed over the blocks */
    for (int first = 0; first < n; first += block) {
        int count = n - first < block ? n - first : block;
        block_layout b = layout(g, m, count, scratch + gradient_size(g, m));
#pragma omp parallel
        {
#pragma omp for schedule(static)
            for (int i = 0; i < count; i++) {
                winograd_wide(g, m, x + (size_t)(first + i) * in, b.in + (size_t)i * tiles * b.wide_row, b.wide_row,
                              b.wide);
                winograd_narrow_adjoint(g, m, dy + (size_t)(first + i) * out, b.out + (size_t)i * tiles * b.narrow_row,
                                        b.narrow_row, b.narrow);
            }
#pragma omp for schedule(dynamic)
            for (int p = 0; p < points(m); p++)
                tile_gemm(height, g->out_c, b.rows, first > 0,
                          &(tile_gemm_operands){.a = b.in + p * b.wide,
                                                .a_row = 1,
                                                .a_k = b.wide_row,
                                                .b = b.out + p * b.narrow,
                                                .b_k = b.narrow_row,
                                                .b_panel = PANEL,
                                                .c = gradient + p * stride,
                                                .c_row = (size_t)g->out_c});
        }
    }
#pragma omp parallel for schedule(static)
    for (int r = 0; r < PHASES * g->in_c; r++) {
        int phase = r / g->in_c, c = r % g->in_c;
        winograd_weights_adjoint(m, phase, g->out_c, tap_stride, stride, gradient + (size_t)r * g->out_c,
                                 dw + (size_t)c * g->out_c);
    }
}
