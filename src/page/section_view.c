/* What the models do to images. */
#include "html.h"
#include "plot.h"
#include "sections.h"

#include "base/folder.h"
#include "data/run_names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const walk_name[VIEW_WALKS] = {"first", "second", "third", "fourth", "fifth", "sixth"};

/* Below the name of the run, where there are several. */
static void heading(page *p, const char *title)
{
    int level = p->runs.count == 1 ? 3 : 4;
    lws_text_add(&p->out, "<h%d>%s</h%d>\n", level, title, level);
}

static void add_grid(page *p, const view *v, const float *pixels, int count, const char *what)
{
    char alt[128];
    size_t image = lws_shape_size(v->shape);
    lws_text_add(&p->out, "<div class=\"strip eight\">");
    for (int i = 0; i < count; i++) {
        snprintf(alt, sizeof alt, "%s %d", what, i + 1);
        image_add(&p->out, &p->room, v->shape, pixels + (size_t)i * image, alt);
    }
    lws_text_add(&p->out, "</div>\n");
}

static void add_pairs(page *p, const view *v, bool best, int count)
{
    char number[HTML_NUMBER], mse[HTML_NUMBER];
    size_t image = lws_shape_size(v->shape);
    heading(p, best ? "The best of them" : "The worst of them");
    lws_text_add(&p->out, "<div class=\"pairs\">\n");
    for (int i = 0; i < count && i < v->pairs; i++) {
        const float *x = v->pair + 2 * ((size_t)i + (best ? 0 : (size_t)v->pairs)) * image;
        const double *value = best ? v->best[i] : v->worst[i];
        lws_text_add(&p->out, "<figure><div>");
        image_add(&p->out, &p->room, v->shape, x, "original");
        image_add(&p->out, &p->room, v->shape, x + image, "reconstruction");
        lws_text_add(&p->out, "</div><figcaption>%s %s", lws_metric_title[v->order],
                     html_number(value[v->order], number));
        if (v->order != LWS_METRIC_MSE)
            lws_text_add(&p->out, ", MSE %s", html_number(value[LWS_METRIC_MSE], mse));
        lws_text_add(&p->out, "</figcaption></figure>\n");
    }
    lws_text_add(&p->out, "</div>\n");
}

static void add_means(page *p, const view *v)
{
    char number[HTML_NUMBER];
    lws_text_add(&p->out, "<p>");
    for (int m = 0; m < LWS_METRICS; m++)
        if (isfinite(v->mean[m]))
            lws_text_add(&p->out, "%s <b>%s</b>, ", lws_metric_title[m], html_number(v->mean[m], number));
    lws_text_add(&p->out, "over %lld%s%lld images of the %s split, by the weights of step %lld.</p>\n",
                 (long long)v->images, v->images < v->rows ? " of the " : " of ", (long long)v->rows,
                 lws_split_name[v->split], (long long)v->step);
}

static void add_colours(page *p, const view *v)
{
    char note[128];
    const lws_colour_sums *s = &v->colour.sums;
    double slope = lws_colour_slope(s);
    if (!(s->oo - s->o * s->o / s->n > 1e-9)) /* grey */
        return;
    heading(p, "Colours");
    snprintf(note, sizeof note, "slope %.3f, correlation %.3f", slope, lws_colour_correlation(s));
    lws_text_add(&p->out, "<p class=\"aside\">The opponent colours R − G and (R + G)/2 − B of pixels, before and "
                          "after. A slope of 1 keeps colours (the dashed line); below it they are greyed.</p>\n<div "
                          "class=\"cloudbox\">");
    plot_draw_cloud(&p->out, &(plot_cloud){"Colour", note, "original", "reconstruction", v->colour.points, v->colour.at,
                                           s->o / s->n, s->r / s->n, slope});
    lws_text_add(&p->out, "</div>\n");
}

