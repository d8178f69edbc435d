#include "winograd_domain.h"

#include "winograd_1d.h"

#include <stdint.h>

static panels panels_of(size_t rows, size_t columns)
{
    return (panels){rows, (columns + PANEL - 1) / PANEL * PANEL * rows};
}

panels winograd_narrow_panels(const lws_conv2d *g)
{
    return panels_of(PHASES * (size_t)g->in_c, (size_t)g->out_c);
}

panels winograd_wide_panels(const lws_conv2d *g)
{
    return panels_of((size_t)g->out_c, PHASES * (size_t)g->in_c);
}

/* The two taps, along one side, that fall on a phase: rows 1 and 3 of the kernel on even input rows, 0 and 2 on odd. */
LWS_INLINE int tap(int parity, int i)
{
    return 2 * i + 1 - parity;
}

/* Panels are far larger than the caches and are read much later: written past the caches, they cost half the traffic.
 */
#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static void stream_points(int count, const vec *p, float *to, size_t stride)
{
    for (int i = 0; i < count; i++)
        _mm512_stream_ps(to + i * stride, _mm512_loadu_ps(&p[i]));
}

static bool can_stream(const float *a, const float *b)
{
    return lws_arch_in_use == LWS_ARCH_AVX512 && (((uintptr_t)a | (uintptr_t)b) & 63) == 0;
}

void winograd_weights_done(void)
{
    _mm_sfence();
}
#else
static void stream_points(int count, const vec *p, float *to, size_t stride)
{
    (void)count, (void)p, (void)to, (void)stride;
}

static bool can_stream(const float *a, const float *b)
{
    (void)a, (void)b;
    return false;
}

void winograd_weights_done(void)
{
}
#endif

/* Four taps of one phase, LANES channels of each, to all points; to[point · stride]. */
LWS_INLINE void weight_points(int m, const vec *g, float *to, size_t stride, bool stream)
{
    int side = m + 1;
    vec half[2 * SIDE_MAX], p[SIDE_MAX * SIDE_MAX];
    for (int j = 0; j < 2; j++)
        weight_1d(m, g + j, 2, half + j, 2);
    for (int i = 0; i < side; i++)
        weight_1d(m, half + 2 * i, 1, p + i * side, 1);
    if (stream) {
        stream_points(side * side, p, to, stride);
        return;
    }
    for (int i = 0; i < side * side; i++)
        *(vec *)(to + i * stride) = p[i];
}

/* Block (c, o) of LANES × LANES weights of a phase: rows c.. of in_c, columns o.. of out_c, into both sets of panels.
 */
LWS_INLINE void weight_block_m(const lws_conv2d *g, int m, int phase, int c, int o, const float *w, float *narrow,
                               float *wide, bool stream)
{
    size_t tap_stride = (size_t)g->in_c * g->out_c;
    panels f = winograd_narrow_panels(g), b = winograd_wide_panels(g);
    float transposed[4][LANES][LANES] __attribute__((aligned(64)));
    size_t row = (size_t)phase * g->in_c + c;
    for (int i = 0; i < LANES; i++) {
        vec taps[4];
        for (int t = 0; t < 4; t++) {
            const float *from = w + (size_t)(tap(phase / 2, t / 2) * 4 + tap(phase % 2, t % 2)) * tap_stride +
                                (size_t)(c + i) * g->out_c + o;
            taps[t] = *(const vec *)from;
            for (int k = 0; k < LANES; k++)
                transposed[t][k][i] = from[k];
        }
        weight_points(m, taps, narrow + o / PANEL * f.depth * PANEL + (row + i) * PANEL + o % PANEL, f.point, stream);
    }
    for (int k = 0; k < LANES; k++) {
        vec taps[4];
        for (int t = 0; t < 4; t++)
            taps[t] = *(const vec *)transposed[t][k];
        weight_points(m, taps, wide + row / PANEL * b.depth * PANEL + (size_t)(o + k) * PANEL + row % PANEL, b.point,
                      stream);
    }
}

LWS_VARIANTS(static, void, weight_row,
             (const lws_conv2d *g, int m, int phase, int c, const float *w, float *narrow, float *wide, bool stream),
             (g, m, phase, c, w, narrow, wide, stream))
{
    for (int o = 0; o < g->out_c; o += LANES) {
        if (m == 2)
            weight_block_m(g, 2, phase, c, o, w, narrow, wide, stream);
        else
            weight_block_m(g, 4, phase, c, o, w, narrow, wide, stream);
    }
}

void winograd_weights(const lws_conv2d *g, int m, int phase, int c, const float *w, float *narrow, float *wide)
{
    weight_row(g, m, phase, c, w, narrow, wide, can_stream(narrow, wide));
}

LWS_INLINE void weight_row_adjoint_m(int m, int parity_h, int parity_w, int out_c, size_t tap_stride, size_t stride,
                                     const float *from, bool add, float *dw)
{
    int side = m + 1;
    for (int k = 0; k < out_c; k += LANES) {
        vec half[2 * SIDE_MAX], p[SIDE_MAX * SIDE_MAX], g[4];
        for (int i = 0; i < side * side; i++)
            p[i] = *(const vec *)(from + i * stride + k);
        for (int i = 0; i < side; i++)
            weight_adjoint_1d(m, p + i * side, 1, &half[2 * i], &half[2 * i + 1]);
        for (int j = 0; j < 2; j++)
            weight_adjoint_1d(m, half + j, 2, &g[j], &g[2 + j]);
        for (int t = 0; t < 4; t++) {
            vec *to = (vec *)(dw + (size_t)(tap(parity_h, t / 2) * 4 + tap(parity_w, t % 2)) * tap_stride + k);
            if (add)
                g[t] += *to;
            *to = g[t];
        }
    }
}

LWS_VARIANTS(extern, void, winograd_weights_adjoint,
             (int m, int phase, int out_c, size_t tap_stride, size_t stride, const float *from, bool add, float *dw),
             (m, phase, out_c, tap_stride, stride, from, add, dw))
{
    if (m == 2)
        weight_row_adjoint_m(2, phase / 2, phase % 2, out_c, tap_stride, stride, from, add, dw);
    else
        weight_row_adjoint_m(4, phase / 2, phase % 2, out_c, tap_stride, stride, from, add, dw);
}
