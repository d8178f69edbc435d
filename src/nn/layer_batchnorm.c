#include "layer.h"

#include <lwssim/batchnorm.h>

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

static size_t kept(const layer *self, int n)
{
    (void)n;
    return 2 * (size_t)self->in.c; /* mean and 1/std of the batch */
}

static size_t scratch(const layer *self, int n, int threads)
{
    (void)threads;
    return lws_batchnorm_scratch(rows(self, n), self->in.c);
}

static void forward(const layer *self, const lws_pass *pass, const float *x, float *y, float *saved)
{
    const batchnorm_layer *l = (const batchnorm_layer *)self;
    int c = self->in.c;
    const float *gamma = pass->params + l->gamma, *beta = pass->params + l->beta;
    if (!pass->training) {
        lws_batchnorm_apply(rows(self, pass->n), c, l->relu, x, gamma, beta, pass->states + l->mean,
                            pass->states + l->variance, y);
        return;
    }
    lws_batchnorm_forward(rows(self, pass->n), c, l->relu, x, gamma, beta, y, saved, saved + c,
                          pass->dstates + l->variance, pass->scratch);
    for (int i = 0; i < c; i++)
        pass->dstates[l->mean + i] = saved[i];
}

static void backward(const layer *self, const lws_pass *pass, const float *x, const float *y, const float *saved,
                     const float *dy, float *dx)
{
    (void)y;
    const batchnorm_layer *l = (const batchnorm_layer *)self;
    lws_batchnorm_backward(rows(self, pass->n), self->in.c, l->relu, x, pass->params + l->gamma, pass->params + l->beta,
                           saved, saved + self->in.c, dy, dx, pass->dparams + l->gamma, pass->dparams + l->beta,
                           pass->scratch);
}

static const layer_ops ops = {
    .kind = "batch norm", .kept = kept, .scratch = scratch, .forward = forward, .backward = backward, .in_place = true};

lws_status lws_net_batchnorm(lws_net *net, const char *name, bool relu)
{
    batchnorm_layer *l = (batchnorm_layer *)net_append(net, name, sizeof *l, &ops, lws_net_out(net));
    if (!l)
        return LWS_ERR_MEMORY;
    int64_t c = l->base.in.c;
    l->relu = relu;
    LWS_TRY(net_tensor(net, name, "gamma", false, 1, &c, 1, 0, &l->gamma));
    LWS_TRY(net_tensor(net, name, "beta", false, 1, &c, 0, 0, &l->beta));
    LWS_TRY(net_tensor(net, name, "running_mean", true, 1, &c, 0, 0, &l->mean));
    LWS_TRY(net_tensor(net, name, "running_var", true, 1, &c, 1, 0, &l->variance));
    return LWS_OK;
}
