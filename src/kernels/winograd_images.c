/* Images to Winograd's transform domain and back, tile by tile. */
#include "winograd_domain.h"

#include "winograd_1d.h"

#include <string.h>

static const float zeros[WINOGRAD_CHANNELS]; /* what is read outside the image */

/* Input row (or column) of a phase image's index u: -1 where it lies outside. The phase of odd rows begins one index
 * earlier, as the padding is one row. */
LWS_INLINE int input_index(int tile, int m, int i, int parity, int size)
{
    int at = 2 * (tile * m + i - parity) + parity;
    return at >= 0 && at < size ? at : -1;
}

/* Where the pixels of one tile of one phase stand in the image, in floats; -1 outside. */
LWS_INLINE void tile_pixels(const lws_conv2d *g, int m, int ti, int tj, int phase, ptrdiff_t *at)
{
    for (int i = 0; i <= m; i++) {
        int h = input_index(ti, m, i, phase / 2, g->in_h);
        for (int j = 0; j <= m; j++) {
            int w = input_index(tj, m, j, phase % 2, g->in_w);
            *at++ = h < 0 || w < 0 ? -1 : ((ptrdiff_t)h * g->in_w + w) * g->in_c;
        }
    }
}

/* One tile of one phase: all its channels to the transform domain, from channel 0 of the phase at `to`. */
LWS_INLINE void tile_input(const lws_conv2d *g, int m, const float *x, int ti, int tj, int phase, domain to)
{
    int side = m + 1, c = g->in_c;
    ptrdiff_t at[SIDE_MAX * SIDE_MAX];
    const float *pixel[SIDE_MAX * SIDE_MAX];
    tile_pixels(g, m, ti, tj, phase, at);
    for (int p = 0; p < side * side; p++)
        pixel[p] = at[p] < 0 ? zeros : x + at[p];
    for (int k = 0; k < c; k += LANES) {
        vec d[SIDE_MAX * SIDE_MAX];
        for (int p = 0; p < side * side; p++)
            d[p] = *(const vec *)(pixel[p] + k);
        for (int j = 0; j < side; j++)
            input_1d(m, d + j, side);
        for (int i = 0; i < side; i++)
            input_1d(m, d + i * side, 1);
        for (int p = 0; p < side * side; p++)
            *(vec *)(to.at + p * to.point) = d[p];
        to.at += to.block;
    }
}

/* The adjoint: adds to the image. */
LWS_INLINE void tile_input_adjoint(const lws_conv2d *g, int m, domain from, int ti, int tj, int phase, float *dx)
{
    int side = m + 1, c = g->in_c;
    ptrdiff_t at[SIDE_MAX * SIDE_MAX];
    tile_pixels(g, m, ti, tj, phase, at);
    for (int k = 0; k < c; k += LANES) {
        vec d[SIDE_MAX * SIDE_MAX];
        for (int p = 0; p < side * side; p++)
            d[p] = *(const vec *)(from.at + p * from.point);
        from.at += from.block;
        for (int j = 0; j < side; j++)
            input_adjoint_1d(m, d + j, side);
        for (int i = 0; i < side; i++)
            input_adjoint_1d(m, d + i * side, 1);
        for (int p = 0; p < side * side; p++)
            if (at[p] >= 0)
                *(vec *)(dx + at[p] + k) += d[p];
    }
}

/* One output tile from the transform domain. Outputs beyond the image are dropped. */
LWS_INLINE void tile_output(const lws_conv2d *g, int m, domain from, int ti, int tj, float *y)
{
    int side = m + 1, c = g->out_c;
    for (int k = 0; k < c; k += LANES) {
        vec d[SIDE_MAX * SIDE_MAX];
        for (int p = 0; p < side * side; p++)
            d[p] = *(const vec *)(from.at + p * from.point);
        from.at += from.block;
        for (int j = 0; j < side; j++)
            output_1d(m, d + j, side);
        for (int i = 0; i < m; i++) {
            output_1d(m, d + i * side, 1);
            int h = ti * m + i;
            for (int j = 0; j < m && h < g->out_h; j++) {
                int w = tj * m + j;
                if (w < g->out_w)
                    *(vec *)(y + ((size_t)h * g->out_w + w) * c + k) = d[i * side + j];
            }
        }
    }
}

