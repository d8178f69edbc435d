/* The residual block of He et al. 2016: y = max(s(x) + f(x), 0), where f is two 3×3 convolutions with batch norms, and
 * s what x is, or, where the shapes differ, a 1×1 convolution of it with a batch norm. */
#include "layer.h"

#include "base/profile.h"
#include "kernels/activation.h"

static size_t values(const layer *self, int n)
{
    return (size_t)n * lws_shape_size(self->out);
}

/* A gradient for each branch to overwrite. */
static size_t kept(const layer *self, int n)
{
    return 2 * values(self, n);
}

static void forward(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y)
{
    const float *f = net_forward(self->branch[0], pass, x->at);
    const float *s = self->branch[1] ? net_forward(self->branch[1], pass, x->at) : x->at;
    size_t n = values(self, pass->n);
    LWS_PROFILE_IN("activation", "sum and ReLU");
#pragma omp parallel for
    for (size_t i = 0; i < n; i++)
        y->at[i] = s[i] + f[i];
    lws_relu_forward(n, y->at, y->at);
}

static void backward(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                     const lws_image_source *dy, const lws_image_sink *dx)
{
    size_t n = values(self, pass->n);
    float *ds = self->kept, *df = self->kept + n;
    lws_relu_backward(n, y, dy->at, ds);
    lws_relu_backward(n, y, dy->at, df);
    const float *dxs = self->branch[1] ? net_backward(self->branch[1], pass, x->at, ds, dx->at != NULL) : ds;
    const float *dxf = net_backward(self->branch[0], pass, x->at, df, dx->at != NULL);
    if (!dx->at)
        return;
    LWS_PROFILE_IN("activation", "sum of gradients");
#pragma omp parallel for
    for (size_t i = 0; i < (size_t)pass->n * lws_shape_size(self->in); i++)
        dx->at[i] = dxs[i] + dxf[i];
}

static const layer_ops ops = {.kind = "residual", .kept = kept, .forward = forward, .backward = backward};

lws_status lws_net_residual(lws_net *net, const char *name, lws_shape out)
{
    layer *l;
    lws_net *f, *s;
    lws_shape in = lws_net_out(net);
    int stride = in.h / out.h;
    LWS_TRY(net_append(net, name, sizeof *l, &ops, out, &l));
    LWS_TRY(net_branch(net, &f));
    LWS_TRY(lws_net_conv(f, "conv1", out, (lws_conv_spec){3, stride, 1, .gain = 2}));
    LWS_TRY(lws_net_batchnorm(f, "bn1", true));
    LWS_TRY(lws_net_conv(f, "conv2", out, (lws_conv_spec){3, 1, 1, .gain = 1}));
    LWS_TRY(lws_net_batchnorm(f, "bn2", false));
    if (in.h == out.h && in.w == out.w && in.c == out.c)
        return LWS_OK;
    LWS_TRY(net_branch(net, &s));
    LWS_TRY(lws_net_conv(s, "shortcut", out, (lws_conv_spec){1, stride, 0, .gain = 1}));
    return lws_net_batchnorm(s, "shortcut_bn", false);
}
