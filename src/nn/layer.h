/* What every kind of layer provides, and what the net keeps of each: private to this room.
 *
 * A NEW LAYER is one file, layer_NAME.c, and the declaration of the function that appends it in nn.h. y = gamma · x,
 * with a gamma for each channel, reads
 *
 *     typedef struct scale_layer {
 *         layer base;   // what all layers have, first
 *         size_t gamma; // where its parameters stand in the flat array
 *     } scale_layer;
 *
 *     static void forward(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y)
 *     {
 *         const float *gamma = pass->params + ((const scale_layer *)self)->gamma;
 *         for (size_t i = 0; i < pass->n * lws_shape_size(self->out); i++)
 *             y->at[i] = gamma[i % self->out.c] * x->at[i];
 *     }
 *
 *     static void backward(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
 *                          const lws_image_source *dy, const lws_image_sink *dx)
 *     {
 *         const float *gamma = pass->params + ((const scale_layer *)self)->gamma;
 *         float *dgamma = pass->dparams + ((const scale_layer *)self)->gamma;
 *         for (int c = 0; c < self->out.c; c++)
 *             dgamma[c] = 0;
 *         for (size_t i = 0; i < pass->n * lws_shape_size(self->out); i++) {
 *             dgamma[i % self->out.c] += dy->at[i] * x->at[i];
 *             if (dx->at) // nobody may want it
 *                 dx->at[i] = gamma[i % self->out.c] * dy->at[i];
 *         }
 *     }
 *
 *     static const layer_ops ops = {.kind = "scale", .group = "scale", .forward = forward, .backward = backward};
 *
 *     lws_status lws_net_scale(lws_net *net, const char *name)
 *     {
 *         scale_layer *l;
 *         LWS_TRY(net_append(net, name, sizeof *l, &ops, lws_net_out(net), &l));
 *         return net_tensor(net, "gamma", (layer_tensor){.rank = 1, .dims = {l->base.in.c}, .mean = 1}, &l->gamma);
 *     }
 *
 * A LAYER WITH BRANCHES is made of nets of its own, as a residual block is: y = x + f(x), f a net. The function that
 * appends it gives it its branches, and appends their layers to them:
 *
 *         lws_net *f;
 *         LWS_TRY(net_append(net, name, sizeof *l, &ops, lws_net_out(net), &l));
 *         LWS_TRY(net_branch(net, &f)); // after its own tensors, if it has any
 *         LWS_TRY(lws_net_conv(f, "conv1", …));   // "encoder/res1/conv1/weight"
 *
 * Its forward() calls net_forward(self->branch[0], …) and adds; its backward() calls net_backward() of each branch, the
 * last first, and adds what they return in an order of its own. All else, from memory to the flow of gradients, the
 * nets of branches do as any net does. */
#ifndef LWS_LAYER_H
#define LWS_LAYER_H

#include "kernels/conv.h"
#include "nn/nn.h"

typedef struct layer layer;

/* How a layer is computed by its neighbours, an image at a time, while they have it in the caches: the one before hands
 * it each image that it has written, the one after asks it for each image that it reads. `user` is the layer. Going
 * forward, accumulate_stats() is called once for every image, by several threads, then finalize_stats(), then
 * producer() as often as the layer after needs an image; going backward, accumulate_gradient_sums(),
 * finalize_gradient_sums() and make_gradient() in the same way, as the layer after writes gradients and the layer
 * before reads them. */
typedef struct layer_fused_ops {
    void (*accumulate_stats)(void *user, int image, const float *x);
    void (*finalize_stats)(layer *self);
    void (*producer)(void *user, int image, float *y);
    void (*accumulate_gradient_sums)(void *user, int image, const float *dy);
    void (*finalize_gradient_sums)(layer *self);
    void (*make_gradient)(void *user, int image, float *dx);
} layer_fused_ops;

