#include <lwssim/winograd.h>

#include "tile_gemm.h"

#include <lwssim/simd.h>
#include <string.h>

enum { LANES = 16, PHASES = 4, SIDE_MAX = 5 }; /* SIDE_MAX: m + 1 points a side */
enum { PANEL = TILE_GEMM_PANEL, PAD = 16 };    /* PAD floats keep rows off each other's cache sets */

enum { ZEROS = 8192 };           /* most channels */
static const float zeros[ZEROS]; /* what is read outside the image */

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

static inline int points(int m)
{
    return (m + 1) * (m + 1);
}

static inline int tiles_along(int out, int m)
{
    return (out + m - 1) / m;
}

static size_t tiles_of(const lws_conv2d *g, int m)
{
    return (size_t)tiles_along(g->out_h, m) * tiles_along(g->out_w, m);
}

bool lws_winograd_fits(const lws_conv2d *g)
{
    return g->kernel == 4 && g->stride == 2 && g->pad == 1 && g->in_h == 2 * g->out_h && g->in_w == 2 * g->out_w &&
           g->in_c % LANES == 0 && g->out_c % LANES == 0 && g->in_c <= ZEROS;
}

/* Transformed weights stand twice, in panels of columns as the products read them: as [4 · in_c, out_c] for forward,
 * and transposed for backward data. */
typedef struct panels {
    size_t depth; /* rows of the matrix */
    size_t point; /* floats from one point's matrix to the next */
} panels;

static panels panels_of(size_t rows, size_t columns)
{
    return (panels){rows, (columns + PANEL - 1) / PANEL * PANEL * rows};
}

static panels forward_panels(const lws_conv2d *g)
{
    return panels_of(PHASES * (size_t)g->in_c, (size_t)g->out_c);
}

static panels backward_panels(const lws_conv2d *g)
{
    return panels_of((size_t)g->out_c, PHASES * (size_t)g->in_c);
}

size_t lws_winograd_weights(const lws_conv2d *g, int m)
{
    return points(m) * (forward_panels(g).point + backward_panels(g).point);
}

/* ---- the one-dimensional transforms and their adjoints, on values `s` apart ---------------------------------- */

/* Bᵀ: m + 1 inputs to m + 1 points. */
LWS_INLINE void input_1d(int m, vec *d, int s)
{
    if (m == 2) {
        d[0] -= d[s];
        d[2 * s] -= d[s];
        return;
    }
    vec d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s], d4 = d[4 * s];
    vec d3_d1 = d3 - d1, d1_2 = d1 + d1, d3_d2 = d3 - d2;
    d[0] = (d0 - d2) + (d0 - d2) + d3_d1;
    d[s] = d3_d2 - d1_2;
    d[2 * s] = d3_d2 + d1_2 - (d2 + d2);
    d[3 * s] = d3_d1;
    d[4 * s] = d4 - d2 - (d3_d1 + d3_d1);
}

/* B. */
LWS_INLINE void input_adjoint_1d(int m, vec *t, int s)
{
    if (m == 2) {
        t[s] -= t[0] + t[2 * s];
        return;
    }
    vec t0 = t[0], t1 = t[s], t2 = t[2 * s], t3 = t[3 * s], t4 = t[4 * s];
    vec sum = t0 + t3, t4_2 = t4 + t4;
    t[0] = t0 + t0;
    t[s] = t4_2 - sum + (t2 - t1) + (t2 - t1);
    t[2 * s] = -(t0 + t0) - t1 - t2 - (t2 + t2) - t4;
    t[3 * s] = sum + t1 + t2 - t4_2;
}

/* Aᵀ: m + 1 points to m outputs, in place. */
LWS_INLINE void output_1d(int m, vec *p, int s)
{
    if (m == 2) {
        p[0] += p[s];
        p[s] += p[2 * s];
        return;
    }
    vec sum = p[s] + p[2 * s], difference = p[s] - p[2 * s], p3 = p[3 * s];
    vec p3_2 = p3 + p3, p3_4 = p3_2 + p3_2;
    p[0] += sum + p3;
    p[s] = difference + p3_2;
    p[2 * s] = sum + p3_4;
    p[3 * s] = difference + (p3_4 + p3_4) + p[4 * s];
}

