/* The search for what is not finite: in the sums of the step itself, before it, and in each micro-batch once more. */
#include "step/diverge.h"

#include "comm/watchdog.h"
#include "kernels/finite.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLAUSE = 240 };

/* The order of computation, which tells causes from consequences. */
enum { STAGE_BEFORE, STAGE_FORWARD, STAGE_MMD, STAGE_GRADIENT, STAGE_ONLY_ONCE, STAGE_SUM };

finding diverge_nothing(void)
{
    return (finding){.stage = INT64_MAX, .rank = -1};
}

static bool is_earlier(const finding *a, const finding *b)
{
    return a->stage != b->stage ? a->stage < b->stage : a->place < b->place;
}

static void keep_earliest(finding *kept, const finding *other)
{
    if (is_earlier(other, kept))
        *kept = *other;
}

static finding in_micro_batch(const trainer *t, int64_t stage, int64_t micro_batch, const char *what)
{
    finding f = {.stage = stage, .place = micro_batch, .rank = lws_comm_rank(t->context.comm)};
    int used = snprintf(f.what, sizeof f.what, "micro-batch %" PRId64 " of %" PRId64 ", ", micro_batch + 1,
                        t->context.options->micro_batches);
    snprintf(f.what + used, sizeof f.what - (size_t)used, "%s", what);
    return f;
}

/* The first tensor [begin, end) of the flat array that is not finite, `from` [end - begin] being that part of it. */
static const lws_tensor *tensor_not_finite(const trainer *t, size_t begin, size_t end, const float *from)
{
    const lws_tensors *tensors = t->context.tensors;
    size_t at = begin + lws_first_not_finite(end - begin, from);
    for (int i = 0; i < tensors->count && at < end; i++) {
        size_t offset = state_offset(&t->state, &tensors->item[i]);
        if (at >= offset && at < offset + tensors->item[i].count)
            return &tensors->item[i];
    }
    return NULL;
}

void diverge_note(trainer *t, const lws_micro_batch *batch, const lws_model_sums *sums)
{
    char what[CLAUSE];
    if (!lws_model_first_not_finite(t->context.model, t->state.params, batch, sums, what, sizeof what))
        snprintf(what, sizeof what, "its loss is not finite");
    finding f = in_micro_batch(t, STAGE_ONLY_ONCE, batch->first / batch->n, what);
    keep_earliest(&t->seen, &f);
}

/* ---- before the step, and the sums of the step itself --------------------------------------------------------------
 */

/* The running statistics do not enter a training step. */
static finding look_before(const trainer *t)
{
    finding f = diverge_nothing();
    const lws_tensor *tensor = tensor_not_finite(t, 0, t->state.param_count, t->state.params);
    if (tensor) {
        f.stage = STAGE_BEFORE;
        snprintf(f.what, sizeof f.what, "%s was not finite before the step: the update of the step before overflowed",
                 tensor->name);
    }
    return f;
}

/* Of the sums over all micro-batches, of which every rank has slices: as they are from the step itself. */
static finding look_at_sums(trainer *t)
{
    finding f = diverge_nothing();
    for (int b = 0; b < own_part(&t->context)->buckets; b++) {
        const lws_reduction_slice *slice = &t->updater.slices[b];
        const lws_tensor *tensor = tensor_not_finite(t, slice->begin, slice->end, slice->sum);
        if (!tensor || tensor->is_buffer)
            continue;
        int64_t first, micro_batches;
        size_t at = slice->begin + lws_first_not_finite(slice->end - slice->begin, slice->sum);
        f.stage = STAGE_SUM;
        f.place = (int64_t)slice->begin; /* the first in the flat array counts, whoever owns it */
        f.rank = lws_reduction_trace(t->context.reduction, slice, at, &first, &micro_batches);
        if (f.rank >= 0)
            snprintf(f.part, sizeof f.part, ", micro-batches %" PRId64 " to %" PRId64, first + 1,
                     first + micro_batches);
        snprintf(f.what, sizeof f.what,
                 "%s: the sum of its gradients is not finite, though that of each micro-batch, computed again, is: an "
                 "overflow, or a fault of a machine",
                 tensor->name);
        return f;
    }
    return f;
}

/* The codes are those that the MMD was computed of, before the passes that are repeated. */
static finding look_at_mmd(const trainer *t)
{
    const lws_reduction_part *part = own_part(&t->context);
    int64_t batch = t->context.options->batch_size, latent = t->context.options->latent;
    int64_t at = (int64_t)lws_first_not_finite((size_t)(batch * latent), t->mmd.codes);
    finding f = diverge_nothing();
    if (at == batch * latent) {
        f.stage = STAGE_MMD;
        snprintf(f.what, sizeof f.what, "the MMD is not finite, of finite codes");
        return f;
    }
    int64_t micro_batch = at / latent / micro_batch_size(&t->context);
    if (micro_batch >= part->first_micro_batch && micro_batch < part->first_micro_batch + part->micro_batches)
        f = in_micro_batch(t, STAGE_ONLY_ONCE, micro_batch, "its codes are not finite");
    return f;
}

/* ---- one micro-batch ----------------------------------------------------------------------------------------------
 */

/* Takes each gradient as soon as the backward pass has it. */
typedef struct gradient_watch {
    const trainer *t;
    const float *gradient;
    size_t end; /* from here on they have been looked at */
    const lws_tensor *first;
} gradient_watch;

