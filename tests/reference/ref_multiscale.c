/* MS-SSIM over three scales, and mix (Zhao et al. 2017), channel by channel and window by window: moments of each
 * window around its mean, products factor by factor, the gradient by the chain rule from each window to each of its
 * pixels. */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The options of both, as lws_loss_find() lays them into a spec; a list is a count and its values. */
typedef struct number_list {
    int count;
    double value[16];
} number_list;

typedef struct ms_ssim_options {
    int64_t window;
    number_list weights;
    double k1, k2;
} ms_ssim_options;

typedef struct mix_options {
    number_list sigmas;
    double reach, alpha, k1, k2;
} mix_options;

/* One channel of two images, and the gradient by y where it is wanted. */
typedef struct plane {
    int h, w;
    const double *x, *y;
    double *dy; /* is added to; or NULL */
} plane;

/* A window over columns left … and rows top …, of any weights. */
typedef struct window {
    int top, left, rows, columns;
    const double *weight;
} window;

typedef struct similarity {
    double l, dl;           /* luminance, and its derivative by μy */
    double cs, d_vy, d_vxy; /* contrast · structure, and its derivatives by σy² and σxy */
    double mx, my;
} similarity;

static similarity compare(const plane *p, const window *v, double k1, double k2)
{
    similarity s = {0};
    double vx = 0, vy = 0, vxy = 0, c1 = k1 * k1, c2 = k2 * k2;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < v->rows; i++)
            for (int j = 0; j < v->columns; j++) {
                int at = (v->top + i) * p->w + v->left + j;
                double weight = v->weight[i * v->columns + j];
                if (pass == 0) {
                    s.mx += weight * p->x[at];
                    s.my += weight * p->y[at];
                    continue;
                }
                vx += weight * (p->x[at] - s.mx) * (p->x[at] - s.mx);
                vy += weight * (p->y[at] - s.my) * (p->y[at] - s.my);
                vxy += weight * (p->x[at] - s.mx) * (p->y[at] - s.my);
            }
    double b1 = s.mx * s.mx + s.my * s.my + c1, b2 = vx + vy + c2;
    s.l = (2 * s.mx * s.my + c1) / b1;
    s.dl = (2 * s.mx - 2 * s.my * s.l) / b1;
    s.cs = (2 * vxy + c2) / b2;
    s.d_vy = -s.cs / b2;
    s.d_vxy = 2 / b2;
    return s;
}

/* dy += (of_l · ∂l + of_cs · ∂cs) / ∂y */
static void spread(const plane *p, const window *v, const similarity *s, double of_l, double of_cs)
{
    for (int i = 0; i < v->rows; i++)
        for (int j = 0; j < v->columns; j++) {
            int at = (v->top + i) * p->w + v->left + j;
            double by_cs = s->d_vy * 2 * (p->y[at] - s->my) + s->d_vxy * (p->x[at] - s->mx);
            p->dy[at] += v->weight[i * v->columns + j] * (of_l * s->dl + of_cs * by_cs);
        }
}

/* ---- MS-SSIM ----------------------------------------------------------------------------------------------------- */

/* The mean over windows of c·s, or of l·c·s; with `factor` times its gradient. */
static double plane_mean(const ms_ssim_options *o, const plane *p, int luminance, double factor)
{
    int side = (int)o->window, windows = (p->h - side + 1) * (p->w - side + 1);
    double *weight = malloc((size_t)side * (size_t)side * sizeof *weight), sum = 0;
    ref_window_weights(side, 1.5 * side / 11, weight);
    for (int i = 0; i + side <= p->h; i++)
        for (int j = 0; j + side <= p->w; j++) {
            window v = {i, j, side, side, weight};
            similarity s = compare(p, &v, o->k1, o->k2);
            sum += luminance ? s.l * s.cs : s.cs;
            if (p->dy)
                spread(p, &v, &s, luminance ? factor / windows * s.cs : 0, factor / windows * (luminance ? s.l : 1));
        }
    free(weight);
    return sum / windows;
}

/* Where a pixel goes when a side is halved: an odd one begins with a zero. */
static int half_of(int at, int side)
{
    return (at + side % 2) / 2;
}

static double *halved(int h, int w, const double *v)
{
    int columns = (w + 1) / 2;
    double *out = calloc((size_t)((h + 1) / 2) * (size_t)columns, sizeof *out);
    for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++)
            out[half_of(i, h) * columns + half_of(j, w)] += .25 * v[i * w + j];
    return out;
}

