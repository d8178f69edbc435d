/* Batch norm with a scale and a shift for each channel, then ReLU if asked; on its own, or fused with its neighbours.
 */
#include "layer.h"

#include "kernels/batchnorm.h"

typedef struct batchnorm_layer {
    layer base;
    bool relu;
    size_t gamma, beta;    /* parameters */
    size_t mean, variance; /* running statistics */
} batchnorm_layer;

static int rows(const layer *self, int n)
{
    return n * self->in.h * self->in.w;
}

/* Kept: six arrays of [channels] (one is unused, so that what follows is aligned), then, where fused, the sums of
 * every image, [2 · channels] doubles each. */
enum { ARRAYS = 6 };

static size_t kept(const layer *self, int n)
{
    size_t c = (size_t)self->in.c, sums = 2 * c * sizeof(double) / sizeof(float);
    return ARRAYS * c + (self->fused ? n * sums : 0);
}

static double *sums(const layer *self, int image)
{
    size_t c = (size_t)self->in.c;
    return (double *)(void *)(self->kept + ARRAYS * c) + image * 2 * c;
}

static lws_batchnorm arrays(const layer *self, const lws_pass *pass)
{
    const batchnorm_layer *l = (const batchnorm_layer *)self;
    size_t c = (size_t)self->in.c;
    float *at = self->kept;
    return (lws_batchnorm){
        .channels = self->in.c,
        .relu = l->relu,
        .gamma = pass->params + l->gamma,
        .beta = pass->params + l->beta,
        .mean = at,
        .inv_std = at + c,
        .scale = at + 2 * c,
        .mean_dy = at + 3 * c,
        .slope = at + 4 * c,
    };
}

static size_t scratch(const layer *self, int n, int threads)
{
    (void)threads;
    return self->fused ? 0 : lws_batchnorm_scratch(rows(self, n), self->in.c);
}

/* ---- on its own -------------------------------------------------------------------------------------------------- */

static void write_mean(const batchnorm_layer *l, const lws_pass *pass, const float *mean)
{
    for (int i = 0; i < l->base.in.c; i++)
        pass->dbuffers[l->mean + i] = mean[i];
}

static void forward(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y)
{
    const batchnorm_layer *l = (const batchnorm_layer *)self;
    lws_batchnorm bn = arrays(self, pass);
    int n = rows(self, pass->n);
    if (!pass->training) {
        lws_batchnorm_apply(&bn, n, x->at, pass->buffers + l->mean, pass->buffers + l->variance, y->at);
        return;
    }
    bn.unbiased_var = pass->dbuffers + l->variance;
    lws_batchnorm_forward(&bn, n, x->at, y->at, pass->scratch);
    write_mean(l, pass, bn.mean);
}

static void backward(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                     const lws_image_source *dy, const lws_image_sink *dx)
{
    (void)y;
    const batchnorm_layer *l = (const batchnorm_layer *)self;
    lws_batchnorm bn = arrays(self, pass);
    bn.dgamma = pass->dparams + l->gamma;
    bn.dbeta = pass->dparams + l->beta;
    lws_batchnorm_backward(&bn, rows(self, pass->n), x->at, dy->at, dx->at, pass->scratch);
}

/* ---- by its neighbours ------------------------------------------------------------------------------------------- */

static void accumulate_stats(void *user, int image, const float *x)
{
    const layer *self = user;
    if (self->pass->training)
        lws_batchnorm_accumulate_stats(self->in.c, rows(self, 1), x, sums(self, image));
}

static void finalize_stats(layer *self)
{
    const batchnorm_layer *l = (const batchnorm_layer *)self;
    const lws_pass *pass = self->pass;
    lws_batchnorm bn = arrays(self, pass);
    if (!pass->training) {
        lws_batchnorm_use_stats(&bn, pass->buffers + l->mean, pass->buffers + l->variance);
        return;
    }
    bn.unbiased_var = pass->dbuffers + l->variance;
    lws_batchnorm_finalize_stats(&bn, rows(self, pass->n), rows(self, 1), sums(self, 0));
    write_mean(l, pass, bn.mean);
}

