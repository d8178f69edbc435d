/* SSIM and LWSSIM in difference form: which levels have it, their constants, and the means that metrics are made of.
 *
 * With e = y - x and window means <·>: ve = <e²> - <e>², V = <x² + y²> - <x>² - <y>², B1 = <x>² + <y>² + C1,
 * B2 = V + C2, and U = 1 - l = <e>²/B1, D = 1 - c·s = ve/B2. The usual form loses what it is after, the small
 * difference from 1, to cancellation; this one does not, and is exactly 0 at y = x. */
#include "structural.h"

#include "variance.h"

#include "base/simd.h"

#include <string.h>

bool structural_has_difference_form(const level *lv)
{
    return lv->beta == 1 && lv->gamma == 1 && lv->c3 == lv->c2 / 2;
}

/* A window of one pixel has no contrast and no structure, c · s = 1; and l^0 is no luminance. */
static lws_score_form form_of(const level *lv)
{
    if (lv->window.side == 1 || (lv->structure == 0 && !lv->product))
        return LWS_SCORE_LUMINANCE;
    if (lv->alpha == 0)
        return LWS_SCORE_WEIGHTED;
    if (lv->product)
        return LWS_SCORE_PRODUCT;
    return lv->luminance == 1 && lv->structure == 1 ? LWS_SCORE_SUM : LWS_SCORE_WEIGHTED;
}

lws_window_score structural_score(const level *lv, double n, double scale, double windows)
{
    double weight = 2 * (scale * lv->weight) / windows;
    lws_window_score s = {.form = form_of(lv), .n = n, .c1 = n * n * lv->c1, .c2 = 2 * n * n * lv->c2};
    s.power = lv->alpha == 0 || lv->alpha == 1 ? NULL : lv->power;
    s.luminance = lv->alpha == 0 ? 0 : lv->luminance;
    s.structure = lv->structure;
    s.luminance_gradient = weight * s.luminance;
    s.structure_gradient = weight * s.structure;
    return s;
}

size_t structural_scratch_size(int h, int w, int c)
{
    return (size_t)STRUCTURAL_PLANES * h * w * c + lws_window_scratch(h, w, c);
}

structural_scratch structural_scratch_at(double *block, int h, int w, int c)
{
    structural_scratch s;
    for (int i = 0; i < STRUCTURAL_PLANES; i++)
        s.plane[i] = block + (size_t)i * h * w * c;
    s.window = block + (size_t)STRUCTURAL_PLANES * h * w * c;
    return s;
}

LWS_VARIANTS(extern, void, structural_combine,
             (size_t n, const double *restrict p, const double *restrict x, const double *restrict q,
              const double *restrict y, const double *restrict r, double *restrict gradient),
             (n, p, x, q, y, r, gradient))
{
    for (size_t i = 0; i < n; i++)
        gradient[i] += p[i] * x[i] + q[i] * y[i] + r[i];
}

LWS_VARIANTS(static, void, squares,
             (size_t n, const double *restrict x, const double *restrict y, const double *restrict e,
              double *restrict e2, double *restrict x2_y2),
             (n, x, y, e, e2, x2_y2))
{
    for (size_t i = 0; i < n; i++) {
        e2[i] = e[i] * e[i];
        x2_y2[i] = x[i] * x[i] + y[i] * y[i];
    }
}

/* The four means that all is made of, of e = y - x, y, e² and x² + y²; also leaves e² and x² + y² themselves. */
static void window_means(const level *lv, const structural_pair *p, const double *e, double *const mean[4], double *e2,
                         double *x2y2, double *scratch)
{
    const double *const of[4] = {e, p->y, e2, x2y2};
    squares((size_t)p->h * p->w * p->c, p->x, p->y, e, e2, x2y2);
    for (int k = 0; k < 4; k++)
        lws_window_mean(&lv->window, p->h, p->w, p->c, of[k], mean[k], scratch);
}

void structural_means(const level *lv, const structural_pair *p, double *ssim, double *cs, structural_scratch s)
{
    int c = p->c, oh = p->h - lv->window.side + 1, ow = p->w - lv->window.side + 1;
    size_t n = (size_t)p->h * p->w * c, m = (size_t)oh * ow;
    double *me = s.plane[0], *my = s.plane[1], *me2 = s.plane[2], *mx2y2 = s.plane[3], *e = s.plane[6];
    for (size_t i = 0; i < n; i++)
        e[i] = p->y[i] - p->x[i];
    window_means(lv, p, e, (double *const[4]){me, my, me2, mx2y2}, s.plane[4], s.plane[5], s.window);
    memset(ssim, 0, (size_t)c * sizeof *ssim);
    memset(cs, 0, (size_t)c * sizeof *cs);
    for (size_t i = 0; i < m; i++) {
        for (int k = 0; k < c; k++) {
            size_t j = i * c + k;
            double mx = my[j] - me[j], squared_means = mx * mx + my[j] * my[j];
            double u = me[j] * me[j] / (squared_means + lv->c1);
            double d = lv->covariance * at_least_0(me2[j] - me[j] * me[j]) /
                       (lv->covariance * at_least_0(mx2y2[j] - squared_means) + lv->c2);
            ssim[k] += (1 - u) * (1 - d);
            cs[k] += 1 - d;
        }
    }
    for (int k = 0; k < c; k++) {
        ssim[k] /= (double)m;
        cs[k] /= (double)m;
    }
}
