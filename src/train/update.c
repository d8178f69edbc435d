/* From gradients to parameters, piece by piece as they arrive. */
#include "trainer.h"

#include <lwssim/digest.h>
#include <lwssim/norm.h>
#include <lwssim/profile.h>
#include <lwssim/simd.h>
#include <lwssim/watchdog.h>
#include <string.h>

LWS_VARIANTS(static, void, move_average,
             (size_t n, float part, float old_part, const float *restrict now, float *restrict average),
             (n, part, old_part, now, average))
{
    for (size_t i = 0; i < n; i++)
        average[i] = old_part * average[i] + part * now[i];
}

bool update_range(const trainer *t, const lws_tensor *tensor, const lws_reduction_piece *piece, size_t *begin,
                  size_t *end)
{
    *begin = tensor->offset + (tensor->state ? t->params : 0);
    *end = *begin + tensor->count;
    *begin = *begin > piece->begin ? *begin : piece->begin;
    *end = *end < piece->end ? *end : piece->end;
    return *begin < *end;
}

/* Adam on the parameters, the moving average on the statistics. */
static void update_piece(trainer *t, const lws_reduction_piece *piece, double scale)
{
    LWS_PROFILE("update");
    const lws_tensors *tensors = lws_model_tensors(t->model);
    double momentum = t->options->bn_momentum, rate = lws_schedule_rate(&t->schedule, t->step);
    lws_adam_bits all = {0, 0};
    for (int i = 0; i < tensors->count; i++) {
        const lws_tensor *tensor = &tensors->item[i];
        size_t begin, end;
        if (!update_range(t, tensor, piece, &begin, &end))
            continue;
        size_t at = begin - piece->begin, own = piece->at + at;
        if (tensor->state) {
            /* The reduction summed the statistics of all micro-batches; their mean is what counts. */
            all.before += lws_bit_sum(end - begin, t->flat + begin);
            move_average(end - begin, (float)(momentum / (double)t->options->micro_batches), (float)(1 - momentum),
                         piece->sum + at, t->flat + begin);
            all.after += lws_bit_sum(end - begin, t->flat + begin);
            continue;
        }
        lws_adam adam = t->adam;
        if (tensor->rank < 2)
            adam.weight_decay = 0;
        lws_adam_bits bits = lws_adam_step(&adam, t->step + 1, rate, scale, end - begin, t->flat + begin, t->m + own,
                                           t->v + own, piece->sum + at);
        all.before += bits.before;
        all.after += bits.after;
    }
    integrity_updated(t, piece, all);
}

static void norm_of_piece(trainer *t, const lws_reduction_piece *piece)
{
    LWS_PROFILE("norm");
    double *norms = t->norms + piece->at / LWS_NORM_BLOCK;
    size_t end = piece->end < t->params ? piece->end : t->params; /* statistics do not count */
    for (size_t b = 0; b * LWS_NORM_BLOCK < piece->end - piece->begin; b++)
        norms[b] = 0;
    if (end > piece->begin)
        lws_norm_blocks(end - piece->begin, piece->sum, norms);
}

/* What was before this step, should it turn out to have failed: the update does not wait to be told. */
static void keep_piece(trainer *t, const lws_reduction_piece *piece)
{
    LWS_PROFILE("keeping what was");
    memcpy(t->before + piece->at, t->flat + piece->begin, (piece->end - piece->begin) * sizeof *t->before);
    t->is_updated = true;
}

static void update_and_share(trainer *t, const lws_reduction_piece *piece, double scale)
{
    keep_piece(t, piece);
    update_piece(t, piece, scale);
    lws_reduction_share(t->reduction, piece->bucket, t->flat);
}

void update_take(trainer *t, bool wait)
{
    lws_reduction_piece piece;
    while (lws_reduction_arrived(t->reduction, wait, &piece)) {
        norm_of_piece(t, &piece);
        t->pieces[piece.bucket] = piece;
        if (t->options->clip_norm == 0)
            update_and_share(t, &piece, 1);
    }
}

void update_clipped(trainer *t, double norm)
{
    double limit = t->options->clip_norm;
    if (limit == 0)
        return;
    for (int b = 0; b < lws_reduction_get_part(t->reduction)->buckets; b++)
        update_and_share(t, &t->pieces[b], norm > limit ? limit / norm : 1);
}

static void need(void *user, size_t end)
{
    trainer *t = user;
    if (lws_reduction_is_here(t->reduction, end))
        return;
    lws_watchdog_phase("gather of parameters for step", t->step + 1);
    lws_reduction_await(t->reduction, end);
    lws_watchdog_phase("forward and backward of step", t->step + 1);
}

static void done(void *user, size_t begin)
{
    trainer *t = user;
    if (t->is_to_look && t->is_last) { /* no forward is to come; others' parameters are here, and none is updated yet */
        trainer_settle(t);
        integrity_look(t);
    }
    lws_reduction_ready(t->reduction, begin);
    update_take(t, false);
}

void update_follow(trainer *t)
{
    t->flow = (lws_flow){.user = t, .need = need, .done = done};
    lws_model_follow(t->model, &t->flow);
}
