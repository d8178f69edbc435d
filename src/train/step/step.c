/* One training step, in the order in which things happen: trainer_step(), at the end, is the list.
 *
 * Two things happen while others do. The gradients of a layer leave for the owners of its slices as soon as this rank's
 * last micro-batch has gone backward through it; slices whose gradients have arrived from all ranks are updated while
 * backward goes on, before anybody knows whether the step is good; a step that fails is rewound. And parameters that
 * were updated travel while the next step goes forward, which waits for those of each layer in its turn. All of this
 * goes through update.h. */
#include "step/step.h"

#include "step/diverge.h"

#include "base/profile.h"
#include "comm/watchdog.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FLAG_FAILED = REQUESTS_END }; /* beside the requests */

/* Forward, loss and backward of a micro-batch, into memory of the reduction. */
static lws_model_sums compute(trainer *t, int64_t micro_batch)
{
    const train_context *c = &t->context;
    const train_state *s = &t->state;
    lws_micro_batch batch = batch_micro_batch(&t->batch, c, s->step, micro_batch);
    lws_model_gradients gradients = state_gradients(s, lws_reduction_micro_batch(c->reduction));
    lws_model_sums sums = {0, 0};
    if (t->mmd.is_encoded)
        memcpy(gradients.buffers, t->mmd.statistics, (s->count - s->param_count) * sizeof(float));
    lws_watchdog_phase("forward and backward of step", s->step + 1);
    lws_status status = lws_model_gradient(c->model, s->params, &batch, mmd_code_gradient(&t->mmd, c, micro_batch),
                                           t->mmd.is_encoded, gradients, &sums);
    if (status != LWS_OK)
        sums = (lws_model_sums){NAN, NAN}; /* every rank will see it and stop */
    if (status != LWS_OK && status != LWS_ERR_NUMERIC)
        step_failure_keep(&t->failure, status);
    else if (!isfinite(sums.recon) || !isfinite(sums.kl))
        diverge_note(t, &batch, &sums);
    return sums;
}

/* This rank's micro-batches, one after the other; the reduction adds them up. */
static void forward_and_backward(trainer *t)
{
    const lws_reduction_part *part = own_part(&t->context);
    for (int64_t own = 0; own < part->micro_batches; own++) {
        t->updater.is_last_pass = own + 1 == part->micro_batches;
        step_message_set_sums(&t->message, own, compute(t, part->first_micro_batch + own));
        lws_reduction_push(t->context.reduction);
    }
}

/* Sums and flags of all ranks on all ranks; *result is filled in. */
static void exchange_sums(trainer *t, const step_requests *requests, double mmd, step_result *result)
{
    LWS_PROFILE("exchange of sums");
    const train_context *c = &t->context;
    const lws_train_options *o = c->options;
    unsigned flags = requests ? requests->ask(requests->user) : 0;
    if (t->failure.status != LWS_OK)
        flags |= FLAG_FAILED;
    lws_watchdog_phase("exchange of the loss of step", t->state.step + 1);
    step_message_exchange(&t->message, flags, t->integrity.digest);
    lws_model_sums sums = step_message_sums(&t->message);
    result->requests = step_message_flags(&t->message) & (REQUESTS_END - 1);
    result->recon = sums.recon / (double)o->batch_size;
    result->kl = sums.kl / (double)o->batch_size;
    result->mmd = mmd;
    result->loss = o->recon_weight * result->recon + o->kl_weight * result->kl + o->mmd_weight * mmd;
    /* Where a loss is not finite there are micro-batches that never went backward. */
    result->gradient_norm = isfinite(result->loss) ? step_message_gradient_norm(&t->message) : (double)NAN;
    result->rate = lws_schedule_rate(&c->schedule, t->state.step);
}

/* Everything is summed and nobody's messages are in flight, so ranks may look for the cause as long as it takes. */
static lws_status not_finite(trainer *t, const step_result *result)
{
    char who[192] = "";
    diverge_find(t, result->mmd);
    if (t->found.rank >= 0)
        snprintf(who, sizeof who, "rank %d on %s%s: ", t->found.rank, t->found.host, t->found.part);
    return lws_fail(LWS_ERR_NUMERIC, "the %s is not finite at step %lld: training has diverged. First, %s%s.",
                    isfinite(result->loss) ? "gradient" : "loss", (long long)t->state.step + 1, who, t->found.what);
}

/* A difference that any rank heard of is a failure, even where it cannot be found again. A message that was altered on
 * its way to one of them is not known to the others. */
static lws_status check_digests(trainer *t)
{
    lws_status status = LWS_OK;
    if (step_message_differs(&t->message))
        status = lws_fail(
            LWS_ERR_MISMATCH,
            "the digests of the parameters that ranks exchanged after step %lld differ, though the parameters do "
            "not: a message was altered on its way, or memory. Go on %s.",
            (long long)t->state.step, t->context.goes_on);
    if (lws_comm_agree(t->context.comm, status) == LWS_OK)
        return LWS_OK;
    char message[512];
    snprintf(message, sizeof message, "%s", lws_message());
    LWS_TRY(integrity_compare(&t->integrity));
    return lws_fail(LWS_ERR_MISMATCH, "%s", message);
}

/* Has a rank failed, has memory changed, is anything not finite? `looks`: ranks have told digests. */
static lws_status check(trainer *t, bool looks, const step_result *result)
{
    if (step_message_flags(&t->message) & FLAG_FAILED)
        return lws_comm_agree(t->context.comm, step_failure_tell(&t->failure));
    if (looks && isfinite(result->loss)) /* else some never went backward, and did not look */
        LWS_TRY(check_digests(t));
    if (!isfinite(result->loss) || !isfinite(result->gradient_norm))
        return not_finite(t, result);
    return LWS_OK;
}

/* The parameters are on their way to all ranks: the next forward pass waits for those of each layer in its turn, or
 * this step waits for all. */
static void end_update(const train_context *c, const train_state *s)
{
    if (c->options->overlap) {
        lws_model_invalidate(c->model);
        return;
    }
    state_wait_params(c, s);
    lws_model_transform_weights(c->model, s->params);
}

static bool begin(trainer *t)
{
    t->seen = t->found = diverge_nothing();
    update_begin(&t->updater);
    return integrity_begin(&t->integrity);
}

lws_status trainer_step(trainer *t, const step_requests *requests, step_result *result)
{
    LWS_PROFILE("step");
    const train_context *c = &t->context;
    train_state *s = &t->state;
    bool looks = begin(t);

    lws_watchdog_phase("reading images of step", s->step + 1);
    step_failure_keep(&t->failure, batch_read(&t->batch, c, s->step));

    /* MMD-AE: the encoder runs over all images, and the codes go to all ranks. */
    double mmd = mmd_run(&t->mmd, c, s, &t->batch);

    /* Gradients go to the reduction as layers finish, and slices that have arrived are updated meanwhile. */
    forward_and_backward(t);
    lws_watchdog_phase("reduction of step", s->step + 1);
    update_arrived(&t->updater, true);

    exchange_sums(t, requests, mmd, result);
    LWS_TRY(check(t, looks, result));

    /* What needs the norm of the whole gradient, or of tensors, is updated only now. */
    update_checked(&t->updater, result->gradient_norm);
    end_update(c, s);
    s->step++;
    return LWS_OK;
}
