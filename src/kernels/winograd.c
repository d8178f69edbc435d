/* The 4×4 convolution at stride 2 with padding 1 below its direct operation count.
 *
 * Taken apart by the parity of row and column, it is a sum of four 2×2 convolutions at stride 1, one for each phase of
 * the input, and those are computed by Winograd's minimal filtering F(m×m, 2×2): (m+1)² products in place of 4·m² for
 * m×m outputs. m is 2 (9 for 16) or 4 (25 for 64, points 0, 1, -1, 2, ∞). Lavin & Gray 2016; Winograd 1980.
 *
 * The bits depend on the shapes alone. */
#include "conv_algorithms.h"

#include "arch/micro_kernels.h"
#include "winograd_1d.h"
#include "winograd_domain.h"

#include <omp.h>

enum { PAD = 16 }; /* floats that keep points off each other's cache sets */

static size_t tiles_of(const lws_conv2d *g, int m)
{
    return (size_t)tiles_along(g->out_h, m) * tiles_along(g->out_w, m);
}

static bool fits(const lws_conv2d *g)
{
    return g->kernel == 4 && g->stride == 2 && g->pad == 1 && g->in_h == 2 * g->out_h && g->in_w == 2 * g->out_w &&
           g->in_c % LANES == 0 && g->out_c % LANES == 0 && g->in_c <= WINOGRAD_CHANNELS;
}

static void transform(const lws_conv2d *g, int m, const float *w, float *transformed)
{
#pragma omp parallel for schedule(static)
    for (int row = 0; row < PHASES * g->in_c; row += LANES)
        micro_kernels_in_use()->winograd_weights(g, m, row, w, transformed);
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
    domain input, output;
} block;

static block layout(const lws_conv2d *g, int m, int images, float *scratch)
{
    block b = {.g = g, .m = m, .images = images, .rows = (int)tiles_of(g, m) * images};
    size_t column = (size_t)b.rows * TILE;
    b.input = (domain){scratch, column * (PHASES * (size_t)g->in_c / TILE) + PAD, column};
    b.output = (domain){scratch + points(m) * b.input.point, column * ((size_t)g->out_c / TILE) + PAD, column};
    return b;
}

/* The gradient of the transformed weights is computed for a few input channels at a time, at all points, and goes back
 * to the weights from the caches: whole, it is far larger than they are. */
enum { GRADIENT_CHANNELS = 32 };

static size_t gradient_point(const lws_conv2d *g)
{
    return (size_t)GRADIENT_CHANNELS * g->out_c + PAD;
}

/* Each thread's: that gradient, and images from producers. */
static size_t per_thread(const lws_conv2d *g, int m)
{
    return points(m) * gradient_point(g) + input_size(g) + output_size(g);
}

static size_t scratch_size(const lws_conv2d *g, int m, int n, int threads)
{
    block b = layout(g, m, block_images(g, m, n), NULL);
    return points(m) * (b.input.point + b.output.point) + threads * per_thread(g, m);
}

/* The products of one block. Threads share out points and parts of the columns; every function below is called by all
 * threads of a parallel region and ends with their barrier. */
enum { PARTS = 4 };

static void multiply(const block *b, domain from, int columns, const float *weights, panel_matrix p, domain to)
{
    int all = (columns + PANEL - 1) / PANEL;
    weights += p.at;
#pragma omp for collapse(2) schedule(dynamic)
    for (int point = 0; point < points(b->m); point++) {
        for (int part = 0; part < PARTS; part++) {
            int first = all * part / PARTS * PANEL, end = all * (part + 1) / PARTS * PANEL;
            end = end < columns ? end : columns;
            if (first < end)
                tile_gemm(b->rows, end - first, (int)p.depth,
                          (tile_matrix){from.at + point * from.point, TILE, from.block},
                          weights + point * p.point + (size_t)first * p.depth,
                          (tile_result){.at = to.at + point * to.point + (size_t)(first / TILE) * to.block,
                                        .row = TILE,
                                        .block = to.block});
        }
    }
}

static void weights_gradient(const block *b, bool add, float *gradient, float *dw)
{
    const lws_conv2d *g = b->g;
    int chunks = (g->in_c + GRADIENT_CHANNELS - 1) / GRADIENT_CHANNELS;
    size_t out_c = (size_t)g->out_c, point = gradient_point(g);
#pragma omp for collapse(2) schedule(dynamic)
    for (int phase = 0; phase < PHASES; phase++) {
        for (int chunk = 0; chunk < chunks; chunk++) {
            int first = chunk * GRADIENT_CHANNELS, left = g->in_c - first;
            int rows = left < GRADIENT_CHANNELS ? left : GRADIENT_CHANNELS, row = phase * g->in_c + first;
            for (int p = 0; p < points(b->m); p++) {
                const float *input = b->input.at + p * b->input.point + (size_t)row / TILE * b->input.block;
                tile_gemm_transposed(rows, g->out_c, b->rows, (tile_matrix){input, TILE, b->input.block},
                                     (tile_matrix){b->output.at + p * b->output.point, TILE, b->output.block},
                                     (tile_result){.at = gradient + p * point, .row = out_c, .block = TILE});
            }
            for (int r = 0; r < rows; r++)
                winograd_gradient(g, b->m, row + r, gradient + r * out_c, point, add, dw);
        }
    }
}