static void wait_for_nothing(void *user, size_t end)
{
    (void)user;
    (void)end;
}

static void look_at_gradient(void *user, size_t begin)
{
    gradient_watch *w = user;
    const lws_tensors *tensors = w->t->context.tensors;
    for (int i = tensors->count - 1; i >= 0 && !w->first; i--) { /* backward: the last first */
        const lws_tensor *tensor = &tensors->item[i];
        if (!tensor->is_buffer && tensor->offset >= begin && tensor->offset < w->end &&
            lws_first_not_finite(tensor->count, w->gradient + tensor->offset) < tensor->count)
            w->first = tensor;
    }
    w->end = begin;
}

static finding look_at_micro_batch(trainer *t, int64_t micro_batch, float *gradient)
{
    const train_context *c = &t->context;
    lws_micro_batch batch = batch_micro_batch(&t->batch, c, t->state.step, micro_batch);
    lws_model_sums sums = {NAN, 0};
    gradient_watch watch = {.t = t, .gradient = gradient, .end = t->state.param_count};
    lws_flow flow = {.user = &watch, .param_wait = wait_for_nothing, .grad_ready = look_at_gradient};
    char what[CLAUSE];
    lws_watchdog_phase("search for what is not finite in step", t->state.step + 1);
    lws_model_follow(c->model, &flow);
    lws_model_gradient(c->model, t->state.params, &batch, mmd_code_gradient(&t->mmd, c, micro_batch), false,
                       state_gradients(&t->state, gradient), &sums);
    lws_model_follow(c->model, NULL);
    if (lws_model_first_not_finite(c->model, t->state.params, &batch, &sums, what, sizeof what))
        return in_micro_batch(t, STAGE_FORWARD, micro_batch, what);
    if (!watch.first)
        return diverge_nothing();
    snprintf(what, sizeof what, "backward through a finite loss: the gradient of %s is not finite", watch.first->name);
    return in_micro_batch(t, STAGE_GRADIENT, micro_batch, what);
}

/* ---- all of it ----------------------------------------------------------------------------------------------------
 */

/* The earliest of what the ranks have found: the same on any number of them, who and where aside. */
static finding agree_on_earliest(trainer *t, const finding *mine)
{
    lws_comm *comm = t->context.comm;
    int size = lws_comm_size(comm);
    finding earliest = diverge_nothing(), *all = malloc((size_t)size * sizeof *all);
    size_t *bytes_of = malloc((size_t)size * sizeof *bytes_of);
    if (lws_comm_agree(comm, all && bytes_of ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory")) == LWS_OK) {
        for (int r = 0; r < size; r++)
            bytes_of[r] = sizeof *all;
        lws_comm_allgather(comm, mine, bytes_of, all);
        for (int r = 0; r < size; r++)
            keep_earliest(&earliest, &all[r]);
        snprintf(earliest.host, sizeof earliest.host, "%s", earliest.rank >= 0 ? all[earliest.rank].host : "");
    }
    free(all);
    free(bytes_of);
    return earliest;
}

void diverge_find(trainer *t, double mmd)
{
    const lws_reduction_part *part = own_part(&t->context);
    finding mine = look_at_sums(t), in_mmd = isfinite(mmd) ? diverge_nothing() : look_at_mmd(t);
    update_rewind(&t->updater);
    if (isfinite(mmd_run(&t->mmd, &t->context, &t->state, &t->batch)) && in_mmd.stage == STAGE_MMD)
        in_mmd.stage = STAGE_ONLY_ONCE;
    keep_earliest(&mine, &in_mmd);
    finding before = look_before(t);
    keep_earliest(&mine, &before);
    float *gradient = lws_reduction_micro_batch(t->context.reduction);
    for (int64_t micro_batch = part->first_micro_batch;
         micro_batch < part->first_micro_batch + part->micro_batches && mine.stage > STAGE_FORWARD; micro_batch++) {
        finding f = look_at_micro_batch(t, micro_batch, gradient);
        keep_earliest(&mine, &f);
    }
    keep_earliest(&mine, &t->seen);
    snprintf(mine.host, sizeof mine.host, "%s", lws_comm_host(t->context.comm));
    t->found = agree_on_earliest(t, &mine);
    size_t end = strlen(t->found.what);
    if (end == 0)
        snprintf(t->found.what, sizeof t->found.what,
                 "computed again all of it is finite: suspect a fault of a machine");
    else if (t->found.stage == STAGE_ONLY_ONCE)
        snprintf(t->found.what + end, sizeof t->found.what - end,
                 "; computed again it is finite: suspect a fault of the machine");
}

bool diverge_after_update(trainer *t)
{
    const lws_tensor *tensor = tensor_not_finite(t, 0, t->state.count, t->state.params);
    const char *meaning = "";
    for (int k = 0; k < t->context.optimizer->slots && !tensor; k++)
        if ((tensor = tensor_not_finite(t, 0, t->state.param_count, t->state.full_slot[k])))
            meaning = t->context.optimizer->slot[k].meaning;
    if (!tensor)
        return false;
    t->found = diverge_nothing();
    snprintf(t->found.what, sizeof t->found.what, "%s%s%s " NOT_FINITE_AFTER_UPDATE, meaning, meaning[0] ? " of " : "",
             tensor->name);
    return true;
}
