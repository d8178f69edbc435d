/* Convolutions from or to few channels, such as an image's three. The whole matrix of weights stays in the caches, and
 * so does what a strip of output rows reads, so nothing is streamed but the images. */
#include "conv_algorithms.h"

#include "tile_gemm.h"

#include "base/simd.h"

#include <omp.h>
#include <string.h>

enum { DEPTH_MAX = 128 };    /* weights an output channel */
enum { STRIP_PIXELS = 128 }; /* of output that go through at once, or one row where it has more */
enum { GROUPS = 16 };        /* most groups of images, each with a weights' gradient of its own; fixes the bits */

static bool fits(const lws_conv2d *g)
{
    return g->kernel * g->kernel * g->in_c <= DEPTH_MAX && g->out_c % TILE == 0;
}

/* Sizes, in floats where not said. */
typedef struct plan {
    size_t run;        /* one row of the kernel, contiguous in a row of pixels */
    int depth, padded; /* the kernel; the same up to whole tiles */
    int strip;         /* output rows */
    int height;        /* rows of the padded image */
    size_t row;        /* one row of it */
    size_t image, strip_columns;
    size_t weights; /* as panels, either way */
} plan;

static plan plan_of(const lws_conv2d *g)
{
    plan p = {.run = (size_t)g->kernel * g->in_c, .depth = g->kernel * g->kernel * g->in_c};
    p.padded = (p.depth + TILE - 1) / TILE * TILE;
    p.strip = STRIP_PIXELS / g->out_w > 1 ? STRIP_PIXELS / g->out_w : 1;
    p.strip = p.strip < g->out_h ? p.strip : g->out_h;
    int below = (g->out_h - 1) * g->stride + g->kernel, right = (g->out_w - 1) * g->stride + g->kernel;
    p.height = below > g->in_h + g->pad ? below : g->in_h + g->pad;
    p.row = (size_t)(right > g->in_w + g->pad ? right : g->in_w + g->pad) * g->in_c;
    p.image = p.height * p.row;
    p.strip_columns = (size_t)p.strip * g->out_w * p.padded;
    size_t forward = (size_t)(p.padded + PANEL) * g->out_c, transposed = (size_t)p.padded * (g->out_c + PANEL);
    p.weights = forward > transposed ? forward : transposed;
    return p;
}

/* Each thread's: a padded image, the columns of a strip, and images from producers. */
typedef struct work {
    float *image, *col, *input, *output;
} work;

static size_t per_thread(const lws_conv2d *g, const plan *p)
{
    return p->image + p->strip_columns + input_size(g) + output_size(g);
}

static work work_of_thread(const lws_conv2d *g, const plan *p, float *all)
{
    work w = {.image = all + (size_t)omp_get_thread_num() * per_thread(g, p)};
    w.col = w.image + p->image;
    w.input = w.col + p->strip_columns;
    w.output = w.input + input_size(g);
    return w;
}

static size_t scratch_size(const lws_conv2d *g, int n, int threads)
{
    plan p = plan_of(g);
    size_t partial = (size_t)(n < GROUPS ? n : GROUPS) * p.padded * g->out_c;
    return (p.weights > partial ? p.weights : partial) + (size_t)threads * per_thread(g, &p);
}

/* ---- weights in panels ------------------------------------------------------------------------------------------- */

/* [padded, out_c]; rows beyond the kernel are zeros. */
static void pack(const plan *p, int out_c, const float *w, float *panels)
{
    for (int j = 0; j < out_c; j += PANEL) {
        int columns = out_c - j < PANEL ? out_c - j : PANEL;
        for (int r = 0; r < p->padded; r++, panels += PANEL) {
            if (r < p->depth)
                memcpy(panels, w + (size_t)r * out_c + j, (size_t)columns * sizeof *w);
            else
                memset(panels, 0, (size_t)columns * sizeof *w);
        }
    }
}

