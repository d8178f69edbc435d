/* Winograd's minimal filtering F(m, 2) in one dimension, m 2 or 4, and the adjoints: private to this folder. LANES
 * channels at a time, on values `s` vectors apart, in place. Points 0, 1, ∞ for m = 2; 0, 1, -1, 2, ∞ for m = 4. */
#ifndef LWS_WINOGRAD_1D_H
#define LWS_WINOGRAD_1D_H

#include "base/simd.h"

enum { LANES = 16, SIDE_MAX = 5 }; /* SIDE_MAX: m + 1 points a side */

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

/* Bᵀ: m + 1 inputs to m + 1 points. */
LWS_INLINE void input_1d(int m, vec *d, int s)
{
    if (m == 2) {
        d[0] -= d[s];
        d[2 * s] -= d[s];
        return;
    }
    vec d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s], d4 = d[4 * s];
    vec d3_d1 = d3 - d1, d1_2 = d1 + d1, d3_d2 = d3 - d2;
    d[0] = (d0 - d2) + (d0 - d2) + d3_d1;
    d[s] = d3_d2 - d1_2;
    d[2 * s] = d3_d2 + d1_2 - (d2 + d2);
    d[3 * s] = d3_d1;
    d[4 * s] = d4 - d2 - (d3_d1 + d3_d1);
}

/* B. */
LWS_INLINE void input_adjoint_1d(int m, vec *t, int s)
{
    if (m == 2) {
        t[s] -= t[0] + t[2 * s];
        return;
    }
    vec t0 = t[0], t1 = t[s], t2 = t[2 * s], t3 = t[3 * s], t4 = t[4 * s];
    vec sum = t0 + t3, t4_2 = t4 + t4;
    t[0] = t0 + t0;
    t[s] = t4_2 - sum + (t2 - t1) + (t2 - t1);
    t[2 * s] = -(t0 + t0) - t1 - t2 - (t2 + t2) - t4;
    t[3 * s] = sum + t1 + t2 - t4_2;
}

/* Aᵀ: m + 1 points to m outputs, in place. */
LWS_INLINE void output_1d(int m, vec *p, int s)
{
    if (m == 2) {
        p[0] += p[s];
        p[s] += p[2 * s];
        return;
    }
    vec sum = p[s] + p[2 * s], difference = p[s] - p[2 * s], p3 = p[3 * s];
    vec p3_2 = p3 + p3, p3_4 = p3_2 + p3_2;
    p[0] += sum + p3;
    p[s] = difference + p3_2;
    p[2 * s] = sum + p3_4;
    p[3 * s] = difference + (p3_4 + p3_4) + p[4 * s];
}

/* A: m outputs to m + 1 points, in place. */
LWS_INLINE void output_adjoint_1d(int m, vec *y, int s)
{
    if (m == 2) {
        y[2 * s] = y[s];
        y[s] += y[0];
        return;
    }
    vec y0 = y[0], y1 = y[s], y2 = y[2 * s], y3 = y[3 * s];
    vec even = y0 + y2, odd = y1 + y3, y2_2 = y2 + y2, y3_2 = y3 + y3;
    y[s] = even + odd;
    y[2 * s] = even - odd;
    y[3 * s] = y0 + (y1 + y1) + (y2_2 + y2_2) + ((y3_2 + y3_2) + (y3_2 + y3_2));
    y[4 * s] = y3;
}

/* G: two taps, gs apart, to m + 1 points. */
LWS_INLINE void weight_1d(int m, const vec *g, int gs, vec *w, int s)
{
    const vec g0 = g[0], g1 = g[gs];
    if (m == 2) {
        w[0] = g0;
        w[s] = g0 + g1;
        w[2 * s] = g1;
        return;
    }
    const float sixth = 1.f / 6;
    w[0] = .5f * g0;
    w[s] = -.5f * (g0 + g1);
    w[2 * s] = sixth * (g1 - g0);
    w[3 * s] = sixth * (g0 + (g1 + g1));
    w[4 * s] = g1;
}

/* Gᵀ. */
LWS_INLINE void weight_adjoint_1d(int m, const vec *w, int s, vec *g0, vec *g1)
{
    if (m == 2) {
        *g0 = w[0] + w[s];
        *g1 = w[s] + w[2 * s];
        return;
    }
    const float sixth = 1.f / 6;
    vec half = .5f * w[s];
    *g0 = .5f * w[0] - half + sixth * (w[3 * s] - w[2 * s]);
    *g1 = sixth * (w[2 * s] + (w[3 * s] + w[3 * s])) - half + w[4 * s];
}

#endif