static double ms_ssim_plane(const ms_ssim_options *o, const plane *p, double factor)
{
    plane scale[3];
    double power[3], slope[3], value = 1;
    for (int i = 0; i < 3; i++) {
        plane fine = i ? scale[i - 1] : *p;
        int h = (fine.h + 1) / 2, w = (fine.w + 1) / 2;
        scale[i] = i ? (plane){h, w, halved(fine.h, fine.w, fine.x), halved(fine.h, fine.w, fine.y), NULL} : *p;
        scale[i].dy = NULL;
        power[i] = ref_power(plane_mean(o, &scale[i], i == 2, 0), o->weights.value[i], &slope[i]);
        value *= power[i];
    }
    for (int i = 2; p->dy && i >= 0; i--) {
        double others = power[(i + 1) % 3] * power[(i + 2) % 3];
        scale[i].dy = calloc((size_t)scale[i].h * (size_t)scale[i].w, sizeof(double));
        plane_mean(o, &scale[i], i == 2, factor * -others * slope[i]);
        for (int a = 0; a < scale[i].h; a++)
            for (int b = 0; i < 2 && b < scale[i].w; b++)
                scale[i].dy[a * scale[i].w + b] +=
                    .25 * scale[i + 1].dy[half_of(a, scale[i].h) * scale[i + 1].w + half_of(b, scale[i].w)];
    }
    for (int k = 0; p->dy && k < p->h * p->w; k++)
        p->dy[k] += scale[0].dy[k];
    for (int i = 0; i < 3; i++) {
        if (p->dy)
            free(scale[i].dy);
        if (i > 0)
            free((void *)scale[i].x), free((void *)scale[i].y);
    }
    return 1 - value;
}

/* ---- mix --------------------------------------------------------------------------------------------------------- */

/* The part inside of a plane of the window around a pixel, its weights [rows, columns], sum 1. */
static window around(int i, int j, int h, int w, double sigma, int radius, double *weight)
{
    int top = i > radius ? i - radius : 0, left = j > radius ? j - radius : 0;
    int bottom = i + radius < h ? i + radius : h - 1, right = j + radius < w ? j + radius : w - 1;
    window v = {top, left, bottom - top + 1, right - left + 1, weight};
    double sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int a = 0; a < v.rows; a++)
            for (int b = 0; b < v.columns; b++) {
                double *at = &weight[a * v.columns + b], y = top + a - i, x = left + b - j;
                if (pass == 0)
                    sum += *at = exp(-(y * y + x * x) / (2 * sigma * sigma));
                else
                    *at /= sum;
            }
    return v;
}

/* The loss around one pixel, with `factor` times its gradient. */
static double mix_pixel(const mix_options *o, const plane *p, int i, int j, double factor, double *const *weight)
{
    window v[16];
    similarity s[16] = {0};
    int widest = 0, count = o->sigmas.count;
    double product = 1, error = 0;
    for (int k = 0; k < count; k++) {
        double sigma = o->sigmas.value[k];
        v[k] = around(i, j, p->h, p->w, sigma, (int)ceil(o->reach * sigma), weight[k]);
        s[k] = compare(p, &v[k], o->k1, o->k2);
        product *= s[k].cs;
        widest = sigma > o->sigmas.value[widest] ? k : widest;
    }
    for (int k = 0; p->dy && k < count; k++) {
        double others = s[widest].l, all = 1;
        for (int other = 0; other < count; other++) {
            others *= other == k ? 1 : s[other].cs;
            all *= s[other].cs;
        }
        spread(p, &v[k], &s[k], k == widest ? -factor * o->alpha * all : 0, -factor * o->alpha * others);
    }
    for (int a = 0; a < v[widest].rows; a++)
        for (int b = 0; b < v[widest].columns; b++) {
            int at = (v[widest].top + a) * p->w + v[widest].left + b;
            double e = p->y[at] - p->x[at], share = v[widest].weight[a * v[widest].columns + b];
            error += share * fabs(e);
            if (p->dy && e != 0)
                p->dy[at] += factor * (1 - o->alpha) * share * (e > 0 ? 1 : -1);
        }
    return o->alpha * (1 - s[widest].l * product) + (1 - o->alpha) * error;
}

static double mix_plane(const mix_options *o, const plane *p, double factor)
{
    size_t n = (size_t)p->h * (size_t)p->w;
    double *weight[16], sum = 0;
    for (int k = 0; k < o->sigmas.count; k++)
        weight[k] = malloc(n * sizeof(double));
    for (int i = 0; i < p->h; i++)
        for (int j = 0; j < p->w; j++)
            sum += mix_pixel(o, p, i, j, factor / (double)n, weight) / (double)n;
    for (int k = 0; k < o->sigmas.count; k++)
        free(weight[k]);
    return sum;
}

bool ref_multiscale(const lws_loss_spec *spec, int h, int w, int c, const double *x, const double *y, double *dy,
                    double *value)
{
    const char *name = lws_loss_name(spec->kind);
    bool is_mix = strcmp(name, "mix") == 0;
    if (!is_mix && strcmp(name, "ms-ssim-3") != 0)
        return false;
    ms_ssim_options ms_ssim;
    mix_options mix;
    memcpy(&ms_ssim, spec->own, sizeof ms_ssim);
    memcpy(&mix, spec->own, sizeof mix);
    size_t n = (size_t)h * (size_t)w;
    double *block = malloc(3 * n * sizeof *block);
    *value = 0;
    for (int k = 0; k < c; k++) {
        for (size_t i = 0; i < n; i++) {
            block[i] = x[i * (size_t)c + (size_t)k];
            block[n + i] = y[i * (size_t)c + (size_t)k];
            block[2 * n + i] = 0;
        }
        plane p = {h, w, block, block + n, dy ? block + 2 * n : NULL};
        *value += (is_mix ? mix_plane(&mix, &p, 1. / c) : ms_ssim_plane(&ms_ssim, &p, 1. / c)) / c;
        for (size_t i = 0; dy && i < n; i++)
            dy[i * (size_t)c + (size_t)k] = block[2 * n + i];
    }
    free(block);
    return true;
}
