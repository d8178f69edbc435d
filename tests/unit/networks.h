/* The networks behind the presets as their papers have them, and their forward pass in double. Radford et al. 2016:
 * 4×4 kernels, stride 2, padding 1, channels doubling; Tolstikhin et al. 2018: 5×5 kernels, TensorFlow's SAME padding
 * (one above and left, two below and right), the decoder from an eighth of the side. */
#ifndef LWS_NETWORKS_H
#define LWS_NETWORKS_H

#include "check.h"

#include "kernels/conv.h"
#include "nn/nn.h"

#include <reference.h>

typedef enum { OP_CONV, OP_DECONV, OP_DENSE, OP_NORM, OP_RELU, OP_SIGMOID } network_op;

typedef struct network_layer {
    network_op op;
    char name[16];
    int h, w, c; /* of the output */
    int kernel, stride, pad;
    bool bias;
} network_layer;

typedef struct network {
    const char *prefix; /* of its tensors' names */
    lws_shape in;
    int count;
    network_layer layer[24];
} network;

CHECK_UNUSED static void network_add(network *n, network_layer l, const char *name, int number)
{
    if (number >= 0)
        snprintf(l.name, sizeof l.name, "%s%d", name, number);
    else
        snprintf(l.name, sizeof l.name, "%s", name);
    n->layer[n->count++] = l;
}

/* A convolution or its transpose to h × h × c, and, where `norm` is its number, a batch norm with ReLU. */
CHECK_UNUSED static void network_conv(network *n, network_op op, int h, int c, int kernel, int stride, int pad,
                                      int number, bool norm)
{
    network_add(n, (network_layer){op, "", h, h, c, kernel, stride, pad, !norm}, op == OP_CONV ? "conv" : "deconv",
                number);
    if (norm)
        network_add(n, (network_layer){.op = OP_NORM, .h = h, .w = h, .c = c}, "bn", number);
}

CHECK_UNUSED static void network_dense(network *n, int h, int c, bool bias)
{
    network_add(n, (network_layer){.op = OP_DENSE, .h = h, .w = h, .c = c, .bias = bias}, "dense", -1);
}

/* `levels` halvings of a square image down to 4 × 4. */
CHECK_UNUSED static void network_dcgan(lws_shape image, int levels, int base, int latent, int head, network *encoder,
                                       network *decoder)
{
    static const int times[] = {1, 2, 4, 8};
    *encoder = (network){.prefix = "encoder", .in = image};
    *decoder = (network){.prefix = "decoder", .in = {1, 1, latent}};
    for (int i = 1; i <= levels; i++)
        network_conv(encoder, OP_CONV, image.h >> i, base * times[i - 1], 4, 2, 1, i, true);
    network_dense(encoder, 1, head, true);
    network_dense(decoder, 4, base * times[levels - 1], false);
    network_add(decoder, (network_layer){.op = OP_NORM, .h = 4, .w = 4, .c = base * times[levels - 1]}, "bn", 0);
    for (int i = 1; i < levels; i++)
        network_conv(decoder, OP_DECONV, 4 << i, base * times[levels - 1 - i], 4, 2, 1, i, true);
    network_conv(decoder, OP_DECONV, image.h, image.c, 4, 2, 1, levels, false);
    network_add(decoder, (network_layer){.op = OP_SIGMOID, .h = image.h, .w = image.w, .c = image.c}, "sigmoid", -1);
}

CHECK_UNUSED static void network_wae(lws_shape image, int base, int latent, int head, network *encoder,
                                     network *decoder)
{
    *encoder = (network){.prefix = "encoder", .in = image};
    *decoder = (network){.prefix = "decoder", .in = {1, 1, latent}};
    network_conv(encoder, OP_CONV, image.h / 2, base, 5, 2, 1, 1, true);
    network_conv(encoder, OP_CONV, image.h / 4, base * 2, 5, 2, 1, 2, true);
    network_conv(encoder, OP_CONV, image.h / 8, base * 4, 5, 2, 1, 3, true);
    network_conv(encoder, OP_CONV, image.h / 16, base * 8, 5, 2, 1, 4, true);
    network_dense(encoder, 1, head, true);
    network_dense(decoder, image.h / 8, base * 8, true);
    network_add(decoder, (network_layer){.op = OP_RELU, .h = image.h / 8, .w = image.h / 8, .c = base * 8}, "relu", -1);
    network_conv(decoder, OP_DECONV, image.h / 4, base * 4, 5, 2, 1, 1, true);
    network_conv(decoder, OP_DECONV, image.h / 2, base * 2, 5, 2, 1, 2, true);
    network_conv(decoder, OP_DECONV, image.h, base, 5, 2, 1, 3, true);
    network_conv(decoder, OP_DECONV, image.h, image.c, 5, 1, 2, 4, false);
    network_add(decoder, (network_layer){.op = OP_SIGMOID, .h = image.h, .w = image.w, .c = image.c}, "sigmoid", -1);
}

