/* What a structural loss makes of the moments of a window: the constants for the micro-kernels that judge windows
 * (box_plane.h, gauss_plane.h), which differ in how they get at the moments. */
#ifndef LWSSIM_WINDOW_SCORE_H
#define LWSSIM_WINDOW_SCORE_H

#include "kernels/luminance_power.h"

/* With u = 1 - l^α and d = 1 - c·s. */
typedef enum lws_score_form {
    LWS_SCORE_SUM,       /* u + d */
    LWS_SCORE_WEIGHTED,  /* luminance · u + structure · d */
    LWS_SCORE_LUMINANCE, /* luminance · u */
    LWS_SCORE_PRODUCT,   /* 1 - (1 - u)(1 - d) */
} lws_score_form;

/* Moments are n times weighted means: c1 and c2 are n² and 2 n² times those of the loss. */
typedef struct lws_window_score {
    lws_score_form form;
    const lws_luminance_power *power; /* of α; NULL: α = 1 */
    double n, c1, c2;
    double luminance, structure;                   /* of LWS_SCORE_WEIGHTED and LWS_SCORE_LUMINANCE */
    double luminance_gradient, structure_gradient; /* weights of 2 · ∂u/∂y and 2 · ∂d/∂y */
} lws_window_score;

/* LWS_SCORE_LANES windows of a row, before and after u is put to a power. */
enum { LWS_SCORE_LANES = 8 };
typedef struct lws_score_row {
    double e[LWS_SCORE_LANES], y[LWS_SCORE_LANES], inverse_b1[LWS_SCORE_LANES], inverse_b2[LWS_SCORE_LANES];
    double u[LWS_SCORE_LANES], d[LWS_SCORE_LANES], slope[LWS_SCORE_LANES], delta[LWS_SCORE_LANES];
} lws_score_row;

#endif
