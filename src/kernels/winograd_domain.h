/* One image, or LANES rows of the weights, into Winograd's transform domain and back: private to this folder. */
#ifndef LWS_WINOGRAD_DOMAIN_H
#define LWS_WINOGRAD_DOMAIN_H

#include "tile_gemm.h"

#include "kernels/conv.h"
#include "base/simd.h"

enum { PHASES = 4 };               /* of rows and columns: even or odd */
enum { WINOGRAD_CHANNELS = 8192 }; /* most channels of the wide image */

static inline int points(int m)
{
    return (m + 1) * (m + 1);
}

static inline int tiles_along(int out, int m)
{
    return (out + m - 1) / m;
}

/* Images in the domain: for each of (m + 1)² points a matrix of tiles by channels (of all phases, for the wide image)
 * in blocks of TILE columns. Channel c of tile t stands at at[point · `point` + c / TILE · `block` + t · TILE
 * + c % TILE]. */
typedef struct domain {
    float *at;
    size_t point, block;
} domain;

/* Wide image to domain, its first tile being `tile`. The adjoint overwrites dx. */
void winograd_wide(const lws_conv2d *g, int m, const float *x, domain to, size_t tile);
void winograd_wide_adjoint(const lws_conv2d *g, int m, domain from, size_t tile, float *dx);

/* Domain to narrow image, and the adjoint from the narrow image to the domain. Both overwrite. */
void winograd_narrow(const lws_conv2d *g, int m, domain from, size_t tile, float *y);
void winograd_narrow_adjoint(const lws_conv2d *g, int m, const float *dy, domain to, size_t tile);

/* Transformed weights stand twice, in panels of columns as the products read them: as [4 · in_c, out_c] towards the
 * narrow image, and transposed towards the wide one. */
typedef struct panels {
    size_t depth; /* rows of the matrix */
    size_t point; /* floats from one point's matrix to the next */
} panels;

panels winograd_narrow_panels(const lws_conv2d *g);
panels winograd_wide_panels(const lws_conv2d *g);

/* Weights of input channels c .. c + 15 of one phase into both sets of panels. Where `narrow` and `wide` are aligned to
 * 64 bytes, they may be written past the caches: winograd_weights_done() by the same thread makes that visible. */
void winograd_weights(const lws_conv2d *g, int m, int phase, int c, const float *w, float *narrow, float *wide);
void winograd_weights_done(void);

/* The adjoint for one input channel of one phase: from the gradient in the domain, from[point · stride + k], writes
 * dw[tap · tap_stride + k] for all output channels k, or adds to it. */
void winograd_weights_adjoint(int m, int phase, int out_c, size_t tap_stride, size_t stride, const float *from,
                              bool add, float *dw);

#endif
