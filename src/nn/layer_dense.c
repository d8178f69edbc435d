/* A dense layer: from all values of an image to all of the next. */
#include "layer.h"

#include "kernels/bias.h"
#include "kernels/dense.h"

#include <math.h>

typedef struct dense_layer {
    layer base;
    size_t weight, bias;
    bool has_bias;
} dense_layer;

static int inputs(const dense_layer *l)
{
    return (int)lws_shape_size(l->base.in);
}

static int outputs(const dense_layer *l)
{
    return (int)lws_shape_size(l->base.out);
}

static void forward(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y)
{
    const dense_layer *l = (const dense_layer *)self;
    lws_dense_forward(pass->n, inputs(l), outputs(l), x->at, pass->params + l->weight, y->at);
    if (l->has_bias)
        lws_bias_forward(pass->n, outputs(l), pass->params + l->bias, y->at);
}

static void backward(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                     const lws_image_source *dy, const lws_image_sink *dx)
{
    (void)y;
    const dense_layer *l = (const dense_layer *)self;
    if (l->has_bias)
        lws_bias_backward(pass->n, outputs(l), dy->at, pass->dparams + l->bias);
    lws_dense_backward_weight(pass->n, inputs(l), outputs(l), x->at, dy->at, pass->dparams + l->weight);
    if (dx->at)
        lws_dense_backward_data(pass->n, inputs(l), outputs(l), dy->at, pass->params + l->weight, dx->at);
}

static const layer_ops ops = {.kind = "dense", .group = "dense", .forward = forward, .backward = backward};

lws_status lws_net_dense(lws_net *net, const char *name, lws_shape out, bool bias, double gain)
{
    dense_layer *l;
    LWS_TRY(net_append(net, name, sizeof *l, &ops, out, &l));
    l->has_bias = bias;
    layer_tensor weight = {.rank = 2, .dims = {inputs(l), outputs(l)}, .std = sqrt(gain / inputs(l))};
    LWS_TRY(net_tensor(net, "weight", weight, &l->weight));
    if (bias)
        LWS_TRY(net_tensor(net, "bias", (layer_tensor){.rank = 1, .dims = {outputs(l)}}, &l->bias));
    return LWS_OK;
}
