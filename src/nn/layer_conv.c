/* Convolution and transposed convolution: one geometry, used forwards or as its adjoint. */
#include "layer.h"

#include "kernels/bias.h"
#include "kernels/conv.h"

#include <math.h>

typedef struct conv_layer {
    layer base;
    lws_conv2d geometry;
    size_t weight, bias;
    bool has_bias;
    const lws_conv_algorithm *algorithm;
} conv_layer;

static size_t scratch(const layer *self, int n, int threads)
{
    const conv_layer *l = (const conv_layer *)self;
    return l->algorithm->scratch(&l->geometry, n, threads);
}

static size_t transformed(const layer *self)
{
    const conv_layer *l = (const conv_layer *)self;
    return lws_conv_transformed(l->algorithm, &l->geometry);
}

static void transform_weights(const layer *self, const float *params, float *transformed)
{
    const conv_layer *l = (const conv_layer *)self;
    if (l->algorithm->transform)
        l->algorithm->transform(&l->geometry, params + l->weight, transformed);
}

/* One pass by the layer's algorithm. */
static void run(const conv_layer *l, const lws_pass *pass, const lws_conv2d_args *args)
{
    const float *w = l->algorithm->transform ? l->base.transformed : pass->params + l->weight;
    lws_conv2d_run(l->algorithm, &l->geometry, pass->n, args, w, pass->scratch);
}

/* A layer with a bias adds it after the epilogues of its images, and sums dy before their producers are called. */
static bool can_fuse(const layer *self, bool before)
{
    const conv_layer *l = (const conv_layer *)self;
    return (before || !l->has_bias) && l->algorithm->fuses;
}

static void add_bias(const conv_layer *l, const lws_pass *pass, float *y)
{
    if (l->has_bias)
        lws_bias_forward(pass->n * l->base.out.h * l->base.out.w, l->base.out.c, pass->params + l->bias, y);
}

static void bias_gradient(const conv_layer *l, const lws_pass *pass, const float *dy)
{
    if (l->has_bias)
        lws_bias_backward(pass->n * l->base.out.h * l->base.out.w, l->base.out.c, dy, pass->dparams + l->bias);
}

static void conv_forward(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y)
{
    const conv_layer *l = (const conv_layer *)self;
    run(l, pass, &(lws_conv2d_args){.input = *x, .to_output = *y});
    add_bias(l, pass, y->at);
}

static void conv_backward(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                          const lws_image_source *dy, const lws_image_sink *dx)
{
    (void)y;
    const conv_layer *l = (const conv_layer *)self;
    bias_gradient(l, pass, dy->at);
    run(l, pass, &(lws_conv2d_args){.input = *x, .output = *dy, .dw = pass->dparams + l->weight, .to_input = *dx});
}

static void transpose_forward(const layer *self, const lws_pass *pass, const lws_image_source *x,
                              const lws_image_sink *y)
{
    const conv_layer *l = (const conv_layer *)self;
    run(l, pass, &(lws_conv2d_args){.output = *x, .to_input = *y});
    add_bias(l, pass, y->at);
}

static void transpose_backward(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                               const lws_image_source *dy, const lws_image_sink *dx)
{
    (void)y;
    const conv_layer *l = (const conv_layer *)self;
    bias_gradient(l, pass, dy->at);
    run(l, pass, &(lws_conv2d_args){.input = *dy, .output = *x, .dw = pass->dparams + l->weight, .to_output = *dx});
}

static int attributes(const layer *self, lws_attribute *out)
{
    const lws_conv2d *g = &((const conv_layer *)self)->geometry;
    out[0] = (lws_attribute){"kernel", g->kernel};
    out[1] = (lws_attribute){"stride", g->stride};
    out[2] = (lws_attribute){"pad", g->pad};
    return 3;
}

static const layer_ops conv_ops = {.kind = "conv",
                                   .group = "convolution",
                                   .attributes = attributes,
                                   .transformed = transformed,
                                   .transform_weights = transform_weights,
                                   .scratch = scratch,
                                   .can_fuse = can_fuse,
                                   .forward = conv_forward,
                                   .backward = conv_backward};
static const layer_ops transpose_ops = {.kind = "conv_transpose",
                                        .group = "convolution",
                                        .attributes = attributes,
                                        .transformed = transformed,
                                        .transform_weights = transform_weights,
                                        .scratch = scratch,
                                        .can_fuse = can_fuse,
                                        .forward = transpose_forward,
                                        .backward = transpose_backward};

/* Does a kernel at this stride and padding take `in` pixels to `out`, reading no window that lies wholly outside
 * and leaving no input pixel unread at the far side beyond a stride? */
static bool fits(int in, int out, int kernel, int stride, int pad)
{
    int after = (out - 1) * stride + kernel - pad - in; /* zeros needed below or right */
    return in > 0 && out > 0 && pad < kernel && after < kernel && after > -stride;
}

static lws_status append(lws_net *net, const char *name, lws_shape out, lws_conv_spec spec, double fan_in,
                         const layer_ops *ops)
{
    bool is_transposed = ops == &transpose_ops;
    lws_shape in = lws_net_out(net), input = is_transposed ? out : in, output = is_transposed ? in : out;
    int kernel = spec.kernel, stride = spec.stride, pad = spec.pad;
    if (!fits(input.h, output.h, kernel, stride, pad) || !fits(input.w, output.w, kernel, stride, pad))
        return lws_fail(LWS_ERR_USAGE, "%s: a %d×%d kernel with stride %d does not join %d × %d and %d × %d pixels",
                        name, kernel, kernel, stride, input.h, input.w, output.h, output.w);
    conv_layer *l;
    LWS_TRY(net_append(net, name, sizeof *l, ops, out, &l));
    l->geometry = (lws_conv2d){input.h, input.w, input.c, output.h, output.w, output.c, kernel, stride, pad};
    l->algorithm = lws_conv_choose(&l->geometry);
    l->has_bias = spec.bias;
    layer_tensor weight = {.rank = 4, .dims = {kernel, kernel, input.c, output.c}, .std = sqrt(spec.gain / fan_in)};
    LWS_TRY(net_tensor(net, "weight", weight, &l->weight));
    if (spec.bias)
        LWS_TRY(net_tensor(net, "bias", (layer_tensor){.rank = 1, .dims = {out.c}}, &l->bias));
    return LWS_OK;
}

lws_status lws_net_conv(lws_net *net, const char *name, lws_shape out, lws_conv_spec spec)
{
    double fan_in = (double)spec.kernel * spec.kernel * lws_net_out(net).c;
    return append(net, name, out, spec, fan_in, &conv_ops);
}

lws_status lws_net_conv_transpose(lws_net *net, const char *name, lws_shape out, lws_conv_spec spec)
{
    double fan_in = (double)spec.kernel * spec.kernel * lws_net_out(net).c / (spec.stride * spec.stride);
    return append(net, name, out, spec, fan_in, &transpose_ops);
}
