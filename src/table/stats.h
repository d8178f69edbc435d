/* Statistics of paired differences between two ways of training, over seeds and images: private to this folder.
 *
 * Both sides are trained with the same seeds and evaluated on the same images. The difference of image i under seed s
 * is taken as  d + a_s + b_i + e_si:  what the training run adds (a), what the image adds (b), and the rest (e), all by
 * chance with mean 0. The mean over all estimates d. Its error has two parts, that of few seeds, with variance V_A =
 * MS_A / (S N), and that of the images, V_B = max(MS_B - MS_E, 0) / (S N), by the mean squares of a two-way analysis of
 * variance (S seeds, N images); these are known with S - 1 and N - 1 degrees of freedom. The interval joins theirs by
 * adding squares,
 *
 *   half width^2 = t(S - 1)^2 V_A + t(N - 1)^2 V_B,
 *
 * as Zou and Donner do for sums ("Construction of confidence limits about effect measures", Statistics in Medicine 27,
 * 2008). p is the level at which the interval ends at 0. The design is that of readers and cases in radiology; its
 * usual degrees of freedom (Hillis, Statistics in Medicine 26, 2007) find differences where there are none up to 8
 * times too often with three seeds and the small p that Holm's correction asks for; this interval does not.
 *
 * With one seed there is no a_s to be seen: interval and p are Student's over the images, and hold for that training
 * alone. Not collective. */
#ifndef LWS_TABLE_STATS_H
#define LWS_TABLE_STATS_H

#include <stddef.h>
#include <stdint.h>

/* P(T > t) of Student's distribution with df > 0 degrees of freedom (not only whole ones), and the t >= 0 with
 * P(T > t) = tail, 1e-150 <= tail <= .5. */
double stats_t_tail(double t, double df);
double stats_t_quantile(double tail, double df);

typedef struct stats_difference {
    double mean;
    double low, high; /* 95 % confidence */
    double p;         /* two-sided, of no difference; not below 1e-100 but where nothing varies */
} stats_difference;

/* d [seeds, images], images >= 2. Where nothing varies, the interval is the mean alone, and p is 0 or 1. */
stats_difference stats_paired(int seeds, int64_t images, const double *d);

/* Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979) of n values, in place. */
void stats_holm(int n, double *p);

/* The mean of n values and its standard error, NaN for one value. */
void stats_mean(int64_t n, const double *value, double *mean, double *error);

#endif
