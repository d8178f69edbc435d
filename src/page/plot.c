/* Curves and clouds of points are drawn in SVG. */
#include "plot.h"

#include "axis.h"
#include "differ.h"
#include "html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* In units of the drawing, which are pixels where it is shown at its own size. */
enum { WIDTH = 440, HEIGHT = 260, LEFT = 56, RIGHT = 22, TOP = 10, BOTTOM = 38 };
enum { HOVERS = 36, HOVER_LINES = 8, DOTS = 24, DOT_LINES = 8 };

typedef struct frame {
    axis x, y;
} frame;

static double at_x(const frame *f, double x)
{
    return LEFT + axis_place(&f->x, x) * (WIDTH - LEFT - RIGHT);
}

static double at_y(const frame *f, double y)
{
    return HEIGHT - BOTTOM - axis_place(&f->y, y) * (HEIGHT - TOP - BOTTOM);
}

/* ---- the frame ------------------------------------------------------------------------------- */

static bool make_frame(const plot *p, frame *f)
{
    double low = 0, high = 0, left = INFINITY, right = -INFINITY;
    bool any = false;
    for (int i = 0; i < p->lines; i++) {
        const plot_line *l = &p->line[i];
        double line_low, line_high;
        if (!series_range(l->at, l->count, &line_low, &line_high))
            continue;
        low = any ? fmin(low, line_low) : line_low;
        high = any ? fmax(high, line_high) : line_high;
        left = fmin(left, l->at[0].x);
        right = fmax(right, l->at[l->count - 1].x);
        any = true;
    }
    if (!any)
        return false;
    f->x = axis_make(fmin(0, left), fmax(right, 1), 5, false);
    f->y = axis_make(low, high, 5, axis_suits_log(low, high));
    return true;
}

static void draw_frame(lws_text *out, const frame *f)
{
    char label[AXIS_LABEL];
    for (int i = 0; i < f->y.ticks; i++) {
        double y = at_y(f, f->y.tick[i]);
        lws_text_add(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"yl\" x=\"%d\" y=\"%.1f\">%s</text>\n",
                     LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4, axis_label(&f->y, i, label));
    }
    for (int i = 0; i < f->x.ticks; i++) {
        double x = at_x(f, f->x.tick[i]);
        lws_text_add(out, "<path class=\"tick\" d=\"M%.1f %dv4\"/><text class=\"xl\" x=\"%.1f\" y=\"%d\">%s</text>\n",
                     x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 16, axis_label(&f->x, i, label));
    }
    lws_text_add(out, "<path class=\"axis\" d=\"M%d %dH%d\"/><text class=\"xl\" x=\"%d\" y=\"%d\">step%s</text>\n",
                 LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4,
                 f->y.is_log ? " (values on a logarithmic scale)" : "");
}

/* ---- curves ---------------------------------------------------------------------------------- */

static void add_title(lws_text *out, const plot_line *l)
{
    char number[HTML_NUMBER];
    double last = (double)NAN;
    for (int i = 0; i < l->count; i++)
        last = isfinite(l->at[i].y) ? l->at[i].y : last;
    lws_text_add(out, "<title>");
    html_text_short(out, l->name, 80);
    lws_text_add(out, ": %s</title>", html_number(last, number));
}

static void draw_line(lws_text *out, const frame *f, const plot_line *l)
{
    bool is_down = false;
    lws_text_add(out, "<path class=\"line ");
    if (l->style < 0)
        lws_text_add(out, "grey");
    else
        lws_text_add(out, "c%d d%d", l->style % STYLE_COLOURS, l->style / STYLE_COLOURS % STYLE_DASHES);
    lws_text_add(out, "\" d=\"");
    for (int i = 0; i < l->count; i++) {
        bool is_gap = !isfinite(l->at[i].y);
        if (!is_gap)
            lws_text_add(out, "%c%.1f %.1f", is_down ? 'L' : 'M', at_x(f, l->at[i].x), at_y(f, l->at[i].y));
        is_down = !is_gap;
    }
    lws_text_add(out, "\">");
    add_title(out, l);
    lws_text_add(out, "</path>\n");
}

static void draw_dots(lws_text *out, const frame *f, const plot_line *l)
{
    for (int i = 0; i < l->count; i++)
        if (isfinite(l->at[i].y))
            lws_text_add(out, "<circle class=\"c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>", l->style % STYLE_COLOURS,
                         at_x(f, l->at[i].x), at_y(f, l->at[i].y));
}

/* The point of a line that is nearest to x, if it is as near as `room`. */
static const point *nearest(const plot_line *l, double x, double room)
{
    const point *best = NULL;
    for (int i = 0; i < l->count; i++)
        if (isfinite(l->at[i].y) && fabs(l->at[i].x - x) <= room && (!best || fabs(l->at[i].x - x) < fabs(best->x - x)))
            best = &l->at[i];
    return best;
}

