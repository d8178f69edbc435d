/* Sequential networks of layers over flat arrays. Not collective.
 *
 * A net is built layer by layer, then planned for a largest batch. All parameters of a model stand in one flat
 * array, all running statistics in another; the tensor table says which part is what. Layers hold offsets, never
 * memory of their own. Activations are NHWC. Nothing allocates after the plan.
 *
 * A net is a chain: a layer reads what the one before wrote, and nothing else does. What branches is within a layer,
 * which may hold nets of its own (a residual block is one layer: y = x + f(x), f a net) and adds their gradients in an
 * order of its own. So a pass is one loop, two arrays of gradients in turn serve all its layers, a layer that its
 * neighbours compute has exactly two, and the order of the layers is that of their parameters, by which these come and
 * gradients go while the pass is going on. Were an input any earlier layer, each of these would need to know who else
 * still reads or adds to an array. What the chain leaves out is a connection past the ends of a layer, as from an
 * encoder to a decoder; an auto-encoder must have none of these, as all that it knows of an image goes through the
 * code. */
#ifndef LWSSIM_NN_H
#define LWSSIM_NN_H

#include "base/arena.h"
#include "base/tensors.h"
#include <lwssim/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who brings parameters and takes gradients away while a pass is going on. Both are called between layers, by the
 * thread that makes the pass; what a pass has asked for or given stays so to its end. */
typedef struct lws_flow {
    void *user;
    /* Returns when all parameters at offsets below `end` are there. */
    void (*param_wait)(void *user, size_t end);
    /* All gradients of parameters from offset `begin` on are complete, and all statistics; their parameters will not be
     * read any more. */
    void (*grad_ready)(void *user, size_t begin);
} lws_flow;

/* What a pass over a net works on. */
typedef struct lws_pass {
    int n;         /* images, at most the planned batch */
    bool training; /* statistics of this batch; else the running ones */
    const float *params, *buffers;
    float *dparams;       /* each tensor's gradient is overwritten; NULL in a forward pass */
    float *dbuffers;      /* training: this batch's statistics are written here */
    float *scratch;       /* lws_net_scratch() floats */
    const lws_flow *flow; /* NULL: all parameters are there, and nobody asks for gradients before the end */
} lws_pass;

typedef struct lws_net lws_net;

/* An empty net; `prefix` ("encoder") begins the names of its tensors, which are appended to `tensors` (not owned,
 * must outlive the building). LWS_ERR_MEMORY. */
lws_status lws_net_create(const char *prefix, lws_shape in, lws_tensors *tensors, lws_net **out);
void lws_net_destroy(lws_net *net);

typedef struct lws_conv_spec {
    int kernel, stride;
    int pad; /* zeros above and left; below and right as many as the last window needs */
    bool bias;
    double gain; /* variance that the initial weights give an output, over that of an input */
} lws_conv_spec;

/* ---- building: each appends a layer; shapes are checked here, once. LWS_ERR_USAGE, LWS_ERR_MEMORY. ---- */

/* Output row i reads rows i·stride - pad to i·stride - pad + kernel - 1, columns alike, and what is outside of the
 * image is 0. In each direction -stride < (out - 1)·stride + kernel - pad - in < kernel: the last window does not lie
 * wholly behind the image, nor a stride or more of the image behind it. */
lws_status lws_net_conv(lws_net *net, const char *name, lws_shape out, lws_conv_spec spec);
/* The adjoint of that convolution from `out` to the present shape. */
lws_status lws_net_conv_transpose(lws_net *net, const char *name, lws_shape out, lws_conv_spec spec);
/* From all values of an image to all of `out`. */
lws_status lws_net_dense(lws_net *net, const char *name, lws_shape out, bool bias, double gain);
/* With a scale and a shift of its own for each channel, then ReLU if asked. */
lws_status lws_net_batchnorm(lws_net *net, const char *name, bool relu);
lws_status lws_net_relu(lws_net *net);
lws_status lws_net_sigmoid(lws_net *net);

/* ---- what a net is made of, for those who write it in other forms ---- */

lws_shape lws_net_in(const lws_net *net);
lws_shape lws_net_out(const lws_net *net);

enum { LWS_ATTRIBUTES_MAX = 8, LWS_BRANCHES_MAX = 2 };

typedef struct lws_attribute {
    const char *name; /* one of those below */
    double value;
} lws_attribute;

/* A layer. Its kind says what it computes, by its tensors ("NAME/weight", …) and attributes; n images each:
 *
 *   conv            weight [kernel, kernel, in.c, out.c], perhaps bias [out.c]; kernel, stride, pad (above and left)
 *   conv_transpose  the adjoint: weight [kernel, kernel, out.c, in.c], perhaps bias [out.c]; kernel, stride, pad
 *   dense           weight [in, out] over all values in their order h, w, c; perhaps bias [out]
 *   batchnorm       gamma, beta, running_mean, running_var [c]; epsilon; relu (1: max(y, 0) behind it)
 *   relu, sigmoid   no tensors
 */
typedef struct lws_layer_info {
    const char *name; /* "encoder/conv1" */
    const char *kind;
    lws_shape in, out;
    int tensor_count; /* of the layer itself, not of its branches */
    const lws_tensor *tensors;
    int attribute_count;
    lws_attribute attributes[LWS_ATTRIBUTES_MAX];
    int branch_count; /* nets that it is made of, each from its input */
    const lws_net *branches[LWS_BRANCHES_MAX];
} lws_layer_info;

/* The layers of a net in their order, numbered from 0. What it points to is the net's and the tensor table's. */
int lws_net_count(const lws_net *net);
lws_layer_info lws_net_layer(const lws_net *net, int i);

/* ---- running ---- */

/* Takes memory for activations and gradients of up to n images from the arena (which may only be counting). A pass has
 * at most as many threads as OpenMP gives the caller now. */
void lws_net_plan(lws_net *net, int n, lws_arena *arena);

/* Whether training on n images at a time can work. LWS_ERR_USAGE, naming the layer: a batch norm that gets a single
 * value of each channel puts out the same whatever its input. */
lws_status lws_net_check_training(const lws_net *net, int n);

/* Floats of scratch a pass over up to n images needs, once planned; shared by all nets, as passes do not overlap. */
size_t lws_net_scratch(const lws_net *net, int n);

/* Derives from the parameters what layers keep of them in another form. Call it whenever they have changed, before the
 * next pass. Or _invalidate: the next forward pass then does it layer by layer, having waited for each one's parameters
 * if it has a flow. */
void lws_net_transform_weights(lws_net *net, const float *params);
void lws_net_invalidate(lws_net *net);

/* Runs the net on x [n, in]. The result [n, out] is owned by the net and valid until its next forward pass. */
const float *lws_net_forward(lws_net *net, const lws_pass *pass, const float *x);

/* Gradients of the latest forward pass (training), x being the same. dy [n, out] is overwritten; the gradient
 * of each parameter is overwritten in pass->dparams. With want_dx, returns the gradient with respect to x, owned by the
 * net; else NULL, and saves that work. */
const float *lws_net_backward(lws_net *net, const lws_pass *pass, const float *x, float *dy, bool want_dx);

/* The first layer whose output in the latest forward pass, made with this pass, is not finite: its name, owned by the
 * net; NULL where all are. May be asked after the backward pass too; overwrites what that returned. */
const char *lws_net_first_not_finite(lws_net *net, const lws_pass *pass);

#endif
