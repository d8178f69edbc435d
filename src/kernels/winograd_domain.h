/* One image, or LANES rows of the weights, into Winograd's transform domain and back: private to this folder. Input and
 * output are those of the geometry, see conv.h. */
#ifndef LWS_WINOGRAD_DOMAIN_H
#define LWS_WINOGRAD_DOMAIN_H

#include "tile_gemm.h"

#include "base/simd.h"
#include "kernels/conv.h"

enum { PHASES = 4 };               /* of rows and columns: even or odd */
enum { WINOGRAD_CHANNELS = 8192 }; /* most channels of the input */

static inline int points(int m)
{
    return (m + 1) * (m + 1);
}

static inline int tiles_along(int out, int m)
{
    return (out + m - 1) / m;
}

/* Images in the domain: for each of (m + 1)² points a matrix of tiles by channels (of all phases, for the input) in
 * blocks of TILE columns. Channel c of tile t stands at at[point · `point` + c / TILE · `block` + t · TILE
 * + c % TILE]. */
typedef struct domain {
    float *at;
    size_t point, block;
} domain;

/* Input to domain, its first tile being `tile`. The adjoint overwrites dx. */
void winograd_input(const lws_conv2d *g, int m, const float *x, domain to, size_t tile);
void winograd_input_adjoint(const lws_conv2d *g, int m, domain from, size_t tile, float *dx);

/* Domain to output, and the adjoint from the output to the domain. Both overwrite. */
void winograd_output(const lws_conv2d *g, int m, domain from, size_t tile, float *y);
void winograd_output_adjoint(const lws_conv2d *g, int m, const float *dy, domain to, size_t tile);

/* Transformed weights stand twice, in panels of columns as the products read them: as [4 · in_c, out_c] towards the
 * output, and transposed towards the input. */
typedef struct panel_matrix {
    size_t at;    /* where they begin, in floats */
    size_t depth; /* rows of the matrix */
    size_t point; /* floats from one point's matrix to the next */
} panel_matrix;

typedef struct weight_panels {
    panel_matrix to_output, to_input;
    size_t size; /* floats of all */
} weight_panels;

static inline weight_panels winograd_panels(const lws_conv2d *g, int m)
{
    size_t rows = PHASES * (size_t)g->in_c, columns = (size_t)g->out_c;
    weight_panels p = {.to_output = {.at = 0, .depth = rows}, .to_input = {.depth = columns}};
    p.to_output.point = (columns + PANEL - 1) / PANEL * PANEL * rows;
    p.to_input.point = (rows + PANEL - 1) / PANEL * PANEL * columns;
    p.to_input.at = points(m) * p.to_output.point;
    p.size = p.to_input.at + points(m) * p.to_input.point;
    return p;
}

/* The two taps, along one side, that fall on a phase: rows 1 and 3 of the kernel on even input rows, 0 and 2 on odd. */
LWS_INLINE int winograd_tap(int parity, int i)
{
    return 2 * i + 1 - parity;
}

/* Rows row .. row + 15 of the matrix [4 · in_c, out_c] of weights, the phase of row r being r / in_c, into both sets of
 * panels. */
typedef void winograd_weights_kernel(const lws_conv2d *g, int m, int row, const float *w, float *transformed);

/* The adjoint for one row of that matrix: from the gradient in the domain, from[point · `point` + k], writes the four
 * taps' gradients for all output channels k to dw [4, 4, in_c, out_c], or adds to them. */
void winograd_gradient(const lws_conv2d *g, int m, int row, const float *from, size_t point, bool add, float *dw);

#endif