/* [out_c, padded]; columns beyond the kernel are zeros. */
static void pack_transposed(const plan *p, int out_c, const float *w, float *panels)
{
    for (int j = 0; j < p->padded; j += PANEL)
        for (int r = 0; r < out_c; r++, panels += PANEL)
            for (int i = 0; i < PANEL; i++)
                panels[i] = j + i < p->depth ? w[(size_t)(j + i) * out_c + r] : 0;
}

/* ---- images with their padding, and their columns ---------------------------------------------------------------- */

static void pad_image(const lws_conv2d *g, const plan *p, const float *x, float *padded)
{
    size_t row = (size_t)g->in_w * g->in_c, margin = (size_t)g->pad * g->in_c;
    memset(padded, 0, p->image * sizeof *padded);
    for (int h = 0; h < g->in_h; h++)
        memcpy(padded + (h + g->pad) * p->row + margin, x + h * row, row * sizeof *x);
}

static void crop_image(const lws_conv2d *g, const plan *p, const float *padded, float *x)
{
    size_t row = (size_t)g->in_w * g->in_c, margin = (size_t)g->pad * g->in_c;
    for (int h = 0; h < g->in_h; h++)
        memcpy(x + h * row, padded + (h + g->pad) * p->row + margin, row * sizeof *x);
}

typedef float four __attribute__((vector_size(16), aligned(4), may_alias));

/* Output rows [first, first + rows): a row of `padded` columns for each pixel. */
LWS_VARIANTS(static, void, im2col,
             (const lws_conv2d *g, const plan *p, const float *image, int first, int rows, float *col),
             (g, p, image, first, rows, col))
{
    size_t step = (size_t)g->stride * g->in_c;
    for (int oh = first; oh < first + rows; oh++) {
        for (int ow = 0; ow < g->out_w; ow++, col += p->padded) {
            const float *from = image + (size_t)oh * g->stride * p->row + ow * step;
            float *to = col;
            for (int k = 0; k < g->kernel; k++, from += p->row, to += p->run) {
                size_t i = 0;
                for (; i + 4 <= p->run; i += 4)
                    *(four *)(to + i) = *(const four *)(from + i);
                for (; i < p->run; i++)
                    to[i] = from[i];
            }
            for (int i = p->depth; i < p->padded; i++)
                col[i] = 0;
        }
    }
}

/* The adjoint: adds to the image. */
LWS_VARIANTS(static, void, col2im,
             (const lws_conv2d *g, const plan *p, const float *col, int first, int rows, float *image),
             (g, p, col, first, rows, image))
{
    size_t step = (size_t)g->stride * g->in_c;
    for (int oh = first; oh < first + rows; oh++) {
        for (int ow = 0; ow < g->out_w; ow++, col += p->padded) {
            float *to = image + (size_t)oh * g->stride * p->row + ow * step;
            const float *from = col;
            for (int k = 0; k < g->kernel; k++, from += p->run, to += p->row) {
                size_t i = 0;
                for (; i + 4 <= p->run; i += 4)
                    *(four *)(to + i) += *(const four *)(from + i);
                for (; i < p->run; i++)
                    to[i] += from[i];
            }
        }
    }
}

/* ---- the passes -------------------------------------------------------------------------------------------------- */

static int strip_rows(const lws_conv2d *g, const plan *p, int first)
{
    return g->out_h - first < p->strip ? g->out_h - first : p->strip;
}

static void forward(const lws_conv2d *g, int n, const lws_conv2d_args *args, const float *w, float *scratch)
{
    plan p = plan_of(g);
    size_t row = (size_t)g->out_w * g->out_c;
    float *panels = scratch;
    pack(&p, g->out_c, w, panels);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < n; i++) {
        work at = work_of_thread(g, &p, scratch + p.weights);
        float *y = args->to_output.at + i * output_size(g);
        pad_image(g, &p, source_image(&args->input, i, input_size(g), at.input), at.image);
        for (int first = 0; first < g->out_h; first += p.strip) {
            int rows = strip_rows(g, &p, first);
            im2col(g, &p, at.image, first, rows, at.col);
            tile_gemm(rows * g->out_w, g->out_c, p.padded, (tile_matrix){at.col, (size_t)p.padded, TILE}, panels,
                      (tile_result){y + first * row, (size_t)g->out_c, TILE, .add = false});
        }
        sink_epilogue(&args->to_output, i, output_size(g));
    }
}

