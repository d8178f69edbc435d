/* Structural losses over a Gaussian window, or any other whose taps are symmetric, on one channel of an image;
 * src/loss gives them their memory and constants. Pure functions that check nothing. */
#ifndef LWSSIM_GAUSS_PLANE_H
#define LWSSIM_GAUSS_PLANE_H

#include "kernels/window_score.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LWS_GAUSS_ROWS = 4,  /* filtered together: what is loaded and what is added are then in balance */
    LWS_GAUSS_KEPT = 16, /* rows that buffers have beside those of a window */
    LWS_GAUSS_MAPS = 4,  /* e = y - x, y, e² and x² + y² */
    LWS_GAUSS_SUMS = 3,  /* ∂/∂y at a pixel is e · Σ a - y · Σ b + Σ r over the windows that it is in */
};

/* Columns of memory for w pixels. */
static inline int lws_gauss_columns(int w)
{
    return (w + LWS_SCORE_LANES - 1) / LWS_SCORE_LANES * LWS_SCORE_LANES;
}

/* Doubles from row to row of the two tall buffers, which are rows of so many maps. Not a power of two, so that the rows
 * do not meet in the same lines of a cache. */
static inline ptrdiff_t lws_gauss_stride(int columns, int maps)
{
    return (ptrdiff_t)columns * maps + LWS_SCORE_LANES;
}

/* Doubles of a row of coefficients with a window's zeros on both sides. */
static inline ptrdiff_t lws_gauss_padded(int columns, int side)
{
    return columns + 2 * (ptrdiff_t)(side - 1) + LWS_SCORE_LANES;
}

typedef struct lws_gauss_plane {
    int h, w, side, columns; /* of the plane; of the window; lws_gauss_columns(w) */
    const double *tap;       /* [side] */
    lws_window_score score;
    const float *x, *y;   /* [h, columns]; 0 from w on */
    const int64_t *valid; /* [columns]: all bits set where a window begins, else 0 */
    /* The gradient. Several windows are added up in `total`, [h, LWS_GAUSS_SUMS, columns]: `from` NULL for the first,
     * `to` NULL for the last, which writes dy [h, columns]. No `dy`: the value alone. */
    const double *from;
    double *to;
    float *dy;
    double loss[LWS_SCORE_LANES]; /* sums over windows and planes */
    /* Buffers, of any content. */
    double *maps;        /* [side - 1 + LWS_GAUSS_KEPT, lws_gauss_stride(columns, LWS_GAUSS_MAPS)] */
    double *spread;      /* the same of LWS_GAUSS_SUMS */
    double *coefficient; /* [LWS_GAUSS_SUMS, lws_gauss_padded(columns, side)] */
    double *filtered;    /* [LWS_GAUSS_ROWS, lws_gauss_stride(columns, LWS_GAUSS_MAPS)] */
    double *mean;        /* [LWS_GAUSS_MAPS, columns] */
    lws_score_row *row;  /* [columns / LWS_SCORE_LANES] */
} lws_gauss_plane;

/* Adds the plane's windows to `loss`, and their gradient as told. */
void lws_gauss_plane_run(lws_gauss_plane *p);

#endif