/* Columns that show, as titles, what the curves are there. */
static void draw_hovers(lws_text *out, const frame *f, const plot *p)
{
    double width = (f->x.high - f->x.low) / HOVERS;
    char number[HTML_NUMBER];
    for (int k = 0; k < HOVERS; k++) {
        double x = f->x.low + (k + .5) * width, step = -1;
        for (int i = 0; i < p->lines; i++) {
            const point *at = nearest(&p->line[i], x, width / 2);
            if (!at)
                continue;
            if (step < 0)
                lws_text_add(out,
                             "<rect class=\"hover\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>step %s",
                             at_x(f, x - width / 2), TOP, (double)(WIDTH - LEFT - RIGHT) / HOVERS,
                             HEIGHT - TOP - BOTTOM, html_number(at->x, number));
            step = at->x;
            lws_text_add(out, p->lines > 1 ? "\n" : ": ");
            if (p->lines > 1)
                html_text_short(out, p->line[i].name, 40);
            lws_text_add(out, "%s%s", p->lines > 1 ? ": " : "", html_number(at->y, number));
        }
        if (step >= 0)
            lws_text_add(out, "</title></rect>\n");
    }
}

static void begin_figure(lws_text *out, const char *title, const char *note, int width, int height)
{
    lws_text_add(out, "<figure class=\"chart\"><figcaption><b>");
    html_text(out, title);
    lws_text_add(out, "</b> <span>");
    html_text(out, note);
    lws_text_add(out, "</span></figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", width, height);
    html_text(out, title);
    lws_text_add(out, note[0] ? ": " : "");
    html_text(out, note);
    lws_text_add(out, "\">\n");
}

bool plot_draw(lws_text *out, const plot *p)
{
    frame f;
    if (!make_frame(p, &f))
        return false;
    begin_figure(out, p->title, p->note, WIDTH, HEIGHT);
    draw_frame(out, &f);
    for (int i = 0; i < p->lines; i++)
        draw_line(out, &f, &p->line[i]);
    for (int i = 0; i < p->lines && p->lines <= DOT_LINES; i++)
        if (p->line[i].count <= DOTS && p->line[i].style >= 0)
            draw_dots(out, &f, &p->line[i]);
    if (p->lines <= HOVER_LINES)
        draw_hovers(out, &f, p);
    lws_text_add(out, "</svg></figure>\n");
    return true;
}

/* ---- a cloud of points ----------------------------------------------------------------------- */

enum { SIDE = 300, EDGE = 44 };

/* v from -1 to 1. */
static double cloud_x(double v)
{
    return EDGE + (v + 1) / 2 * SIDE;
}

static double cloud_y(double v)
{
    return 8 + (1 - v) / 2 * SIDE;
}

/* What stands for 1: a multiple of a fifth, as the points need. */
static double extent_of(const plot_cloud *p)
{
    double most = 0;
    for (int i = 0; i < p->count; i++)
        most = fmax(most, fmax(fabs(p->at[i].x), fabs(p->at[i].y)));
    return fmin(1, fmax(1, ceil(most * 5)) / 5);
}

static void draw_cloud_frame(lws_text *out, const plot_cloud *p, double extent)
{
    for (int i = -2; i <= 2; i++) {
        double v = i / 2.0;
        lws_text_add(out, "<path class=\"grid\" d=\"M%d %.1fh%dM%.1f 8v%d\"/>", EDGE, cloud_y(v), SIDE, cloud_x(v),
                     SIDE);
        lws_text_add(out, "<text class=\"yl\" x=\"%d\" y=\"%.1f\">%.4g</text>", EDGE - 6, cloud_y(v) + 4, v * extent);
        lws_text_add(out, "<text class=\"xl\" x=\"%.1f\" y=\"%d\">%.4g</text>\n", cloud_x(v), SIDE + 24, v * extent);
    }
    lws_text_add(out, "<text class=\"xl\" x=\"%d\" y=\"%d\">%s</text>", EDGE + SIDE / 2, SIDE + 42, p->x_title);
    lws_text_add(out, "<text class=\"xl\" transform=\"translate(12 %d) rotate(-90)\">%s</text>\n", 8 + SIDE / 2,
                 p->y_title);
}

void plot_draw_cloud(lws_text *out, const plot_cloud *p)
{
    begin_figure(out, p->title, p->note, SIDE + EDGE + 16, SIDE + 48);
    double extent = extent_of(p);
    draw_cloud_frame(out, p, extent);
    lws_text_add(out, "<path class=\"cloud\" d=\"");
    for (int i = 0; i < p->count; i++)
        lws_text_add(out, "M%.1f %.1fh0", cloud_x(p->at[i].x / extent), cloud_y(p->at[i].y / extent));
    lws_text_add(out,
                 "\"/>\n<path class=\"diagonal\" d=\"M%.1f %.1fL%.1f %.1f\"><title>as the original</title></path>\n",
                 cloud_x(-1), cloud_y(-1), cloud_x(1), cloud_y(1));
    if (isfinite(p->slope)) {
        double left = p->mean_y + p->slope * (-extent - p->mean_x), right = p->mean_y + p->slope * (extent - p->mean_x);
        lws_text_add(out, "<path class=\"slope\" d=\"M%.1f %.1fL%.1f %.1f\"><title>slope %.3f</title></path>\n",
                     cloud_x(-1), cloud_y(left / extent), cloud_x(1), cloud_y(right / extent), p->slope);
    }
    lws_text_add(out, "</svg></figure>\n");
}
