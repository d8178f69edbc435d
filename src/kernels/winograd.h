/* The 4×4 convolution at stride 2 with padding 1 below its direct operation count.
 *
 * Taken apart by the parity of row and column, it is a sum of four 2×2 convolutions at stride 1, one for each phase of
 * the image, and those are computed by Winograd's minimal filtering F(m×m, 2×2): (m+1)² products in place of 4·m² for
 * m×m outputs. m is 2 (9 for 16) or 4 (25 for 64, points 0, 1, -1, 2, ∞). Lavin & Gray 2016; Winograd 1980.
 *
 * Geometry, layouts and conventions are those of conv.h. The transformed weights, lws_winograd_weights()
 * floats of a layout of their own, are the caller's and must be made again when the weights change. The bits depend on
 * the shapes alone. */
#ifndef LWSSIM_WINOGRAD_H
#define LWSSIM_WINOGRAD_H

#include "kernels/conv.h"

#include <stdbool.h>

/* Can this geometry be computed so? kernel 4, stride 2, pad 1, in = 2 · out, channels multiples of 16. */
bool lws_winograd_fits(const lws_conv2d *g);

/* Floats of transformed weights, and of scratch for any pass over n images by `threads` threads. */
size_t lws_winograd_weights(const lws_conv2d *g, int m);
size_t lws_winograd_scratch(const lws_conv2d *g, int m, int n, int threads);

/* transformed = w [4, 4, in_c, out_c] in the transform domain; overwrites. */
void lws_winograd_transform(const lws_conv2d *g, int m, const float *w, float *transformed);

/* A pass over n images. Like conv.h's, and what two wanted results share is computed once, with the bits of two passes.
 */
void lws_winograd_run(const lws_conv2d *g, int m, int n, const lws_conv2d_args *job, const float *transformed,
                      float *scratch);

#endif
