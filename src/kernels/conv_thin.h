/* Convolutions from or to few channels, such as an image's three: private to this folder. The whole matrix of weights
 * stays in the caches, and so does what a strip of output rows reads, so nothing is streamed but the images. */
#ifndef LWS_CONV_THIN_H
#define LWS_CONV_THIN_H

#include <lwssim/conv.h>
#include <stdbool.h>

bool conv_thin_fits(const lws_conv2d *g);

/* The passes of conv.h, with their arguments; floats of scratch for `threads` threads. */
size_t conv_thin_scratch(const lws_conv2d *g, int n, int threads);
void conv_thin_forward(const lws_conv2d *g, int n, const float *x, const float *w, float *y, float *scratch);
void conv_thin_backward_data(const lws_conv2d *g, int n, const float *dy, const float *w, float *dx, float *scratch);
void conv_thin_backward_weight(const lws_conv2d *g, int n, const float *x, const float *dy, float *dw, float *scratch);

#endif
