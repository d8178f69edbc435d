/* One window size of SSIM or LWSSIM on one image: private to this folder. Everything is double, [h, w, c]. */
#ifndef LWS_STRUCTURAL_H
#define LWS_STRUCTURAL_H

#include "kernels/window.h"
#include "kernels/window_score.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct level {
    lws_window window;
    bool product; /* SSIM = l · cs; else LWSSIM = l + cs */
    double c1, c2, c3;
    double alpha, beta, gamma;
    double covariance;                /* factor on variances and covariance: 1, or N/(N-1) for sample covariance */
    double weight;                    /* of the level in a loss */
    double luminance, structure;      /* factors of 1 - l^alpha and of 1 - c^beta s^gamma, where that is no product */
    const lws_luminance_power *power; /* of alpha, where that is neither 0 nor 1 */
} level;

/* Whether c · s needs neither powers nor roots, so that 1 - l^alpha and 1 - c · s come without cancellation. */
bool structural_has_difference_form(const level *lv);

/* What a window of such a level is judged by. Its moments are n times means; it is one of `windows`, over all channels;
 * the gradient is that of scale · weight · (mean over windows). */
lws_window_score structural_score(const level *lv, double n, double scale, double windows);

/* Buffers of [h, w, c] doubles each, and the window filters' scratch. */
enum { STRUCTURAL_PLANES = 8 };
typedef struct structural_scratch {
    double *plane[STRUCTURAL_PLANES];
    double *window;
} structural_scratch;

/* Doubles that a scratch needs, and its layout over such a block. */
size_t structural_scratch_size(int h, int w, int c);
structural_scratch structural_scratch_at(double *block, int h, int w, int c);

/* Two images [h, w, c] to compare. */
typedef struct structural_pair {
    int h, w, c;
    const double *x, *y;
} structural_pair;

/* The mean over channels and windows of 2 - LWSSIM (1 - SSIM) for any exponents and C3, and, where gradient is not
 * NULL, gradient [h, w, c] += scale · ∂/∂y. */
double structural_level_general(const level *lv, const structural_pair *pair, double scale, double *gradient,
                                structural_scratch s);

/* Means over windows, for each channel, of l · cs and of cs: the parts that MS-SSIM combines. */
void structural_means(const level *lv, const structural_pair *pair, double *ssim, double *cs, structural_scratch s);

/* gradient += p · x + q · y + r, planes of n values. */
void structural_combine(size_t n, const double *p, const double *x, const double *q, const double *y, const double *r,
                        double *gradient);

#endif
