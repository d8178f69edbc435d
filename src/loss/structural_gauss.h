/* SSIM and LWSSIM in difference form over Gaussian windows: private to this folder. */
#ifndef LWS_STRUCTURAL_GAUSS_H
#define LWS_STRUCTURAL_GAUSS_H

#include "losses.h"
#include "structural.h"

/* One image: the value Σ_i weight_i · (mean loss of windows)_i over levels, and its gradient. The levels are
 * structural_has_difference_form(). Scratch: structural_gauss_size bytes. */
double structural_gauss(int levels, const level *lv, const loss_image *given);
size_t structural_gauss_size(int levels, const level *lv, int h, int w, int c);

#endif
