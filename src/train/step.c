#include "trainer.h"

#include "persist.h"
#include "stop.h"

#include "base/clock.h"
#include "optim/norm.h"
#include "base/profile.h"
#include "comm/watchdog.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What ranks tell each other each step, in doubles: a word of flags and the halves of the digest of the parameters,
 * then the sums of each of its micro-batches, then the squared norms of its blocks of the gradient. */
enum { FLAG_STOP = 1, FLAG_CHECKPOINT = 2, FLAG_EVALUATE = 4, FLAG_TIME_UP = 8, FLAG_FAILED = 16, FLAG_LOG = 32 };

static bool clock_says(const lws_config_interval *every, double since)
{
    return every->unit == LWS_EVERY_SECONDS && every->count > 0 && lws_now() - since >= every->count;
}

static double my_flags(const trainer *t)
{
    int flags = stop_requests() > 0 ? FLAG_STOP : 0;
    if (t->failure.status != LWS_OK)
        flags |= FLAG_FAILED;
    if (t->log_failure.status != LWS_OK)
        flags |= FLAG_LOG;
    if (t->is_root &&
        (clock_says(&t->options->checkpoint_every, t->checkpoint_time) || persist_is_due(&t->late_checkpoint)))
        flags |= FLAG_CHECKPOINT;
    if (t->is_root && clock_says(&t->options->eval_every, t->evaluate_time))
        flags |= FLAG_EVALUATE;
    if (t->is_root && t->options->time_limit > 0 && lws_now() - t->start_time >= t->options->time_limit)
        flags |= FLAG_TIME_UP;
    return flags;
}

lws_micro_batch trainer_micro_batch(const trainer *t, int64_t micro_batch)
{
    int64_t n = t->options->batch_size / t->options->micro_batches;
    int64_t own = micro_batch - lws_reduction_get_part(t->reduction)->first_micro_batch;
    size_t image = lws_shape_size(lws_model_get_spec(t->model)->image);
    return (lws_micro_batch){
        .n = (int)n,
        .x = t->images + (size_t)(own * n) * image,
        .first = micro_batch * n,
        .total = t->options->batch_size,
        .seed = (uint64_t)t->options->seed,
        .step = t->step,
    };
}

const float *trainer_code_gradient(const trainer *t, int64_t micro_batch)
{
    int64_t n = t->options->batch_size / t->options->micro_batches;
    int64_t own = micro_batch - lws_reduction_get_part(t->reduction)->first_micro_batch;
    return t->dcode ? t->dcode + (size_t)(own * n * t->options->latent) : NULL;
}

void step_failure_keep(step_failure *failure, lws_status status)
{
    if (status == LWS_OK || failure->status != LWS_OK)
        return;
    failure->status = status;
    snprintf(failure->message, sizeof failure->message, "%s", lws_message());
}

lws_status step_failure_tell(const step_failure *failure)
{
    return failure->status == LWS_OK ? LWS_OK : lws_fail(failure->status, "%s", failure->message);
}

static void read_images(trainer *t)
{
    LWS_PROFILE("reading images");
    const lws_reduction_part *part = lws_reduction_get_part(t->reduction);
    int64_t n = t->options->batch_size / t->options->micro_batches;
    lws_sampler_batch(&t->sampler, t->step, part->first_micro_batch * n, part->micro_batches * n, t->rows);
    step_failure_keep(&t->failure, lws_dataset_read(t->train, t->rows, (int)(part->micro_batches * n), t->images));
    lws_sampler_batch(&t->sampler, t->step + 1, part->first_micro_batch * n, part->micro_batches * n, t->rows);
    lws_dataset_prefetch(t->train, t->rows,
                         (int)(part->micro_batches * n)); /* the disk works while this step computes */
}

/* The estimator is not a sum over micro-batches, hence the pass of its own. */
double trainer_mmd(trainer *t, bool *encoded)
{
    LWS_PROFILE("MMD");
    const lws_reduction_part *part = lws_reduction_get_part(t->reduction);
    int64_t n = t->options->batch_size / t->options->micro_batches;
    size_t latent = (size_t)t->options->latent, bytes = latent * sizeof(float);
    for (int64_t micro_batch = part->first_micro_batch; micro_batch < part->first_micro_batch + part->micro_batches;
         micro_batch++) {
        lws_micro_batch batch = trainer_micro_batch(t, micro_batch);
        const float *codes = lws_model_codes(t->model, t->params, &batch, t->statistics);
        memcpy(t->dcode + (size_t)((micro_batch - part->first_micro_batch) * n) * latent, codes, (size_t)n * bytes);
    }
    for (int r = 0; r < lws_comm_size(t->comm); r++) {
        int64_t first, count;
        lws_comm_run(t->options->micro_batches, lws_comm_size(t->comm), r, &first, &count);
        t->bytes_of[r] = (size_t)(count * n) * bytes;
    }
    lws_comm_allgather(t->comm, t->dcode, t->bytes_of, t->codes);
    *encoded = part->micro_batches == 1;
    lws_micro_batch own = trainer_micro_batch(t, part->first_micro_batch);
    own.n = (int)(part->micro_batches * n);
    return lws_model_mmd(t->model, t->codes, &own, t->prior, t->dcode);
}

