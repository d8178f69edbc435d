/* The loop of a training: after each step its lines, evaluations and checkpoints, until the run is done, is to stop, or
 * diverges. */
#include "train/train.h"

#include "run/failure.h"
#include "run/live_page.h"
#include "run/profile_report.h"
#include "run/requests.h"
#include "run/run_events.h"
#include "run/run_log.h"
#include "run/sample_grid.h"

#include "base/clock.h"
#include "base/context.h"
#include "base/log.h"
#include "base/profile.h"
#include "comm/watchdog.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static bool is_due(const training_run *r, const lws_config_interval *every)
{
    int64_t per_epoch = lws_sampler_steps_per_epoch(&r->trainer.context.sampler), step = r->trainer.state.step;
    if (every->count == 0 || every->unit == LWS_EVERY_SECONDS)
        return false;
    int64_t unit = every->unit == LWS_EVERY_EPOCHS ? per_epoch : 1;
    return step % unit == 0 && step / unit % (int64_t)every->count == 0;
}

/* A picture that cannot be written is no reason to end a run. */
static void draw(training_run *r)
{
    bool failed = trainer_draw_grid(&r->trainer, r->request.run) != LWS_OK;
    if (failed && !r->is_picture_late)
        lws_warn("%s; training goes on without the picture", lws_message());
    r->is_picture_late = failed;
}

/* Metrics of the validation split and the picture; a new best sets *improved. Collective. Agreed. */
static lws_status evaluate(training_run *r, bool *improved)
{
    LWS_PROFILE("evaluation");
    const train_context *c = &r->trainer.context;
    const train_state *s = &r->trainer.state;
    lws_watchdog_phase("evaluation of step", s->step);
    r->evaluate_time = lws_now();
    draw(r);
    LWS_TRY(run_events_look(r));
    if (lws_dataset_get_info(c->valid)->rows == 0)
        return LWS_OK;
    lws_evaluation e;
    lws_status status =
        lws_evaluate(c->comm, c->model, s->params, state_buffers(s), c->valid, (int)micro_batch_size(c), &e);
    if (status == LWS_ERR_NUMERIC)
        return lws_fail(status,
                        "%s after step %" PRId64
                        ": training has diverged. Start again with a smaller lr, with clip-norm, "
                        "or with warmup-steps.",
                        lws_message(), s->step);
    LWS_TRY(status);
    double ssim = e.mean[LWS_METRIC_SSIM_G11];
    if (ssim > r->checkpoints.best.ssim) {
        r->checkpoints.best = (best_step){.step = s->step, .ssim = ssim};
        *improved = true;
    }
    char colour[32] = "";
    if (isfinite(e.colour_slope.value))
        snprintf(colour, sizeof colour, ", colour %.2f", e.colour_slope.value);
    lws_info("step %" PRId64 ": validation SSIM %.4f, MSE %.5f, PSNR %.2f dB%s%s", s->step, ssim,
             e.mean[LWS_METRIC_MSE], e.mean[LWS_METRIC_PSNR], colour, *improved ? " (best so far)" : "");
    if (c->is_root)
        log_evaluation(r, &e);
    return LWS_OK;
}

/* The run ends here, with everything on the disk. Collective. Agreed. */
static lws_status end_early(training_run *r, unsigned requests)
{
    const trainer *t = &r->trainer;
    bool is_late;
    if (requests & REQUEST_LOG_GIVEN_UP)
        return lws_comm_agree(t->context.comm, step_failure_tell(&r->log_failure));
    LWS_TRY(persist(&r->late_log, t->state.step, sync_log, r, true, &is_late));
    return lws_fail(LWS_STOPPED, "stopped %s after step %" PRId64 " of %" PRId64 "; go on %s",
                    requests & REQUEST_STOP ? "on request" : "at the time limit", t->state.step, t->context.total_steps,
                    t->context.goes_on);
}

static lws_status after_step(training_run *r, const step_result *result, pace *p)
{
    trainer *t = &r->trainer;
    const train_context *c = &t->context;
    const train_state *s = &t->state;
    bool last = s->step == c->total_steps, improved = false;
    bool ends = last || result->requests & (REQUEST_STOP | REQUEST_TIME_UP | REQUEST_LOG_GIVEN_UP);
    if (s->step % c->options->log_every == 0 || last)
        log_step(r, s->step, result, p);
    write_lines(r);
    show_status(r, result, p);
    if (last || result->requests & REQUEST_EVALUATE || is_due(r, &c->options->eval_every)) {
        state_wait_params(c, s);
        LWS_TRY(evaluate(r, &improved));
        write_lines(r);
    }
    if (ends || result->requests & REQUEST_CHECKPOINT || improved || is_due(r, &c->options->checkpoint_every)) {
        state_wait_params(c, s);
        LWS_TRY(integrity_check(&t->integrity));
        LWS_TRY(checkpoints_save(&r->checkpoints, ends));
        r->checkpoint_time = lws_now();
    }
    if (ends && !last)
        live_page_write(r, LIVE_PAGE_STOPPED);
    else if (!last && (live_page_is_due(r) || is_due(r, &c->options->report_every)))
        live_page_write(r, LIVE_PAGE_GOES_ON);
    return ends && !last ? end_early(r, result->requests) : LWS_OK;
}

