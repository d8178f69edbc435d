/* A sequential net: building it layer by layer, what it says of itself, and the plan of its memory. */
#include "net.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- building ---------------------------------------------------------------------------------------------------- */

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
    for (int i = 0; i < net->count; i++) {
        for (int k = 0; k < net_branches(net->layers[i]); k++)
            lws_net_destroy(net->layers[i]->branch[k]);
        free(net->layers[i]);
    }
    free(net);
}

/* "first/second"; cut off, two names could be the same. */
static lws_status join(char name[LAYER_NAME], const char *first, const char *second)
{
    if (snprintf(name, LAYER_NAME, "%s/%s", first, second) >= LAYER_NAME)
        return lws_fail(LWS_ERR_USAGE, "the name %s/%s is longer than %d letters", first, second, LAYER_NAME - 1);
    return LWS_OK;
}

lws_status net_append(lws_net *net, const char *name, size_t size, const layer_ops *ops, lws_shape out, void *out_layer)
{
    if (net->count == LAYERS_MAX)
        return lws_fail(LWS_ERR_USAGE, "a network has at most %d layers", LAYERS_MAX);
    char full[LAYER_NAME];
    LWS_TRY(join(full, net->prefix, name));
    layer *l = calloc(1, size);
    if (!l)
        return lws_fail(LWS_ERR_MEMORY, "out of memory building the network");
    l->ops = ops;
    memcpy(l->name, full, sizeof full);
    l->in = net->out;
    l->out = out;
    l->begin = l->end = net->tensors->params;
    l->tensor = net->tensors->count;
    net->out = out;
    net->layers[net->count++] = l;
    memcpy(out_layer, &l, sizeof l);
    return LWS_OK;
}

lws_status net_tensor(lws_net *net, const char *part, layer_tensor spec, size_t *offset)
{
    layer *l = net->layers[net->count - 1];
    lws_tensors *all = net->tensors;
    if (all->count == LWS_TENSORS_MAX)
        return lws_fail(LWS_ERR_USAGE, "a model has at most %d tensors", LWS_TENSORS_MAX);
    lws_tensor *t = &all->item[all->count];
    size_t *end = spec.is_buffer ? &all->buffers : &all->params;
    *t = (lws_tensor){.rank = spec.rank,
                      .count = 1,
                      .offset = *end,
                      .is_buffer = spec.is_buffer,
                      .init_mean = spec.mean,
                      .init_std = spec.std};
    LWS_TRY(join(t->name, l->name, part));
    for (int i = 0; i < spec.rank; i++) {
        t->dims[i] = spec.dims[i];
        t->count *= (size_t)spec.dims[i];
    }
    *offset = t->offset;
    *end = (t->offset + t->count + 15) / 16 * 16;
    all->count++;
    l->tensors++;
    if (!spec.is_buffer)
        l->end = *end;
    return LWS_OK;
}

lws_status net_branch(lws_net *net, lws_net **branch)
{
    layer *l = net->layers[net->count - 1];
    int count = net_branches(l);
    if (count == LWS_BRANCHES_MAX)
        return lws_fail(LWS_ERR_USAGE, "%s: a layer has at most %d branches", l->name, LWS_BRANCHES_MAX);
    LWS_TRY(lws_net_create(l->name, l->in, net->tensors, &l->branch[count]));
    *branch = l->branch[count];
    return LWS_OK;
}

/* ---- what it is -------------------------------------------------------------------------------------------------- */

lws_shape lws_net_in(const lws_net *net)
{
    return net->in;
}

lws_shape lws_net_out(const lws_net *net)
{
    return net->out;
}

int lws_net_count(const lws_net *net)
{
    return net->count;
}

lws_layer_info lws_net_layer(const lws_net *net, int i)
{
    const layer *l = net->layers[i];
    lws_layer_info info = {.name = l->name,
                           .kind = l->ops->kind,
                           .in = l->in,
                           .out = l->out,
                           .tensors = net->tensors->item + l->tensor,
                           .tensor_count = l->tensors,
                           .branch_count = net_branches(l)};
    if (l->ops->attributes)
        info.attribute_count = l->ops->attributes(l, info.attributes);
    for (int k = 0; k < info.branch_count; k++)
        info.branches[k] = l->branch[k];
    return info;
}

lws_status lws_net_check_training(const lws_net *net, int n)
{
    for (int i = 0; i < net->count; i++) {
        const layer *l = net->layers[i];
        for (int k = 0; k < net_branches(l); k++)
            LWS_TRY(lws_net_check_training(l->branch[k], n));
        if (l->ops->check_training)
            LWS_TRY(l->ops->check_training(l, n));
    }
    return LWS_OK;
}

/* ---- its memory -------------------------------------------------------------------------------------------------- */

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
        for (int k = 0; k < net_branches(l); k++)
            lws_net_plan(l->branch[k], n, arena);
        largest = size > largest ? size : largest;
    }
    for (int k = 0; k < 2; k++)
        net->gradient[k] = lws_arena_take(arena, (size_t)n * largest * sizeof(float));
}

size_t lws_net_scratch(const lws_net *net, int n)
{
    size_t largest = 0;
    for (int i = 0; i < net->count; i++) {
        const layer *l = net->layers[i];
        size_t size = l->ops->scratch ? l->ops->scratch(l, n, net->threads) : 0;
        largest = size > largest ? size : largest;
        for (int k = 0; k < net_branches(l); k++) {
            size = lws_net_scratch(l->branch[k], n);
            largest = size > largest ? size : largest;
        }
    }
    return largest;
}
