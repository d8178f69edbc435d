/* What becomes of the colours of an image: how much of them is left, and how far each channel has shifted.
 *
 * The opponent colours of a pixel are R − G and (R + G)/2 − B. With o those of originals and r those of
 * reconstructions, both kinds pooled over all pixels of all images,
 *
 *   slope        Σ(o − ō)(r − r̄) / Σ(o − ō)²                      1: kept; 0: gone grey
 *   correlation  Σ(o − ō)(r − r̄) / sqrt(Σ(o − ō)² · Σ(r − r̄)²)
 *
 * Both follow from the sums below, which add up over images. */
#ifndef LWSSIM_COLOUR_H
#define LWSSIM_COLOUR_H

#include <stddef.h>

enum { LWS_COLOUR_CHANNELS = 4 }; /* of the images that shifts are taken of, at most */

/* Sums over opponent colours: two a pixel. */
typedef struct lws_colour_sums {
    double n;          /* how many */
    double o, r;       /* of originals, of reconstructions */
    double oo, ro, rr; /* of products */
} lws_colour_sums;

/* The sums of one pair x (original), y (reconstruction, clipped to [0, 1]), float [pixels, c]; all 0 where c is not 3.
 * Any thread. */
lws_colour_sums lws_colour_of(size_t pixels, int c, const float *x, const float *y);

/* sum ± add. */
lws_colour_sums lws_colour_plus(lws_colour_sums sum, lws_colour_sums add);
lws_colour_sums lws_colour_minus(lws_colour_sums sum, lws_colour_sums add);

/* NaN where there is no colour to keep. */
double lws_colour_slope(const lws_colour_sums *sums);
double lws_colour_correlation(const lws_colour_sums *sums);

/* shift[k]: mean of y − x, y clipped to [0, 1], of channel k < c <= LWS_COLOUR_CHANNELS. Any thread. */
void lws_colour_shift(size_t pixels, int c, const float *x, const float *y, double *shift);

/* The mean over all pixels of the difference that people see, CIEDE2000 (ciede2000.h): x, y in double [pixels, 3], as
 * sRGB, clipped to [0, 1]. Any thread. */
double lws_colour_difference(size_t pixels, const double *x, const double *y);

#endif
