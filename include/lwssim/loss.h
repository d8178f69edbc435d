/* Reconstruction losses between images: MSE, SSIM and LWSSIM, value and exact gradient.
 *
 * Images are float NHWC in [0, 1] (any finite value is accepted). A value is taken per colour channel, averaged
 * over channels; the caller averages over images. Sources: Wang et al. 2004 for SSIM; Lu, "The Level Weighted
 * Structural Similarity Loss: A Step Away from MSE", AAAI 2019, for LWSSIM:
 *
 *   SSIM       = l^alpha · c^beta · s^gamma                 loss 1 - SSIM
 *   LWSSIM(s)  = l^alpha + c^beta · s^gamma   (window s)    loss (1/I) Σ_i weight_i · mean(2 - LWSSIM(s_i))
 *
 * The sum in place of the product keeps the gradient of the luminance where contrast or structure is small or
 * negative. Inputs and gradients are float; everything between is double, in a fixed order: the bits depend
 * neither on the number of threads nor on which other images are in the batch. */
#ifndef LWSSIM_LOSS_H
#define LWSSIM_LOSS_H

#include <lwssim/status.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { LWS_LOSS_LEVELS = 16 };

typedef enum lws_loss_kind { LWS_LOSS_MSE, LWS_LOSS_SSIM, LWS_LOSS_LWSSIM } lws_loss_kind;

typedef struct lws_loss_spec {
    lws_loss_kind kind;
    int levels;                     /* LWSSIM: 1 to LWS_LOSS_LEVELS; SSIM: 1; MSE ignores all below */
    int window[LWS_LOSS_LEVELS];    /* sides in pixels, 1 to min(h, w) */
    double weight[LWS_LOSS_LEVELS]; /* >= 0, not all 0 */
    bool gaussian;                  /* Gaussian windows in place of uniform ones */
    double sigma;                   /* of the Gaussian in pixels; 0: 1.5/11 of the side */
    double alpha, beta, gamma;      /* exponents in [0, 4] */
    double k1, k2;                  /* C1 = k1², C2 = k2²; in (0, 1) */
    double c3;                      /* in (0, 1); 0: C2 / 2 */
} lws_loss_spec;

/* The defaults: LWSSIM over uniform windows 3, 7, 11 with weights 1; SSIM over one Gaussian window of 11 pixels,
 * sigma 1.5; exponents 1, k1 .01, k2 .03. */
lws_loss_spec lws_loss_defaults(lws_loss_kind kind);

typedef struct lws_loss lws_loss;

/* Checks the spec against the image size and allocates all memory, for as many threads as OpenMP would use now.
 * LWS_ERR_USAGE names the field that is out of range; LWS_ERR_MEMORY. */
lws_status lws_loss_create(const lws_loss_spec *spec, int h, int w, int c, lws_loss **out);
void lws_loss_destroy(lws_loss *loss);

/* For each image i of n: value[i] = loss(x_i, y_i), and, where dy is not NULL, dy_i = scale · ∂loss/∂y_i
 * (overwritten). x: originals, y: reconstructions, dy: all float [n, h, w, c]. For the mean over a global batch
 * pass scale = 1 / its size. One call at a time per lws_loss. LWS_ERR_NUMERIC where x or y is not finite;
 * value and dy are then undefined. */
lws_status lws_loss_eval(lws_loss *loss, int n, const float *x, const float *y, double scale, double *value, float *dy);

#ifdef __cplusplus
}
#endif

#endif
