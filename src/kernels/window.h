/* Weighted means over square sliding windows at stride 1, "valid" (no padding), in double, and their adjoints.
 *
 * Images are [h, w, c] doubles, channels interleaved and filtered each by itself. The mean over a window of side
 * s maps [h, w, c] to [h - s + 1, w - s + 1, c]. Weights sum to 1. The box costs O(log s) per pixel, the Gaussian
 * O(s). Pure functions that check nothing. */
#ifndef LWSSIM_WINDOW_H
#define LWSSIM_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

enum { LWS_WINDOW_MAX = 256 }; /* longest side */

typedef struct lws_window {
    int side;
    bool box;                   /* all weights equal; else the taps */
    double tap[LWS_WINDOW_MAX]; /* 1-D weights; the window is their outer product */
} lws_window;

lws_window lws_window_box(int side);

/* Gaussian with standard deviation sigma, `side` taps centred, normalised to sum 1. */
lws_window lws_window_gaussian(int side, double sigma);

/* Doubles of scratch for both directions. */
size_t lws_window_scratch(int h, int w, int c);

/* out [h-s+1, w-s+1, c] = means of x [h, w, c]; overwrites. */
void lws_window_mean(const lws_window *window, int h, int w, int c, const double *x, double *out, double *scratch);

/* out [h, w, c] = adjoint of lws_window_mean applied to m [h-s+1, w-s+1, c]; overwrites. */
void lws_window_adjoint(const lws_window *window, int h, int w, int c, const double *m, double *out, double *scratch);

#endif