static void add_samples(page *p, const view *v, int count)
{
    if (!v->sample)
        return;
    heading(p, "Samples");
    lws_text_add(&p->out, "<p class=\"aside\">%s</p>\n",
                 v->is_fitted
                     ? "Codes drawn from a Gaussian that was fitted to those of images, as a plain auto-encoder "
                       "has no prior."
                     : "Codes drawn from the prior.");
    add_grid(p, v, v->sample, count, "sample");
}

static void add_walks(page *p, const view *v, int count)
{
    char number[HTML_NUMBER], what[64];
    size_t row = VIEW_PLACES * lws_shape_size(v->shape);
    if (v->walks == 0 || count == 0)
        return;
    heading(p, "Walks through the code");
    lws_text_add(&p->out, "<p class=\"aside\">From 2.5 deviations before the mean code "
                          "to 2.5 behind it, along the directions in which codes differ most.</p>\n<div "
                          "class=\"rows\">\n");
    for (int k = 0; k < count && k < v->walks; k++) {
        lws_text_add(&p->out, "<p>%s direction, deviation %s</p>\n", walk_name[k], html_number(v->spread[k], number));
        snprintf(what, sizeof what, "along the %s direction, place", walk_name[k]);
        add_grid(p, v, v->walk + (size_t)k * row, VIEW_PLACES, what);
    }
    lws_text_add(&p->out, "</div>\n");
}

static lws_status look(page *p, const page_run *run, view *v)
{
    char folder[LWS_PATH];
    lws_inference_model loaded;
    const lws_inference_model *given = p->request->model;
    if (given)
        return view_make(given, given->options.data, v);
    lws_run_checkpoints(run->path, folder);
    if (lws_checkpoint_count(folder) <= 0)
        return lws_fail(LWS_ERR_IO, "there is no checkpoint yet");
    LWS_TRY(lws_inference_load(NULL, NULL, run->path, false, &loaded));
    const char *data = config_file_get(&run->config, "data");
    lws_status status = view_make(&loaded, data ? data : "", v);
    lws_inference_free(&loaded);
    return status;
}

static void section_view(page *p, const page_run *run)
{
    view *v = calloc(1, sizeof *v);
    bool is_alone = p->runs.count == 1;
    p->out.is_lossy |= !v;
    if (!v)
        return;
    if (look(p, run, v) == LWS_OK) {
        add_means(p, v);
        add_colours(p, v);
        add_pairs(p, v, true, is_alone ? VIEW_PAIRS : 3);
        add_pairs(p, v, false, is_alone ? VIEW_PAIRS : 3);
        add_samples(p, v, is_alone ? VIEW_SAMPLES : 8);
        add_walks(p, v, is_alone ? VIEW_WALKS : 2);
    } else {
        lws_text_add(&p->out, "<p class=\"aside\">Left out: ");
        html_text(&p->out, lws_message());
        lws_text_add(&p->out, "</p>\n");
    }
    view_free(v);
    free(v);
}

void section_models(page *p)
{
    int runs = p->runs.count;
    if (runs == 0)
        return;
    section_begin(p, "model", runs == 1 ? "What the model does" : "What the models do");
    if (p->request->is_light)
        lws_text_add(&p->out, "<p class=\"aside\">Best and worst images, colours, samples and walks through the code "
                              "come when training has all its steps; lwssim report shows them now.</p>\n");
    else if (runs > PAGE_FEW)
        lws_text_add(&p->out,
                     "<p class=\"aside\">Best and worst images, colours, samples and walks through the code are "
                     "shown for up to %d runs: report one alone to see them.</p>\n",
                     PAGE_FEW);
    for (int i = 0; i < runs && runs <= PAGE_FEW && !p->request->is_light; i++) {
        if (runs > 1) {
            lws_text_add(&p->out, "<h3>");
            html_text_short(&p->out, p->runs.run[i].name, 120);
            lws_text_add(&p->out, "</h3>\n");
        }
        section_view(p, &p->runs.run[i]);
    }
    section_end(p);
}
