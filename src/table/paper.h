/* What the paper says ("The Level Weighted Structural Similarity Loss: A Step Away from MSE", AAAI 2019): private to
 * this folder. Not collective. */
#ifndef LWS_TABLE_PAPER_H
#define LWS_TABLE_PAPER_H

#include "results.h"

/* The figure of the paper's Table 1; NaN where it has none. Its SSIM, whose windows it does not give, stands beside
 * SSIM-G11, where `which` is VALUE_SSIM_G11 or VALUE_SSIM_U7. */
double paper_figure(const char *model, const char *loss, table_value which);

#endif
