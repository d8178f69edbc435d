/* What a run has come to, in figures; and what went wrong. */
#include "html.h"
#include "sections.h"

#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- failures -------------------------------------------------------------------------------- */

static void add_failure(page *p, const page_run *r)
{
    const char *finding = r->log.finding[0] ? r->log.finding : lws_record_get_text(r->failure, "finding");
    const char *host = lws_record_get_text(r->failure, "host");
    double step = r->log.finding_step, rank;
    lws_record_get_number(r->failure, "step", &step);
    lws_text_add(&p->out, "<div class=\"failure\" role=\"note\"><b>Diverged in step %.0f", step);
    if (p->runs.count > 1) {
        lws_text_add(&p->out, ": ");
        html_text_short(&p->out, r->name, 120);
    }
    lws_text_add(&p->out, "</b><br>");
    html_text_short(&p->out, finding ? finding : "no finding was kept", LOG_FINDING);
    if (lws_record_get_number(r->failure, "rank", &rank) && host) {
        lws_text_add(&p->out, " (rank %.0f on ", rank);
        html_text_short(&p->out, host, 64);
        lws_text_add(&p->out, ")");
    }
    lws_text_add(&p->out, "</div>\n");
}

void section_failures(page *p)
{
    for (int i = 0; i < p->runs.count; i++) {
        const page_run *r = &p->runs.run[i];
        if (r->log.finding[0]) /* a record that a run has left behind is of the past */
            add_failure(p, r);
        if (!r->trouble[0] && r->log.unreadable == 0)
            continue;
        lws_text_add(&p->out, "<p class=\"aside\">");
        html_text_short(&p->out, r->name, 120);
        if (r->log.unreadable > 0)
            lws_text_add(&p->out, ": %lld lines of its log could not be read", (long long)r->log.unreadable);
        lws_text_add(&p->out, r->trouble[0] ? ": " : "");
        html_text_short(&p->out, r->trouble, 400);
        lws_text_add(&p->out, "</p>\n");
    }
}

/* ---- headline -------------------------------------------------------------------------------- */

static void tile(page *p, const char *name, const char *value, const char *more)
{
    lws_text_add(&p->out, "<div><dt>");
    html_text(&p->out, name);
    lws_text_add(&p->out, "</dt><dd>%s", value);
    if (more[0])
        lws_text_add(&p->out, "<small>%s</small>", more);
    lws_text_add(&p->out, "</dd></div>\n");
}

/* The best value of a curve, and its step. */
static double best_of(const log_curve *c, double *step)
{
    double best = (double)NAN;
    for (int64_t i = 0; i < c->points.count; i++) {
        point at = c->points.at[i];
        if (isfinite(at.y) && !(isfinite(best) && log_better(c->key) * at.y <= log_better(c->key) * best)) {
            best = at.y;
            *step = at.x;
        }
    }
    return best;
}

static void metric_tiles(page *p, const run_log *log)
{
    char value[HTML_NUMBER], best_text[HTML_NUMBER], step_text[HTML_NUMBER], more[128], name[LOG_KEY + 32];
    for (int i = 0; i < log->curves; i++) {
        const log_curve *c = &log->curve[i];
        double last = log_last(c), step = 0;
        if (c->kind != LOG_EVALUATION || !isfinite(last))
            continue;
        more[0] = 0;
        double best = log_better(c->key) != 0 ? best_of(c, &step) : last;
        if (best != last)
            snprintf(more, sizeof more, "best %s, step %s", html_number(best, best_text), html_number(step, step_text));
        snprintf(name, sizeof name, "%s, validation", log_title(c->key));
        tile(p, name, html_number(last, value), more);
    }
}

/* Steps of the whole run, as its configuration and its log have them; 0: not known. */
static double total_steps(const page_run *r)
{
    const char *steps = config_file_get(&r->config, "steps"), *epochs = config_file_get(&r->config, "epochs");
    if (steps && atof(steps) > 0)
        return atof(steps);
    return epochs ? atof(epochs) * r->log.steps_per_epoch : 0;
}

void section_headline(page *p)
{
    char value[HTML_NUMBER], more[128] = "", whole[HTML_NUMBER];
    if (p->runs.count != 1)
        return;
    const page_run *r = &p->runs.run[0];
    double total = total_steps(r);
    lws_text_add(&p->out, "<dl class=\"tiles\">\n");
    if (total > 0)
        snprintf(more, sizeof more, "of %s%s", html_number(total, whole), r->log.step < total ? "" : ": done");
    tile(p, "Steps", html_number(r->log.step, value), more);
    more[0] = 0;
    if (r->log.steps_per_epoch > 0)
        tile(p, "Epochs", html_number(round(1e3 * r->log.step / r->log.steps_per_epoch) / 1e3, value), "");
    tile(p, "Training loss", html_number(log_last(run_log_find(&r->log, LOG_TRAIN, "loss")), value), "");
    metric_tiles(p, &r->log);
    if (r->log.seconds > 0) {
        double speed = log_last(run_log_find(&r->log, LOG_TRAIN, "images_per_second"));
        snprintf(more, sizeof more, "%s images a second", html_number(round(speed), whole));
        tile(p, "Time of training", lws_duration(r->log.seconds), isfinite(speed) ? more : "");
    }
    lws_text_add(&p->out, "</dl>\n");
}