/* Forward and backward of this rank's micro-batches; sums [2 · own micro-batches]. */
static void backward_all(trainer *t, bool encoded, double *sums)
{
    const lws_reduction_part *part = lws_reduction_get_part(t->reduction);
    for (int64_t micro_batch = part->first_micro_batch; micro_batch < part->first_micro_batch + part->micro_batches;
         micro_batch++) {
        lws_micro_batch batch = trainer_micro_batch(t, micro_batch);
        lws_model_sums of_batch = {0, 0};
        float *gradient = lws_reduction_micro_batch(t->reduction);
        t->is_last = micro_batch + 1 == part->first_micro_batch + part->micro_batches;
        if (encoded)
            memcpy(gradient + t->param_count, t->statistics, (t->count - t->param_count) * sizeof(float));
        lws_watchdog_phase("forward and backward of step", t->step + 1);
        lws_status status =
            lws_model_gradient(t->model, t->params, &batch, trainer_code_gradient(t, micro_batch), encoded,
                               (lws_model_gradients){gradient, gradient + t->param_count}, &of_batch);
        if (status != LWS_OK)
            of_batch = (lws_model_sums){NAN, NAN}; /* every rank will see it and stop */
        if (status != LWS_OK && status != LWS_ERR_NUMERIC)
            step_failure_keep(&t->failure, status);
        else if (!isfinite(of_batch.recon) || !isfinite(of_batch.kl))
            diverge_note(t, &batch, &of_batch);
        lws_reduction_push(t->reduction);
        *sums++ = of_batch.recon;
        *sums++ = of_batch.kl;
    }
}

/* Doubles that a rank tells the others. */
static size_t news_length(const trainer *t, int rank)
{
    int64_t first, count;
    lws_comm_run(t->options->micro_batches, lws_comm_size(t->comm), rank, &first, &count);
    lws_reduction_slice last =
        lws_reduction_get_slice(t->reduction, lws_reduction_get_part(t->reduction)->buckets - 1, rank);
    size_t own = last.at + last.end - last.begin;
    return NEWS_HEAD + 2 * (size_t)count + (own + LWS_NORM_BLOCK - 1) / LWS_NORM_BLOCK;
}

/* The norm of the summed gradient of the parameters, from sums over blocks, in the order of the flat array. */
static double gradient_norm(const trainer *t)
{
    int size = lws_comm_size(t->comm);
    double sum = 0;
    for (int b = 0; b < lws_reduction_get_part(t->reduction)->buckets; b++) {
        const double *at = t->sums;
        for (int r = 0; r < size; r++) {
            int64_t first, count;
            lws_comm_run(t->options->micro_batches, size, r, &first, &count);
            lws_reduction_slice slice = lws_reduction_get_slice(t->reduction, b, r);
            const double *norms = at + NEWS_HEAD + 2 * count + slice.at / LWS_NORM_BLOCK;
            for (size_t i = 0; i * LWS_NORM_BLOCK < slice.end - slice.begin; i++)
                sum += norms[i];
            at += t->bytes_of[r] / sizeof(double);
        }
    }
    return sqrt(sum);
}

/* What a rank hears of the others besides their sums. */
typedef struct hearsay {
    bool has_failed; /* any rank, in this step */
    bool differs;    /* the digest of any rank */
} hearsay;

