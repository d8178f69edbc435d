#include "layer.h"

#include "kernels/finite.h"
#include "base/profile.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

enum { LAYERS_MAX = 64 };

struct lws_net {
    char prefix[32];
    lws_shape in, out;
    lws_tensors *tensors;
    int threads; /* that the plan counted scratch for */
    int count;
    layer *layers[LAYERS_MAX];
    float *gradient[2]; /* one is read while the other is written */
};

lws_status lws_net_create(const char *prefix, lws_shape in, lws_tensors *tensors, lws_net **out)
{
    lws_net *net = calloc(1, sizeof *net);
    *out = net;
    if (!net)
        return lws_fail(LWS_ERR_MEMORY, "out of memory building the network");
    snprintf(net->prefix, sizeof net->prefix, "%s", prefix);
    net->in = net->out = in;
    net->tensors = tensors;
    return LWS_OK;
}

void lws_net_destroy(lws_net *net)
{
    if (!net)
        return;
    for (int i = 0; i < net->count; i++)
        free(net->layers[i]);
    free(net);
}

lws_shape lws_net_in(const lws_net *net)
{
    return net->in;
}

lws_shape lws_net_out(const lws_net *net)
{
    return net->out;
}

layer *net_append(lws_net *net, const char *name, size_t size, const layer_ops *ops, lws_shape out)
{
    if (net->count == LAYERS_MAX) {
        lws_fail(LWS_ERR_USAGE, "a network has at most %d layers", LAYERS_MAX);
        return NULL;
    }
    layer *l = calloc(1, size);
    if (!l) {
        lws_fail(LWS_ERR_MEMORY, "out of memory building the network");
        return NULL;
    }
    l->ops = ops;
    snprintf(l->name, sizeof l->name, "%s/%s", net->prefix, name);
    l->in = net->out;
    l->out = out;
    l->begin = l->end = net->tensors->params;
    net->out = out;
    net->layers[net->count++] = l;
    return l;
}

lws_status net_tensor(lws_net *net, const char *name, const char *part, bool is_buffer, int rank, const int64_t *dims,
                      double mean, double std, size_t *offset)
{
    lws_tensors *all = net->tensors;
    if (all->count == LWS_TENSORS_MAX)
        return lws_fail(LWS_ERR_USAGE, "a model has at most %d tensors", LWS_TENSORS_MAX);
    lws_tensor *t = &all->item[all->count++];
    size_t *end = is_buffer ? &all->buffers : &all->params;
    *t = (lws_tensor){
        .rank = rank, .count = 1, .offset = *end, .is_buffer = is_buffer, .init_mean = mean, .init_std = std};
    snprintf(t->name, sizeof t->name, "%s/%s/%s", net->prefix, name, part);
    for (int i = 0; i < rank; i++) {
        t->dims[i] = dims[i];
        t->count *= (size_t)dims[i];
    }
    *offset = t->offset;
    *end = (t->offset + t->count + 15) / 16 * 16;
    if (!is_buffer)
        net->layers[net->count - 1]->end = *end;
    return LWS_OK;
}

lws_status lws_net_check_training(const lws_net *net, int n)
{
    for (int i = 0; i < net->count; i++) {
        const layer *l = net->layers[i];
        if ((int64_t)n * l->in.h * l->in.w < l->ops->least_values)
            return lws_fail(LWS_ERR_USAGE,
                            "%s: a micro-batch of %d image gives this %s one value a channel, of which it leaves "
                            "nothing: raise batch-size or lower micro-batches, or prepare larger images",
                            l->name, n, l->ops->kind);
    }
    return LWS_OK;
}

/* Is layer i computed by its neighbours? */
static bool is_fused(const lws_net *net, int i)
{
    if (!net->layers[i]->ops->fused || i == 0 || i == net->count - 1)
        return false;
    const layer *before = net->layers[i - 1], *after = net->layers[i + 1];
    return before->ops->can_fuse && before->ops->can_fuse(before, false) && after->ops->can_fuse &&
           after->ops->can_fuse(after, true);
}

void lws_net_plan(lws_net *net, int n, lws_arena *arena)
{
    size_t largest = lws_shape_size(net->in);
    net->threads = omp_get_max_threads();
    for (int i = 0; i < net->count; i++) {
        layer *l = net->layers[i];
        size_t size = lws_shape_size(l->out);
        l->fused = is_fused(net, i);
        l->y = l->fused ? NULL : lws_arena_take(arena, (size_t)n * size * sizeof(float));
        l->kept = l->ops->kept ? lws_arena_take(arena, l->ops->kept(l, n) * sizeof(float)) : NULL;
        l->transformed = l->ops->transformed ? lws_arena_take(arena, l->ops->transformed(l) * sizeof(float)) : NULL;
        largest = size > largest ? size : largest;
    }
    for (int k = 0; k < 2; k++)
        net->gradient[k] = lws_arena_take(arena, (size_t)n * largest * sizeof(float));
}

static void transform_weights(layer *l, const float *params)
{
    l->is_stale = false;
    if (!l->ops->transform_weights)
        return;
    LWS_PROFILE_IN(l->ops->kind, "transforming weights");
    l->ops->transform_weights(l, params, l->transformed);
}

void lws_net_transform_weights(lws_net *net, const float *params)
{
    for (int i = 0; i < net->count; i++)
        transform_weights(net->layers[i], params);
}

void lws_net_invalidate(lws_net *net)
{
    for (int i = 0; i < net->count; i++)
        net->layers[i]->is_stale = true;
}

static void renew(layer *l, const lws_pass *pass)
{
    if (!l->is_stale)
        return;
    if (pass->flow && l->end > l->begin)
        pass->flow->param_wait(pass->flow->user, l->end);
    transform_weights(l, pass->params);
}

size_t lws_net_scratch(const lws_net *net, int n)
{
    size_t largest = 0;
    for (int i = 0; i < net->count; i++) {
        const layer *l = net->layers[i];
        size_t size = l->ops->scratch ? l->ops->scratch(l, n, net->threads) : 0;
        largest = size > largest ? size : largest;
    }
    return largest;
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

const float *lws_net_forward(lws_net *net, const lws_pass *pass, const float *x)
{
    LWS_PROFILE("forward");
    int threads = limit_threads(net);
    for (int i = 0; i < net->count; i++) {
        layer *l = net->layers[i];
        renew(l, pass);
        LWS_PROFILE_IN(l->ops->kind, l->name);
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
    omp_set_num_threads(threads);
    return net->layers[net->count - 1]->y;
}

static void backward(const layer *l, const lws_pass *pass, const lws_image_source *x, const lws_image_source *dy,
                     const lws_image_sink *dx)
{
    LWS_PROFILE_IN(l->ops->kind, l->name);
    l->ops->backward(l, pass, x, l->y, dy, dx);
}

static void finalize_gradient_sums(layer *l)
{
    LWS_PROFILE_IN(l->ops->kind, l->name);
    l->ops->fused->finalize_gradient_sums(l);
}

const float *lws_net_backward(lws_net *net, const lws_pass *pass, const float *x, float *dy, bool want_dx)
{
    LWS_PROFILE("backward");
    int free_buffer = 0, threads = limit_threads(net);
    lws_image_source from = {.at = dy};
    for (int i = net->count - 1; i >= 0; i--) {
        layer *l = net->layers[i];
        if (l->fused) { /* the layer before still reads its parameters: done() with those of that layer */
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
    omp_set_num_threads(threads);
    return want_dx ? dy : NULL;
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
    for (int i = 0; i < net->count; i++)
        if (!is_finite(net, net->layers[i], pass))
            return net->layers[i]->name;
    return NULL;
}
