/* What every kind of layer provides: private to this folder. A layer's own struct begins with lws_layer. */
#ifndef LWS_LAYER_H
#define LWS_LAYER_H

#include <lwssim/nn.h>

typedef struct layer layer;

typedef struct layer_ops {
    const char *kind; /* "convolution": the group of its time in a profile */
    /* Floats the layer keeps from forward to backward for n images besides x and y; may be NULL: none. */
    size_t (*kept)(const layer *self, int n);
    /* Floats that the layer derives from its parameters once they change, and how; may be NULL: none. */
    size_t (*prepared)(const layer *self);
    void (*prepare)(const layer *self, const float *params, float *prepared);
    /* Floats of scratch for n images on `threads` threads; may be NULL: none. */
    size_t (*scratch)(const layer *self, int n, int threads);
    /* y is overwritten. */
    void (*forward)(const layer *self, const lws_pass *pass, const float *x, float *y, float *kept);
    /* Adds to pass->dparams. dx is overwritten; NULL when nobody wants it. dx may be dy only where in_place. */
    void (*backward)(const layer *self, const lws_pass *pass, const float *x, const float *y, const float *kept,
                     const float *dy, float *dx);
    bool in_place; /* backward may write dx over dy */
} layer_ops;

struct layer {
    const layer_ops *ops;
    char name[64]; /* "encoder/conv1": begins the names of its tensors */
    lws_shape in, out;
    size_t begin, end; /* its parameters in the flat array; empty where it has none */
    bool is_expired;   /* the parameters have changed since the last pass */
    /* From the plan: */
    float *y;
    float *kept, *prepared;
};

/* A zeroed layer struct of `size` bytes at the end of the net, called "PREFIX/name", its input the present output; NULL
 * when out of memory (the message is set). */
layer *net_append(lws_net *net, const char *name, size_t size, const layer_ops *ops, lws_shape out);

/* Registers a tensor "PREFIX/name/part" and returns its offset. */
lws_status net_tensor(lws_net *net, const char *name, const char *part, bool state, int rank, const int64_t *dims,
                      double mean, double std, size_t *offset);

#endif
