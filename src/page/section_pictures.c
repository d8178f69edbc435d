/* Reconstructions over time: of the pictures that training has drawn a few, evenly spread from the first to the last.
 */
#include "html.h"
#include "sections.h"
#include "strip.h"

#include "data/run_names.h"

#include <stdio.h>
#include <string.h>

static void add_row(page *p, const strip *s, int row, int columns, const char *what)
{
    char alt[128];
    size_t image = lws_shape_size(s->shape);
    lws_text_add(&p->out, "<p>%s</p>\n<div class=\"strip\">", what);
    for (int k = 0; k < columns && k < s->columns; k++) {
        snprintf(alt, sizeof alt, "image %d: %s", k + 1, what);
        image_add(&p->out, &p->room, s->shape, s->pixels + ((size_t)row * (size_t)s->columns + (size_t)k) * image, alt);
    }
    lws_text_add(&p->out, "</div>\n");
}

static bool same_originals(const strip *a, const strip *b)
{
    return a->pixels && b->pixels && a->columns == b->columns && a->shape.h == b->shape.h && a->shape.c == b->shape.c &&
           memcmp(a->pixels, b->pixels, (size_t)a->columns * lws_shape_size(a->shape) * sizeof *a->pixels) == 0;
}

/* `times` of the run's pictures, in rows of `columns` images. The originals are shown unless they were just before;
 * *shown is the latest picture. */
static void add_run(page *p, const page_run *r, int times, int columns, strip *shown)
{
    char path[LWS_PATH], what[64];
    times = times < r->pictures ? times : r->pictures;
    lws_text_add(&p->out, "<div class=\"rows\">\n");
    for (int i = 0; i < times; i++) {
        int at = times > 1 ? (int)((int64_t)i * (r->pictures - 1) / (times - 1)) : r->pictures - 1;
        long long step = (long long)r->picture_step[at];
        strip s;
        lws_run_picture(r->path, step, path);
        if (strip_read(path, &s) != LWS_OK) {
            lws_text_add(&p->out, "<p>step %lld is left out: ", step);
            html_text(&p->out, lws_message());
            lws_text_add(&p->out, "</p>\n");
            continue;
        }
        if (!same_originals(shown, &s))
            add_row(p, &s, 0, columns, "originals");
        snprintf(what, sizeof what, "step %lld", step);
        add_row(p, &s, 1, columns, what);
        strip_free(shown);
        *shown = s;
    }
    lws_text_add(&p->out, "</div>\n");
}

void section_pictures(page *p)
{
    int runs = p->runs.count, with = 0;
    strip shown = {0};
    for (int i = 0; i < runs; i++)
        with += p->runs.run[i].pictures > 0;
    if (with == 0)
        return;
    section_begin(p, "reconstructions", "Reconstructions over time");
    lws_text_add(&p->out, "<p class=\"aside\">The first images of the validation split.</p>\n");
    for (int i = 0; i < runs && !p->room.is_used_up; i++) {
        const page_run *r = &p->runs.run[i];
        if (r->pictures == 0)
            continue;
        if (runs > 1) {
            lws_text_add(&p->out, "<h3>");
            html_text_short(&p->out, r->name, 120);
            lws_text_add(&p->out, "</h3>\n");
        }
        add_run(p, r, runs == 1 ? 6 : runs <= PAGE_FEW ? 3 : 1, runs <= PAGE_FEW ? 8 : 6, &shown);
    }
    strip_free(&shown);
    if (p->room.is_used_up)
        lws_text_add(&p->out, "<p class=\"aside\">More pictures than this file has room for are left out: report fewer "
                              "runs to see them.</p>\n");
    section_end(p);
}