static void pass_over_block(const block *b, const lws_conv2d_args *args, int first, const float *transformed,
                            float *work)
{
    const lws_conv2d *g = b->g;
    int m = b->m;
    size_t input = input_size(g), output = output_size(g), tiles = tiles_of(g, m);
    float *gradient = work + omp_get_thread_num() * per_thread(g, m);
    float *produced_input = gradient + points(m) * gradient_point(g), *produced_output = produced_input + input;
    weight_panels p = winograd_panels(g, m);
#pragma omp for schedule(static)
    for (int i = 0; i < b->images; i++) {
        if (is_given(&args->input))
            winograd_input(g, m, source_image(&args->input, first + i, input, produced_input), b->input, i * tiles);
        if (is_given(&args->output))
            winograd_output_adjoint(g, m, source_image(&args->output, first + i, output, produced_output), b->output,
                                    i * tiles);
    }
    if (args->dw)
        weights_gradient(b, first > 0, gradient, args->dw);
    if (args->to_output.at) {
        multiply(b, b->input, g->out_c, transformed, p.to_output, b->output);
#pragma omp for schedule(static)
        for (int i = 0; i < b->images; i++) {
            winograd_output(g, m, b->output, i * tiles, args->to_output.at + (first + i) * output);
            sink_epilogue(&args->to_output, first + i, output);
        }
    }
    if (args->to_input.at) {
        multiply(b, b->output, PHASES * g->in_c, transformed, p.to_input, b->input);
#pragma omp for schedule(static)
        for (int i = 0; i < b->images; i++) {
            winograd_input_adjoint(g, m, b->input, i * tiles, args->to_input.at + (first + i) * input);
            sink_epilogue(&args->to_input, first + i, input);
        }
    }
}

static void run(const lws_conv2d *g, int m, int n, const lws_conv2d_args *args, const float *transformed,
                float *scratch)
{
    int at_once = block_images(g, m, n);
    block largest = layout(g, m, at_once, scratch);
    float *work = largest.output.at + points(m) * largest.output.point;
    for (int first = 0; first < n; first += at_once) {
        block b = layout(g, m, n - first < at_once ? n - first : at_once, scratch);
#pragma omp parallel
        pass_over_block(&b, args, first, transformed, work);
    }
}

/* ---- as algorithms, one for each m ------------------------------------------------------------------------------- */

#define WINOGRAD(M)                                                                                                    \
    static size_t scratch_##M(const lws_conv2d *g, int n, int threads)                                                 \
    {                                                                                                                  \
        return scratch_size(g, M, n, threads);                                                                         \
    }                                                                                                                  \
    static size_t transformed_##M(const lws_conv2d *g)                                                                 \
    {                                                                                                                  \
        return winograd_panels(g, M).size;                                                                             \
    }                                                                                                                  \
    static void transform_##M(const lws_conv2d *g, const float *w, float *to)                                          \
    {                                                                                                                  \
        transform(g, M, w, to);                                                                                        \
    }                                                                                                                  \
    static void run_##M(const lws_conv2d *g, int n, const lws_conv2d_args *args, const float *w, float *scratch)       \
    {                                                                                                                  \
        run(g, M, n, args, w, scratch);                                                                                \
    }
WINOGRAD(2)
WINOGRAD(4)

/* The large tile saves more products but makes 2.8 times as many transformed weights, every step: that pays where the
 * image is large and the weights are few. */
static bool pays_4(const lws_conv2d *g)
{
    return g->out_h >= 8 && g->out_w >= 8;
}

const lws_conv_algorithm conv_winograd_4 = {.key = "winograd_4",
                                            .name = "F(4×4, 2×2)",
                                            .fuses = true,
                                            .fits = fits,
                                            .pays = pays_4,
                                            .scratch = scratch_4,
                                            .transformed = transformed_4,
                                            .transform = transform_4,
                                            .run = run_4};

const lws_conv_algorithm conv_winograd_2 = {.key = "winograd_2",
                                            .name = "F(2×2, 2×2)",
                                            .fuses = true,
                                            .fits = fits,
                                            .scratch = scratch_2,
                                            .transformed = transformed_2,
                                            .transform = transform_2,
                                            .run = run_2};
