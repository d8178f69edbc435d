/* 2-D convolution in three passes, NHWC, through tiled im2col and GEMM; where one side has few channels, as an image
 * has, in strips of rows with products of our own.
 *
 * A geometry joins two images: the wide one [n, in_h, in_w, in_c] and the narrow one [n, out_h, out_w, out_c].
 * Output pixel (i, j) covers input rows i·stride - pad … + kernel - 1 (columns alike); rows and columns outside
 * the input are zeros, on whatever side they fall (so TensorFlow's SAME, which pads more below, is expressed
 * too). Weights are [kernel, kernel, in_c, out_c].
 *
 * A transposed convolution from narrow to wide is the adjoint: its forward pass is _backward_data, its
 * backward-data pass is _forward, its weight gradient is _backward_weight with x the wide gradient.
 *
 * Pure functions of raw pointers that check nothing; arrays do not overlap. Threads (OpenMP) share out images,
 * groups of them, or kernel rows; the bits do not depend on their number. */
#ifndef LWSSIM_CONV_H
#define LWSSIM_CONV_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lws_conv2d {
    int in_h, in_w, in_c;
    int out_h, out_w, out_c;
    int kernel, stride, pad;
} lws_conv2d;

/* The images [n, h, w, c] that a pass reads: at `at`, or, with `make`, made when they are needed. make() writes image
 * `image` to `to` [h, w, c]; it may be called for an image more than once, and by several threads. */
typedef struct lws_image_source {
    const float *at;
    void (*producer)(void *user, int image, float *to);
    void *user;
} lws_image_source;

/* The images that a pass overwrites. done(), where set, is called once for every image as soon as it is whole and still
 * in the caches, by several threads. */
typedef struct lws_image_sink {
    float *at;
    void (*epilogue)(void *user, int image, const float *pixels);
    void *user;
} lws_image_sink;

/* A pass, in terms of both images: what is given, and what is wanted, at most one of to_narrow and to_wide. The others
 * are empty. */
typedef struct lws_conv2d_args {
    lws_image_source wide, narrow; /* x and dy of a convolution, dy and x of a transposed one */
    lws_image_sink to_narrow;      /* needs wide: the convolution */
    lws_image_sink to_wide;        /* needs narrow: its adjoint */
    float *dw;                     /* needs both: the weights' gradient; overwritten */
} lws_conv2d_args;

/* Can a pass of this geometry make its sources and watch its sinks? Else they are arrays and nothing else. */
bool lws_conv2d_takes_hooks(const lws_conv2d *g);

/* Floats of scratch that any of the three passes needs for n images and `threads` threads. */
size_t lws_conv2d_scratch(const lws_conv2d *g, int n, int threads);

void lws_conv2d_run(const lws_conv2d *g, int n, const lws_conv2d_args *job, const float *w, float *scratch);

/* The three results, each by itself. */

/* y [n, out] = conv(x [n, in], w); overwrites y. */
void lws_conv2d_forward(const lws_conv2d *g, int n, const float *x, const float *w, float *y, float *scratch);

/* dx [n, in] = adjoint of the above applied to dy [n, out]; overwrites dx. */
void lws_conv2d_backward_data(const lws_conv2d *g, int n, const float *dy, const float *w, float *dx, float *scratch);

/* dw [kernel, kernel, in_c, out_c] = the weight gradient of x and dy; overwrites dw. */
void lws_conv2d_backward_weight(const lws_conv2d *g, int n, const float *x, const float *dy, float *dw, float *scratch);

#endif
