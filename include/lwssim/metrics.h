/* Evaluation metrics between an original and a reconstruction, in double, as the ecosystem defines them.
 * Reconstructions are clipped to [0, 1] and not quantised. */
#ifndef LWSSIM_METRICS_H
#define LWSSIM_METRICS_H

#include <lwssim/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lws_metric {
    LWS_METRIC_SSIM_G11, /* Wang et al. 2004: Gaussian 11 taps, sigma 1.5, valid, population covariance */
    LWS_METRIC_SSIM_U7,  /* uniform 7×7, sample covariance: scikit-image's default */
    LWS_METRIC_MS_SSIM3, /* Wang et al. 2003 cut to 3 scales: 2×2 mean pooling, relu on channel means */
    LWS_METRIC_MSE,
    LWS_METRIC_PSNR,    /* dB; +infinity for identical images */
    LWS_METRIC_DELTA_E, /* mean CIEDE2000 (Sharma et al. 2005) of sRGB, white D65; only of three channels */
    LWS_METRICS
} lws_metric;

/* "SSIM-G11" for people and "ssim_g11" for files. */
extern const char *const lws_metric_title[LWS_METRICS];
extern const char *const lws_metric_key[LWS_METRICS];

/* Pixels a side that the metric needs: 11, 7, 44, 1, 1, 1. */
extern const int lws_metric_min_side[LWS_METRICS];

/* value[m] for every metric of one pair x (original), y (reconstruction), float [h, w, c]; NaN where the image is
 * smaller than the metric needs, or has not the channels. Allocates its own scratch; may be called from several
 * threads. LWS_ERR_MEMORY, LWS_ERR_NUMERIC where an input is not finite. */
lws_status lws_metrics_image(int h, int w, int c, const float *x, const float *y, double value[LWS_METRICS]);

#ifdef __cplusplus
}
#endif

#endif