/* ---- forward ----------------------------------------------------------------------------------------------------- */

/* Where the tensors of a model are, and their values. */
typedef struct network_values {
    const lws_tensors *tensors;
    const double *params, *buffers; /* buffers NULL: the batch's own statistics serve */
    double *batch_states;           /* gets them, the variance unbiased, where not NULL */
} network_values;

CHECK_UNUSED static size_t network_offset(const lws_tensors *tensors, const network *n, const network_layer *l,
                                          const char *part)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%s/%s", n->prefix, l->name, part);
    for (int i = 0; i < tensors->count; i++)
        if (strcmp(tensors->item[i].name, name) == 0)
            return tensors->item[i].offset;
    fail_msg("no tensor %s", name);
    return 0;
}

CHECK_UNUSED static void network_norm(const network *n, const network_layer *l, const network_values *v, int rows,
                                      const double *x, double *y)
{
    const double *gamma = v->params + network_offset(v->tensors, n, l, "gamma");
    const double *beta = v->params + network_offset(v->tensors, n, l, "beta");
    size_t mean_at = network_offset(v->tensors, n, l, "running_mean");
    size_t var_at = network_offset(v->tensors, n, l, "running_var");
    if (v->buffers) {
        for (size_t i = 0; i < (size_t)rows * (size_t)l->c; i++) {
            size_t k = i % (size_t)l->c;
            double normal = (x[i] - v->buffers[mean_at + k]) / sqrt(v->buffers[var_at + k] + 1e-5);
            y[i] = fmax(gamma[k] * normal + beta[k], 0);
        }
        return;
    }
    double *mean = check_doubles((size_t)l->c), *var = check_doubles((size_t)l->c);
    ref_batchnorm_forward(rows, l->c, true, x, gamma, beta, y, mean, var);
    for (int k = 0; v->batch_states && k < l->c; k++) {
        v->batch_states[mean_at + (size_t)k] = mean[k];
        v->batch_states[var_at + (size_t)k] = var[k] * rows / (rows - 1);
    }
    check_free(mean, (size_t)l->c), check_free(var, (size_t)l->c);
}

/* x is of shape `in`; y has room for the output. */
CHECK_UNUSED static void network_layer_forward(const network *n, const network_layer *l, const network_values *v,
                                               int images, lws_shape in, const double *x, double *y)
{
    size_t values = (size_t)images * (size_t)(l->h * l->w * l->c);
    if (l->op == OP_RELU || l->op == OP_SIGMOID) {
        for (size_t i = 0; i < values; i++)
            y[i] = l->op == OP_RELU ? fmax(x[i], 0) : 1 / (1 + exp(-x[i]));
        return;
    }
    if (l->op == OP_NORM) {
        network_norm(n, l, v, images * l->h * l->w, x, y);
        return;
    }
    const double *weight = v->params + network_offset(v->tensors, n, l, "weight");
    if (l->op == OP_CONV) {
        lws_conv2d g = {in.h, in.w, in.c, l->h, l->w, l->c, l->kernel, l->stride, l->pad};
        ref_conv_forward(&g, images, x, weight, y);
    } else if (l->op == OP_DECONV) { /* the adjoint of the convolution from its output to its input */
        lws_conv2d g = {l->h, l->w, l->c, in.h, in.w, in.c, l->kernel, l->stride, l->pad};
        ref_conv_backward_data(&g, images, x, weight, y);
    } else {
        int k = in.h * in.w * in.c, c = l->h * l->w * l->c;
        ref_gemm(false, false, images, c, k, x, k, weight, c, y, c);
    }
    if (!l->bias)
        return;
    const double *bias = v->params + network_offset(v->tensors, n, l, "bias");
    size_t period = l->op == OP_DENSE ? (size_t)(l->h * l->w * l->c) : (size_t)l->c;
    for (size_t i = 0; i < values; i++)
        y[i] += bias[i % period];
}

/* Output of the net on x [images, in]; the caller frees it with check_free, *count values. */
CHECK_UNUSED static double *network_forward(const network *n, const network_values *v, int images, const double *x,
                                            size_t *count)
{
    double *at = NULL;
    lws_shape in = n->in;
    *count = 0;
    for (int i = 0; i < n->count; i++) {
        const network_layer *l = &n->layer[i];
        size_t values = (size_t)images * (size_t)(l->h * l->w * l->c);
        double *y = check_doubles(values);
        network_layer_forward(n, l, v, images, in, at ? at : x, y);
        if (at)
            check_free(at, *count);
        at = y;
        *count = values;
        in = (lws_shape){l->h, l->w, l->c};
    }
    return at;
}

#endif
