#include "kernels/winograd.h"

#include "conv_images.h"
#include "winograd_1d.h"
#include "winograd_domain.h"

#include <omp.h>

enum { PAD = 16 }; /* floats that keep points off each other's cache sets */

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
    return points(m) * (winograd_narrow_panels(g).point + winograd_wide_panels(g).point);
}

void lws_winograd_transform(const lws_conv2d *g, int m, const float *w, float *transformed)
{
    float *wide = transformed + points(m) * winograd_narrow_panels(g).point;
    int blocks = g->in_c / LANES;
#pragma omp parallel
    {
#pragma omp for schedule(static)
        for (int r = 0; r < PHASES * blocks; r++)
            winograd_weights(g, m, r / blocks, r % blocks * LANES, w, transformed, wide);
        winograd_weights_done();
    }
}

/* Images go through in blocks, so that what is transformed stays in the caches until it is multiplied. Part of what
 * fixes the bits, so it does not follow the machine. */
enum { BLOCK_BYTES = 2600 << 10, LEAST_ROWS = 32 };

static int block_images(const lws_conv2d *g, int m, int n)
{
    size_t bytes = tiles_of(g, m) * points(m) * (PHASES * (size_t)g->in_c + g->out_c) * sizeof(float);
    size_t block = BLOCK_BYTES / bytes, least = (LEAST_ROWS + tiles_of(g, m) - 1) / tiles_of(g, m);
    if (block < least) /* the weights are read again for every block */
        block = least;
    return block > (size_t)n ? n : (int)block;
}

/* A block of images in scratch: both sides in the domain. */
typedef struct block {
    const lws_conv2d *g;
    int m, images, rows; /* rows: tiles */
    domain wide, narrow;
} block;

static block layout(const lws_conv2d *g, int m, int images, float *scratch)
{
    block b = {.g = g, .m = m, .images = images, .rows = (int)tiles_of(g, m) * images};
    size_t column = (size_t)b.rows * TILE;
    b.wide = (domain){scratch, column * (PHASES * (size_t)g->in_c / TILE) + PAD, column};
    b.narrow = (domain){scratch + points(m) * b.wide.point, column * ((size_t)g->out_c / TILE) + PAD, column};
    return b;
}

/* The gradient of the transformed weights is computed for a few input channels at a time, at all points, and goes back
 * to the weights from the caches: whole, it is far larger than they are. */
enum { GRADIENT_CHANNELS = 32 };

static size_t gradient_point(const lws_conv2d *g)
{
    return (size_t)GRADIENT_CHANNELS * g->out_c + PAD;
}

/* Each thread's: that gradient, and images that are made. */
static size_t per_thread(const lws_conv2d *g, int m)
{
    return points(m) * gradient_point(g) + wide_size(g) + narrow_size(g);
}

size_t lws_winograd_scratch(const lws_conv2d *g, int m, int n, int threads)
{
    block b = layout(g, m, block_images(g, m, n), NULL);
    return points(m) * (b.wide.point + b.narrow.point) + threads * per_thread(g, m);
}

/* The products of one block. Threads share out points and parts of the columns; every function below is called by all
 * threads of a parallel region and ends with their barrier. */
enum { PARTS = 4 };

static void multiply(const block *b, domain from, int columns, const float *weights, panels p, domain to)
{
    int wide = (columns + PANEL - 1) / PANEL;
    tile_layout a = {TILE, from.block}, c = {TILE, to.block};
#pragma omp for collapse(2) schedule(dynamic)
    for (int point = 0; point < points(b->m); point++) {
        for (int part = 0; part < PARTS; part++) {
            int first = wide * part / PARTS * PANEL, end = wide * (part + 1) / PARTS * PANEL;
            end = end < columns ? end : columns;
            if (first < end)
                tile_gemm(b->rows, end - first, (int)p.depth, false, from.at + point * from.point, a,
                          weights + point * p.point + (size_t)first * p.depth,
                          to.at + point * to.point + (size_t)(first / TILE) * to.block, c);
        }
    }
}

