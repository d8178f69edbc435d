/* What SSIM, LWSSIM and what lies between them share as losses: their keys, the checks of a spec, and the sum over
 * windows: private to this folder. */
#ifndef LWS_STRUCTURAL_LOSS_H
#define LWS_STRUCTURAL_LOSS_H

#include "losses.h"

/* |∇MSE| / |∇loss| with respect to all parameters, at one common early checkpoint: dcgan64, base 32, trained with MSE
 * on Celeb-A; .052 to .072 between steps 50 and 200 of two seeds, for SSIM and LWSSIM alike
 * (tests/peer/fair_weights.py). */
#define STRUCTURAL_FAIR_WEIGHT .07

/* The losses' options, as their keys set them. */
typedef struct structural_options {
    lws_config_list windows, window_weights, luminance_weights;
    int window_shape, ssim_shape; /* 0: uniform, 1: Gaussian */
    int64_t ssim_window;
    double sigma, alpha, beta, gamma, k1, k2, c3;
} structural_options;

enum { STRUCTURAL_KEYS = 13 };
extern const lws_config_key structural_keys[STRUCTURAL_KEYS];

#define STRUCTURAL_K1 .01 /* where nothing else is given: Wang et al. 2004 */

/* What a loss takes where `windows` are not given. */
typedef struct structural_own {
    int windows;
    double window[LWS_LOSS_LEVELS], weight[LWS_LOSS_LEVELS];
    double luminance_weight[LWS_LOSS_LEVELS]; /* the first -1: `weight` */
    bool gaussian;
    double k1;
} structural_own;

/* Where `windows` stand for a loss's own, they, what goes with them, and C1 are taken from there. */
void structural_resolve_options(void *options, const structural_own *own);

/* How luminance and contrast-structure go together. */
typedef struct structural_form {
    bool product;  /* l · cs, without weights of luminance; else l + cs */
    bool coarsest; /* cs alone, but for the largest windows */
} structural_form;

/* What a row of the table says, for all of them: see loss_row. Of the spec, _read_constants leaves the windows to the
 * row. _check refuses a loss that is constant, too. */
lws_status structural_check_options(const void *options);
void structural_read_constants(const structural_options *options, lws_loss_spec *spec);
void structural_read_options(const void *options, lws_loss_spec *spec);
lws_status structural_check(const lws_loss_spec *spec, structural_form form, int h, int w);
size_t structural_state_size(const lws_loss_spec *spec);
void structural_prepare(const lws_loss_spec *spec, structural_form form, void *state);
size_t structural_loss_scratch(const void *state, int h, int w, int c);
double structural_eval(const void *state, const loss_image *image);

#endif
