/* Structural losses over uniform windows on one channel of an image: private to this folder. */
#ifndef LWS_BOX_PLANE_H
#define LWS_BOX_PLANE_H

#include "strips.h"

#include <stdbool.h>
#include <stdint.h>

/* Sums over pixels of e = y - x, y, e² and x² + y². */
typedef struct box_sums {
    double e[STRIPS], y[STRIPS], e2[STRIPS], x2y2[STRIPS];
} box_sums;

/* ∂/∂y at a pixel is e · Σ a - y · Σ b + Σ r over the windows that it is in. */
typedef struct box_coefficients {
    double a[STRIPS], b[STRIPS], r[STRIPS];
} box_coefficients;

/* The same, each after zeros. */
typedef struct box_padded {
    double zero_a[STRIPS], a[STRIPS], zero_b[STRIPS], b[STRIPS], zero_r[STRIPS], r[STRIPS];
} box_padded;

/* One window size. Moments are sums over the n = side² pixels of a window, not means: c1 and c2 are n² and 2 n² times
 * those of the loss. */
typedef struct box_level {
    int side, rows; /* rows: of windows */
    double n, c1, c2;
    double weight;           /* of 2 · ∂loss/∂y of a window */
    const int64_t *valid;    /* [length, STRIPS]: all bits set where a window begins, else 0 */
    const ptrdiff_t *behind; /* [length]: where the windows are that end before pixel j of a strip, in doubles from the
                              * row's first. Where they are in strips further left, that is some doubles before a
                              * vector, so that its lanes move up and the zeros before it come in. */
    box_padded *window;      /* [length]: a row of them; zeros at first */
    double loss[STRIPS];     /* sums over windows and planes */
} box_level;

typedef struct box_plane {
    int h, length; /* of the plane; pixels in a strip */
    bool product;  /* SSIM; else LWSSIM */
    int levels, longest;
    box_level *level;   /* longest window first */
    const float *x, *y; /* [h, length, STRIPS] */
    float *dy;          /* [h, length, STRIPS]; NULL: the value alone */
    /* Zeros at first; after `integral` STRIPS more. */
    box_sums *integral;        /* [longest + 2, length + 1] */
    box_coefficients *leaving; /* [longest, length] */
    box_coefficients *column;  /* [length] */
} box_plane;

/* Adds the plane's windows to the levels' losses and writes its dy. */
void box_plane_run(const box_plane *p);

#endif
