/* Sequential networks of layers over flat arrays.
 *
 * A net is built layer by layer, then planned for a largest batch. All parameters of a model stand in one flat
 * array, all running statistics in another; the tensor table says which part is what. Layers hold offsets, never
 * memory of their own. Activations are NHWC. Nothing allocates after the plan. */
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

/* Append a layer. Shapes are checked here, once. LWS_ERR_USAGE, LWS_ERR_MEMORY.
 *  conv            output (i, j) reads rows i·stride - pad … i·stride - pad + kernel - 1, columns alike; the last
 * window begins in the image or its padding, and less than a stride of the image lies behind it: -stride < (out -
 * 1)·stride + kernel - pad - in < kernel conv_transpose  the adjoint of the conv from `out` to the present shape dense
 * from all values of an image to all of `out` batchnorm       with its own scale and shift, then ReLU if asked */
lws_status lws_net_conv(lws_net *net, const char *name, lws_shape out, lws_conv_spec spec);
lws_status lws_net_conv_transpose(lws_net *net, const char *name, lws_shape out, lws_conv_spec spec);
lws_status lws_net_dense(lws_net *net, const char *name, lws_shape out, bool bias, double gain);
lws_status lws_net_batchnorm(lws_net *net, const char *name, bool relu);
lws_status lws_net_relu(lws_net *net);
lws_status lws_net_sigmoid(lws_net *net);

lws_shape lws_net_in(const lws_net *net);
lws_shape lws_net_out(const lws_net *net);

/* Takes memory for activations and gradients of up to n images from the arena (which may only be counting). A pass has
 * at most as many threads as OpenMP gives the caller now. */
void lws_net_plan(lws_net *net, int n, lws_arena *arena);

/* Whether training on n images at a time can work. LWS_ERR_USAGE, naming the layer: a batch norm that gets a single
 * value of each channel puts out the same whatever its input. */
lws_status lws_net_check_training(const lws_net *net, int n);

/* Floats of scratch a pass over up to n images needs, once planned; shared by all nets, as passes do not overlap. */
size_t lws_net_scratch(const lws_net *net, int n);

/* Derives from the parameters what layers keep of them in another form. Call it whenever they have changed, before the
 * next pass. Or _expire: the next forward pass then does it layer by layer, having asked its flow for the parameters.
 */
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