LWS_INLINE void tile_output_adjoint(const lws_conv2d *g, int m, const float *dy, int ti, int tj, domain to)
{
    int side = m + 1, c = g->out_c;
    for (int k = 0; k < c; k += LANES) {
        vec d[SIDE_MAX * SIDE_MAX];
        for (int i = 0; i < m; i++) {
            int h = ti * m + i;
            for (int j = 0; j < m; j++) {
                int w = tj * m + j;
                d[i * side + j] =
                    h < g->out_h && w < g->out_w ? *(const vec *)(dy + ((size_t)h * g->out_w + w) * c + k) : (vec){0};
            }
            output_adjoint_1d(m, d + i * side, 1);
        }
        for (int j = 0; j < side; j++)
            output_adjoint_1d(m, d + j, side);
        for (int p = 0; p < side * side; p++)
            *(vec *)(to.at + p * to.point) = d[p];
        to.at += to.block;
    }
}

#define FOR_TILES(g, m, t, ti, tj)                                                                                     \
    for (size_t t = 0, ti = 0; ti < (size_t)tiles_along((g)->out_h, m); ti++)                                          \
        for (int tj = 0; tj < tiles_along((g)->out_w, m); tj++, t++)

/* From channel 0 of a phase of `channels`, or of the output (phase 0), of one tile on. */
LWS_INLINE domain part_of(domain d, size_t tile, int phase, int channels)
{
    d.at += tile * LANES + phase * ((size_t)channels / LANES * d.block);
    return d;
}

LWS_INLINE void input_m(const lws_conv2d *g, int m, const float *x, domain to, size_t tile)
{
    FOR_TILES(g, m, t, ti, tj)
    for (int phase = 0; phase < PHASES; phase++)
        tile_input(g, m, x, (int)ti, tj, phase, part_of(to, tile + t, phase, g->in_c));
}

LWS_VARIANTS(extern, void, winograd_input, (const lws_conv2d *g, int m, const float *x, domain to, size_t tile),
             (g, m, x, to, tile))
{
    if (m == 2)
        input_m(g, 2, x, to, tile);
    else
        input_m(g, 4, x, to, tile);
}

LWS_INLINE void input_adjoint_m(const lws_conv2d *g, int m, domain from, size_t tile, float *dx)
{
    memset(dx, 0, (size_t)g->in_h * g->in_w * g->in_c * sizeof *dx);
    FOR_TILES(g, m, t, ti, tj)
    for (int phase = 0; phase < PHASES; phase++)
        tile_input_adjoint(g, m, part_of(from, tile + t, phase, g->in_c), (int)ti, tj, phase, dx);
}

LWS_VARIANTS(extern, void, winograd_input_adjoint, (const lws_conv2d *g, int m, domain from, size_t tile, float *dx),
             (g, m, from, tile, dx))
{
    if (m == 2)
        input_adjoint_m(g, 2, from, tile, dx);
    else
        input_adjoint_m(g, 4, from, tile, dx);
}

LWS_VARIANTS(extern, void, winograd_output, (const lws_conv2d *g, int m, domain from, size_t tile, float *y),
             (g, m, from, tile, y))
{
    FOR_TILES(g, m, t, ti, tj)
    if (m == 2)
        tile_output(g, 2, part_of(from, tile + t, 0, 0), (int)ti, tj, y);
    else
        tile_output(g, 4, part_of(from, tile + t, 0, 0), (int)ti, tj, y);
}

LWS_VARIANTS(extern, void, winograd_output_adjoint,
             (const lws_conv2d *g, int m, const float *dy, domain to, size_t tile), (g, m, dy, to, tile))
{
    FOR_TILES(g, m, t, ti, tj)
    if (m == 2)
        tile_output_adjoint(g, 2, dy, (int)ti, tj, part_of(to, tile + t, 0, 0));
    else
        tile_output_adjoint(g, 4, dy, (int)ti, tj, part_of(to, tile + t, 0, 0));
}
