/* Structural losses over uniform windows on one channel of an image, cut into strips; src/loss gives them their memory
 * and constants. Pure functions that check nothing. */
#ifndef LWSSIM_BOX_PLANE_H
#define LWSSIM_BOX_PLANE_H

#include "kernels/strips.h"
#include "kernels/window_score.h"

#include <stdint.h>

enum { LWS_BOX_LEVELS = 16 }; /* most window sizes at once */

/* Sums over pixels of e = y - x, y, e² and x² + y². */
typedef struct lws_box_sums {
    double e[LWS_STRIPS], y[LWS_STRIPS], e2[LWS_STRIPS], x2y2[LWS_STRIPS];
} lws_box_sums;

/* ∂/∂y at a pixel is e · Σ a - y · Σ b + Σ r over the windows that it is in. */
typedef struct lws_box_coefficients {
    double a[LWS_STRIPS], b[LWS_STRIPS], r[LWS_STRIPS];
} lws_box_coefficients;

/* The same, each after zeros. */
typedef struct lws_box_padded {
    double zero_a[LWS_STRIPS], a[LWS_STRIPS], zero_b[LWS_STRIPS], b[LWS_STRIPS], zero_r[LWS_STRIPS], r[LWS_STRIPS];
} lws_box_padded;

/* One window size. Moments are sums over the side² pixels of a window. */
typedef struct lws_box_level {
    int side, rows; /* rows: of windows */
    lws_window_score score;
    const int64_t *valid;    /* [length, LWS_STRIPS]: all bits set where a window begins, else 0 */
    const ptrdiff_t *behind; /* [length]: where the windows are that end before pixel j of a strip, in doubles from the
                              * row's first. Where they are in strips further left, that is some doubles before a
                              * vector, so that its lanes move up and the zeros before it come in. */
    lws_box_padded *window;  /* [length]: a row of them; zeros at first */
    double loss[LWS_STRIPS]; /* sums over windows and planes */
} lws_box_level;

typedef struct lws_box_plane {
    int h, length; /* of the plane; pixels in a strip */
    int levels, longest;
    lws_box_level *level; /* longest window first */
    const float *x, *y;   /* [h, length, LWS_STRIPS] */
    float *dy;            /* [h, length, LWS_STRIPS]; NULL: the value alone */
    /* Zeros at first; after `integral` LWS_STRIPS more. */
    lws_box_sums *integral;        /* [longest + 2, length + 1] */
    lws_box_coefficients *leaving; /* [longest, length] */
    lws_box_coefficients *column;  /* [length] */
    lws_score_row *row;            /* [length]; of any content */
} lws_box_plane;

/* Adds the plane's windows to the levels' losses and writes its dy. */
void lws_box_plane_run(const lws_box_plane *p);

#endif