/* A: m outputs to m + 1 points, in place. */
LWS_INLINE void output_adjoint_1d(int m, vec *y, int s)
{
    if (m == 2) {
        y[2 * s] = y[s];
        y[s] += y[0];
        return;
    }
    vec y0 = y[0], y1 = y[s], y2 = y[2 * s], y3 = y[3 * s];
    vec even = y0 + y2, odd = y1 + y3, y2_2 = y2 + y2, y3_2 = y3 + y3;
    y[s] = even + odd;
    y[2 * s] = even - odd;
    y[3 * s] = y0 + (y1 + y1) + (y2_2 + y2_2) + ((y3_2 + y3_2) + (y3_2 + y3_2));
    y[4 * s] = y3;
}

/* G: two taps to m + 1 points. */
LWS_INLINE void weight_1d(int m, vec g0, vec g1, vec *w, int s)
{
    if (m == 2) {
        w[0] = g0;
        w[s] = g0 + g1;
        w[2 * s] = g1;
        return;
    }
    const float sixth = 1.f / 6;
    w[0] = .5f * g0;
    w[s] = -.5f * (g0 + g1);
    w[2 * s] = sixth * (g1 - g0);
    w[3 * s] = sixth * (g0 + (g1 + g1));
    w[4 * s] = g1;
}

/* Gᵀ. */
LWS_INLINE void weight_adjoint_1d(int m, const vec *w, int s, vec *g0, vec *g1)
{
    if (m == 2) {
        *g0 = w[0] + w[s];
        *g1 = w[s] + w[2 * s];
        return;
    }
    const float sixth = 1.f / 6;
    vec half = .5f * w[s];
    *g0 = .5f * w[0] - half + sixth * (w[3 * s] - w[2 * s]);
    *g1 = sixth * (w[2 * s] + (w[3 * s] + w[3 * s])) - half + w[4 * s];
}

/* ---- images and tiles ------------------------------------------------------------------------------------------- */

/* Input row (or column) of a phase image's index u: -1 where it lies outside. The phase of odd rows begins one index
 * earlier, as the padding is one row. */
LWS_INLINE int input_index(int tile, int m, int i, int parity, int size)
{
    int at = 2 * (tile * m + i - parity) + parity;
    return at >= 0 && at < size ? at : -1;
}

/* One tile of one phase: all its channels to the transform domain; to[point · stride + c]. */
LWS_INLINE void tile_input(const lws_conv2d *g, int m, const float *x, int ti, int tj, int phase, float *to,
                           size_t stride)
{
    int side = m + 1, c = g->in_c;
    const float *pixel[SIDE_MAX * SIDE_MAX];
    for (int i = 0; i < side; i++) {
        int h = input_index(ti, m, i, phase / 2, g->in_h);
        for (int j = 0; j < side; j++) {
            int w = input_index(tj, m, j, phase % 2, g->in_w);
            pixel[i * side + j] = h < 0 || w < 0 ? zeros : x + ((size_t)h * g->in_w + w) * c;
        }
    }
    for (int k = 0; k < c; k += LANES) {
        vec d[SIDE_MAX * SIDE_MAX];
        for (int p = 0; p < side * side; p++)
            d[p] = *(const vec *)(pixel[p] + k);
        for (int j = 0; j < side; j++)
            input_1d(m, d + j, side);
        for (int i = 0; i < side; i++)
            input_1d(m, d + i * side, 1);
        for (int p = 0; p < side * side; p++)
            *(vec *)(to + p * stride + k) = d[p];
    }
}

/* The adjoint: adds to the image. */
LWS_INLINE void tile_input_adjoint(const lws_conv2d *g, int m, const float *from, size_t stride, int ti, int tj,
                                   int phase, float *dx)
{
    int side = m + 1, c = g->in_c;
    float *pixel[SIDE_MAX * SIDE_MAX];
    for (int i = 0; i < side; i++) {
        int h = input_index(ti, m, i, phase / 2, g->in_h);
        for (int j = 0; j < side; j++) {
            int w = input_index(tj, m, j, phase % 2, g->in_w);
            pixel[i * side + j] = h < 0 || w < 0 ? NULL : dx + ((size_t)h * g->in_w + w) * c;
        }
    }
    for (int k = 0; k < c; k += LANES) {
        vec d[SIDE_MAX * SIDE_MAX];
        for (int p = 0; p < side * side; p++)
            d[p] = *(const vec *)(from + p * stride + k);
        for (int j = 0; j < side; j++)
            input_adjoint_1d(m, d + j, side);
        for (int i = 0; i < side; i++)
            input_adjoint_1d(m, d + i * side, 1);
        for (int p = 0; p < side * side; p++)
            if (pixel[p])
                *(vec *)(pixel[p] + k) += d[p];
    }
}

