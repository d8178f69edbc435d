/* From gradients to parameters, slice by slice as they arrive. */
#include "trainer.h"

#include "base/digest.h"
#include "optim/norm.h"
#include "base/profile.h"
#include "base/simd.h"
#include "comm/watchdog.h"

#include <string.h>

LWS_VARIANTS(static, void, move_average,
             (size_t n, float part, float old_part, const float *restrict now, float *restrict average),
             (n, part, old_part, now, average))
{
    for (size_t i = 0; i < n; i++)
        average[i] = old_part * average[i] + part * now[i];
}

bool update_range(const trainer *t, const lws_tensor *tensor, const lws_reduction_slice *slice, size_t *begin,
                  size_t *end)
{
    *begin = tensor->offset + (tensor->is_buffer ? t->param_count : 0);
    *end = *begin + tensor->count;
    *begin = *begin > slice->begin ? *begin : slice->begin;
    *end = *end < slice->end ? *end : slice->end;
    return *begin < *end;
}

/* The optimizer on the parameters, the moving average on the statistics. */
static void update_slice(trainer *t, const lws_reduction_slice *slice, double scale)
{
    LWS_PROFILE("update");
    const lws_tensors *tensors = lws_model_tensors(t->model);
    double momentum = t->options->bn_momentum, rate = lws_schedule_rate(&t->schedule, t->step);
    lws_update_bits all = {0, 0};
    for (int i = 0; i < tensors->count; i++) {
        const lws_tensor *tensor = &tensors->item[i];
        size_t begin, end;
        if (!update_range(t, tensor, slice, &begin, &end))
            continue;
        size_t at = begin - slice->begin, own = slice->at + at;
        if (tensor->is_buffer) {
            /* The reduction summed the statistics of all micro-batches; their mean is what counts. */
            all.found += lws_bit_sum(end - begin, t->params + begin);
            move_average(end - begin, (float)(momentum / (double)t->options->micro_batches), (float)(1 - momentum),
                         slice->sum + at, t->params + begin);
            all.left += lws_bit_sum(end - begin, t->params + begin);
            continue;
        }
        lws_update update = {
            .options = t->optimizer_options,
            .step = t->step + 1,
            .rate = rate,
            .gradient_scale = scale,
            .weight_decay = tensor->rank < 2 ? 0 : t->options->weight_decay,
            .n = end - begin,
            .gradient = slice->sum + at,
            .theta = t->params + begin,
        };
        for (int k = 0; k < t->optimizer->slots; k++)
            update.slot[k] = t->slot[k] + own;
        lws_update_bits bits = t->optimizer->update(&update);
        all.found += bits.found;
        all.left += bits.left;
    }
    integrity_updated(t, slice, all);
}

static void norm_of_slice(trainer *t, const lws_reduction_slice *slice)
{
    LWS_PROFILE("norm");
    double *norms = t->norms + slice->at / LWS_NORM_BLOCK;
    size_t end = slice->end < t->param_count ? slice->end : t->param_count; /* statistics do not count */
    for (size_t b = 0; b * LWS_NORM_BLOCK < slice->end - slice->begin; b++)
        norms[b] = 0;
    if (end > slice->begin)
        lws_norm_blocks(end - slice->begin, slice->sum, norms);
}

/* What was before this step, should it turn out to have failed: the update does not wait to be told. */
static void keep_slice(trainer *t, const lws_reduction_slice *slice)
{
    LWS_PROFILE("keeping what was");
    memcpy(t->before + slice->at, t->params + slice->begin, (slice->end - slice->begin) * sizeof *t->before);
    t->is_updated = true;
}

static void update_and_share(trainer *t, const lws_reduction_slice *slice, double scale)
{
    keep_slice(t, slice);
    update_slice(t, slice, scale);
    lws_reduction_allgather(t->reduction, slice->bucket, t->params);
}

void update_take(trainer *t, bool wait)
{
    lws_reduction_slice slice;
    while (lws_reduction_reduce_scatter_next(t->reduction, wait, &slice)) {
        norm_of_slice(t, &slice);
        t->slices[slice.bucket] = slice;
        if (t->options->clip_norm == 0)
            update_and_share(t, &slice, 1);
    }
}

void update_clipped(trainer *t, double norm)
{
    double limit = t->options->clip_norm;
    if (limit == 0)
        return;
    for (int b = 0; b < lws_reduction_get_part(t->reduction)->buckets; b++)
        update_and_share(t, &t->slices[b], norm > limit ? limit / norm : 1);
}

static void param_wait(void *user, size_t end)
{
    trainer *t = user;
    if (lws_reduction_is_here(t->reduction, end))
        return;
    lws_watchdog_phase("gather of parameters for step", t->step + 1);
    lws_reduction_await(t->reduction, end);
    lws_watchdog_phase("forward and backward of step", t->step + 1);
}

static void grad_ready(void *user, size_t begin)
{
    trainer *t = user;
    if (t->is_to_look && t->is_last) { /* no forward is to come; others' parameters are here, and none is updated yet */
        trainer_wait_params(t);
        integrity_look(t);
    }
    lws_reduction_ready(t->reduction, begin);
    update_take(t, false);
}

void update_follow(trainer *t)
{
    t->flow = (lws_flow){.user = t, .param_wait = param_wait, .grad_ready = grad_ready};
    lws_model_follow(t->model, &t->flow);
}
