/* SSIM and LWSSIM in difference form over uniform windows, all levels of an image in one pass: private to this folder.
 */
#ifndef LWS_STRUCTURAL_BOX_H
#define LWS_STRUCTURAL_BOX_H

#include "losses.h"
#include "structural.h"

/* One image: the value Σ_i weight_i · mean(2 - LWSSIM_i) over levels (or 1 - SSIM), and its gradient. The levels have
 * box windows, exponents 1, c3 = c2/2 and covariance 1, and agree in `product`. Scratch: structural_box_size bytes. Not
 * finite input gives a value that is not finite. */
double structural_box(int levels, const level *lv, const double *weight, const loss_image *given);
size_t structural_box_size(int levels, const level *lv, int h, int w, int c);

#endif
