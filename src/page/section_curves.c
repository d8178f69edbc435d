/* Every number of the logs over the steps. */
#include "html.h"
#include "plot.h"
#include "sections.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points of all curves of a drawing together, and of one at least and at most. */
enum { POINTS = 6000, POINTS_LEAST = 12, POINTS_MOST = 360, CHARTS_MOST = 24 };

typedef struct chart {
    log_kind kind;
    const char *key;
} chart;

/* Where a curve stands: losses, evaluations, and what else training says. */
static int place_of(const log_curve *c)
{
    static const char *const losses[] = {"loss", "recon", "kl", "mmd"};
    for (size_t i = 0; i < sizeof losses / sizeof *losses && c->kind == LOG_TRAIN; i++)
        if (strcmp(c->key, losses[i]) == 0)
            return 0;
    return c->kind == LOG_EVALUATION ? 1 : 2;
}

/* The different curves of all runs, in the order of their first appearance. */
static int list_charts(const page_runs *runs, chart *c)
{
    int count = 0;
    for (int place = 0; place < 3; place++)
        for (int i = 0; i < runs->count; i++)
            for (int k = 0; k < runs->run[i].log.curves; k++) {
                const log_curve *curve = &runs->run[i].log.curve[k];
                int j = 0;
                while (j < count && (c[j].kind != curve->kind || strcmp(c[j].key, curve->key) != 0))
                    j++;
                if (j == count && count < CHARTS_MOST && place_of(curve) == place)
                    c[count++] = (chart){curve->kind, curve->key};
            }
    return count;
}

static bool same_points(const log_curve *a, const log_curve *b)
{
    if (!a || !b)
        return a == b;
    for (int64_t i = 0; i < a->points.count; i++)
        if (i >= b->points.count || (a->points.at[i].y != b->points.at[i].y && !isnan(a->points.at[i].y)))
            return false;
    return a->points.count == b->points.count;
}

/* The reconstruction loss, where it is all of the loss. */
static bool is_doubled(const page_runs *runs, const chart *c)
{
    if (c->kind != LOG_TRAIN || strcmp(c->key, "recon") != 0)
        return false;
    for (int i = 0; i < runs->count; i++)
        if (!same_points(run_log_find(&runs->run[i].log, LOG_TRAIN, "recon"),
                         run_log_find(&runs->run[i].log, LOG_TRAIN, "loss")))
            return false;
    return true;
}

/* "last .58, best .6": of a single run. */
static void make_note(const page_runs *runs, const chart *c, char *note, size_t size)
{
    char last[HTML_NUMBER], best[HTML_NUMBER];
    double low, high;
    const log_curve *curve = runs->count == 1 ? run_log_find(&runs->run[0].log, c->kind, c->key) : NULL;
    note[0] = 0;
    if (!curve || !series_range(curve->points.at, curve->points.count, &low, &high))
        return;
    int better = log_better(c->key);
    snprintf(note, size, "last %s%s%s", html_number(log_last(curve), last), better == 0 ? "" : ", best ",
             better == 0 ? "" : html_number(better > 0 ? high : low, best));
}

/* One chart; points [POINTS + …], lines [runs] are scratch. */
static void add_chart(page *p, const chart *c, point *points, plot_line *lines)
{
    char note[96], title[LOG_KEY + 32];
    int most = p->runs.count > 0 ? POINTS / p->runs.count : 0, count = 0;
    most = most < POINTS_LEAST ? POINTS_LEAST : most > POINTS_MOST ? POINTS_MOST : most;
    for (int i = 0; i < p->runs.count; i++) {
        const log_curve *curve = run_log_find(&p->runs.run[i].log, c->kind, c->key);
        if (!curve)
            continue;
        int n = series_thin(&curve->points, most, points);
        lines[count++] = (plot_line){p->runs.run[i].name, styles_of(&p->styles, &p->runs, i), points, n};
        points += n;
    }
    make_note(&p->runs, c, note, sizeof note);
    snprintf(title, sizeof title, "%s%s", log_title(c->key), c->kind == LOG_EVALUATION ? ", validation" : "");
    plot_draw(&p->out, &(plot){title, note, count, lines});
}

static void add_legend(page *p)
{
    if (p->runs.count < 2)
        return;
    if (p->styles.key) {
        lws_text_add(&p->out, "<p class=\"aside\">Coloured by ");
        html_text(&p->out, p->styles.key);
        lws_text_add(&p->out, "; the name of a run is shown by pointing at its curve.</p>\n");
    }
    lws_text_add(&p->out, "<ul class=\"legend\">\n");
    for (int i = 0; i < p->styles.count; i++) {
        lws_text_add(&p->out,
                     "<li><svg viewBox=\"0 0 28 10\" aria-hidden=\"true\"><path class=\"line c%d d%d\" d=\"M1 "
                     "5H27\"/></svg>",
                     i % STYLE_COLOURS, i / STYLE_COLOURS % STYLE_DASHES);
        html_text_short(&p->out, p->styles.name[i], 60);
        lws_text_add(&p->out, "</li>\n");
    }
    lws_text_add(&p->out, "</ul>\n");
}

void section_curves(page *p)
{
    chart c[CHARTS_MOST];
    int charts = list_charts(&p->runs, c);
    size_t runs = (size_t)p->runs.count;
    if (charts == 0) {
        if (runs > 0)
            lws_text_add(&p->out, "<p class=\"lead\">There are no figures of training yet.</p>\n");
        return;
    }
    point *points = malloc((POINTS + runs * (POINTS_LEAST + 1) + POINTS_MOST) * sizeof *points);
    plot_line *lines = malloc(runs * sizeof *lines);
    p->out.is_lossy |= !points || !lines;
    section_begin(p, "curves", "Curves");
    add_legend(p);
    lws_text_add(&p->out, "<div class=\"charts%s\">\n", runs > PAGE_SOME ? " many" : "");
    for (int i = 0; i < charts && points && lines; i++)
        if (!is_doubled(&p->runs, &c[i]))
            add_chart(p, &c[i], points, lines);
    lws_text_add(&p->out, "</div>\n");
    section_end(p);
    free(points);
    free(lines);
}