/* One output tile from the transform domain; from[point · stride + c]. Outputs beyond the image are dropped. */
LWS_INLINE void tile_output(const lws_conv2d *g, int m, const float *from, size_t stride, int ti, int tj, float *y)
{
    int side = m + 1, c = g->out_c;
    for (int k = 0; k < c; k += LANES) {
        vec d[SIDE_MAX * SIDE_MAX];
        for (int p = 0; p < side * side; p++)
            d[p] = *(const vec *)(from + p * stride + k);
        for (int j = 0; j < side; j++)
            output_1d(m, d + j, side);
        for (int i = 0; i < m; i++) {
            output_1d(m, d + i * side, 1);
            int h = ti * m + i;
            for (int j = 0; j < m && h < g->out_h; j++) {
                int w = tj * m + j;
                if (w < g->out_w)
                    *(vec *)(y + ((size_t)h * g->out_w + w) * c + k) = d[i * side + j];
            }
        }
    }
}

LWS_INLINE void tile_output_adjoint(const lws_conv2d *g, int m, const float *dy, int ti, int tj, float *to,
                                    size_t stride)
{
    int side = m + 1, c = g->out_c;
    for (int k = 0; k < c; k += LANES) {
        vec d[SIDE_MAX * SIDE_MAX];
        for (int i = 0; i < m; i++) {
            int h = ti * m + i;
            for (int j = 0; j < m; j++) {
                int w = tj * m + j;
                d[i * side + j] =
                    h < g->out_h && w < g->out_w ? *(const vec *)(dy + ((size_t)h * g->out_w + w) * c + k) : (vec){0};
            }
            output_adjoint_1d(m, d + i * side, 1);
        }
        for (int j = 0; j < side; j++)
            output_adjoint_1d(m, d + j, side);
        for (int p = 0; p < side * side; p++)
            *(vec *)(to + p * stride + k) = d[p];
    }
}

/* ---- one image, all tiles ---------------------------------------------------------------------------------------- */

#define FOR_TILES(g, m, t, ti, tj)                                                                                     \
    for (size_t t = 0, ti = 0; ti < (size_t)tiles_along((g)->out_h, m); ti++)                                          \
        for (int tj = 0; tj < tiles_along((g)->out_w, m); tj++, t++)

LWS_INLINE void image_input_m(const lws_conv2d *g, int m, const float *x, float *to, size_t row, size_t stride)
{
    FOR_TILES(g, m, t, ti, tj)
    for (int phase = 0; phase < PHASES; phase++)
        tile_input(g, m, x, (int)ti, tj, phase, to + t * row + (size_t)phase * g->in_c, stride);
}

LWS_CLONES static void image_input(const lws_conv2d *g, int m, const float *x, float *to, size_t row, size_t stride)
{
    if (m == 2)
        image_input_m(g, 2, x, to, row, stride);
    else
        image_input_m(g, 4, x, to, row, stride);
}

LWS_INLINE void image_input_adjoint_m(const lws_conv2d *g, int m, const float *from, size_t row, size_t stride,
                                      float *dx)
{
    memset(dx, 0, (size_t)g->in_h * g->in_w * g->in_c * sizeof *dx);
    FOR_TILES(g, m, t, ti, tj)
    for (int phase = 0; phase < PHASES; phase++)
        tile_input_adjoint(g, m, from + t * row + (size_t)phase * g->in_c, stride, (int)ti, tj, phase, dx);
}

LWS_CLONES static void image_input_adjoint(const lws_conv2d *g, int m, const float *from, size_t row, size_t stride,
                                           float *dx)
{
    if (m == 2)
        image_input_adjoint_m(g, 2, from, row, stride, dx);
    else
        image_input_adjoint_m(g, 4, from, row, stride, dx);
}

LWS_CLONES static void image_output(const lws_conv2d *g, int m, const float *from, size_t row, size_t stride, float *y)
{
    FOR_TILES(g, m, t, ti, tj)
    if (m == 2)
        tile_output(g, 2, from + t * row, stride, (int)ti, tj, y);
    else
        tile_output(g, 4, from + t * row, stride, (int)ti, tj, y);
}

