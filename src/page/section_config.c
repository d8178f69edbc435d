/* What runs were told: where they differ, and all of it. */
#include "html.h"
#include "sections.h"

#include <string.h>

enum { COLUMNS_MOST = 8 };

static bool is_different(const differ *d, const char *key)
{
    for (int i = 0; i < d->count; i++)
        if (strcmp(d->key[i], key) == 0)
            return true;
    return false;
}

static void cell(page *p, const char *tag, const char *text, int most)
{
    lws_text_add(&p->out, "<%s>", tag);
    html_text_short(&p->out, text, most);
    lws_text_add(&p->out, "</%.2s>", tag);
}

static void begin_table(page *p, const char *label)
{
    lws_text_add(&p->out,
                 "<div class=\"wide\" role=\"region\" aria-label=\"%s\" tabindex=\"0\">"
                 "<table class=\"left config\">\n",
                 label);
}

static void end_table(page *p)
{
    lws_text_add(&p->out, "</table></div>\n");
}

/* A row a key that differs, a column a run. Of many runs, the values that there are. */
static void add_differences(page *p)
{
    bool is_wide = p->runs.count > COLUMNS_MOST;
    begin_table(p, "What differs");
    lws_text_add(&p->out, "<thead><tr><th scope=\"col\">key</th>");
    for (int i = 0; i < p->runs.count && !is_wide; i++)
        cell(p, "th scope=\"col\"", p->runs.run[i].name, 40);
    lws_text_add(&p->out, "%s</tr></thead>\n<tbody>\n", is_wide ? "<th scope=\"col\">values</th>" : "");
    for (int k = 0; k < p->differ.count; k++) {
        lws_text_add(&p->out, "<tr>");
        cell(p, "th scope=\"row\"", p->differ.key[k], 40);
        lws_text_add(&p->out, is_wide ? "<td>" : "");
        for (int i = 0, shown = 0; i < p->runs.count && shown < COLUMNS_MOST; i++) {
            const char *value = page_run_value(&p->runs.run[i], p->differ.key[k]);
            int before = 0;
            while (is_wide && before < i && strcmp(page_run_value(&p->runs.run[before], p->differ.key[k]), value) != 0)
                before++;
            if (!is_wide)
                cell(p, "td", value, 80);
            else if (before == i) {
                lws_text_add(&p->out, shown++ ? ", " : "");
                html_text_short(&p->out, shown == COLUMNS_MOST ? "…" : value, 60);
            }
        }
        lws_text_add(&p->out, "%s</tr>\n", is_wide ? "</td>" : "");
    }
    lws_text_add(&p->out, "</tbody>");
    end_table(p);
}

/* Keys of the first run that all share; of one run, with `only_set`, those that are not the defaults. */
static void add_shared(page *p, bool only_set)
{
    const config_file *f = &p->runs.run[0].config;
    begin_table(p, only_set ? "Set otherwise than the defaults" : "All keys");
    lws_text_add(&p->out, "<tbody>\n");
    for (int i = 0; i < f->count; i++) {
        if (is_different(&p->differ, f->pair[i].key) ||
            (only_set && config_is_default(f->pair[i].key, f->pair[i].value)))
            continue;
        lws_text_add(&p->out, "<tr>");
        cell(p, "th scope=\"row\"", f->pair[i].key, 60);
        cell(p, "td", f->pair[i].value, 1024);
        lws_text_add(&p->out, "</tr>\n");
    }
    lws_text_add(&p->out, "</tbody>");
    end_table(p);
}

void section_config(page *p)
{
    int runs = p->runs.count;
    if (runs == 0 || p->runs.run[0].config.count == 0)
        return;
    section_begin(p, "configuration", runs == 1 ? "Configuration" : "What differs");
    if (runs > 1 && p->differ.count > 0)
        add_differences(p);
    else if (runs > 1)
        lws_text_add(&p->out, "<p>The configurations are the same.</p>\n");
    if (runs == 1) {
        lws_text_add(&p->out, "<p class=\"aside\">What is set otherwise than the defaults of this version.</p>\n");
        add_shared(p, true);
    }
    lws_text_add(&p->out, "<details><summary>%s</summary>\n", runs == 1 ? "All keys" : "What all of them share");
    add_shared(p, false);
    lws_text_add(&p->out, "</details>\n");
    section_end(p);
}
