/* Updates of slices, all from one loop: see advance(). */
#include "step/update.h"

#include "base/digest.h"
#include "base/profile.h"
#include "base/simd.h"
#include "comm/watchdog.h"
#include "optim/norm.h"

#include <string.h>

void update_take_memory(updater *u, lws_arena *arena)
{
    const train_context *c = u->context;
    const lws_reduction_part *part = own_part(c);
    u->before = lws_arena_take(arena, part->own * sizeof(float));
    u->proposal = c->optimizer->trust_ratio ? lws_arena_take(arena, part->own * sizeof(float)) : NULL;
    u->slices = lws_arena_take(arena, (size_t)part->buckets * sizeof *u->slices);
    tensor_norms_take_memory(&u->tensor_norms, c, u->state, arena);
}

void update_begin(updater *u)
{
    u->late = 0;
    u->has_updated = false;
}

/* ---- one slice --------------------------------------------------------------------------------------------------- */

LWS_VARIANTS(static, void, move_average,
             (size_t n, float part, float old_part, const float *restrict now, float *restrict average),
             (n, part, old_part, now, average))
{
    for (size_t i = 0; i < n; i++)
        average[i] = old_part * average[i] + part * now[i];
}

/* The reduction summed the statistics of all micro-batches; their mean is what counts. */
static lws_update_bits update_statistics(const lws_train_options *o, size_t n, const float *sum, float *average)
{
    lws_update_bits bits = {.found = lws_bit_sum(n, average)};
    double momentum = o->bn_momentum;
    move_average(n, (float)(momentum / (double)o->micro_batches), (float)(1 - momentum), sum, average);
    bits.left = lws_bit_sum(n, average);
    return bits;
}

/* Biases, scales and shifts of batch norm: they do not decay, and their trust ratio is 1. */
static bool is_vector(const lws_tensor *tensor)
{
    return tensor->rank < 2;
}

/* Parameters [begin, end) of a tensor, which lie in the slice. */
static lws_update_bits update_parameters(updater *u, const lws_tensor *tensor, const lws_reduction_slice *slice,
                                         size_t begin, size_t end, double scale)
{
    const train_context *c = u->context;
    size_t at = begin - slice->begin, own = slice->at + at;
    lws_update update = {
        .options = c->optimizer_options,
        .step = u->state->step + 1,
        .rate = lws_schedule_rate(&c->schedule, u->state->step),
        .gradient_scale = scale,
        .weight_decay = is_vector(tensor) ? 0 : c->options->weight_decay,
        .n = end - begin,
        .gradient = slice->sum + at,
        .theta = u->state->params + begin,
        .proposal = u->proposal ? u->proposal + own : NULL,
    };
    for (int k = 0; k < c->optimizer->slots; k++)
        update.slot[k] = u->state->slot[k] + own;
    return c->optimizer->update(&update);
}

/* What was before this step, should it turn out to have failed. */
static void keep_slice(updater *u, const lws_reduction_slice *slice)
{
    LWS_PROFILE("keeping what was");
    memcpy(u->before + slice->at, u->state->params + slice->begin, (slice->end - slice->begin) * sizeof *u->before);
    u->has_updated = true;
}

static void update_slice(updater *u, const lws_reduction_slice *slice, double scale)
{
    const train_context *c = u->context;
    keep_slice(u, slice);
    LWS_PROFILE("update");
    lws_update_bits all = {0, 0};
    for (int i = 0; i < c->tensors->count; i++) {
        const lws_tensor *tensor = &c->tensors->item[i];
        size_t begin, end;
        if (!state_range(u->state, tensor, slice, &begin, &end))
            continue;
        lws_update_bits bits = tensor->is_buffer
                                   ? update_statistics(c->options, end - begin, slice->sum + begin - slice->begin,
                                                       u->state->params + begin)
                                   : update_parameters(u, tensor, slice, begin, end, scale);
        all.found += bits.found;
        all.left += bits.left;
    }
    integrity_updated(u->integrity, slice, all);
}

/* ---- which slices, and when -------------------------------------------------------------------------------------- */

static void norm_of_slice(updater *u, const lws_reduction_slice *slice)
{
    LWS_PROFILE("norm");
    double *norms = step_message_norms(u->message) + slice->at / LWS_NORM_BLOCK;
    size_t params = u->state->param_count;
    size_t end = slice->end < params ? slice->end : params; /* statistics do not count */
    for (size_t b = 0; b * LWS_NORM_BLOCK < slice->end - slice->begin; b++)
        norms[b] = 0;
    if (end > slice->begin)
        lws_norm_blocks(end - slice->begin, slice->sum, norms);
}

