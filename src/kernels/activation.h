/* Elementwise activations. In place is allowed (y == x, dx == dy). Pure functions that check nothing. */
#ifndef LWSSIM_ACTIVATION_H
#define LWSSIM_ACTIVATION_H

#include <stddef.h>

void lws_relu_forward(size_t n, const float *x, float *y);
void lws_relu_backward(size_t n, const float *y, const float *dy, float *dx); /* overwrites dx */

void lws_sigmoid_forward(size_t n, const float *x, float *y);
void lws_sigmoid_backward(size_t n, const float *y, const float *dy, float *dx); /* overwrites dx */

#endif