/* Every rank's flags and sums on all ranks; the loss summed over micro-batches in their order. */
static void exchange_sums(trainer *t, const double *mine, double mmd, hearsay *heard, step_result *result)
{
    LWS_PROFILE("exchange of sums");
    const lws_train_options *o = t->options;
    int size = lws_comm_size(t->comm);
    for (int r = 0; r < size; r++)
        t->bytes_of[r] = news_length(t, r) * sizeof(double);
    lws_watchdog_phase("exchange of the loss of step", t->step + 1);
    lws_comm_allgather(t->comm, mine, t->bytes_of, t->sums);
    int flags = 0;
    double recon = 0, kl = 0;
    heard->differs = false;
    const double *news = t->sums;
    for (int r = 0; r < size; r++) {
        int64_t first, count;
        lws_comm_run(o->micro_batches, size, r, &first, &count);
        flags |= (int)news[0];
        heard->differs = heard->differs || news[1] != mine[1] || news[2] != mine[2];
        for (int64_t i = 0; i < count; i++) {
            recon += news[NEWS_HEAD + 2 * i];
            kl += news[NEWS_HEAD + 1 + 2 * i];
        }
        news += t->bytes_of[r] / sizeof(double);
    }
    heard->has_failed = flags & FLAG_FAILED;
    result->log_given_up = flags & FLAG_LOG;
    result->stop = flags & FLAG_STOP;
    result->time_up = flags & FLAG_TIME_UP;
    result->checkpoint = flags & FLAG_CHECKPOINT;
    result->evaluate = flags & FLAG_EVALUATE;
    result->recon = recon / (double)o->batch_size;
    result->kl = kl / (double)o->batch_size;
    result->mmd = mmd;
    result->loss = o->recon_weight * result->recon + o->kl_weight * result->kl + o->mmd_weight * mmd;
    /* Where a loss is not finite there are micro-batches that never went backward. */
    result->gradient_norm = isfinite(result->loss) ? gradient_norm(t) : (double)NAN;
    result->rate = lws_schedule_rate(&t->schedule, t->step);
}

/* Everything is summed and nobody's messages are in flight, so ranks may look for the cause as long as it takes. */
static lws_status not_finite(trainer *t, const step_result *result)
{
    char who[192] = "";
    diverge_find(t, result);
    if (t->found.rank >= 0)
        snprintf(who, sizeof who, "rank %d on %s%s: ", t->found.rank, t->found.host, t->found.part);
    return lws_fail(LWS_ERR_NUMERIC, "the %s is not finite at step %lld: training has diverged. First, %s%s.",
                    isfinite(result->loss) ? "gradient" : "loss", (long long)t->step + 1, who, t->found.what);
}

/* All ranks: a difference that any of them heard of is a failure, even where it cannot be found again. A message that
 * was altered on its way to one of them is news to the others. */
static lws_status check_digests(trainer *t, bool differs)
{
    lws_status status = LWS_OK;
    if (differs)
        status = lws_fail(
            LWS_ERR_MISMATCH,
            "the digests of the parameters that ranks exchanged after step %lld differ, though the parameters do "
            "not: a message was altered on its way, or memory. Go on with --resume.",
            (long long)t->step);
    if (lws_comm_agree(t->comm, status) == LWS_OK)
        return LWS_OK;
    char message[512];
    snprintf(message, sizeof message, "%s", lws_message());
    LWS_TRY(integrity_compare(t));
    return lws_fail(LWS_ERR_MISMATCH, "%s", message);
}

/* The parameters are on their way to all ranks: the next forward pass waits for those of each layer in its turn, or
 * this step waits for all. */
static void end_update(trainer *t)
{
    if (t->options->overlap) {
        lws_model_invalidate(t->model);
        return;
    }
    trainer_wait_params(t);
    lws_model_transform_weights(t->model, t->params);
}

void trainer_wait_params(trainer *t)
{
    lws_watchdog_phase("gather of parameters after step", t->step);
    lws_reduction_await(t->reduction, t->count);
}

lws_status trainer_step(trainer *t, step_result *result)
{
    LWS_PROFILE("step");
    bool with_mmd = t->options->model == LWS_MODEL_MMD_AE, encoded = false;
    hearsay heard;
    t->seen = t->found = diverge_nothing();
    t->is_updated = false;
    bool looks = integrity_begin(t);
    lws_watchdog_phase("reading images of step", t->step + 1);
    read_images(t);
    double mmd = 0, *mine = t->my_sums;
    if (with_mmd) {
        lws_watchdog_phase("MMD of step", t->step + 1);
        mmd = trainer_mmd(t, &encoded);
    }
    backward_all(t, encoded, mine + NEWS_HEAD);
    lws_watchdog_phase("reduction of step", t->step + 1);
    update_take(t, true);
    mine[0] = my_flags(t); /* as late as can be: what was asked for during the step is done after it */
    mine[1] = (double)(uint32_t)t->digest;
    mine[2] = (double)(t->digest >> 32);
    exchange_sums(t, mine, mmd, &heard, result);
    if (heard.has_failed)
        return lws_comm_agree(t->comm, step_failure_tell(&t->failure));
    if (looks && isfinite(result->loss)) /* else some never went backward, and did not look */
        LWS_TRY(check_digests(t, heard.differs));
    if (!isfinite(result->loss) || !isfinite(result->gradient_norm))
        return not_finite(t, result);
    update_clipped(t, result->gradient_norm);
    end_update(t);
    t->step++;
    return LWS_OK;
}