typedef enum moment { DURING_BACKWARD, AFTER_BACKWARD, AFTER_CHECKS } moment;

static bool waits_for_checks(const updater *u)
{
    return u->context->options->clip_norm != 0 || u->context->optimizer->trust_ratio;
}

/* The next slice to be updated now. */
static bool next_slice(updater *u, moment now, lws_reduction_slice *slice)
{
    if (now == AFTER_CHECKS) {
        if (!waits_for_checks(u) || u->late == own_part(u->context)->buckets)
            return false;
        *slice = u->slices[u->late++];
        return true;
    }
    while (lws_reduction_reduce_scatter_next(u->context->reduction, now == AFTER_BACKWARD, slice)) {
        norm_of_slice(u, slice);
        u->slices[slice->bucket] = *slice;
        if (!waits_for_checks(u))
            return true;
    }
    return false;
}

static void advance(updater *u, moment now, double scale)
{
    lws_reduction_slice slice;
    while (next_slice(u, now, &slice)) {
        update_slice(u, &slice, scale);
        if (!u->proposal)
            lws_reduction_allgather(u->context->reduction, slice.bucket, u->state->params);
    }
}

void update_arrived(updater *u, bool wait)
{
    advance(u, wait ? AFTER_BACKWARD : DURING_BACKWARD, 1);
}

/* The second half of an update with a trust ratio. */
static void apply_proposal(updater *u, const lws_reduction_slice *slice)
{
    LWS_PROFILE("update");
    const train_context *c = u->context;
    double rate = lws_schedule_rate(&c->schedule, u->state->step);
    lws_update_bits all = {0, 0};
    for (int i = 0; i < c->tensors->count; i++) {
        const lws_tensor *tensor = &c->tensors->item[i];
        size_t begin, end;
        if (tensor->is_buffer || !state_range(u->state, tensor, slice, &begin, &end))
            continue;
        const tensor_norms *norms = &u->tensor_norms;
        double ratio = is_vector(tensor)
                           ? 1
                           : c->optimizer->trust_ratio(c->optimizer_options, norms->param[i], norms->proposal[i]);
        lws_update_bits bits = lws_optimizer_apply(
            end - begin, rate * ratio, u->proposal + slice->at + begin - slice->begin, u->state->params + begin);
        all.found += bits.found;
        all.left += bits.left;
    }
    integrity_moved(u->integrity, slice, all);
    lws_reduction_allgather(c->reduction, slice->bucket, u->state->params);
}

void update_checked(updater *u, double gradient_norm)
{
    double limit = u->context->options->clip_norm;
    advance(u, AFTER_CHECKS, limit > 0 && gradient_norm > limit ? limit / gradient_norm : 1);
    if (!u->proposal)
        return;
    tensor_norms_exchange(&u->tensor_norms, u->proposal);
    for (int b = 0; b < own_part(u->context)->buckets; b++)
        apply_proposal(u, &u->slices[b]);
}

void update_rewind(updater *u)
{
    const train_context *c = u->context;
    train_state *s = u->state;
    state_wait_params(c, s);
    if (u->has_updated) { /* else everybody has still what was before */
        lws_reduction_gather(c->reduction, u->before, c->is_root ? s->params : NULL);
        lws_comm_broadcast(c->comm, s->params, s->count * sizeof(float));
    }
    u->has_updated = false;
    lws_model_transform_weights(c->model, s->params);
}

/* ---- while the model computes ------------------------------------------------------------------------------------ */

static void param_wait(void *user, size_t end)
{
    updater *u = user;
    if (lws_reduction_is_here(u->context->reduction, end))
        return;
    lws_watchdog_phase("gather of parameters for step", u->state->step + 1);
    lws_reduction_await(u->context->reduction, end);
    lws_watchdog_phase("forward and backward of step", u->state->step + 1);
}

static void grad_ready(void *user, size_t begin)
{
    updater *u = user;
    if (u->integrity->is_to_look && u->is_last_pass) {
        /* No forward is to come; others' parameters are here, and none is updated yet. */
        state_wait_params(u->context, u->state);
        integrity_look(u->integrity);
    }
    lws_reduction_ready(u->context->reduction, begin);
    update_arrived(u, false);
}

void update_follow(updater *u)
{
    u->flow = (lws_flow){.user = u, .param_wait = param_wait, .grad_ready = grad_ready};
    lws_model_follow(u->context->model, &u->flow);
}
