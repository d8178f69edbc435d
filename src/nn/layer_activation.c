#include "layer.h"

#include <lwssim/activation.h>

static size_t values(const layer *self, const lws_pass *pass)
{
    return (size_t)pass->n * lws_shape_size(self->out);
}

static void relu_forward(const layer *self, const lws_pass *pass, const float *x, float *y, float *kept)
{
    (void)kept;
    lws_relu_forward(values(self, pass), x, y);
}

static void relu_backward(const layer *self, const lws_pass *pass, const float *x, const float *y, const float *kept,
                          const float *dy, float *dx)
{
    (void)x, (void)kept;
    lws_relu_backward(values(self, pass), y, dy, dx);
}

static void sigmoid_forward(const layer *self, const lws_pass *pass, const float *x, float *y, float *kept)
{
    (void)kept;
    lws_sigmoid_forward(values(self, pass), x, y);
}

static void sigmoid_backward(const layer *self, const lws_pass *pass, const float *x, const float *y, const float *kept,
                             const float *dy, float *dx)
{
    (void)x, (void)kept;
    lws_sigmoid_backward(values(self, pass), y, dy, dx);
}

static const layer_ops relu_ops = {
    .kind = "activation", .forward = relu_forward, .backward = relu_backward, .in_place = true};
static const layer_ops sigmoid_ops = {
    .kind = "activation", .forward = sigmoid_forward, .backward = sigmoid_backward, .in_place = true};

lws_status lws_net_relu(lws_net *net)
{
    return net_append(net, "relu", sizeof(layer), &relu_ops, lws_net_out(net)) ? LWS_OK : LWS_ERR_MEMORY;
}

lws_status lws_net_sigmoid(lws_net *net)
{
    return net_append(net, "sigmoid", sizeof(layer), &sigmoid_ops, lws_net_out(net)) ? LWS_OK : LWS_ERR_MEMORY;
}
