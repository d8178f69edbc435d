/* One image, or LANES rows of the weights, into Winograd's transform domain and back: private to this folder. */
#ifndef LWS_WINOGRAD_DOMAIN_H
#define LWS_WINOGRAD_DOMAIN_H

#include "tile_gemm.h"

#include <lwssim/conv.h>
#include <lwssim/simd.h>

enum { PHASES = 4 };               /* of rows and columns: even or odd */
enum { WINOGRAD_CHANNELS = 8192 }; /* most channels of the wide image */
enum { PANEL = TILE_GEMM_PANEL };

static inline int points(int m)
{
    return (m + 1) * (m + 1);
}

static inline int tiles_along(int out, int m)
{
    return (out + m - 1) / m;
}

/* Wide image to domain: the phases' channels of tile t at to[point · stride + t · row], for each of (m + 1)² points.
 * The adjoint overwrites dx. */
void winograd_wide(const lws_conv2d *g, int m, const float *x, float *to, size_t row, size_t stride);
void winograd_wide_adjoint(const lws_conv2d *g, int m, const float *from, size_t row, size_t stride, float *dx);

/* Domain to narrow image, and the adjoint from the narrow image to the domain. Both overwrite. */
void winograd_narrow(const lws_conv2d *g, int m, const float *from, size_t row, size_t stride, float *y);
void winograd_narrow_adjoint(const lws_conv2d *g, int m, const float *dy, float *to, size_t row, size_t stride);

/* Transformed weights stand twice, in panels of columns as the products read them: as [4 · in_c, out_c] for forward,
 * and transposed for backward data. */
typedef struct panels {
    size_t depth; /* rows of the matrix */
    size_t point; /* floats from one point's matrix to the next */
} panels;

panels winograd_forward_panels(const lws_conv2d *g);
panels winograd_backward_panels(const lws_conv2d *g);

/* Weights of input channels c .. c + 15 of one phase into both sets of panels. */
void winograd_weights(const lws_conv2d *g, int m, int phase, int c, const float *w, float *forward, float *backward);

/* The adjoint for one input channel of one phase: from the gradient in the domain, from[point · stride + k], writes
 * dw[tap · tap_stride + k] for all output channels k. */
void winograd_weights_adjoint(int m, int phase, int out_c, size_t tap_stride, size_t stride, const float *from,
                              float *dw);

#endif
