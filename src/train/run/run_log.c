/* Lines of the log and of the terminal. */
#include "run/run_log.h"

#include "run/run_events.h"

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

/* What a status line may say; `brief` where there is little room. */
typedef struct status_texts {
    char step[64], step_brief[48], epoch[32], loss[128], loss_brief[32], speed[32], speed_brief[32], left[64],
        left_brief[LWS_STATUS_DURATION], spark[LWS_STATUS_LINE];
} status_texts;

static void write_texts(const train_context *c, int64_t step, const step_result *result, status_texts *t)
{
    snprintf(t->step_brief, sizeof t->step_brief, "%" PRId64 "/%" PRId64, step, c->total_steps);
    snprintf(t->step, sizeof t->step, "step %s", t->step_brief);
    snprintf(t->epoch, sizeof t->epoch, "epoch %.2f", (double)step / (double)lws_sampler_steps_per_epoch(&c->sampler));
    describe((lws_model_kind)c->options->model, result, t->loss, sizeof t->loss);
    snprintf(t->loss_brief, sizeof t->loss_brief, "loss %.5g", result->loss);
    t->spark[0] = 0;
}

static void put_parts(const status_texts *t, int columns, char line[LWS_STATUS_LINE])
{
    const lws_status_part parts[] = {{t->step, t->step_brief, 0},   {t->epoch, "", 4},
                                     {t->loss, t->loss_brief, 1},   {t->spark, "", 5},
                                     {t->speed, t->speed_brief, 3}, {t->left, t->left_brief, 2}};
    lws_status_compose((int)(sizeof parts / sizeof *parts), parts, columns, line);
}

/* For a terminal of the present width, with the history of the loss in the room that is left. */
static void fit_line(status_texts *t, const lws_spark *losses, char line[LWS_STATUS_LINE])
{
    enum { LEAST = 6, MOST = 32, GAP = 2 };
    int columns = lws_log_columns();
    put_parts(t, columns, line);
    int room = columns - lws_text_columns(line) - GAP;
    if (room < LEAST)
        return;
    lws_spark_draw(losses, room < MOST ? room : MOST, lws_log_is_unicode(), t->spark);
    put_parts(t, columns, line);
}

void show_status(const training_run *r, const step_result *result, pace *p)
{
    const train_context *c = &r->trainer.context;
    int64_t step = r->trainer.state.step;
    double now = lws_now();
    bool last = step == c->total_steps;
    bool is_terminal = lws_log_is_terminal();
    lws_spark_add(&p->losses, result->loss);
    if (!last && now - p->status_time < lws_status_pause(is_terminal, now - r->start_time))
        return;
    double speed = (double)(step - r->first_step) / (now - r->start_time);
    double left = (double)(c->total_steps - step) / speed;
    if (c->options->time_limit > 0)
        left = fmax(0, fmin(left, c->options->time_limit - (now - r->start_time)));
    status_texts texts;
    char line[LWS_STATUS_LINE];
    p->status_time = now;
    write_texts(c, step, result, &texts);
    snprintf(texts.speed, sizeof texts.speed, "%.0f images/s", speed * (double)c->options->batch_size);
    snprintf(texts.speed_brief, sizeof texts.speed_brief, "%.0f/s", speed * (double)c->options->batch_size);
    snprintf(texts.left, sizeof texts.left, "%s left", lws_duration(left));
    lws_status_duration(left, texts.left_brief);
    if (is_terminal)
        fit_line(&texts, &p->losses, line);
    else
        put_parts(&texts, LWS_STATUS_LINE, line);
    lws_log_status("%s", line);
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
    run_events_flush(r);
}

/* Rank 0: a line for write_lines() to write. */
static void add_line(training_run *r, lws_record *record)
{
    run_events_record(r, record);
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
