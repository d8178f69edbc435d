/* A table of models, losses and metrics, its claims and figures, as table.json has them. */
#include "html.h"
#include "sections.h"

#include "base/input.h"
#include "report/record_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METRICS_MOST = 16 };

static void text(page *p, const lws_record *object, const char *key)
{
    html_text_short(&p->out, lws_record_get_text(object, key), 400);
}

/* The metrics that rows have values of, in their order. */
static int list_metrics(const lws_record *rows, const char **metric)
{
    int count = 0;
    for (const lws_record *r = lws_record_first(rows); r; r = lws_record_next(r))
        for (const lws_record *v = lws_record_first(lws_record_get(r, "values")); v; v = lws_record_next(v)) {
            int i = 0;
            while (i < count && strcmp(metric[i], lws_record_key(v)) != 0)
                i++;
            if (i == count && count < METRICS_MOST)
                metric[count++] = lws_record_key(v);
        }
    return count;
}

/* "0.5811 ± 0.0012", and below it the paper's. */
static void add_value(page *p, const lws_record *value)
{
    char number[HTML_NUMBER];
    double mean = (double)NAN, error, paper;
    lws_record_get_number(value, "mean", &mean);
    lws_text_add(&p->out, "<td>%s", html_number(mean, number));
    if (lws_record_get_number(value, "error", &error) && isfinite(error))
        lws_text_add(&p->out, " ± %s", html_number(error, number));
    if (lws_record_get_number(value, "paper", &paper))
        lws_text_add(&p->out, "<br><span class=\"aside\">paper %s</span>", html_number(paper, number));
    lws_text_add(&p->out, "</td>");
}

static void add_rows(page *p, const lws_record *rows)
{
    const char *metric[METRICS_MOST];
    char number[HTML_NUMBER];
    int metrics = list_metrics(rows, metric);
    lws_text_add(&p->out,
                 "<div class=\"wide\" role=\"region\" aria-label=\"Table\" tabindex=\"0\"><table><thead><tr><th "
                 "scope=\"col\">model</th><th scope=\"col\">loss</th><th scope=\"col\">seeds</th>");
    for (int k = 0; k < metrics; k++) {
        lws_text_add(&p->out, "<th scope=\"col\">");
        html_text_short(&p->out, log_title(metric[k]), 40);
        lws_text_add(&p->out, "</th>");
    }
    lws_text_add(&p->out, "</tr></thead>\n<tbody>\n");
    for (const lws_record *r = lws_record_first(rows); r; r = lws_record_next(r)) {
        double seeds = (double)NAN;
        lws_record_get_number(r, "seeds", &seeds);
        lws_text_add(&p->out, "<tr><th scope=\"row\">");
        text(p, r, "model");
        lws_text_add(&p->out, "</th><td>");
        text(p, r, "loss");
        lws_text_add(&p->out, "</td><td>%s</td>", html_number(seeds, number));
        for (int k = 0; k < metrics; k++)
            add_value(p, lws_record_get(lws_record_get(r, "values"), metric[k]));
        lws_text_add(&p->out, "</tr>\n");
    }
    lws_text_add(&p->out, "</tbody></table></div>\n");
}

static void add_claims(page *p, const lws_record *claims)
{
    static const char *const keys[] = {"difference", "low", "high", "p"};
    char number[HTML_NUMBER];
    lws_text_add(&p->out,
                 "<h3>Claims</h3>\n<div class=\"wide\" role=\"region\" aria-label=\"Claims\" tabindex=\"0\"><table "
                 "class=\"left\"><thead><tr><th scope=\"col\">model</th><th scope=\"col\">claim</th><th "
                 "scope=\"col\">verdict</th><th scope=\"col\">difference</th><th scope=\"col\">from</th><th "
                 "scope=\"col\">to</th><th scope=\"col\">p</th></tr></thead>\n<tbody>\n");
    for (const lws_record *c = lws_record_first(claims); c; c = lws_record_next(c)) {
        const char *verdict = lws_record_get_text(c, "verdict");
        lws_text_add(&p->out, "<tr><th scope=\"row\">");
        text(p, c, "model");
        lws_text_add(&p->out, "</th><td>");
        text(p, c, "text");
        lws_text_add(&p->out, "</td><td><b%s>",
                     verdict && strcmp(verdict, "holds") == 0      ? " class=\"good\""
                     : verdict && strcmp(verdict, "does not") == 0 ? " class=\"bad\""
                                                                   : "");
        text(p, c, "verdict");
        lws_text_add(&p->out, "</b></td>");
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            double v = (double)NAN;
            lws_record_get_number(c, keys[k], &v);
            lws_text_add(&p->out, "<td>%s</td>", html_number(v, number));
        }
        lws_text_add(&p->out, "</tr>\n");
    }
    lws_text_add(&p->out, "</tbody></table></div>\n");
}

/* A figure is a file beside the table: its name has no folder. */
static void add_figures(page *p, const char *folder, const lws_record *figures)
{
    char path[LWS_PATH + 256];
    for (const lws_record *f = lws_record_first(figures); f; f = lws_record_next(f)) {
        const char *name = lws_record_value_text(f);
        if (!name || strchr(name, '/') || strlen(name) > 200)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        lws_text_add(&p->out, "<figure class=\"wideimg\"><figcaption>");
        html_text(&p->out, name);
        lws_text_add(&p->out, "</figcaption>");
        if (!image_add_file(&p->out, &p->room, path, name))
            lws_text_add(&p->out,
                         "<p class=\"aside\">left out: it is no PNG, or larger than this file has room for</p>");
        lws_text_add(&p->out, "</figure>\n");
    }
}

static void add_table(page *p, const char *folder, const lws_record *table)
{
    const lws_record *claims = lws_record_get(table, "claims");
    double seconds = 0;
    add_rows(p, lws_record_get(table, "rows"));
    if (lws_record_first(claims))
        add_claims(p, claims);
    add_figures(p, folder, lws_record_get(table, "figures"));
    lws_text_add(&p->out, "<p class=\"aside\">");
    text(p, table, "command");
    lws_text_add(&p->out, "<br>");
    text(p, table, "machine");
    if (lws_record_get_number(table, "seconds", &seconds))
        lws_text_add(&p->out, "; %.0f s", seconds);
    lws_text_add(&p->out, "</p>\n");
}

/* A table of any keys, whose cells are all there is to show. */
static bool is_sweep(const char *table)
{
    char path[LWS_PATH + 32];
    snprintf(path, sizeof path, "%s/table.ini", table);
    return lws_input_begins(path, "[table]\nkind = sweep\n", 21);
}

void section_tables(page *p)
{
    char path[LWS_PATH + 32], anchor[32];
    for (int i = 0; i < p->runs.tables; i++) {
        lws_record *table = NULL;
        if (is_sweep(p->runs.table[i]))
            continue;
        snprintf(path, sizeof path, "%s/table.json", p->runs.table[i]);
        snprintf(anchor, sizeof anchor, "table%d", i + 1);
        lws_status status = lws_record_load(path, &table);
        const char *title = lws_record_get_text(table, "title");
        section_begin(p, anchor, title ? title : "Table");
        if (status == LWS_OK) {
            add_table(p, p->runs.table[i], table);
        } else {
            lws_text_add(&p->out, "<p class=\"aside\">The table is not there yet: ");
            html_text(&p->out, lws_message());
            lws_text_add(&p->out, "</p>\n");
        }
        section_end(p);
        lws_record_free(table);
    }
}