static void weights_gradient(const block *b, bool add, float *gradient, float *dw)
{
    const lws_conv2d *g = b->g;
    int chunks = (g->in_c + GRADIENT_CHANNELS - 1) / GRADIENT_CHANNELS;
    size_t out_c = (size_t)g->out_c, point = gradient_point(g);
    tile_layout a = {TILE, b->wide.block}, n = {TILE, b->narrow.block}, c = {out_c, TILE};
#pragma omp for collapse(2) schedule(dynamic)
    for (int phase = 0; phase < PHASES; phase++) {
        for (int chunk = 0; chunk < chunks; chunk++) {
            int first = chunk * GRADIENT_CHANNELS, left = g->in_c - first;
            int rows = left < GRADIENT_CHANNELS ? left : GRADIENT_CHANNELS;
            size_t column = ((size_t)phase * g->in_c + first) / TILE;
            for (int p = 0; p < points(b->m); p++)
                tile_gemm_transposed(rows, g->out_c, b->rows, false, b->wide.at + p * b->wide.point + column * a.block,
                                     a, b->narrow.at + p * b->narrow.point, n, gradient + p * point, c);
            for (int r = 0; r < rows; r++)
                winograd_weights_adjoint(b->m, phase, g->out_c, g->in_c * out_c, point, gradient + r * out_c, add,
                                         dw + (first + r) * out_c);
        }
    }
}

static void pass_over_block(const block *b, const lws_conv2d_args *job, int first, const float *transformed,
                            float *work)
{
    const lws_conv2d *g = b->g;
    int m = b->m;
    size_t wide = wide_size(g), narrow = narrow_size(g), tiles = tiles_of(g, m);
    float *gradient = work + omp_get_thread_num() * per_thread(g, m);
    float *made_wide = gradient + points(m) * gradient_point(g), *made_narrow = made_wide + wide;
    panels to_narrow = winograd_narrow_panels(g), to_wide = winograd_wide_panels(g);
#pragma omp for schedule(static)
    for (int i = 0; i < b->images; i++) {
        if (is_given(&job->wide))
            winograd_wide(g, m, source_image(&job->wide, first + i, wide, made_wide), b->wide, i * tiles);
        if (is_given(&job->narrow))
            winograd_narrow_adjoint(g, m, source_image(&job->narrow, first + i, narrow, made_narrow), b->narrow,
                                    i * tiles);
    }
    if (job->dw)
        weights_gradient(b, first > 0, gradient, job->dw);
    if (job->to_narrow.at) {
        multiply(b, b->wide, g->out_c, transformed, to_narrow, b->narrow);
#pragma omp for schedule(static)
        for (int i = 0; i < b->images; i++) {
            winograd_narrow(g, m, b->narrow, i * tiles, job->to_narrow.at + (first + i) * narrow);
            sink_epilogue(&job->to_narrow, first + i, narrow);
        }
    }
    if (job->to_wide.at) {
        multiply(b, b->narrow, PHASES * g->in_c, transformed + points(m) * to_narrow.point, to_wide, b->wide);
#pragma omp for schedule(static)
        for (int i = 0; i < b->images; i++) {
            winograd_wide_adjoint(g, m, b->wide, i * tiles, job->to_wide.at + (first + i) * wide);
            sink_epilogue(&job->to_wide, first + i, wide);
        }
    }
}

void lws_winograd_run(const lws_conv2d *g, int m, int n, const lws_conv2d_args *job, const float *transformed,
                      float *scratch)
{
    int at_once = block_images(g, m, n);
    block largest = layout(g, m, at_once, scratch);
    float *work = largest.narrow.at + points(m) * largest.narrow.point;
    for (int first = 0; first < n; first += at_once) {
        block b = layout(g, m, n - first < at_once ? n - first : at_once, scratch);
#pragma omp parallel
        pass_over_block(&b, job, first, transformed, work);
    }
}