static void normalize(void *user, int image, float *y)
{
    const layer *self = user;
    lws_batchnorm bn = arrays(self, self->pass);
    lws_batchnorm_normalize(&bn, rows(self, 1), self->x + image * lws_shape_size(self->in), y);
}

static void accumulate_gradient_sums(void *user, int image, const float *dy)
{
    const layer *self = user;
    lws_batchnorm bn = arrays(self, self->pass);
    lws_batchnorm_accumulate_gradient_sums(&bn, rows(self, 1), self->x + image * lws_shape_size(self->in), dy,
                                           sums(self, image));
}

static void finalize_gradient_sums(layer *self)
{
    const batchnorm_layer *l = (const batchnorm_layer *)self;
    const lws_pass *pass = self->pass;
    lws_batchnorm bn = arrays(self, pass);
    bn.dgamma = pass->dparams + l->gamma;
    bn.dbeta = pass->dparams + l->beta;
    lws_batchnorm_finalize_gradient_sums(&bn, rows(self, pass->n), rows(self, 1), sums(self, 0));
}

static void make_gradient(void *user, int image, float *dx)
{
    const layer *self = user;
    lws_batchnorm bn = arrays(self, self->pass);
    size_t at = image * lws_shape_size(self->in);
    lws_batchnorm_input_gradient(&bn, rows(self, 1), self->x + at, self->dy + at, dx);
}

static const layer_fused_ops fused_ops = {.accumulate_stats = accumulate_stats,
                                          .finalize_stats = finalize_stats,
                                          .producer = normalize,
                                          .accumulate_gradient_sums = accumulate_gradient_sums,
                                          .finalize_gradient_sums = finalize_gradient_sums,
                                          .make_gradient = make_gradient};
static int attributes(const layer *self, lws_attribute *out)
{
    out[0] = (lws_attribute){"relu", ((const batchnorm_layer *)self)->relu};
    out[1] = (lws_attribute){"epsilon", LWS_BATCHNORM_EPSILON};
    return 2;
}

/* Of a single value nothing is left once its mean is taken off. */
static lws_status check_training(const layer *self, int n)
{
    if ((int64_t)n * self->in.h * self->in.w < 2)
        return lws_fail(LWS_ERR_USAGE,
                        "%s: a micro-batch of %d image gives this batch norm one value a channel, of which it leaves "
                        "nothing: raise batch-size or lower micro-batches, or prepare larger images",
                        self->name, n);
    return LWS_OK;
}

static const layer_ops ops = {.kind = "batchnorm",
                              .group = "batch norm",
                              .attributes = attributes,
                              .check_training = check_training,
                              .kept = kept,
                              .scratch = scratch,
                              .forward = forward,
                              .backward = backward,
                              .in_place = true,
                              .fused = &fused_ops};

lws_status lws_net_batchnorm(lws_net *net, const char *name, bool relu)
{
    batchnorm_layer *l;
    LWS_TRY(net_append(net, name, sizeof *l, &ops, lws_net_out(net), &l));
    l->relu = relu;
    int64_t c = l->base.in.c;
    layer_tensor gamma = {.rank = 1, .dims = {c}, .mean = 1}, beta = {.rank = 1, .dims = {c}};
    layer_tensor mean = {.is_buffer = true, .rank = 1, .dims = {c}}, var = mean;
    var.mean = 1;
    LWS_TRY(net_tensor(net, "gamma", gamma, &l->gamma));
    LWS_TRY(net_tensor(net, "beta", beta, &l->beta));
    LWS_TRY(net_tensor(net, "running_mean", mean, &l->mean));
    return net_tensor(net, "running_var", var, &l->variance);
}
