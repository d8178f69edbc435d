/* Structural losses over a Gaussian window, LWS_GAUSS_ROWS rows at a time, so that what is in use stays in the caches.
 * Included with LANES defined: columns are worked on LANES at a time, each by itself, so that the width does not show
 * in the bits.
 *
 * Forward: rows of the maps e = y - x, y, e² and x² + y² go into `maps`; filtered by columns they give rows of windows,
 * filtered by rows their means, and score_template.h says what is made of these. Backward the adjoint, filters over
 * rows and columns padded with zeros: the taps are symmetric. Rows of coefficients, filtered by rows, go into `spread`;
 * filtered by columns they give rows of the gradient.
 *
 * Both tall buffers hold rows from `base` on, row i + side - 1 as i is at hand: of `maps` the last one under window row
 * i, of `spread` window row i itself, the side - 1 before the first one being zeros. When one is full, the last
 * side - 1 rows move to its beginning.
 *
 * A filter adds pairs of equal taps before it multiplies: for n taps n - 1 additions and n/2 products a value. There
 * are seven maps and two directions, so 14 (n - 1) additions a pixel and window size: what the time is spent on. */
#ifndef LWS_GAUSS_PLANE_TEMPLATE_H
#define LWS_GAUSS_PLANE_TEMPLATE_H

#include "kernels/gauss_plane.h"

#include "arch/score_template.h"

#include <string.h>

/* `count` sums of taps at once, whose values are `apart` doubles from each other, taps `step` doubles. */
LWS_INLINE void weigh(const double *tap, int side, int count, const double *from, ptrdiff_t apart, ptrdiff_t step,
                      vec *sum)
{
    const double *last = from + (side - 1) * step;
    for (int i = 0; i < count; i++)
        sum[i] = (vec){0};
    for (int t = 0; t < side / 2; t++, from += step, last -= step)
        for (int i = 0; i < count; i++)
            sum[i] += tap[t] * (V(from[i * apart]) + V(last[i * apart]));
    if (side % 2)
        for (int i = 0; i < count; i++)
            sum[i] += tap[side / 2] * V(from[i * apart]);
}

/* `count` rows of n values from side - 1 more. */
LWS_INLINE void weigh_columns(const lws_gauss_plane *p, int count, const double *from, ptrdiff_t stride, double *to)
{
    for (ptrdiff_t at = 0; at < stride; at += LANES) {
        vec sum[LWS_GAUSS_ROWS];
        weigh(p->tap, p->side, count, from + at, stride, stride, sum);
        for (int i = 0; i < count; i++)
            V(to[i * stride + at]) = sum[i];
    }
}

LWS_INLINE void filter_columns(const lws_gauss_plane *p, int rows, const double *from, ptrdiff_t stride)
{
    if (rows == LWS_GAUSS_ROWS) {
        weigh_columns(p, LWS_GAUSS_ROWS, from, stride, p->filtered);
        return;
    }
    for (int i = 0; i < rows; i++)
        weigh_columns(p, 1, from + i * stride, stride, p->filtered + i * stride);
}

/* A row of n columns of each map. */
LWS_INLINE void filter_row(const lws_gauss_plane *p, int maps, const double *from, ptrdiff_t from_map, int n,
                           double *to, ptrdiff_t to_map)
{
    for (int at = 0; at < n; at += LANES) {
        vec sum[LWS_GAUSS_MAPS];
        weigh(p->tap, p->side, maps, from + at, from_map, 1, sum);
        for (int i = 0; i < maps; i++)
            V(to[i * to_map + at]) = sum[i];
    }
}

LWS_INLINE void clear(double *v, ptrdiff_t n)
{
    memset(v, 0, (size_t)n * sizeof *v);
}

/* The maps of row `row` of the images. */
LWS_INLINE void map_row(const lws_gauss_plane *p, int row, double *to)
{
    int columns = p->columns;
    const float *x32 = p->x + (ptrdiff_t)row * columns, *y32 = p->y + (ptrdiff_t)row * columns;
    for (int at = 0; at < columns; at += LANES) {
        vec x = WIDE(x32[at]), y = WIDE(y32[at]), e = y - x;
        V(to[at]) = e;
        V(to[columns + at]) = y;
        V(to[2 * columns + at]) = e * e;
        V(to[3 * columns + at]) = x * x + y * y;
    }
}

/* The same with what windows beyond the last one look at. */
LWS_INLINE void tall_row(const lws_gauss_plane *p, int row, double *to)
{
    map_row(p, row, to);
    clear(to + (ptrdiff_t)LWS_GAUSS_MAPS * p->columns, LWS_SCORE_LANES);
}

LWS_INLINE score_parts measure_at(const lws_gauss_plane *p, int at, score_kind kind)
{
    const double *mean = p->mean + at;
    int columns = p->columns;
    score_moments m;
    score_measure(&p->score, kind, V(mean[0]), V(mean[columns]), V(mean[2 * columns]), V(mean[3 * columns]), &m);
    return score_take_apart(kind, &m);
}

