/* 2-D convolutions, NHWC: the geometry, the passes over it, and the algorithms that compute them.
 *
 * A geometry joins two images, which are called after a convolution's forward pass whatever way the data goes: its
 * input [n, in_h, in_w, in_c] and its output [n, out_h, out_w, out_c]. Output pixel (i, j) covers input rows
 * i·stride - pad … + kernel - 1 (columns alike); rows and columns outside the input are zeros, on whatever side they
 * fall (so TensorFlow's SAME, which pads more below, is expressed too). Weights are [kernel, kernel, in_c, out_c].
 *
 * A transposed convolution is the adjoint of one: what its layer reads is `output` here, what it writes is `input`.
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

/* The images [n, h, w, c] that a pass reads: at `at`, or, with `producer`, written when they are needed. The producer
 * writes image `image` to `to` [h, w, c]; it may be called for an image more than once, and by several threads. */
typedef struct lws_image_source {
    const float *at;
    void (*producer)(void *user, int image, float *to);
    void *user;
} lws_image_source;

/* The images that a pass overwrites. The epilogue, where set, is called once for every image as soon as it is whole and
 * still in the caches, by several threads. */
typedef struct lws_image_sink {
    float *at;
    void (*epilogue)(void *user, int image, const float *pixels);
    void *user;
} lws_image_sink;

/* A pass, in terms of both images: what is given, and what is wanted, at most one of to_output and to_input. The others
 * are empty. */
typedef struct lws_conv2d_args {
    lws_image_source input, output; /* x and dy of a convolution, dy and x of a transposed one */
    lws_image_sink to_output;       /* needs input: the convolution */
    lws_image_sink to_input;        /* needs output: its adjoint */
    float *dw;                      /* needs both: the weights' gradient; overwritten */
} lws_conv2d_args;

/* One way to compute the passes. A new one is a file with such a row, named in lws_conv_algorithms. */
typedef struct lws_conv_algorithm {
    const char *key, *name;            /* as a word; for people */
    bool fuses;                        /* takes producers and epilogues; else sources and sinks are plain arrays */
    bool (*fits)(const lws_conv2d *g); /* can it compute this geometry? */
    bool (*pays)(const lws_conv2d *g); /* where it fits: is it faster than all after it in the list? NULL: always */
    /* Floats of scratch that any pass over n images needs on `threads` threads. */
    size_t (*scratch)(const lws_conv2d *g, int n, int threads);
    /* Floats of weights in a layout of its own, and how they are made of w; overwrites. They are the caller's and must
     * be made again when the weights change. NULL: it reads the weights as they are. */
    size_t (*transformed)(const lws_conv2d *g);
    void (*transform)(const lws_conv2d *g, const float *w, float *transformed);
    /* See lws_conv2d_run(). */
    void (*run)(const lws_conv2d *g, int n, const lws_conv2d_args *args, const float *w, float *scratch);
} lws_conv_algorithm;

/* All of them, in the order in which they are asked, then NULL. The last one fits every geometry. */
extern const lws_conv_algorithm *const lws_conv_algorithms[];

/* The algorithm for a geometry: the first that fits and pays. A function of the shape alone, as it is part of what
 * fixes the bits. */
const lws_conv_algorithm *lws_conv_choose(const lws_conv2d *g);

/* Floats of transformed weights; 0 where the algorithm reads them as they are. */
size_t lws_conv_transformed(const lws_conv_algorithm *algorithm, const lws_conv2d *g);

/* A pass over n images; what two wanted results share may be computed once, with the bits of two passes. w: the
 * transformed weights, or, where the algorithm makes none, the weights. May be NULL where only dw is wanted. */
void lws_conv2d_run(const lws_conv_algorithm *algorithm, const lws_conv2d *g, int n, const lws_conv2d_args *args,
                    const float *w, float *scratch);

#endif
