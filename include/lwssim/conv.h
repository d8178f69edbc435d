/* 2-D convolution in three passes, NHWC, through tiled im2col and GEMM.
 *
 * A geometry joins two images: the wide one [n, in_h, in_w, in_c] and the narrow one [n, out_h, out_w, out_c].
 * Output pixel (i, j) covers input rows i·stride - pad … + kernel - 1 (columns alike); rows and columns outside
 * the input are zeros, on whatever side they fall (so TensorFlow's SAME, which pads more below, is expressed
 * too). Weights are [kernel, kernel, in_c, out_c].
 *
 * A transposed convolution from narrow to wide is the adjoint: its forward pass is _backward_data, its
 * backward-data pass is _forward, its weight gradient is _backward_weight with x the wide gradient.
 *
 * Pure functions of raw pointers that check nothing; arrays do not overlap. Threads (OpenMP) share out images
 * or kernel rows; the bits do not depend on their number. */
#ifndef LWSSIM_CONV_H
#define LWSSIM_CONV_H

#include <stddef.h>

typedef struct lws_conv2d {
    int in_h, in_w, in_c;
    int out_h, out_w, out_c;
    int kernel, stride, pad;
} lws_conv2d;

/* A pass, in terms of both images: what is given, and what is wanted. The others are NULL. */
typedef struct lws_conv2d_job {
    const float *wide, *narrow; /* x and dy of a convolution, dy and x of a transposed one */
    float *to_narrow;           /* needs wide: the convolution; overwritten */
    float *to_wide;             /* needs narrow: its adjoint; overwritten */
    float *dw;                  /* needs both: the weights' gradient; overwritten */
} lws_conv2d_job;

/* Floats of scratch that any of the three passes needs for n images and `threads` threads. */
size_t lws_conv2d_scratch(const lws_conv2d *g, int n, int threads);

/* y [n, out] = conv(x [n, in], w); overwrites y. */
void lws_conv2d_forward(const lws_conv2d *g, int n, const float *x, const float *w, float *y, float *scratch);

/* dx [n, in] = adjoint of the above applied to dy [n, out]; overwrites dx. */
void lws_conv2d_backward_data(const lws_conv2d *g, int n, const float *dy, const float *w, float *dx, float *scratch);

/* dw [kernel, kernel, in_c, out_c] = the weight gradient of x and dy; overwrites dw. */
void lws_conv2d_backward_weight(const lws_conv2d *g, int n, const float *x, const float *dy, float *dw, float *scratch);

#endif