LWS_CLONES static void image_output_adjoint(const lws_conv2d *g, int m, const float *dy, float *to, size_t row,
                                            size_t stride)
{
    FOR_TILES(g, m, t, ti, tj)
    if (m == 2)
        tile_output_adjoint(g, 2, dy, (int)ti, tj, to + t * row, stride);
    else
        tile_output_adjoint(g, 4, dy, (int)ti, tj, to + t * row, stride);
}

/* ---- weights ------------------------------------------------------------------------------------------------------
 */

/* The two taps, along one side, that fall on a phase: rows 1 and 3 of the kernel on even input rows, 0 and 2 on odd. */
LWS_INLINE int tap(int parity, int i)
{
    return 2 * i + 1 - parity;
}

/* Four taps of one phase, LANES channels of each, to all points; to[point · stride]. */
LWS_INLINE void weight_points(int m, const vec *g, float *to, size_t stride)
{
    int side = m + 1;
    vec half[2 * SIDE_MAX], p[SIDE_MAX * SIDE_MAX];
    for (int j = 0; j < 2; j++)
        weight_1d(m, g[j], g[2 + j], half + j, 2);
    for (int i = 0; i < side; i++)
        weight_1d(m, half[2 * i], half[2 * i + 1], p + i * side, 1);
    for (int i = 0; i < side * side; i++)
        *(vec *)(to + i * stride) = p[i];
}

/* Block (r, o) of LANES × LANES weights of a phase: rows r.. of in_c, columns o.. of out_c, into both sets of panels.
 */
LWS_INLINE void weight_block_m(const lws_conv2d *g, int m, int phase, int c, int o, const float *w, float *forward,
                               float *backward)
{
    size_t tap_stride = (size_t)g->in_c * g->out_c;
    panels f = forward_panels(g), b = backward_panels(g);
    float transposed[4][LANES][LANES] __attribute__((aligned(64)));
    size_t row = (size_t)phase * g->in_c + c;
    for (int i = 0; i < LANES; i++) {
        vec taps[4];
        for (int t = 0; t < 4; t++) {
            const float *from = w + (size_t)(tap(phase / 2, t / 2) * 4 + tap(phase % 2, t % 2)) * tap_stride +
                                (size_t)(c + i) * g->out_c + o;
            taps[t] = *(const vec *)from;
            for (int k = 0; k < LANES; k++)
                transposed[t][k][i] = from[k];
        }
        weight_points(m, taps, forward + o / PANEL * f.depth * PANEL + (row + i) * PANEL + o % PANEL, f.point);
    }
    for (int k = 0; k < LANES; k++) {
        vec taps[4];
        for (int t = 0; t < 4; t++)
            taps[t] = *(const vec *)transposed[t][k];
        weight_points(m, taps, backward + row / PANEL * b.depth * PANEL + (size_t)(o + k) * PANEL + row % PANEL,
                      b.point);
    }
}

LWS_CLONES static void weight_rows(const lws_conv2d *g, int m, int phase, int c, const float *w, float *forward,
                                   float *backward)
{
    for (int o = 0; o < g->out_c; o += LANES) {
        if (m == 2)
            weight_block_m(g, 2, phase, c, o, w, forward, backward);
        else
            weight_block_m(g, 4, phase, c, o, w, forward, backward);
    }
}

LWS_INLINE void weight_row_adjoint_m(int m, int parity_h, int parity_w, int out_c, size_t tap_stride, size_t stride,
                                     const float *from, float *dw)
{
    int side = m + 1;
    for (int k = 0; k < out_c; k += LANES) {
        vec half[2 * SIDE_MAX], p[SIDE_MAX * SIDE_MAX], g[4];
        for (int i = 0; i < side * side; i++)
            p[i] = *(const vec *)(from + i * stride + k);
        for (int i = 0; i < side; i++)
            weight_adjoint_1d(m, p + i * side, 1, &half[2 * i], &half[2 * i + 1]);
        for (int j = 0; j < 2; j++)
            weight_adjoint_1d(m, half + j, 2, &g[j], &g[2 + j]);
        for (int t = 0; t < 4; t++)
            *(vec *)(dw + (size_t)(tap(parity_h, t / 2) * 4 + tap(parity_w, t % 2)) * tap_stride + k) += g[t];
    }
}

LWS_CLONES static void weight_row_adjoint(int m, int parity_h, int parity_w, int out_c, size_t tap_stride,
                                          size_t stride, const float *from, float *dw)
{
    if (m == 2)
        weight_row_adjoint_m(2, parity_h, parity_w, out_c, tap_stride, stride, from, dw);
    else
        weight_row_adjoint_m(4, parity_h, parity_w, out_c, tap_stride, stride, from, dw);
}

