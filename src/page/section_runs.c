/* Runs side by side, a row each: what they differ in, and what they have come to. */
#include "html.h"
#include "sections.h"

#include <math.h>
#include <string.h>

enum { KEYS_MOST = 6, FIGURES_MOST = 10 };

/* A column of figures: the last value of a curve, or the mean of a metric over a split of a table's cell. */
typedef struct figure {
    log_kind kind;
    const char *key;
    bool is_test;
    const char *split; /* of a cell; NULL: not said */
    double best;       /* NaN: none is better */
} figure;

static double value_of(const page_run *r, const figure *f)
{
    double mean = (double)NAN;
    if (!f->is_test)
        return log_last(run_log_find(&r->log, f->kind, f->key));
    lws_record_get_number(lws_record_get(r->test, f->key), "mean", &mean);
    return mean;
}

/* Losses that are not the same are on scales of their own. */
static bool is_one_loss(const differ *d)
{
    for (int i = 0; i < d->count; i++)
        if (config_is_of_loss(d->key[i]))
            return false;
    return true;
}

static void add_figure(const page *p, figure *figures, int *count, figure f)
{
    bool any = false;
    double first = (double)NAN, other = (double)NAN;
    f.best = (double)NAN;
    const page_runs *runs = &p->runs;
    int better = f.kind == LOG_TRAIN && !f.is_test && !is_one_loss(&p->differ) ? 0 : log_better(f.key);
    for (int i = 0; i < *count; i++)
        if (strcmp(figures[i].key, f.key) == 0 && figures[i].kind == f.kind && figures[i].is_test == f.is_test)
            return;
    for (int i = 0; i < runs->count; i++) {
        double v = value_of(&runs->run[i], &f);
        any |= isfinite(v);
        first = isfinite(first) ? first : v;
        other = isfinite(v) && v != first ? v : other;
        if (isfinite(v) && better != 0 && !(better * v <= better * f.best))
            f.best = v;
    }
    if (isnan(other)) /* all are the same */
        f.best = (double)NAN;
    if (any && *count < FIGURES_MOST)
        figures[(*count)++] = f;
}

static int list_figures(const page *p, figure *figures)
{
    const page_runs *runs = &p->runs;
    int count = 0;
    for (int i = 0; i < runs->count; i++)
        for (const lws_record *v = lws_record_first(runs->run[i].test); v; v = lws_record_next(v))
            add_figure(p, figures, &count,
                       (figure){.key = lws_record_key(v),
                                .is_test = true,
                                .split = lws_record_get_text(runs->run[i].test, "split")});
    for (int i = 0; i < runs->count && count == 0; i++)
        for (int k = 0; k < runs->run[i].log.curves; k++)
            if (runs->run[i].log.curve[k].kind == LOG_EVALUATION)
                add_figure(p, figures, &count, (figure){.kind = LOG_EVALUATION, .key = runs->run[i].log.curve[k].key});
    add_figure(p, figures, &count, (figure){.kind = LOG_TRAIN, .key = "loss"});
    add_figure(p, figures, &count, (figure){.kind = LOG_TRAIN, .key = "images_per_second"});
    return count;
}

static void add_head(page *p, const figure *figures, int count, int keys)
{
    lws_text_add(&p->out, "<thead><tr><th scope=\"col\">run</th>");
    for (int k = 0; k < keys; k++) {
        lws_text_add(&p->out, "<th scope=\"col\">");
        html_text_short(&p->out, p->differ.key[k], 40);
        lws_text_add(&p->out, "</th>");
    }
    lws_text_add(&p->out, "<th scope=\"col\">steps</th>");
    for (int k = 0; k < count; k++) {
        lws_text_add(&p->out, "<th scope=\"col\">");
        html_text_short(&p->out, log_title(figures[k].key), 40);
        bool is_valid = figures[k].is_test ? figures[k].split && strcmp(figures[k].split, "valid") == 0
                                           : figures[k].kind == LOG_EVALUATION;
        lws_text_add(&p->out, "%s</th>", is_valid ? ", validation" : figures[k].is_test ? ", test" : "");
    }
    lws_text_add(&p->out, "</tr></thead>\n<tbody>\n");
}

static void add_run(page *p, const page_run *r, const figure *figures, int count, int keys)
{
    char number[HTML_NUMBER];
    lws_text_add(&p->out, "<tr><th scope=\"row\">");
    html_text_short(&p->out, r->name, 60);
    lws_text_add(&p->out, "%s</th>", r->log.finding[0] ? " <span class=\"bad\">diverged</span>" : "");
    for (int k = 0; k < keys; k++) {
        lws_text_add(&p->out, "<td>");
        html_text_short(&p->out, page_run_value(r, p->differ.key[k]), 40);
        lws_text_add(&p->out, "</td>");
    }
    lws_text_add(&p->out, "<td>%s</td>", html_number(r->log.step, number));
    for (int k = 0; k < count; k++) {
        double v = value_of(r, &figures[k]);
        lws_text_add(&p->out, "<td%s>%s</td>", v == figures[k].best ? " class=\"best\"" : "", html_number(v, number));
    }
    lws_text_add(&p->out, "</tr>\n");
}

void section_runs(page *p)
{
    figure figures[FIGURES_MOST + 1];
    if (p->runs.count < 2)
        return;
    int count = list_figures(p, figures), keys = p->differ.count < KEYS_MOST ? p->differ.count : KEYS_MOST;
    section_begin(p, "runs", "Runs");
    lws_text_add(&p->out,
                 "<p class=\"aside\">%d runs, with what they differ in and their last figures; the best of a "
                 "column is bold%s.",
                 p->runs.count, is_one_loss(&p->differ) ? "" : ", but of losses, which are not of one kind");
    if (keys < p->differ.count)
        lws_text_add(&p->out, " They differ in %d more keys: see the configuration.", p->differ.count - keys);
    lws_text_add(&p->out,
                 "</p>\n<div class=\"wide tall\" role=\"region\" aria-label=\"Runs\" tabindex=\"0\"><table>\n");
    add_head(p, figures, count, keys);
    for (int i = 0; i < p->runs.count; i++)
        add_run(p, &p->runs.run[i], figures, count, keys);
    lws_text_add(&p->out, "</tbody></table></div>\n");
    section_end(p);
}
