/* What a structural loss makes of windows, for templates whose micro-kernels have measured them. Included with LANES
 * defined: lanes do not see each other, so that their number does not show in the bits.
 *
 * With S(·) n times the weighted mean over a window, and everything times n or n², which saves divisions:
 *
 *   b1 = S(x)² + S(y)² + n² C1     b2 = max(n S(x² + y²) - S(x)² - S(y)², 0) + n² C2     ve = max(n S(e²) - S(e)², 0)
 *   u = 1 - l = S(e)²/b1           d = 1 - c·s = ve/b2               loss u + d; as a product (SSIM) u + d - u d
 *   a = n w2/b2     b = a d        r = w1 S(e)/b1 · (1 - S(e) S(y)/b1) - w2/b2 · (S(e) - d S(y))
 *
 * w1 and w2 are twice the window's weights; as a product times 1 - d and 1 - u.
 *
 * With an exponent, 1 - l^α takes the place of u, and w1 gets the factor α l^(α-1), for a row of windows at once:
 * power_template.h. */
#ifndef LWS_SCORE_TEMPLATE_H
#define LWS_SCORE_TEMPLATE_H

#include "kernels/window_score.h"

#include "arch/power_template.h"

/* Twice the value where it is positive, else 0; NaN stays. */
#define TWICE_AT_LEAST_0(v) ((v) + (vec)((mask)(v)&INT64_MAX))

/* What a kernel is compiled for; constants all. */
typedef struct score_kind {
    lws_score_form form;
    bool power, gradient;
} score_kind;

/* What a window is judged by; b2 and ve are doubled. Of LWS_SCORE_LUMINANCE without what d is made of, and `inverse` of
 * b1. */
typedef struct score_moments {
    vec e, y, b1, b2, ve, inverse; /* of b1 · b2 */
} score_moments;

/* From the sums over e = y - x, y, e² and x² + y². */
LWS_INLINE void score_measure(const lws_window_score *s, score_kind kind, vec e, vec y, vec e2, vec x2y2,
                              score_moments *out)
{
    vec x = y - e, e_e = e * e, squares = x * x + y * y;
    out->e = e;
    out->y = y;
    out->b1 = squares + s->c1;
    if (kind.form == LWS_SCORE_LUMINANCE) {
        out->inverse = 1 / out->b1;
        return;
    }
    vec v = s->n * x2y2 - squares, ve = s->n * e2 - e_e;
    out->b2 = TWICE_AT_LEAST_0(v) + s->c2;
    out->ve = TWICE_AT_LEAST_0(ve);
    out->inverse = 1 / (out->b1 * out->b2);
}

/* What of the moments is needed. */
typedef struct score_parts {
    vec e, y, inverse_b1, inverse_b2, u, d; /* inverse_b2: halved */
} score_parts;

LWS_INLINE score_parts score_take_apart(score_kind kind, const score_moments *m)
{
    score_parts parts = {.e = m->e, .y = m->y, .inverse_b1 = m->inverse};
    if (kind.form != LWS_SCORE_LUMINANCE) {
        parts.inverse_b1 *= m->b2;
        parts.inverse_b2 = m->inverse * m->b1;
        parts.d = m->ve * parts.inverse_b2;
    }
    parts.u = m->e * m->e * parts.inverse_b1;
    return parts;
}

/* Loss and coefficients of a window; `slope`: of l^α; `valid`: all bits of a lane set, or it counts as nothing. Of
 * LWS_SCORE_LUMINANCE a and b are not written. */
typedef struct score_target {
    vec *a, *b, *r;
} score_target;

