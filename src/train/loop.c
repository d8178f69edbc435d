#include "trainer.h"

#include "persist.h"
#include "stop.h"

#include "base/clock.h"
#include "base/context.h"
#include "base/log.h"
#include "base/profile.h"
#include "comm/watchdog.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Speed since the last look. */
typedef struct pace {
    double log_time, status_time;
    int64_t log_step;
    double images_per_second;
} pace;

static bool is_due(const trainer *t, const lws_config_interval *every)
{
    int64_t per_epoch = lws_sampler_steps_per_epoch(&t->sampler);
    if (every->count == 0 || every->unit == LWS_EVERY_SECONDS)
        return false;
    int64_t unit = every->unit == LWS_EVERY_EPOCHS ? per_epoch : 1;
    return t->step % unit == 0 && t->step / unit % (int64_t)every->count == 0;
}

static void describe(const trainer *t, const step_result *r, char *text, size_t size)
{
    switch (t->options->model) {
    case LWS_MODEL_VAE:
        snprintf(text, size, "loss %.5g (recon %.5f, KL %.4g)", r->loss, r->recon, r->kl);
        break;
    case LWS_MODEL_MMD_AE:
        snprintf(text, size, "loss %.5g (recon %.5f, MMD %.3g)", r->loss, r->recon, r->mmd);
        break;
    default:
        snprintf(text, size, "loss %.5f", r->loss);
    }
}

static void show_status(const trainer *t, const step_result *r, pace *p)
{
    double now = lws_now();
    bool last = t->step == t->total_steps;
    if (!last && now - p->status_time < (lws_log_is_terminal() ? .2 : 10))
        return;
    double speed = (double)(t->step - t->first_step) / (now - t->start_time);
    double left = (double)(t->total_steps - t->step) / speed;
    if (t->options->time_limit > 0)
        left = fmax(0, fmin(left, t->options->time_limit - (now - t->start_time)));
    char parts[128];
    p->status_time = now;
    describe(t, r, parts, sizeof parts);
    lws_log_status("step %" PRId64 "/%" PRId64 "  epoch %.2f  %s  %.0f images/s  %s left", t->step, t->total_steps,
                   (double)t->step / (double)lws_sampler_steps_per_epoch(&t->sampler), parts,
                   speed * (double)t->options->batch_size, lws_duration(left));
}

void trainer_record_losses(const trainer *t, const step_result *r, lws_record *record)
{
    lws_record_number(record, "loss", r->loss);
    lws_record_number(record, "recon", r->recon);
    if (t->options->model == LWS_MODEL_VAE)
        lws_record_number(record, "kl", r->kl);
    if (t->options->model == LWS_MODEL_MMD_AE)
        lws_record_number(record, "mmd", r->mmd);
    lws_record_number(record, "gradient_norm", r->gradient_norm);
    lws_record_number(record, "lr", r->rate);
}

static lws_status flush_log(trainer *t)
{
    return lws_metrics_log_flush(t->log);
}

/* The last flush of a run. */
static lws_status sync_log(trainer *t)
{
    return lws_metrics_log_sync(t->log);
}

/* Lines that the disk does not take wait; once the patience is over all ranks end, after this step. */
static void write_lines(trainer *t)
{
    bool is_late;
    if (t->is_root)
        step_failure_keep(&t->log_failure, persist_try(t, &t->late_log, flush_log, false, &is_late));
}

/* Rank 0: a line for write_lines() to write. */
static void add_line(trainer *t, lws_record *record)
{
    step_failure_keep(&t->log_failure, lws_metrics_log_add(t->log, record));
}

