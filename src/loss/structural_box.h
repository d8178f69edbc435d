/* SSIM and LWSSIM in difference form over uniform windows, all levels of an image in one pass: private to this folder.
 */
#ifndef LWS_STRUCTURAL_BOX_H
#define LWS_STRUCTURAL_BOX_H

#include "losses.h"
#include "structural.h"

/* One image: the value Σ_i weight_i · (mean loss of windows)_i over levels, and its gradient. The levels have box
 * windows and are structural_has_difference_form(). Scratch: structural_box_size bytes. */
double structural_box(int levels, const level *lv, const loss_image *given);
size_t structural_box_size(int levels, const level *lv, int h, int w, int c);

#endif