/* A kind of layer. Functions that may be NULL say what that means; kind, forward and backward are needed. */
typedef struct layer_ops {
    /* What it is, for those who enumerate layers (see lws_layer_info): one word, "conv_transpose". */
    const char *kind;
    /* The kind of work that its time counts as in a profile: "convolution". NULL: none, as of a layer with branches,
     * whose layers count by themselves. */
    const char *group;
    /* Writes what the kind and the tensors do not tell of the layer, at most LWS_ATTRIBUTES_MAX, and returns how many.
     * NULL: there is nothing. */
    int (*attributes)(const layer *self, lws_attribute *out);
    /* Can training on n images at a time work? LWS_ERR_USAGE, naming the layer. NULL: always. */
    lws_status (*check_training)(const layer *self, int n);

    /* Floats of self->kept, which it keeps from forward to backward for n images besides x and y. NULL: none. */
    size_t (*kept)(const layer *self, int n);
    /* Floats of self->transformed, which it derives from its parameters once they change, and how. NULL: none. */
    size_t (*transformed)(const layer *self);
    void (*transform_weights)(const layer *self, const float *params, float *transformed);
    /* Floats of pass->scratch for n images on `threads` threads. It holds nothing between two calls, nor over the pass
     * of a branch. NULL: none. */
    size_t (*scratch)(const layer *self, int n, int threads);

    /* Overwrites y [n, out] from x [n, in]; with pass->training also its statistics in pass->dbuffers. x and y are
     * plain arrays but where can_fuse() has said yes. */
    void (*forward)(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y);
    /* Overwrites its tensors in pass->dparams and dx [n, in], which is empty where nobody wants it. x is the same as in
     * forward and y what that wrote; dx may be dy only where in_place. */
    void (*backward)(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                     const lws_image_source *dy, const lws_image_sink *dx);
    bool in_place; /* backward may write dx over dy; dx is then there even where nobody wants it */

    /* Can be computed by its neighbours, where both can_fuse(). NULL: cannot. */
    const layer_fused_ops *fused;
    /* May the layer before (else: the one after) be computed by this one? Then x (y) is produced and dx (dy) handed on
     * image by image, see lws_image_source. NULL: neither. */
    bool (*can_fuse)(const layer *self, bool before);
} layer_ops;

enum { LAYER_NAME = 64 };

struct layer {
    const layer_ops *ops;
    char name[LAYER_NAME]; /* "encoder/conv1": begins the names of its tensors */
    lws_shape in, out;
    size_t begin, end;                 /* its own parameters in the flat array; empty where it has none */
    int tensor, tensors;               /* its own in the table: the first, and how many */
    lws_net *branch[LWS_BRANCHES_MAX]; /* the nets that it is made of, owned; to the first NULL */
    bool is_stale;                     /* the parameters have changed since the last pass */
    /* From the plan: */
    bool fused; /* computed by its neighbours: y is never written */
    float *y;
    float *kept, *transformed;
    /* While fused, of the present pass: */
    const lws_pass *pass;
    const float *x, *dy;
};

/* Appends a zeroed layer struct of `size` bytes, called "PREFIX/name", its input the present output. `out_layer` is the
 * address of a pointer to that struct. LWS_ERR_USAGE, LWS_ERR_MEMORY. */
lws_status net_append(lws_net *net, const char *name, size_t size, const layer_ops *ops, lws_shape out,
                      void *out_layer);

typedef struct layer_tensor {
    bool is_buffer; /* a running statistic, else a parameter */
    int rank;
    int64_t dims[4];
    double mean, std; /* of its initial values */
} layer_tensor;

/* Registers tensor "LAYER/part" of the layer appended last, and says where it stands in the flat array of its kind.
 * LWS_ERR_USAGE where there are too many. */
lws_status net_tensor(lws_net *net, const char *part, layer_tensor spec, size_t *offset);

/* An empty net within the layer appended last, which owns it, from that layer's input. Layers of all branches of a
 * layer need names that differ. LWS_ERR_USAGE where there are more than LWS_BRANCHES_MAX, LWS_ERR_MEMORY. */
lws_status net_branch(lws_net *net, lws_net **branch);

/* The passes of a branch: as lws_net_forward() and lws_net_backward(). */
const float *net_forward(lws_net *net, const lws_pass *pass, const float *x);
const float *net_backward(lws_net *net, const lws_pass *pass, const float *x, float *dy, bool want_dx);

#endif