void lws_winograd_transform(const lws_conv2d *g, int m, const float *w, float *transformed)
{
    float *backward = transformed + points(m) * forward_panels(g).point;
    int blocks = g->in_c / LANES;
#pragma omp parallel for schedule(static)
    for (int r = 0; r < PHASES * blocks; r++)
        weight_rows(g, m, r / blocks, r % blocks * LANES, w, transformed, backward);
}

/* ---- passes -------------------------------------------------------------------------------------------------------
 */

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

void lws_winograd_forward(const lws_conv2d *g, int m, int n, const float *x, const float *transformed, float *y,
                          float *scratch)
{
    int block = block_images(g, m, n), tiles = (int)tiles_of(g, m), depth = PHASES * g->in_c;
    size_t in = (size_t)g->in_h * g->in_w * g->in_c, out = (size_t)g->out_h * g->out_w * g->out_c;
    panels w = forward_panels(g);
    for (int first = 0; first < n; first += block) {
        int count = n - first < block ? n - first : block;
        block_layout b = layout(g, m, count, scratch);
#pragma omp parallel
        {
#pragma omp for schedule(static)
            for (int i = 0; i < count; i++)
                image_input(g, m, x + (size_t)(first + i) * in, b.in + (size_t)i * tiles * b.wide_row, b.wide_row,
                            b.wide);
#pragma omp for schedule(dynamic)
            for (int p = 0; p < points(m); p++)
                tile_gemm(b.rows, g->out_c, depth, false,
                          &(tile_gemm_operands){.a = b.in + p * b.wide,
                                                .a_row = b.wide_row,
                                                .a_k = 1,
                                                .b = transformed + p * w.point,
                                                .b_k = PANEL,
                                                .b_panel = w.depth * PANEL,
                                                .c = b.out + p * b.narrow,
                                                .c_row = b.narrow_row});
#pragma omp for schedule(static)
            for (int i = 0; i < count; i++)
                image_output(g, m, b.out + (size_t)i * tiles * b.narrow_row, b.narrow_row, b.narrow,
                             y + (size_t)(first + i) * out);
        }
    }
}

void lws_winograd_backward_data(const lws_conv2d *g, int m, int n, const float *dy, const float *transformed, float *dx,
                                float *scratch)
{
    int block = block_images(g, m, n), tiles = (int)tiles_of(g, m), width = PHASES * g->in_c;
    size_t in = (size_t)g->in_h * g->in_w * g->in_c, out = (size_t)g->out_h * g->out_w * g->out_c;
    panels w = backward_panels(g);
    transformed += points(m) * forward_panels(g).point;
    for (int first = 0; first < n; first += block) {
        int count = n - first < block ? n - first : block;
        block_layout b = layout(g, m, count, scratch);
#pragma omp parallel
        {
#pragma omp for schedule(static)
            for (int i = 0; i < count; i++)
                image_output_adjoint(g, m, dy + (size_t)(first + i) * out, b.out + (size_t)i * tiles * b.narrow_row,
                                     b.narrow_row, b.narrow);
#pragma omp for schedule(dynamic)
            for (int p = 0; p < points(m); p++)
                tile_gemm(b.rows, width, g->out_c, false,
                          &(tile_gemm_operands){.a = b.out + p * b.narrow,
                                                .a_row = b.narrow_row,
                                                .a_k = 1,
                                                .b = transformed + p * w.point,
                                                .b_k = PANEL,
                                                .b_panel = w.depth * PANEL,
                                                .c = b.in + p * b.wide,
                                                .c_row = b.wide_row});
#pragma omp for schedule(static)
            for (int i = 0; i < count; i++)
                image_input_adjoint(g, m, b.in + (size_t)i * tiles * b.wide_row, b.wide_row, b.wide,
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
                image_input(g, m, x + (size_t)(first + i) * in, b.in + (size_t)i * tiles * b.wide_row, b.wide_row,
                            b.wide);
                image_output_adjoint(g, m, dy + (size_t)(first + i) * out, b.out + (size_t)i * tiles * b.narrow_row,
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
        weight_row_adjoint(m, phase / 2, phase % 2, g->out_c, tap_stride, stride, gradient + (size_t)r * g->out_c,
                           dw + (size_t)c * g->out_c);
    }
}
