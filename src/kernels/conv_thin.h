/* Convolutions from or to few channels, such as an image's three: private to this folder. The whole matrix of weights
 * stays in the caches, and so does what a strip of output rows reads, so nothing is streamed but the images. */
#ifndef LWS_CONV_THIN_H
#define LWS_CONV_THIN_H

#include "kernels/conv.h"

#include <stdbool.h>

bool conv_thin_fits(const lws_conv2d *g);

/* Floats of scratch for `threads` threads, and lws_conv2d_run(). */
size_t conv_thin_scratch(const lws_conv2d *g, int n, int threads);
void conv_thin_run(const lws_conv2d *g, int n, const lws_conv2d_args *job, const float *w, float *scratch);

#endif
