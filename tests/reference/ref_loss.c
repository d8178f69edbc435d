/* Errors pixel by pixel; SSIM (Wang et al. 2004) and LWSSIM (Lu 2019) window by window: l, c and s from the moments of
 * each window, the gradient by the chain rule from the window's score to each of its pixels. */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct score {
    double value;
    double d_my, d_vy, d_vxy; /* derivatives of value with respect to μy, σy² and σxy */
} score;

double ref_power(double t, double q, double *slope)
{
    const double knee = 1e-2;
    if (q == 0) {
        *slope = 0;
        return 1;
    }
    if (q == 1) {
        *slope = 1;
        return t;
    }
    double base = t > knee ? t : knee;
    *slope = q * pow(base, q - 1);
    return pow(base, q) + *slope * (t - base);
}

/* c^β · s^γ and its derivatives with respect to σy² and σxy. */
static score contrast_structure(const lws_loss_spec *spec, double c2, double c3, ref_moments m)
{
    score r = {0};
    if (spec->beta == spec->gamma && c3 == c2 / 2) {
        double b2 = m.vx + m.vy + c2, slope;
        double cs = (2 * m.vxy + c2) / b2;
        r.value = ref_power(cs, spec->beta, &slope);
        r.d_vxy = slope * 2 / b2;
        r.d_vy = slope * -cs / b2;
        return r;
    }
    double sx = sqrt(m.vx + 1e-12), sy = sqrt(m.vy + 1e-12);
    double b2 = sx * sx + sy * sy + c2, b3 = sx * sy + c3;
    double c = (2 * sx * sy + c2) / b2, s = (m.vxy + c3) / b3;
    double slope_c, slope_s;
    double pc = ref_power(c, spec->beta, &slope_c), ps = ref_power(s, spec->gamma, &slope_s);
    double dc_dsy = (2 * sx - c * 2 * sy) / b2, ds_dsy = -s * sx / b3;
    r.value = pc * ps;
    r.d_vxy = pc * slope_s / b3;
    r.d_vy = (slope_c * dc_dsy * ps + pc * slope_s * ds_dsy) / (2 * sy);
    return r;
}

/* What becomes of l^α and c^β s^γ: 1 - their product, or the weighted sum of what each lacks. */
typedef struct combination {
    bool product;
    double luminance, structure;
} combination;

static score window_score(const lws_loss_spec *spec, combination how, ref_moments m)
{
    double c1 = spec->k1 * spec->k1, c2 = spec->k2 * spec->k2;
    double c3 = spec->c3 > 0 ? spec->c3 : c2 / 2;
    double b1 = m.mx * m.mx + m.my * m.my + c1, slope;
    double l = (2 * m.mx * m.my + c1) / b1, dl = (2 * m.mx - l * 2 * m.my) / b1;
    double pl = ref_power(l, spec->alpha, &slope);
    score cs = contrast_structure(spec, c2, c3, m), r;
    if (how.product) {
        r.value = 1 - pl * cs.value;
        r.d_my = -slope * dl * cs.value;
        r.d_vy = -pl * cs.d_vy;
        r.d_vxy = -pl * cs.d_vxy;
    } else {
        r.value = how.luminance * (1 - pl) + how.structure * (1 - cs.value);
        r.d_my = -how.luminance * slope * dl;
        r.d_vy = -how.structure * cs.d_vy;
        r.d_vxy = -how.structure * cs.d_vxy;
    }
    return r;
}

static void add_gradient(int side, const double *weight, int row, int step, const double *x, const double *y,
                         ref_moments m, score s, double factor, double *dy)
{
    for (int a = 0; a < side; a++)
        for (int b = 0; b < side; b++) {
            int at = a * row + b * step;
            double d = s.d_my + s.d_vy * 2 * (y[at] - m.my) + s.d_vxy * (x[at] - m.mx);
            dy[at] += factor * weight[a * side + b] * d;
        }
}

/* One level: the mean over windows and channels; factor · gradient is added to dy where that is not
 * NULL. */
static double level(const lws_loss_spec *spec, combination how, int side, int h, int w, int c, const double *x,
                    const double *y, double factor, double *dy)
{
    double *weight = malloc((size_t)side * side * sizeof *weight), sum = 0;
    double sigma = spec->sigma > 0 ? spec->sigma : 1.5 / 11 * side;
    ref_window_weights(side, spec->gaussian ? sigma : 0, weight);
    double count = (double)(h - side + 1) * (w - side + 1) * c;
    for (int i = 0; i + side <= h; i++)
        for (int j = 0; j + side <= w; j++)
            for (int ch = 0; ch < c; ch++) {
                int at = (i * w + j) * c + ch;
                ref_moments m = ref_window_moments(side, weight, x + at, y + at, w * c, c);
                score s = window_score(spec, how, m);
                sum += s.value;
                if (dy)
                    add_gradient(side, weight, w * c, c, x + at, y + at, m, s, factor / count, dy + at);
            }
    free(weight);
    return sum / count;
}

/* Of a window of LWSSIM and of what stands between it and a multi-scale SSIM. */
static combination combination_of(const lws_loss_spec *spec, int i)
{
    const char *name = lws_loss_name(spec->kind);
    bool product = strstr(name, "product") != NULL, largest = true;
    for (int k = 0; k < spec->levels; k++)
        largest = largest && spec->window[k] <= spec->window[i];
    if (strstr(name, "coarsest") && !largest)
        return (combination){.luminance = 0, .structure = spec->weight[i]};
    if (product)
        return (combination){.product = true};
    double luminance = spec->luminance_apart ? spec->luminance_weight[i] : spec->weight[i];
    return (combination){.luminance = luminance, .structure = spec->weight[i]};
}

static double evaluate(const lws_loss_spec *spec, int h, int w, int c, const double *x, const double *y, double *dy)
{
    size_t count = (size_t)h * w * c;
    double value = 0;
    if (dy)
        memset(dy, 0, count * sizeof *dy);
    if (spec->kind == LWS_LOSS_MSE) {
        for (size_t i = 0; i < count; i++) {
            value += (x[i] - y[i]) * (x[i] - y[i]) / (double)count;
            if (dy)
                dy[i] = 2 * (y[i] - x[i]) / (double)count;
        }
        return value;
    }
    if (strcmp(lws_loss_name(spec->kind), "mae") == 0) {
        for (size_t i = 0; i < count; i++) {
            value += fabs(x[i] - y[i]) / (double)count;
            if (dy && x[i] != y[i])
                dy[i] = copysign(1 / (double)count, y[i] - x[i]);
        }
        return value;
    }
    if (ref_multiscale(spec, h, w, c, x, y, dy, &value))
        return value;
    if (spec->kind == LWS_LOSS_SSIM)
        return level(spec, (combination){.product = true}, spec->window[0], h, w, c, x, y, 1, dy);
    for (int i = 0; i < spec->levels; i++) {
        combination how = combination_of(spec, i);
        double factor = (how.product ? spec->weight[i] : 1) / spec->levels;
        value += factor * level(spec, how, spec->window[i], h, w, c, x, y, factor, dy);
    }
    return value;
}

double ref_loss_value(const lws_loss_spec *spec, int h, int w, int c, const double *x, const double *y)
{
    return evaluate(spec, h, w, c, x, y, NULL);
}

double ref_loss_gradient(const lws_loss_spec *spec, int h, int w, int c, const double *x, const double *y, double *dy)
{
    return evaluate(spec, h, w, c, x, y, dy);
}
