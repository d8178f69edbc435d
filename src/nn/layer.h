/* What every kind of layer provides: private to this folder. A layer's own struct begins with layer. */
#ifndef LWS_LAYER_H
#define LWS_LAYER_H

#include "kernels/conv.h"
#include "nn/nn.h"

typedef struct layer layer;

/* How a layer is computed by its neighbours, an image at a time, while they have it in the caches: the one before shows
 * each image it has written, the one after asks for each image it reads. `user` is the layer. */
typedef struct layer_fused_ops {
    void (*accumulate_stats)(void *user, int image, const float *x);
    void (*finalize_stats)(layer *self); /* all images have been observed */
    void (*producer)(void *user, int image, float *y);
    void (*accumulate_gradient_sums)(void *user, int image, const float *dy);
    void (*finalize_gradient_sums)(layer *self);
    void (*make_gradient)(void *user, int image, float *dx);
} layer_fused_ops;

typedef struct layer_ops {
    const char *kind; /* "convolution": the group of its time in a profile */
    /* Floats the layer keeps from forward to backward for n images besides x and y; may be NULL: none. */
    size_t (*kept)(const layer *self, int n);
    /* Floats that the layer derives from its parameters once they change, and how; may be NULL: none. */
    size_t (*transformed)(const layer *self);
    void (*transform_weights)(const layer *self, const float *params, float *transformed);
    /* Floats of scratch for n images on `threads` threads; may be NULL: none. */
    size_t (*scratch)(const layer *self, int n, int threads);
    /* y is overwritten. */
    void (*forward)(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y);
    /* Overwrites its tensors in pass->dparams. dx is overwritten; empty when nobody wants it. dx may be dy only where
     * in_place. y is what forward wrote. */
    void (*backward)(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                     const lws_image_source *dy, const lws_image_sink *dx);
    int least_values;             /* of a channel, over a micro-batch, that training needs; 0: any number */
    bool in_place;                /* backward may write dx over dy */
    const layer_fused_ops *fused; /* NULL: is not computed by its neighbours */
    /* May the layer before (after) this one be computed so? May be NULL: no. Else sources and sinks are plain arrays.
     */
    bool (*can_fuse)(const layer *self, bool before);
} layer_ops;

struct layer {
    const layer_ops *ops;
    char name[64]; /* "encoder/conv1": begins the names of its tensors */
    lws_shape in, out;
    size_t begin, end; /* its parameters in the flat array; empty where it has none */
    bool is_stale;     /* the parameters have changed since the last pass */
    /* From the plan: */
    bool fused; /* computed by its neighbours: y is never written */
    float *y;
    float *kept, *transformed;
    /* While fused, of the present pass: */
    const lws_pass *pass;
    const float *x, *dy;
};

/* A zeroed layer struct of `size` bytes at the end of the net, called "PREFIX/name", its input the present output; NULL
 * when out of memory (the message is set). */
layer *net_append(lws_net *net, const char *name, size_t size, const layer_ops *ops, lws_shape out);

/* Registers a tensor "PREFIX/name/part" and returns its offset. */
lws_status net_tensor(lws_net *net, const char *name, const char *part, bool is_buffer, int rank, const int64_t *dims,
                      double mean, double std, size_t *offset);

#endif
