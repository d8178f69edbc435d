/* Where a run was trained, and where its time went: by the timeline of rank 0, where the run kept one. */
#include "html.h"
#include "sections.h"

#include "base/input.h"
#include "base/log.h"
#include "report/record_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PHASES = 24 };

typedef struct phase {
    const char *name, *group;
    double calls, seconds;
} phase;

/* The stretches of a kind, added up; those of a kind hold none of another, see train --profile. What has no kind is
 * counted where it is in no other stretch. */
static int add_up(const lws_record *trace, phase *phases)
{
    int count = 0;
    double end = 0; /* of the latest stretch that is in no other */
    for (const lws_record *e = lws_record_first(lws_record_get(trace, "traceEvents")); e; e = lws_record_next(e)) {
        const char *name = lws_record_get_text(e, "name"), *group = lws_record_get_text(e, "cat");
        double begin, length;
        if (!name || !lws_record_get_number(e, "ts", &begin) || !lws_record_get_number(e, "dur", &length))
            continue;
        bool is_outer = begin >= end - 1e-3;
        end = is_outer ? begin + length : end;
        if (!group && !is_outer)
            continue;
        int i = 0;
        while (i < count && (strcmp(phases[i].name, group ? group : name) != 0 || !phases[i].group != !group))
            i++;
        if (i == PHASES)
            continue;
        if (i == count)
            phases[count++] = (phase){group ? group : name, group, 0, 0};
        phases[i].calls++;
        phases[i].seconds += length / 1e6;
    }
    return count;
}

static int by_seconds(const void *a, const void *b)
{
    const phase *x = a, *y = b;
    if (!x->group != !y->group)
        return x->group ? 1 : -1;
    return x->seconds < y->seconds ? 1 : x->seconds > y->seconds ? -1 : strcmp(x->name, y->name);
}

static void add_phases(page *p, phase *phases, int count)
{
    char seconds[HTML_NUMBER], each[HTML_NUMBER];
    double most = 0, all = 0;
    qsort(phases, (size_t)count, sizeof *phases, by_seconds);
    for (int i = 0; i < count; i++) {
        most = fmax(most, phases[i].seconds);
        all += phases[i].group ? 0 : phases[i].seconds;
    }
    lws_text_add(&p->out,
                 "<p class=\"aside\">The first stretches of rank 0's work, from its timeline: the phases, then the "
                 "kinds of work within them.</p>\n<div class=\"wide\" role=\"region\" aria-label=\"Time by "
                 "phase\" tabindex=\"0\"><table class=\"left\"><thead><tr><th scope=\"col\">work</th><th "
                 "scope=\"col\">seconds</th><th scope=\"col\">share</th><th scope=\"col\">ms a call</th><th "
                 "scope=\"col\"></th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < count; i++) {
        const phase *f = &phases[i];
        lws_text_add(&p->out, "<tr><th scope=\"row\">");
        html_text_short(&p->out, f->name, 60);
        lws_text_add(&p->out,
                     "%s</th><td>%s</td><td>%.1f %%</td><td>%s</td><td><span class=\"bar\" style=\"width:%.0fpx\">"
                     "</span></td></tr>\n",
                     f->group ? " (kind)" : "", html_number(f->seconds, seconds), all > 0 ? 100 * f->seconds / all : 0,
                     html_number(1e3 * f->seconds / f->calls, each), most > 0 ? 160 * f->seconds / most : 0);
    }
    lws_text_add(&p->out, "</tbody></table></div>\n");
}

static lws_status add_timeline(page *p, const char *path)
{
    char *text;
    size_t length;
    phase phases[PHASES];
    LWS_TRY(lws_input_read_text(path, "timeline", &text, &length));
    lws_record *trace = lws_record_parse(text, length);
    int count = trace ? add_up(trace, phases) : 0;
    if (count > 0)
        add_phases(p, phases, count);
    lws_record_free(trace);
    free(text);
    return trace ? LWS_OK : lws_fail(LWS_ERR_FORMAT, "%s is no timeline", path);
}

/* Ranks and threads of a table's cell. */
static void add_machine(page *p, const page_run *r)
{
    double ranks, threads;
    lws_text_add(&p->out, "<p>");
    if (p->request->machine)
        html_text(&p->out, p->request->machine);
    else if (lws_record_get_number(r->test, "ranks", &ranks) && lws_record_get_number(r->test, "threads", &threads))
        lws_text_add(&p->out, "%.0f ranks of %.0f threads", ranks, threads);
    else
        lws_text_add(&p->out, "The machine is in reports that training writes (report-every)");
    if (r->log.seconds > 0)
        lws_text_add(&p->out, "; %s of training for %.0f steps, %.1f ms a step", lws_duration(r->log.seconds),
                     r->log.step, 1e3 * r->log.seconds / fmax(1, r->log.step));
    lws_text_add(&p->out, ".</p>\n");
}

void section_speed(page *p)
{
    char path[LWS_PATH + 32];
    if (p->runs.count != 1)
        return;
    const page_run *r = &p->runs.run[0];
    snprintf(path, sizeof path, "%s/profile-0.json", r->path);
    section_begin(p, "speed", "Machine and speed");
    add_machine(p, r);
    if (access(path, F_OK) != 0) {
        lws_text_add(&p->out, "<p class=\"aside\">Time by phase is shown for runs with the key profile.</p>\n");
    } else if (add_timeline(p, path) != LWS_OK) {
        lws_text_add(&p->out, "<p class=\"aside\">Time by phase is left out: ");
        html_text(&p->out, lws_message());
        lws_text_add(&p->out, "</p>\n");
    }
    section_end(p);
}