/* After a step that was not finite, or whose update was not: the log gets it whether it was due or not, and it is kept
 * for a replay. With the message of the failure. Collective. Agreed. */
static lws_status end_diverged(training_run *r, const step_result *result, pace *p)
{
    const trainer *t = &r->trainer;
    char message[1024];
    snprintf(message, sizeof message, "%s", lws_message());
    if (p->log_step <= t->state.step)
        log_step(r, t->state.step + 1, result, p);
    if (t->context.is_root) {
        log_failure(r);
        if (sync_log(r) != LWS_OK) /* nobody waits for a disk here, nor comes back to it */
            lws_warn("%s; the last lines of the log are lost", lws_message());
    }
    lws_fail(LWS_ERR_NUMERIC, "%s", message);
    return failure_record(&r->checkpoints, result);
}

static lws_status run(training_run *r)
{
    trainer *t = &r->trainer;
    const train_state *s = &t->state;
    const step_requests requests = {.ask = run_requests, .user = r};
    int64_t total = t->context.total_steps;
    double now = lws_now();
    pace p = {.log_time = now, .log_step = s->step};
    r->start_time = r->checkpoint_time = r->evaluate_time = r->page.time = now;
    if (s->step >= total) {
        lws_info("nothing to do: the run has all its %" PRId64 " steps. Give it more with --epochs or --steps.",
                 s->step);
        return LWS_OK;
    }
    while (s->step < total) {
        step_result result;
        lws_status status = trainer_step(t, &requests, &result);
        if (status == LWS_OK)
            status = after_step(r, &result, &p);
        if (status == LWS_ERR_NUMERIC && t->found.what[0])
            return end_diverged(r, &result, &p);
        LWS_TRY(status);
    }
    bool is_late;
    LWS_TRY(persist(&r->late_log, s->step, sync_log, r, true, &is_late));
    lws_info("done: %" PRId64 " steps in %s; the run is in %s", s->step - r->first_step, lws_duration(lws_now() - now),
             r->request.run);
    return LWS_OK;
}

/* As the run ends with this status and message; what its log has to say comes after them. Collective. Agreed. */
static lws_status close_log(training_run *r, lws_status status)
{
    char message[2048];
    bool is_whole = status == LWS_OK || status == LWS_STOPPED;
    snprintf(message, sizeof message, "%s", lws_message());
    lws_status closed = lws_metrics_log_close(r->log);
    r->log = NULL;
    if (is_whole)
        LWS_TRY(lws_comm_agree(r->trainer.context.comm, closed));
    return status == LWS_OK ? status : lws_fail(status, "%s", message);
}

/* As the run ends with this status and message, which stay. Not collective. */
static lws_status write_last_page(training_run *r, lws_status status)
{
    char message[2048];
    snprintf(message, sizeof message, "%s", lws_message());
    if (status != LWS_STOPPED) /* which has written its own */
        live_page_write(r, status == LWS_OK ? LIVE_PAGE_DONE : LIVE_PAGE_STOPPED);
    return status == LWS_OK ? status : lws_fail(status, "%s", message);
}

/* What the watchdog advises. */
#define RESUME "; go on with --resume. (The deadline is a key: deadline.)"
#define AGAIN "; go on with the same command. (The deadline is a key: deadline.)"

lws_status lws_train(lws_comm *comm, lws_train_options *options, const lws_train_request *request)
{
    training_run r;
    lws_stop_watch stop;
    lws_context *caller = lws_comm_enter(comm);
    lws_stop_catch(&stop);
    lws_watchdog_phase("setup of run", -1);
    lws_watch before, watch = {options->deadline, request->same_again ? AGAIN : RESUME};
    lws_status status = lws_comm_agree(comm, lws_watchdog_set(watch, &before));
    if (status == LWS_OK)
        status = run_create(comm, options, request, &stop, &r);
    if (status == LWS_OK) {
        status = profile_begin(&r.trainer.context);
        if (status == LWS_OK)
            status = run(&r);
        status = profile_end(&r.trainer.context, request->run, status);
        status = write_last_page(&r, status); /* with the profile and the record of a failure; the log is whole */
        status = close_log(&r, status);
        run_destroy(&r);
    }
    lws_watchdog_set(before, NULL);
    lws_stop_release();
    lws_context_enter(caller);
    return status;
}
