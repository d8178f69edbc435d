/* The gradient of the weights, from Winograd's transform domain back. */
#include "winograd_domain.h"

#include "winograd_1d.h"

LWS_INLINE void adjoint_m(const lws_conv2d *g, int m, int row, const float *from, size_t point, bool add, float *dw)
{
    int side = m + 1, out_c = g->out_c, parity_h = row / g->in_c / 2, parity_w = row / g->in_c % 2;
    size_t tap_stride = (size_t)g->in_c * out_c;
    dw += row % g->in_c * (size_t)out_c;
    for (int k = 0; k < out_c; k += LANES) {
        vec half[2 * SIDE_MAX], p[SIDE_MAX * SIDE_MAX], taps[4];
        for (int i = 0; i < side * side; i++)
            p[i] = *(const vec *)(from + i * point + k);
        for (int i = 0; i < side; i++)
            weight_adjoint_1d(m, p + i * side, 1, &half[2 * i], &half[2 * i + 1]);
        for (int j = 0; j < 2; j++)
            weight_adjoint_1d(m, half + j, 2, &taps[j], &taps[2 + j]);
        for (int t = 0; t < 4; t++) {
            vec *to =
                (vec *)(dw + (size_t)(winograd_tap(parity_h, t / 2) * 4 + winograd_tap(parity_w, t % 2)) * tap_stride +
                        k);
            if (add)
                taps[t] += *to;
            *to = taps[t];
        }
    }
}

LWS_VARIANTS(extern, void, winograd_gradient,
             (const lws_conv2d *g, int m, int row, const float *from, size_t point, bool add, float *dw),
             (g, m, row, from, point, add, dw))
{
    if (m == 2)
        adjoint_m(g, 2, row, from, point, add, dw);
    else
        adjoint_m(g, 4, row, from, point, add, dw);
}
