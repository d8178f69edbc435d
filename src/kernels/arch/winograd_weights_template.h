/* Weights to Winograd's transform domain, LANES rows at a time. Included by a file for each instruction set; with
 * STREAMS and stream_points() where it writes past the caches: panels are far larger than these and are read much
 * later, so that costs half the traffic. */
#ifndef LWS_WINOGRAD_WEIGHTS_TEMPLATE_H
#define LWS_WINOGRAD_WEIGHTS_TEMPLATE_H

#include "winograd_1d.h"
#include "winograd_domain.h"

/* Four taps of one phase, LANES channels of each, to all points; to[point · stride]. */
LWS_INLINE void weight_points(int m, const vec *g, float *to, size_t stride, bool stream)
{
    int side = m + 1;
    vec half[2 * SIDE_MAX], p[SIDE_MAX * SIDE_MAX];
    for (int j = 0; j < 2; j++)
        weight_1d(m, g + j, 2, half + j, 2);
    for (int i = 0; i < side; i++)
        weight_1d(m, half + 2 * i, 1, p + i * side, 1);
#ifdef STREAMS
    if (stream) {
        stream_points(side * side, p, to, stride);
        return;
    }
#endif
    (void)stream;
    for (int i = 0; i < side * side; i++)
        *(vec *)(to + i * stride) = p[i];
}

/* LANES × LANES weights, from row `row` of the matrix and output channel o on, into both sets of panels. */
LWS_INLINE void weight_block(const lws_conv2d *g, int m, int row, int o, const float *w, float *transformed,
                             bool stream)
{
    int phase = row / g->in_c, c = row % g->in_c;
    size_t tap_stride = (size_t)g->in_c * g->out_c;
    weight_panels p = winograd_panels(g, m);
    float *forward = transformed + p.to_output.at + o / PANEL * p.to_output.depth * PANEL + o % PANEL;
    float *backward = transformed + p.to_input.at + row / PANEL * p.to_input.depth * PANEL + row % PANEL;
    float transposed[4][LANES][LANES] __attribute__((aligned(64)));
    for (int i = 0; i < LANES; i++) {
        vec taps[4];
        for (int t = 0; t < 4; t++) {
            const float *from =
                w + (size_t)(winograd_tap(phase / 2, t / 2) * 4 + winograd_tap(phase % 2, t % 2)) * tap_stride +
                (size_t)(c + i) * g->out_c + o;
            taps[t] = *(const vec *)from;
            for (int k = 0; k < LANES; k++)
                transposed[t][k][i] = from[k];
        }
        weight_points(m, taps, forward + (size_t)(row + i) * PANEL, p.to_output.point, stream);
    }
    for (int k = 0; k < LANES; k++) {
        vec taps[4];
        for (int t = 0; t < 4; t++)
            taps[t] = *(const vec *)transposed[t][k];
        weight_points(m, taps, backward + (size_t)(o + k) * PANEL, p.to_input.point, stream);
    }
}

LWS_INLINE void weight_rows(const lws_conv2d *g, int m, int row, const float *w, float *transformed, bool stream)
{
    for (int o = 0; o < g->out_c; o += LANES) {
        if (m == 2)
            weight_block(g, 2, row, o, w, transformed, stream);
        else
            weight_block(g, 4, row, o, w, transformed, stream);
    }
}

#endif