LWS_INLINE void score_judge(const lws_window_score *s, score_kind kind, score_parts m, const vec *slope, mask valid,
                            vec *loss, score_target to)
{
    vec term;
    if (kind.form == LWS_SCORE_WEIGHTED)
        term = s->luminance * m.u + s->structure * m.d;
    else if (kind.form == LWS_SCORE_LUMINANCE)
        term = s->luminance * m.u;
    else
        term = kind.form == LWS_SCORE_PRODUCT ? m.u + m.d - m.u * m.d : m.u + m.d;
    *loss += (vec)((mask)term & valid);
    if (!kind.gradient)
        return;
    vec w1 = (vec)((mask)(s->luminance_gradient * m.inverse_b1) & valid);
    if (kind.power)
        w1 *= *slope;
    if (kind.form == LWS_SCORE_LUMINANCE) {
        *to.r = w1 * m.e * (1 - m.e * m.y * m.inverse_b1);
        return;
    }
    vec w2 = (vec)((mask)(2 * s->structure_gradient * m.inverse_b2) & valid);
    if (kind.form == LWS_SCORE_PRODUCT) {
        w1 *= 1 - m.d;
        w2 *= 1 - m.u;
    }
    vec a = s->n * w2;
    *to.a = a;
    *to.b = a * m.d;
    *to.r = w1 * m.e * (1 - m.e * m.y * m.inverse_b1) - w2 * (m.e - m.d * m.y);
}

/* A whole row, of which score_take_apart() has been stored. For any α in two goes, as the way to the table and the
 * polynomial are a long wait each: in one the CPU cannot look far enough ahead to begin another one meanwhile. */
LWS_INLINE void score_raise(const lws_luminance_power *p, lws_score_row *row, int length)
{
    if (p->whole) {
        for (lws_score_row *r = row; r < row + length; r++)
            for (int lane = 0; lane < LWS_SCORE_LANES; lane += LANES)
                raise_whole(p, &V(r->u[lane]), &V(r->slope[lane]));
        return;
    }
    for (lws_score_row *r = row; r < row + length; r++)
        for (int lane = 0; lane < LWS_SCORE_LANES; lane += LANES)
            raise_begin(p, &V(r->u[lane]), &V(r->delta[lane]), &V(r->slope[lane]));
    for (lws_score_row *r = row; r < row + length; r++)
        for (int lane = 0; lane < LWS_SCORE_LANES; lane += LANES)
            raise_end(p, &V(r->delta[lane]), &V(r->u[lane]), &V(r->slope[lane]));
}

LWS_INLINE void score_store(score_kind kind, score_parts parts, lws_score_row *row, int lane)
{
    V(row->e[lane]) = parts.e;
    V(row->y[lane]) = parts.y;
    V(row->inverse_b1[lane]) = parts.inverse_b1;
    V(row->u[lane]) = parts.u;
    if (kind.form != LWS_SCORE_LUMINANCE) {
        V(row->inverse_b2[lane]) = parts.inverse_b2;
        V(row->d[lane]) = parts.d;
    }
}

LWS_INLINE score_parts score_load(score_kind kind, const lws_score_row *row, int lane)
{
    score_parts parts = {
        .e = V(row->e[lane]), .y = V(row->y[lane]), .inverse_b1 = V(row->inverse_b1[lane]), .u = V(row->u[lane])};
    if (kind.form != LWS_SCORE_LUMINANCE) {
        parts.inverse_b2 = V(row->inverse_b2[lane]);
        parts.d = V(row->d[lane]);
    }
    return parts;
}

/* Calls function(…, kind) for what a level asks for, each time with a kind that it is compiled for. */
#define SCORE_SWITCH(s, gradient, function, ...)                                                                       \
    switch ((int)(s).form * 2 + ((s).power != NULL)) {                                                                 \
        SCORE_CASES_(LWS_SCORE_SUM, gradient, function, __VA_ARGS__)                                                   \
        SCORE_CASES_(LWS_SCORE_WEIGHTED, gradient, function, __VA_ARGS__)                                              \
        SCORE_CASES_(LWS_SCORE_LUMINANCE, gradient, function, __VA_ARGS__)                                             \
        SCORE_CASES_(LWS_SCORE_PRODUCT, gradient, function, __VA_ARGS__)                                               \
    }
#define SCORE_CASES_(form, gradient, function, ...)                                                                    \
    case (form)*2:                                                                                                     \
        function(__VA_ARGS__, (score_kind){form, false, gradient});                                                    \
        break;                                                                                                         \
    case (form)*2 + 1:                                                                                                 \
        function(__VA_ARGS__, (score_kind){form, true, gradient});                                                     \
        break;

#endif