/* The line of a step, counted from 1: all ranks keep the pace, rank 0 has the log. */
static void log_step(trainer *t, int64_t step, const step_result *r, pace *p)
{
    double now = lws_now();
    p->images_per_second = (double)((step - p->log_step) * t->options->batch_size) / (now - p->log_time);
    p->log_time = now;
    p->log_step = step;
    if (!t->is_root)
        return;
    lws_record *record = lws_record_new();
    lws_record_text(record, "type", "train");
    lws_record_number(record, "step", (double)step);
    lws_record_number(record, "epoch", (double)step / (double)lws_sampler_steps_per_epoch(&t->sampler));
    trainer_record_losses(t, r, record);
    lws_record_number(record, "images_per_second", p->images_per_second);
    lws_record_number(record, "seconds", now - t->start_time);
    if (t->options->log_rows) {
        lws_sampler_batch(&t->sampler, step - 1, 0, t->options->batch_size, t->rows);
        lws_record_integers(record, "rows", t->options->batch_size, t->rows);
    }
    add_line(t, record);
}

static void log_failure(trainer *t)
{
    lws_record *record = lws_record_new();
    lws_record_text(record, "type", "failure");
    lws_record_number(record, "step", (double)t->step + 1);
    lws_record_text(record, "finding", t->found.what);
    add_line(t, record);
}

static void log_evaluation(trainer *t, const lws_evaluation *e)
{
    lws_record *record = lws_record_new();
    lws_record_text(record, "type", "evaluation");
    lws_record_text(record, "split", lws_split_name[LWS_VALID]);
    lws_record_number(record, "step", (double)t->step);
    lws_record_number(record, "images", (double)e->images);
    for (int m = 0; m < LWS_METRICS; m++)
        lws_record_number(record, lws_metric_key[m], e->mean[m]);
    add_line(t, record);
}

/* A picture that cannot be written is no reason to end a run. */
static void draw(trainer *t)
{
    bool failed = trainer_draw_grid(t) != LWS_OK;
    if (failed && !t->is_picture_late)
        lws_warn("%s; training goes on without the picture", lws_message());
    t->is_picture_late = failed;
}

/* Metrics of the validation split and the picture; a new best sets *improved. */
static lws_status evaluate(trainer *t, bool *improved)
{
    LWS_PROFILE("evaluation");
    lws_watchdog_phase("evaluation of step", t->step);
    t->evaluate_time = lws_now();
    draw(t);
    if (lws_dataset_get_info(t->valid)->rows == 0)
        return LWS_OK;
    lws_evaluation e;
    int block = (int)(t->options->batch_size / t->options->micro_batches);
    lws_status status = lws_evaluate(t->comm, t->model, t->params, t->params + t->param_count, t->valid, block, &e);
    if (status == LWS_ERR_NUMERIC)
        return lws_fail(status,
                        "%s after step %" PRId64
                        ": training has diverged. Start again with a smaller lr, with clip-norm, "
                        "or with warmup-steps.",
                        lws_message(), t->step);
    LWS_TRY(status);
    double ssim = e.mean[LWS_METRIC_SSIM_G11];
    if (ssim > t->best_ssim) {
        t->best_ssim = ssim;
        t->best_step = t->step;
        *improved = true;
    }
    lws_info("step %" PRId64 ": validation SSIM %.4f, MSE %.5f, PSNR %.2f dB%s", t->step, ssim, e.mean[LWS_METRIC_MSE],
             e.mean[LWS_METRIC_PSNR], *improved ? " (best so far)" : "");
    if (t->is_root)
        log_evaluation(t, &e);
    return LWS_OK;
}

/* All ranks: the run ends here, with everything on the disk. */
static lws_status end_early(trainer *t, const step_result *r)
{
    bool is_late;
    if (r->log_given_up)
        return lws_comm_agree(t->comm, step_failure_tell(&t->log_failure));
    LWS_TRY(persist(t, &t->late_log, sync_log, true, &is_late));
    return lws_fail(LWS_STOPPED, "stopped %s after step %" PRId64 " of %" PRId64 "; go on with --resume",
                    r->stop ? "on request" : "at the time limit", t->step, t->total_steps);
}

