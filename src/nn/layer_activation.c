/* ReLU and sigmoid, value by value. */
#include "layer.h"

#include "kernels/activation.h"

static size_t values(const layer *self, const lws_pass *pass)
{
    return (size_t)pass->n * lws_shape_size(self->out);
}

static void relu_forward(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y)
{
    lws_relu_forward(values(self, pass), x->at, y->at);
}

static void relu_backward(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                          const lws_image_source *dy, const lws_image_sink *dx)
{
    (void)x;
    lws_relu_backward(values(self, pass), y, dy->at, dx->at);
}

static void sigmoid_forward(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y)
{
    lws_sigmoid_forward(values(self, pass), x->at, y->at);
}

static void sigmoid_backward(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                             const lws_image_source *dy, const lws_image_sink *dx)
{
    (void)x;
    lws_sigmoid_backward(values(self, pass), y, dy->at, dx->at);
}

static const layer_ops relu_ops = {
    .kind = "relu", .group = "activation", .forward = relu_forward, .backward = relu_backward, .in_place = true};
static const layer_ops sigmoid_ops = {.kind = "sigmoid",
                                      .group = "activation",
                                      .forward = sigmoid_forward,
                                      .backward = sigmoid_backward,
                                      .in_place = true};

lws_status lws_net_relu(lws_net *net)
{
    layer *l;
    return net_append(net, "relu", sizeof *l, &relu_ops, lws_net_out(net), &l);
}

lws_status lws_net_sigmoid(lws_net *net)
{
    layer *l;
    return net_append(net, "sigmoid", sizeof *l, &sigmoid_ops, lws_net_out(net), &l);
}