static void backward_data(const lws_conv2d *g, int n, const lws_conv2d_args *args, const float *w, float *scratch)
{
    plan p = plan_of(g);
    size_t row = (size_t)g->out_w * g->out_c;
    float *panels = scratch;
    pack_transposed(&p, g->out_c, w, panels);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < n; i++) {
        work at = work_of_thread(g, &p, scratch + p.weights);
        const float *dy = source_image(&args->output, i, output_size(g), at.output);
        memset(at.image, 0, p.image * sizeof *at.image);
        for (int first = 0; first < g->out_h; first += p.strip) {
            int rows = strip_rows(g, &p, first);
            tile_gemm(rows * g->out_w, p.padded, g->out_c, (tile_matrix){dy + first * row, (size_t)g->out_c, TILE},
                      panels, (tile_result){at.col, (size_t)p.padded, TILE, .add = false});
            col2im(g, &p, at.col, first, rows, at.image);
        }
        crop_image(g, &p, at.image, args->to_input.at + i * input_size(g));
        sink_epilogue(&args->to_input, i, input_size(g));
    }
}

/* Adds the groups' gradients in their order. */
LWS_VARIANTS(static, void, add_groups,
             (int groups, size_t group, size_t size, const float *restrict partial, float *restrict dw),
             (groups, group, size, partial, dw))
{
    memcpy(dw, partial, size * sizeof *dw);
    for (int k = 1; k < groups; k++)
        for (size_t i = 0; i < size; i++)
            dw[i] += partial[k * group + i];
}

static void backward_weight(const lws_conv2d *g, int n, const lws_conv2d_args *args, float *scratch)
{
    plan p = plan_of(g);
    int groups = n < GROUPS ? n : GROUPS;
    size_t row = (size_t)g->out_w * g->out_c, gradient = (size_t)p.padded * g->out_c;
#pragma omp parallel for schedule(static)
    for (int k = 0; k < groups; k++) {
        work at = work_of_thread(g, &p, scratch + groups * gradient);
        int begin = (int)((long)n * k / groups), end = (int)((long)n * (k + 1) / groups);
        for (int i = begin; i < end; i++) {
            pad_image(g, &p, source_image(&args->input, i, input_size(g), at.input), at.image);
            const float *dy = source_image(&args->output, i, output_size(g), at.output);
            for (int first = 0; first < g->out_h; first += p.strip) {
                int rows = strip_rows(g, &p, first);
                im2col(g, &p, at.image, first, rows, at.col);
                tile_gemm_transposed(
                    p.padded, g->out_c, rows * g->out_w, (tile_matrix){at.col, (size_t)p.padded, TILE},
                    (tile_matrix){dy + first * row, (size_t)g->out_c, TILE},
                    (tile_result){scratch + k * gradient, (size_t)g->out_c, TILE, .add = i > begin || first > 0});
            }
        }
    }
    add_groups(groups, gradient, (size_t)p.depth * g->out_c, scratch, args->dw);
}

static void run(const lws_conv2d *g, int n, const lws_conv2d_args *args, const float *w, float *scratch)
{
    if (args->dw)
        backward_weight(g, n, args, scratch);
    if (args->to_output.at)
        forward(g, n, args, w, scratch);
    if (args->to_input.at)
        backward_data(g, n, args, w, scratch);
}

const lws_conv_algorithm conv_small_channels = {.key = "small_channels",
                                                .name = "strips for few channels",
                                                .fuses = true,
                                                .fits = fits,
                                                .scratch = scratch_size,
                                                .run = run};