/* From a row of means to coefficients. */
LWS_INLINE void judge_row(lws_gauss_plane *p, score_kind kind)
{
    int windows = lws_gauss_columns(p->w - p->side + 1);
    ptrdiff_t padded = lws_gauss_padded(p->columns, p->side);
    if (kind.power) {
        for (int at = 0; at < windows; at += LANES)
            score_store(kind, measure_at(p, at, kind), p->row + at / LWS_SCORE_LANES, at % LWS_SCORE_LANES);
        score_raise(p->score.power, p->row, windows / LWS_SCORE_LANES);
    }
    for (int lane = 0; lane < LWS_SCORE_LANES; lane += LANES) {
        vec loss = V(p->loss[lane]);
        for (int at = lane; at < windows; at += LWS_SCORE_LANES) {
            const lws_score_row *row = p->row + at / LWS_SCORE_LANES;
            double *a = p->coefficient + p->side - 1 + at, *b = a + padded, *r = b + padded;
            score_parts parts = kind.power ? score_load(kind, row, lane) : measure_at(p, at, kind);
            score_judge(&p->score, kind, parts, &V(row->slope[lane]), *(const mask *)&p->valid[at], &loss,
                        (score_target){&V(*a), &V(*b), &V(*r)});
        }
        V(p->loss[lane]) = loss;
    }
}

/* Rows of windows, of which `maps` begins with the first one's first. */
LWS_INLINE void window_rows(lws_gauss_plane *p, int rows, const double *maps, double *spread)
{
    int columns = p->columns, windows = lws_gauss_columns(p->w - p->side + 1);
    ptrdiff_t stride = lws_gauss_stride(columns, LWS_GAUSS_MAPS), sums = lws_gauss_stride(columns, LWS_GAUSS_SUMS);
    filter_columns(p, rows, maps, stride);
    for (int i = 0; i < rows; i++) {
        filter_row(p, LWS_GAUSS_MAPS, p->filtered + i * stride, columns, windows, p->mean, columns);
        if (!p->dy) {
            SCORE_SWITCH(p->score, false, judge_row, p)
            continue;
        }
        SCORE_SWITCH(p->score, true, judge_row, p)
        filter_row(p, LWS_GAUSS_SUMS, p->coefficient, lws_gauss_padded(columns, p->side), columns, spread + i * sums,
                   columns);
        clear(spread + i * sums + (ptrdiff_t)LWS_GAUSS_SUMS * columns, LWS_SCORE_LANES);
    }
}

/* Row `row` of the gradient from the sums over windows, of which a map begins every `apart` doubles. */
LWS_INLINE void finish_row(const lws_gauss_plane *p, int row, const double *sum, ptrdiff_t apart)
{
    int columns = p->columns;
    ptrdiff_t pixels = (ptrdiff_t)row * columns;
    for (int at = 0; at < columns; at += LANES) {
        vec part[LWS_GAUSS_SUMS];
        for (int i = 0; i < LWS_GAUSS_SUMS; i++) {
            ptrdiff_t total = LWS_GAUSS_SUMS * pixels + i * columns + at;
            part[i] = V(sum[i * apart + at]);
            if (p->from)
                part[i] += V(p->from[total]);
            if (p->to)
                V(p->to[total]) = part[i];
        }
        if (p->to)
            continue;
        vec x = WIDE(p->x[pixels + at]), y = WIDE(p->y[pixels + at]);
        *(floats *)&p->dy[pixels + at] = __builtin_convertvector((y - x) * part[0] - y * part[1] + part[2], floats);
    }
}

/* Windows of one pixel: there is nothing to filter. */
LWS_INLINE void run_pixels(lws_gauss_plane *p)
{
    ptrdiff_t padded = lws_gauss_padded(p->columns, 1);
    clear(p->coefficient, LWS_GAUSS_SUMS * padded);
    for (int row = 0; row < p->h; row++) {
        map_row(p, row, p->mean);
        if (p->dy) {
            SCORE_SWITCH(p->score, true, judge_row, p)
            finish_row(p, row, p->coefficient, padded);
        } else {
            SCORE_SWITCH(p->score, false, judge_row, p)
        }
    }
}

LWS_INLINE void run_gauss_plane(lws_gauss_plane *p)
{
    if (p->side == 1) {
        run_pixels(p);
        return;
    }
    int h = p->h, before = p->side - 1, windows = h - before, base = 0;
    ptrdiff_t maps = lws_gauss_stride(p->columns, LWS_GAUSS_MAPS), sums = lws_gauss_stride(p->columns, LWS_GAUSS_SUMS);
    for (int row = 0; row < before; row++)
        tall_row(p, row, p->maps + row * maps);
    clear(p->spread, before * sums);
    clear(p->coefficient, LWS_GAUSS_SUMS * lws_gauss_padded(p->columns, p->side));
    for (int row = 0, rows; row < (p->dy ? h : windows); row += rows) {
        int rest = (row < windows ? windows : h) - row;
        rows = rest < LWS_GAUSS_ROWS ? rest : LWS_GAUSS_ROWS;
        if (row - base + rows > LWS_GAUSS_KEPT) {
            memmove(p->maps, p->maps + (row - base) * maps, (size_t)(before * maps) * sizeof *p->maps);
            memmove(p->spread, p->spread + (row - base) * sums, (size_t)(before * sums) * sizeof *p->spread);
            base = row;
        }
        double *at = p->maps + (row - base) * maps, *spread = p->spread + (row - base) * sums;
        if (row < windows) {
            for (int i = 0; i < rows; i++)
                tall_row(p, row + before + i, at + (before + i) * maps);
            window_rows(p, rows, at, spread + before * sums);
        } else {
            clear(spread + before * sums, rows * sums);
        }
        if (p->dy) {
            filter_columns(p, rows, spread, sums);
            for (int i = 0; i < rows; i++)
                finish_row(p, row + i, p->filtered + i * sums, p->columns);
        }
    }
}

#endif
