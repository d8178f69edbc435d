/* The three passes of a convolution, each by itself, by one of its algorithms. */
#ifndef LWS_CONVOLUTIONS_H
#define LWS_CONVOLUTIONS_H

#include "check.h"

#include "kernels/conv.h"

/* A convolution and memory for it. */
typedef struct convolution {
    const lws_conv_algorithm *algorithm;
    lws_conv2d g;
    int n;
    size_t transformed_size, scratch_size;
    float *transformed, *scratch;
} convolution;

/* By the algorithm, or by the one that the geometry chooses (NULL). */
static inline convolution convolution_make(const lws_conv_algorithm *algorithm, const lws_conv2d *g, int n)
{
    convolution c = {.algorithm = algorithm ? algorithm : lws_conv_choose(g), .g = *g, .n = n};
    assert_true(c.algorithm->fits(g));
    c.transformed_size = lws_conv_transformed(c.algorithm, g);
    c.scratch_size = c.algorithm->scratch(g, n, omp_get_max_threads());
    c.transformed = check_floats(c.transformed_size);
    c.scratch = check_floats(c.scratch_size);
    return c;
}

static inline void convolution_free(convolution *c)
{
    check_free(c->transformed, c->transformed_size);
    check_free(c->scratch, c->scratch_size);
}

/* A pass with the weights w, after memory that no earlier pass may be read from. */
static inline void convolution_run(const convolution *c, lws_conv2d_args args, const float *w)
{
    for (size_t i = 0; i < c->scratch_size; i++)
        c->scratch[i] = NAN;
    if (c->algorithm->transform)
        c->algorithm->transform(&c->g, w, c->transformed);
    lws_conv2d_run(c->algorithm, &c->g, c->n, &args, c->algorithm->transform ? c->transformed : w, c->scratch);
}

/* y [n, out] = conv(x [n, in], w). */
static inline void convolution_forward(const convolution *c, const float *x, const float *w, float *y)
{
    convolution_run(c, (lws_conv2d_args){.input.at = x, .to_output.at = y}, w);
}

/* dx [n, in] = the adjoint of that applied to dy [n, out]. */
static inline void convolution_backward_data(const convolution *c, const float *dy, const float *w, float *dx)
{
    convolution_run(c, (lws_conv2d_args){.output.at = dy, .to_input.at = dx}, w);
}

/* dw = the weights' gradient of x and dy, for which the weights themselves are not needed. */
static inline void convolution_backward_weight(const convolution *c, const float *x, const float *dy, float *dw)
{
    lws_conv2d_args args = {.input.at = x, .output.at = dy, .dw = dw};
    for (size_t i = 0; i < c->scratch_size; i++)
        c->scratch[i] = NAN;
    lws_conv2d_run(c->algorithm, &c->g, c->n, &args, NULL, c->scratch);
}

#endif
