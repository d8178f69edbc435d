/* SSIM and LWSSIM with any exponents and any C3.
 *
 * With f the similarity and f_l, f_c, f_s its partial derivatives, the gradient of a window is
 *   P · x + Q · y + R,  P = ∂f/∂σxy,  Q = 2 ∂f/∂σy²,  R = ∂f/∂μy - P · μx - Q · μy,
 * spread over the image by the adjoint of the window mean. */
#include "structural.h"

#include "sum.h"

#include <math.h>

/* t^q and its derivative. Similarities may be negative, where a power is complex, or would reward
 * anti-correlation; below a small positive t the tangent takes over. */
static double power(double t, double q, double *derivative)
{
    const double from = 1e-2;
    if (q == 0) {
        *derivative = 0;
        return 1;
    }
    if (q == 1) {
        *derivative = 1;
        return t;
    }
    double at = t < from ? from : t;
    *derivative = q * pow(at, q - 1);
    return pow(at, q) + *derivative * (t - at);
}

typedef struct window_moments {
    double mx, my, vx, vy, vxy;
} window_moments;

/* The similarity of one window and its gradient coefficients. */
static double similarity(const level *lv, window_moments v, double *p_out, double *q_out, double *r_out)
{
    double b1 = v.mx * v.mx + v.my * v.my + lv->c1;
    double l = (2 * v.mx * v.my + lv->c1) / b1, dl, p, q, cs, f_l, f;
    double power_l = power(l, lv->alpha, &dl);
    if (lv->beta == lv->gamma && lv->c3 == lv->c2 / 2) { /* c · s needs no square root */
        double b2 = v.vx + v.vy + lv->c2, d;
        double t = (2 * v.vxy + lv->c2) / b2;
        cs = power(t, lv->beta, &d);
        p = 2 * d / b2;
        q = -2 * d * t / b2;
    } else {
        /* The variances are smoothed so that σ = 0 has a derivative. */
        double vx = v.vx + 1e-12, vy = v.vy + 1e-12, sx = sqrt(vx), sy = sqrt(vy);
        double b2 = vx + vy + lv->c2, sxsy = sx * sy, half_ratio = sx / (2 * sy), dc, ds;
        double c = (2 * sxsy + lv->c2) / b2, s = (v.vxy + lv->c3) / (sxsy + lv->c3);
        double power_c = power(c, lv->beta, &dc), power_s = power(s, lv->gamma, &ds);
        cs = power_c * power_s;
        double f_c = dc * power_s, f_s = power_c * ds;
        p = f_s / (sxsy + lv->c3);
        q = 2 * (f_c * (2 * half_ratio - c) / b2 - f_s * s * half_ratio / (sxsy + lv->c3));
    }
    if (lv->product) {
        f = power_l * cs;
        f_l = dl * cs;
        p *= power_l;
        q *= power_l;
    } else {
        f = lv->luminance * power_l + lv->structure * cs;
        f_l = lv->luminance * dl;
        p *= lv->structure;
        q *= lv->structure;
    }
    *p_out = p;
    *q_out = q;
    *r_out = f_l * 2 * (v.mx - l * v.my) / b1 - p * v.mx - q * v.my;
    return f;
}

double structural_level_general(const level *lv, const structural_pair *pair, double scale, double *gradient,
                                structural_scratch s)
{
    int h = pair->h, w = pair->w, c = pair->c, oh = h - lv->window.side + 1, ow = w - lv->window.side + 1;
    size_t n = (size_t)h * w * c, m = (size_t)oh * ow * c;
    const double *x = pair->x, *y = pair->y;
    double *mx = s.plane[0], *my = s.plane[1], *mxx = s.plane[2], *myy = s.plane[3];
    double *mxy = s.plane[4], *product = s.plane[5];
    const double *factor[3][2] = {{x, x}, {y, y}, {x, y}};
    double *mean[3] = {mxx, myy, mxy};
    lws_window_mean(&lv->window, h, w, c, x, mx, s.window);
    lws_window_mean(&lv->window, h, w, c, y, my, s.window);
    for (int k = 0; k < 3; k++) {
        for (size_t i = 0; i < n; i++)
            product[i] = factor[k][0][i] * factor[k][1][i];
        lws_window_mean(&lv->window, h, w, c, product, mean[k], s.window);
    }
    double weight = -scale / (double)m, best = lv->product ? 1 : lv->luminance + lv->structure, *loss = product;
    for (size_t i = 0; i < m; i++) {
        window_moments v = {mx[i], my[i], mxx[i] - mx[i] * mx[i], myy[i] - my[i] * my[i], mxy[i] - mx[i] * my[i]};
        v.vx = v.vx > 0 ? v.vx : 0;
        v.vy = v.vy > 0 ? v.vy : 0;
        v.vxy = v.vx > 0 && v.vy > 0 ? v.vxy : 0; /* what rounding left is not more than the product of both */
        double p, q, r;
        loss[i] = best - similarity(lv, v, &p, &q, &r);
        mxx[i] = weight * p;
        myy[i] = weight * q;
        mxy[i] = weight * r;
    }
    double value = loss_sum(m, loss) / (double)m;
    if (gradient) {
        for (int k = 0; k < 3; k++)
            lws_window_adjoint(&lv->window, h, w, c, mean[k], s.plane[5 + k], s.window);
        structural_combine(n, s.plane[5], x, s.plane[6], y, s.plane[7], gradient);
    }
    return value;
}
