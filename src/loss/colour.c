/* Sums over the colours of an image, and what they say. */
#include "colour.h"

#include "ciede2000.h"

#include <math.h>

static double clipped(float v)
{
    return fmin(fmax((double)v, 0), 1);
}

static void add_pair(lws_colour_sums *s, double o, double r)
{
    s->n++;
    s->o += o;
    s->r += r;
    s->oo += o * o;
    s->ro += r * o;
    s->rr += r * r;
}

lws_colour_sums lws_colour_of(size_t pixels, int c, const float *x, const float *y)
{
    lws_colour_sums s = {0};
    for (size_t i = 0; i < pixels && c == 3; i++, x += 3, y += 3) {
        double o[3] = {x[0], x[1], x[2]}, r[3] = {clipped(y[0]), clipped(y[1]), clipped(y[2])};
        add_pair(&s, o[0] - o[1], r[0] - r[1]);
        add_pair(&s, (o[0] + o[1]) * .5 - o[2], (r[0] + r[1]) * .5 - r[2]);
    }
    return s;
}

lws_colour_sums lws_colour_plus(lws_colour_sums sum, lws_colour_sums add)
{
    return (lws_colour_sums){sum.n + add.n,   sum.o + add.o,   sum.r + add.r,
                             sum.oo + add.oo, sum.ro + add.ro, sum.rr + add.rr};
}

lws_colour_sums lws_colour_minus(lws_colour_sums sum, lws_colour_sums add)
{
    return (lws_colour_sums){sum.n - add.n,   sum.o - add.o,   sum.r - add.r,
                             sum.oo - add.oo, sum.ro - add.ro, sum.rr - add.rr};
}

/* n times the covariance of two of them. Where all are alike, what rounding leaves of the difference is no variance. */
static double central(double n, double a, double b, double ab)
{
    double d = ab - a * (b / n);
    return fabs(d) > 1e-12 * fabs(ab) ? d : 0;
}

double lws_colour_slope(const lws_colour_sums *s)
{
    double variance = central(s->n, s->o, s->o, s->oo);
    return variance > 0 ? central(s->n, s->o, s->r, s->ro) / variance : (double)NAN;
}

double lws_colour_correlation(const lws_colour_sums *s)
{
    double product = central(s->n, s->o, s->o, s->oo) * central(s->n, s->r, s->r, s->rr);
    return product > 0 ? central(s->n, s->o, s->r, s->ro) / sqrt(product) : (double)NAN;
}

void lws_colour_shift(size_t pixels, int c, const float *x, const float *y, double *shift)
{
    for (int k = 0; k < c; k++) {
        double sum = 0;
        for (size_t i = (size_t)k; i < pixels * (size_t)c; i += (size_t)c)
            sum += clipped(y[i]) - (double)x[i];
        shift[k] = sum / (double)pixels;
    }
}

double lws_colour_difference(size_t pixels, const double *x, const double *y)
{
    lab_colours of_x, of_y;
    double difference[LAB_MOST], sum = 0;
    for (size_t at = 0; at < pixels; at += LAB_MOST) {
        int n = (int)(pixels - at < LAB_MOST ? pixels - at : LAB_MOST);
        lab_of_rgb(n, x + 3 * at, &of_x);
        lab_of_rgb(n, y + 3 * at, &of_y);
        ciede2000(n, &of_x, &of_y, difference);
        for (int i = 0; i < n; i++)
            sum += difference[i];
    }
    return sum / (double)pixels;
}
