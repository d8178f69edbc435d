/* Per-channel biases of [rows, channels] (NHWC: rows = n·h·w). Pure functions that check nothing. */
#ifndef LWSSIM_BIAS_H
#define LWSSIM_BIAS_H

/* y [rows, channels] += b [channels] on every row. */
void lws_bias_forward(int rows, int channels, const float *b, float *y);

/* db [channels] = sum of dy [rows, channels] over rows, in double; overwrites db. */
void lws_bias_backward(int rows, int channels, const float *dy, float *db);

#endif
