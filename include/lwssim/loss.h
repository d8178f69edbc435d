/* Reconstruction losses between images: MSE, SSIM, LWSSIM and others, value and exact gradient.
 *
 * Images are float NHWC in [0, 1] (any finite value is accepted). A value is taken per colour channel, averaged
 * over channels; the caller averages over images. Sources: Wang et al. 2004 for SSIM; Lu, "The Level Weighted
 * Structural Similarity Loss: A Step Away from MSE", AAAI 2019, for LWSSIM:
 *
 *   SSIM       = l^alpha · c^beta · s^gamma                 loss 1 - SSIM
 *   LWSSIM(s)  = l^alpha + c^beta · s^gamma   (window s)    loss (1/I) Σ_i weight_i · mean(2 - LWSSIM(s_i))
 *
 * and, where luminance has weights of its own, (1/I) Σ_i mean(luminance_weight_i · (1 - l^alpha) + weight_i · (1 -
 * c^beta · s^gamma)). The sum in place of the product keeps the gradient of the luminance where contrast or structure
 * is small or negative. Inputs and gradients are float; everything between is double, in a fixed order: the bits
 * depend neither on the number of threads nor on which other images are in the batch. */
#ifndef LWSSIM_LOSS_H
#define LWSSIM_LOSS_H

#include <lwssim/status.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    LWS_LOSS_LEVELS = 16, /* windows */
    LWS_LOSS_OWN = 64     /* doubles */
};

/* Number of a loss, from 0 to lws_loss_count() - 1: those of the paper have a constant, all have a name. */
typedef int lws_loss_kind;
enum { LWS_LOSS_MSE, LWS_LOSS_SSIM, LWS_LOSS_LWSSIM };

/* Which loss, and its options. SSIM, LWSSIM and its kin (lwssim-…) have theirs in fields of their own; what options the
 * others have, which ignore these fields, lws_loss_find() puts into `own`. */
typedef struct lws_loss_spec {
    lws_loss_kind kind;
    int levels;                     /* LWSSIM and its kin (lwssim-…): 1 to LWS_LOSS_LEVELS; SSIM: 1 */
    int window[LWS_LOSS_LEVELS];    /* sides in pixels, 1 to min(h, w) */
    double weight[LWS_LOSS_LEVELS]; /* >= 0; not such that the loss is constant, with all else here */
    bool luminance_apart;           /* LWSSIM: the weights are those of contrast-structure, luminance has these: */
    double luminance_weight[LWS_LOSS_LEVELS]; /* >= 0 */
    bool gaussian;                            /* Gaussian windows in place of uniform ones */
    double sigma;                             /* of the Gaussian in pixels; 0: 1.5/11 of the side */
    double alpha, beta, gamma;                /* exponents in [0, 64] */
    double k1, k2;                            /* C1 = k1², C2 = k2²; in [1e-9, 1) */
    double c3;                                /* in (0, 1); 0: C2 / 2 */
    double own[LWS_LOSS_OWN];                 /* of the other losses; not for the caller */
} lws_loss_spec;

/* The losses that there are, their names ("mse") and a line on each. NULL for a number that is none's. Static memory.
 */
int lws_loss_count(void);
const char *lws_loss_name(lws_loss_kind kind);
const char *lws_loss_summary(lws_loss_kind kind);

/* The defaults: LWSSIM over Gaussian windows 1 and 11 with weights 8 and 1 and k1 .5, which keep colours; SSIM over one
 * Gaussian window of 11 pixels and k1 .01; sigma 1.5, exponents 1, k2 .03. lws_loss_find("lwssim", "windows = 3,7,11")
 * is the plain LWSSIM: uniform windows, weights 1, k1 .01. */
lws_loss_spec lws_loss_defaults(lws_loss_kind kind);

/* The loss of this name. `options` are the defaults but for lines "key = value" of the loss's own keys, as the help of
 * `lwssim train` lists them ("windows = 3,5\nalpha = 2"); NULL: all defaults. LWS_ERR_USAGE: no such loss, key or
 * value, and the message says which there are. */
lws_status lws_loss_find(const char *name, const char *options, lws_loss_spec *spec);

typedef struct lws_loss lws_loss;

/* Checks the spec against the image size and allocates all memory, for as many threads as OpenMP would use now.
 * LWS_ERR_USAGE names the field that is out of range, or says that there is no such loss; LWS_ERR_MEMORY. */
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