static lws_status after_step(trainer *t, const step_result *r, pace *p)
{
    bool last = t->step == t->total_steps, improved = false;
    bool ends = last || r->stop || r->time_up || r->log_given_up;
    if (t->step % t->options->log_every == 0 || last)
        log_step(t, t->step, r, p);
    write_lines(t);
    show_status(t, r, p);
    if (last || r->evaluate || is_due(t, &t->options->eval_every)) {
        trainer_wait_params(t);
        LWS_TRY(evaluate(t, &improved));
        write_lines(t);
    }
    if (ends || r->checkpoint || improved || is_due(t, &t->options->checkpoint_every)) {
        trainer_wait_params(t);
        LWS_TRY(integrity_check(t));
        LWS_TRY(trainer_save(t, ends));
        t->checkpoint_time = lws_now();
    }
    return ends && !last ? end_early(t, r) : LWS_OK;
}

/* After a step that was not finite, or whose update was not: the log gets it whether it was due or not, and it is kept
 * for a replay. All ranks, with the message of the failure. */
static lws_status end_diverged(trainer *t, const step_result *r, pace *p)
{
    char message[1024];
    snprintf(message, sizeof message, "%s", lws_message());
    if (p->log_step <= t->step)
        log_step(t, t->step + 1, r, p);
    if (t->is_root) {
        log_failure(t);
        if (sync_log(t) != LWS_OK) /* nobody waits for a disk here, nor comes back to it */
            lws_warn("%s; the last lines of the log are lost", lws_message());
    }
    lws_fail(LWS_ERR_NUMERIC, "%s", message);
    return failure_record(t, r);
}

static lws_status run(trainer *t)
{
    double now = lws_now();
    pace p = {.log_time = now, .log_step = t->step};
    t->start_time = t->checkpoint_time = t->evaluate_time = now;
    if (t->step >= t->total_steps) {
        lws_info("nothing to do: the run has all its %" PRId64 " steps. Give it more with --epochs or --steps.",
                 t->step);
        return LWS_OK;
    }
    while (t->step < t->total_steps) {
        step_result result;
        lws_status status = trainer_step(t, &result);
        if (status == LWS_OK)
            status = after_step(t, &result, &p);
        if (status == LWS_ERR_NUMERIC && t->found.what[0])
            return end_diverged(t, &result, &p);
        LWS_TRY(status);
    }
    bool is_late;
    LWS_TRY(persist(t, &t->late_log, sync_log, true, &is_late));
    lws_info("done: %" PRId64 " steps in %s; the run is in %s", t->step - t->first_step, lws_duration(lws_now() - now),
             t->request.run);
    return LWS_OK;
}

/* All ranks, as the run ends with this status and message; what its log has to say comes after them. */
static lws_status close_log(trainer *t, lws_status status)
{
    char message[2048];
    bool is_whole = status == LWS_OK || status == LWS_STOPPED;
    snprintf(message, sizeof message, "%s", lws_message());
    lws_status closed = lws_metrics_log_close(t->log);
    t->log = NULL;
    if (is_whole)
        LWS_TRY(lws_comm_agree(t->comm, closed));
    return status == LWS_OK ? status : lws_fail(status, "%s", message);
}

lws_status lws_train(lws_comm *comm, lws_train_options *options, const lws_train_request *request)
{
    trainer t;
    lws_context *caller = lws_comm_enter(comm);
    stop_catch();
    lws_watchdog_phase("setup of run", -1);
    lws_watch before, watch = {options->deadline, "; go on with --resume. (The deadline is a key: deadline.)"};
    lws_status status = lws_comm_agree(comm, lws_watchdog_set(watch, &before));
    if (status == LWS_OK)
        status = trainer_create(comm, options, request, &t);
    if (status == LWS_OK) {
        status = trainer_profile_start(&t);
        if (status == LWS_OK)
            status = run(&t);
        status = close_log(&t, trainer_profile_end(&t, status));
        trainer_destroy(&t);
    }
    lws_watchdog_set(before, NULL);
    stop_release();
    lws_context_enter(caller);
    return status;
}
