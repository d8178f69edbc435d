/* The passes over a sequential net, forward and backward: which arrays each layer reads and writes, which layers their
 * neighbours compute, and when parameters are asked for and gradients given away. */
#include "net.h"

#include "base/profile.h"
#include "kernels/finite.h"

#include <omp.h>

/* ---- weights in another form ------------------------------------------------------------------------------------- */

static void transform_weights(layer *l, const float *params)
{
    l->is_stale = false;
    if (!l->ops->transform_weights)
        return;
    LWS_PROFILE_IN(l->ops->group, "transforming weights");
    l->ops->transform_weights(l, params, l->transformed);
}

void lws_net_transform_weights(lws_net *net, const float *params)
{
    for (int i = 0; i < net->count; i++) {
        transform_weights(net->layers[i], params);
        for (int k = 0; k < net_branches(net->layers[i]); k++)
            lws_net_transform_weights(net->layers[i]->branch[k], params);
    }
}

void lws_net_invalidate(lws_net *net)
{
    for (int i = 0; i < net->count; i++) {
        net->layers[i]->is_stale = true;
        for (int k = 0; k < net_branches(net->layers[i]); k++)
            lws_net_invalidate(net->layers[i]->branch[k]);
    }
}

static void transform_if_stale(layer *l, const lws_pass *pass)
{
    if (!l->is_stale)
        return;
    if (pass->flow && l->end > l->begin)
        pass->flow->param_wait(pass->flow->user, l->end);
    transform_weights(l, pass->params);
}

/* Layers divide scratch among their threads, so a pass has no more than were planned for. Returns how many there were,
 * to be put back at its end. */
static int limit_threads(const lws_net *net)
{
    int before = omp_get_max_threads();
    if (before > net->threads)
        omp_set_num_threads(net->threads);
    return before;
}

/* In test builds what is about to be overwritten is poisoned, so that a read before the write shows. */
static void poison(const layer *l, const lws_pass *pass, float *result, size_t result_size)
{
#ifdef LWS_POISON
    lws_poison(result, (size_t)pass->n * result_size);
    lws_poison(pass->scratch, l->ops->scratch ? l->ops->scratch(l, pass->n, 1) : 0);
#else
    (void)l, (void)pass, (void)result, (void)result_size;
#endif
}

/* What layer i reads going forward, x being the net's input. */
static lws_image_source input(const lws_net *net, int i, const float *x)
{
    if (i == 0)
        return (lws_image_source){.at = x};
    layer *before = net->layers[i - 1];
    if (before->fused)
        return (lws_image_source){.producer = before->ops->fused->producer, .user = before};
    return (lws_image_source){.at = before->y};
}

static bool fused_at(const lws_net *net, int i)
{
    return i >= 0 && i < net->count && net->layers[i]->fused;
}

const float *net_forward(lws_net *net, const lws_pass *pass, const float *x)
{
    for (int i = 0; i < net->count; i++) {
        layer *l = net->layers[i];
        transform_if_stale(l, pass);
        LWS_PROFILE_IN(l->ops->group, l->name);
        if (l->fused) {
            l->ops->fused->finalize_stats(l);
            continue;
        }
        lws_image_source from = input(net, i, x);
        lws_image_sink to = {.at = l->y};
        if (fused_at(net, i + 1)) {
            layer *after = net->layers[i + 1];
            after->pass = pass;
            after->x = l->y;
            to = (lws_image_sink){l->y, after->ops->fused->accumulate_stats, after};
        }
        poison(l, pass, l->y, lws_shape_size(l->out));
        l->ops->forward(l, pass, &from, &to);
    }
    return net->layers[net->count - 1]->y;
}

const float *lws_net_forward(lws_net *net, const lws_pass *pass, const float *x)
{
    LWS_PROFILE("forward");
    int threads = limit_threads(net);
    const float *y = net_forward(net, pass, x);
    omp_set_num_threads(threads);
    return y;
}

static void backward(const layer *l, const lws_pass *pass, const lws_image_source *x, const lws_image_source *dy,
                     const lws_image_sink *dx)
{
    LWS_PROFILE_IN(l->ops->group, l->name);
    l->ops->backward(l, pass, x, l->y, dy, dx);
}

static void finalize_gradient_sums(layer *l)
{
    LWS_PROFILE_IN(l->ops->group, l->name);
    l->ops->fused->finalize_gradient_sums(l);
}

const float *net_backward(lws_net *net, const lws_pass *pass, const float *x, float *dy, bool want_dx)
{
    int free_buffer = 0;
    lws_image_source from = {.at = dy};
    for (int i = net->count - 1; i >= 0; i--) {
        layer *l = net->layers[i];
        if (l->fused) { /* the layer before still reads its parameters: they are ready with those of that layer */
            l->dy = dy;
            finalize_gradient_sums(l);
            from = (lws_image_source){.producer = l->ops->fused->make_gradient, .user = l};
            continue;
        }
        lws_image_source in = input(net, i, x);
        lws_image_sink to = {.at = NULL};
        if (i > 0 || want_dx || l->ops->in_place) {
            to.at = l->ops->in_place ? dy : net->gradient[free_buffer];
            if (!l->ops->in_place) {
                poison(l, pass, to.at, lws_shape_size(l->in));
                free_buffer = !free_buffer;
            }
        }
        if (fused_at(net, i - 1)) {
            layer *before = net->layers[i - 1];
            before->pass = pass;
            to.epilogue = before->ops->fused->accumulate_gradient_sums;
            to.user = before;
        }
        backward(l, pass, &in, &from, &to);
        if (pass->flow && l->end > l->begin)
            pass->flow->grad_ready(pass->flow->user, l->begin);
        dy = to.at;
        from = (lws_image_source){.at = dy};
    }
    return want_dx ? dy : NULL;
}

const float *lws_net_backward(lws_net *net, const lws_pass *pass, const float *x, float *dy, bool want_dx)
{
    LWS_PROFILE("backward");
    int threads = limit_threads(net);
    const float *dx = net_backward(net, pass, x, dy, want_dx);
    omp_set_num_threads(threads);
    return dx;
}

/* A layer computed by its neighbours has no output of its own: it is made once more, image by image. */
static bool is_finite(const lws_net *net, layer *l, const lws_pass *pass)
{
    size_t size = lws_shape_size(l->out);
    if (!l->fused)
        return lws_first_not_finite((size_t)pass->n * size, l->y) == (size_t)pass->n * size;
    l->pass = pass;
    for (int image = 0; image < pass->n; image++) {
        l->ops->fused->producer(l, image, net->gradient[0]);
        if (lws_first_not_finite(size, net->gradient[0]) < size)
            return false;
    }
    return true;
}

const char *lws_net_first_not_finite(lws_net *net, const lws_pass *pass)
{
    for (int i = 0; i < net->count; i++) {
        layer *l = net->layers[i];
        for (int k = 0; k < net_branches(l); k++) {
            const char *name = lws_net_first_not_finite(l->branch[k], pass);
            if (name)
                return name;
        }
        if (!is_finite(net, l, pass))
            return l->name;
    }
    return NULL;
}
