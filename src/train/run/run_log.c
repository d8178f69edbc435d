/* Lines of the log and of the terminal. */
#include "run/run_log.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void describe(lws_model_kind model, const step_result *r, char *text, size_t size)
{
    switch (model) {
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

void show_status(const training_run *r, const step_result *result, pace *p)
{
    const train_context *c = &r->trainer.context;
    int64_t step = r->trainer.state.step;
    double now = lws_now();
    bool last = step == c->total_steps;
    if (!last && now - p->status_time < (lws_log_is_terminal() ? .2 : 10))
        return;
    double speed = (double)(step - r->first_step) / (now - r->start_time);
    double left = (double)(c->total_steps - step) / speed;
    if (c->options->time_limit > 0)
        left = fmax(0, fmin(left, c->options->time_limit - (now - r->start_time)));
    char parts[128];
    p->status_time = now;
    describe((lws_model_kind)c->options->model, result, parts, sizeof parts);
    lws_log_status("step %" PRId64 "/%" PRId64 "  epoch %.2f  %s  %.0f images/s  %s left", step, c->total_steps,
                   (double)step / (double)lws_sampler_steps_per_epoch(&c->sampler), parts,
                   speed * (double)c->options->batch_size, lws_duration(left));
}

void record_losses(const lws_train_options *o, const step_result *r, lws_record *record)
{
    lws_record_number(record, "loss", r->loss);
    lws_record_number(record, "recon", r->recon);
    if (o->model == LWS_MODEL_VAE)
        lws_record_number(record, "kl", r->kl);
    if (o->model == LWS_MODEL_MMD_AE)
        lws_record_number(record, "mmd", r->mmd);
    lws_record_number(record, "gradient_norm", r->gradient_norm);
    lws_record_number(record, "lr", r->rate);
}

static lws_status flush_log(void *user)
{
    const training_run *r = user;
    return lws_metrics_log_flush(r->log);
}

lws_status sync_log(void *user)
{
    const training_run *r = user;
    return lws_metrics_log_sync(r->log);
}

void write_lines(training_run *r)
{
    const trainer *t = &r->trainer;
    bool is_late;
    if (t->context.is_root)
        step_failure_keep(&r->log_failure, persist_try(&r->late_log, t->state.step, flush_log, r, false, &is_late));
}

/* Rank 0: a line for write_lines() to write. */
static void add_line(training_run *r, lws_record *record)
{
    step_failure_keep(&r->log_failure, lws_metrics_log_add(r->log, record));
}

void log_step(training_run *r, int64_t step, const step_result *result, pace *p)
{
    const train_context *c = &r->trainer.context;
    double now = lws_now();
    p->images_per_second = (double)((step - p->log_step) * c->options->batch_size) / (now - p->log_time);
    p->log_time = now;
    p->log_step = step;
    if (!c->is_root)
        return;
    lws_record *record = lws_record_new();
    lws_record_text(record, "type", "train");
    lws_record_number(record, "step", (double)step);
    lws_record_number(record, "epoch", (double)step / (double)lws_sampler_steps_per_epoch(&c->sampler));
    record_losses(c->options, result, record);
    lws_record_number(record, "images_per_second", p->images_per_second);
    lws_record_number(record, "seconds", now - r->start_time);
    if (c->options->log_rows)
        lws_record_integers(record, "rows", c->options->batch_size, batch_rows(&r->trainer.batch, c, step - 1));
    add_line(r, record);
}

void log_failure(training_run *r)
{
    const trainer *t = &r->trainer;
    lws_record *record = lws_record_new();
    lws_record_text(record, "type", "failure");
    lws_record_number(record, "step", (double)t->state.step + 1);
    lws_record_text(record, "finding", t->found.what);
    add_line(r, record);
}

void log_evaluation(training_run *r, const lws_evaluation *e)
{
    lws_record *record = lws_record_new();
    lws_record_text(record, "type", "evaluation");
    lws_record_text(record, "split", lws_split_name[LWS_VALID]);
    lws_record_number(record, "step", (double)r->trainer.state.step);
    lws_record_number(record, "images", (double)e->images);
    for (int m = 0; m < LWS_METRICS; m++)
        lws_record_number(record, lws_metric_key[m], e->mean[m]);
    lws_record_number(record, "colour_slope", e->colour_slope.value);
    lws_record_number(record, "colour_correlation", e->colour_correlation.value);
    add_line(r, record);
}
