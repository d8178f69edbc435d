/* SSIM and LWSSIM in difference form.
 *
 * With e = y - x and window means <·>: ve = <e²> - <e>², V = <x² + y²> - <x>² - <y>², B1 = <x>² + <y>² + C1,
 * B2 = V + C2, and U = 1 - l = <e>²/B1, D = 1 - c·s = ve/B2. The usual form loses what it is after, the small
 * difference from 1, to cancellation; this one does not, and is exactly 0 at y = x. */
#include "structural.h"

#include "base/simd.h"

#include <string.h>

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

LWS_VARIANTS(extern, double, structural_sum, (size_t n, const double *v), (n, v))
{
    enum { LANES = 16 };
    double lane[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] += v[i + k];
    for (int k = 0; k < LANES; k++)
        sum += lane[k];
    for (; i < n; i++)
        sum += v[i];
    return sum;
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

LWS_INLINE double at_least_0(double v)
{
    return v > 0 ? v : 0;
}

/* From the window means to the loss of each window; with weight != 0 also the coefficients a, b, r of
 * ∂/∂y = weight · (e · adj(a) + y · adj(b) + adj(r)), each over the mean it is computed from. */
LWS_VARIANTS(static, void, terms,
             (size_t n, bool product, double c1, double c2, double weight, double *restrict me_a, double *restrict my_b,
              double *restrict me2_r, const double *restrict mx2y2, double *restrict loss),
             (n, product, c1, c2, weight, me_a, my_b, me2_r, mx2y2, loss))
{
    for (size_t i = 0; i < n; i++) {
        double me = me_a[i], my = my_b[i], mx = my - me;
        double squared_means = mx * mx + my * my;
        double b1 = squared_means + c1, b2 = at_least_0(mx2y2[i] - squared_means) + c2;
        double inv_b1b2 = 1 / (b1 * b2); /* divisions are what this loop waits for */
        double inv_b1 = inv_b1b2 * b2, inv_b2 = inv_b1b2 * b1;
        double u = me * me * inv_b1;
        double d = at_least_0(me2_r[i] - me * me) * inv_b2;
        double weight_u = product ? 1 - d : 1, weight_d = product ? 1 - u : 1;
        loss[i] = u + d * weight_d;
        double a = 2 * weight * weight_d * inv_b2;
        double b = -a * d;
        double du = 2 * weight * weight_u * me * inv_b1 * (1 - me * my * inv_b1);
        me_a[i] = a;
        my_b[i] = b;
        me2_r[i] = du - a * me - b * my;
    }
}

double structural_level(const level *lv, int h, int w, int c, const double *x, const double *y, const double *e,
                        double scale, double *gradient, structural_scratch s)
{
    int oh = h - lv->window.side + 1, ow = w - lv->window.side + 1;
    size_t n = (size_t)h * w * c, m = (size_t)oh * ow * c;
    double *a = s.plane[0], *b = s.plane[1], *r = s.plane[2], *mx2y2 = s.plane[3];
    double *e2 = s.plane[4], *x2y2 = s.plane[5];
    squares(n, x, y, e, e2, x2y2);
    lws_window_mean(&lv->window, h, w, c, e, a, s.window);
    lws_window_mean(&lv->window, h, w, c, y, b, s.window);
    lws_window_mean(&lv->window, h, w, c, e2, r, s.window);
    lws_window_mean(&lv->window, h, w, c, x2y2, mx2y2, s.window);
    terms(m, lv->product, lv->c1, lv->c2, scale / (double)m, a, b, r, mx2y2, e2);
    double value = structural_sum(m, e2) / (double)m;
    if (gradient) {
        lws_window_adjoint(&lv->window, h, w, c, a, s.plane[5], s.window);
        lws_window_adjoint(&lv->window, h, w, c, b, s.plane[6], s.window);
        lws_window_adjoint(&lv->window, h, w, c, r, s.plane[7], s.window);
        structural_combine(n, s.plane[5], e, s.plane[6], y, s.plane[7], gradient);
    }
    return value;
}

void structural_means(const level *lv, int h, int w, int c, const double *x, const double *y, double *ssim, double *cs,
                      structural_scratch s)
{
    int oh = h - lv->window.side + 1, ow = w - lv->window.side + 1;
    size_t n = (size_t)h * w * c, m = (size_t)oh * ow;
    double *me = s.plane[0], *my = s.plane[1], *me2 = s.plane[2], *mx2y2 = s.plane[3];
    double *e = s.plane[6], *e2 = s.plane[4], *x2y2 = s.plane[5];
    for (size_t i = 0; i < n; i++)
        e[i] = y[i] - x[i];
    squares(n, x, y, e, e2, x2y2);
    lws_window_mean(&lv->window, h, w, c, e, me, s.window);
    lws_window_mean(&lv->window, h, w, c, y, my, s.window);
    lws_window_mean(&lv->window, h, w, c, e2, me2, s.window);
    lws_window_mean(&lv->window, h, w, c, x2y2, mx2y2, s.window);
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
