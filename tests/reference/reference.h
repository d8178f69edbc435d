/* Naive double-precision reference for the kernels, losses and metrics of liblwssim.
 *
 * Written from the papers and the textbook formulas as direct loops, sharing no code and no
 * algebraic rearrangement with the library: a mistake would have to be made twice, in two forms, to
 * go unnoticed. Clarity before speed. Only plain structs (geometry, specification) are taken from
 * the public headers. */
#ifndef LWS_REFERENCE_H
#define LWS_REFERENCE_H

#include "kernels/conv.h"
#include <lwssim/loss.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- linear maps; all overwrite their output --------------------------------------------------------------------- */

void ref_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const double *a, int lda, const double *b,
              int ldb, double *c, int ldc);

void ref_conv_forward(const lws_conv2d *g, int n, const double *x, const double *w, double *y);
void ref_conv_backward_data(const lws_conv2d *g, int n, const double *dy, const double *w, double *dx);
void ref_conv_backward_weight(const lws_conv2d *g, int n, const double *x, const double *dy, double *dw);

/* ---- batch normalisation over rows, with an optional ReLU -------------------------------------------------------- */

void ref_batchnorm_forward(int rows, int channels, bool relu, const double *x, const double *gamma, const double *beta,
                           double *y, double *mean, double *var);
void ref_batchnorm_backward(int rows, int channels, bool relu, const double *x, const double *gamma, const double *beta,
                            const double *dy, double *dx, double *dgamma, double *dbeta);

/* ---- windows ----------------------------------------------------------------------------------------------------- */

/* weight [side, side], sum 1: equal, or Gaussian with standard deviation sigma where sigma > 0. */
void ref_window_weights(int side, double sigma, double *weight);

/* out [h-s+1, w-s+1, c] and its adjoint out [h, w, c], by one loop over every pair of pixel and
 * window. */
void ref_window_mean(int side, const double *weight, int h, int w, int c, const double *x, double *out);
void ref_window_adjoint(int side, const double *weight, int h, int w, int c, const double *m, double *out);

/* ---- structural similarity --------------------------------------------------------------------------------------- */

typedef struct ref_moments {
    double mx, my;      /* weighted means */
    double vx, vy, vxy; /* weighted central moments, two passes, population */
} ref_moments;

/* Moments of the window whose top left corner is at x, y; pixels `step` and rows `row` doubles
 * apart. */
ref_moments ref_window_moments(int side, const double *weight, const double *x, const double *y, int row, int step);

/* t^q as the losses use it: q = 1 and q = 0 exact, else t^q from .01 up and its tangent at .01
 * below. *slope is the derivative. */
double ref_power(double t, double q, double *slope);

/* The loss of one image pair, x and y [h, w, c]. */
double ref_loss_value(const lws_loss_spec *spec, int h, int w, int c, const double *x, const double *y);

/* The same and its gradient dy [h, w, c], by the chain rule through every window (overwrites dy).
 */
double ref_loss_gradient(const lws_loss_spec *spec, int h, int w, int c, const double *x, const double *y, double *dy);

/* ---- metrics; y is clipped to [0, 1] ----------------------------------------------------------------------------- */

double ref_metric_ssim_g11(int h, int w, int c, const double *x, const double *y);
double ref_metric_ssim_u7(int h, int w, int c, const double *x, const double *y);
double ref_metric_ms_ssim3(int h, int w, int c, const double *x, const double *y);
double ref_metric_mse(int h, int w, int c, const double *x, const double *y);
double ref_metric_psnr(int h, int w, int c, const double *x, const double *y);

/* NaN but for three channels. x in [0, 1]. */
double ref_metric_delta_e(int h, int w, int c, const double *x, const double *y);

/* ---- colours ----------------------------------------------------------------------------------------------------- */

/* sRGB in [0, 1] to L, a, b; and the difference of two of these. */
void ref_lab(const double rgb[3], double lab[3]);
double ref_ciede2000(const double x[3], const double y[3]);

/* Slope and correlation of the opponent colours of y, clipped, on those of x, [pixels, 3]. */
void ref_colour(size_t pixels, const double *x, const double *y, double *slope, double *correlation);

/* ---- latent penalties -------------------------------------------------------------------------------------------- */

/* KL of one row, head = mu [latent] then logvar [latent]; dhead overwritten where not NULL. */
double ref_kl(int latent, const double *head, double *dhead);

/* Unbiased MMD², inverse multiquadratic kernels; dcodes [total, latent] overwritten where not NULL.
 */
double ref_mmd(int64_t total, int latent, double sigma, const double *codes, const double *prior, double *dcodes);

/* ---- optimiser --------------------------------------------------------------------------------------------------- */

typedef struct ref_adam {
    double beta1, beta2, epsilon;
    double decay;   /* 0: none */
    bool decoupled; /* decay as in AdamW (Loshchilov & Hutter 2019), else added to the gradient */
} ref_adam;

/* Step `step` (1 is the first) of Kingma & Ba 2015, algorithm 1. */
void ref_adam_step(const ref_adam *a, int64_t step, double lr, size_t n, double *theta, double *m, double *v,
                   const double *g);

typedef struct ref_lamb {
    double beta1, beta2, epsilon;
    double decay;
    bool is_vector; /* no decay, and a trust ratio of 1 */
} ref_lamb;

/* Step `step` (1 is the first) of You et al. 2020, algorithm 2, of a whole tensor x [n]. */
void ref_lamb_step(const ref_lamb *l, int64_t step, double lr, size_t n, double *x, double *m, double *v,
                   const double *g);

/* ---- random numbers and images that scripts in other languages reproduce to the bit ------------------------------ */

/* Philox4x32-10 of Salmon et al. 2011. */
void ref_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A deterministic pair of images [h, w, c] in [0, 1]: bytes from integer arithmetic, divided by 255
 * and rounded to float. tests/golden/golden_data.py has the same formula. */
void ref_golden_pair(int h, int w, int c, uint32_t seed, float *x, float *y);

/* Deterministic values k / 1024 with |k| <= 1024: exact in float. The same formula is in
 * golden_data.py. */
void ref_golden_values(uint32_t seed, size_t n, float *v);

#endif
