/* Fully connected layers and per-channel biases. Row-major; pure functions that check nothing. */
#ifndef LWSSIM_DENSE_H
#define LWSSIM_DENSE_H

/* y [n, out] = x [n, in] · w [in, out]; overwrites y. */
void lws_dense_forward(int n, int in, int out, const float *x, const float *w, float *y);

/* dx [n, in] = dy [n, out] · wᵀ; overwrites dx. */
void lws_dense_backward_data(int n, int in, int out, const float *dy, const float *w, float *dx);

/* dw [in, out] = xᵀ · dy; overwrites dw. */
void lws_dense_backward_weight(int n, int in, int out, const float *x, const float *dy, float *dw);

/* y [rows, channels] += b [channels] on every row. */
void lws_bias_forward(int rows, int channels, const float *b, float *y);

/* db [channels] = sum of dy [rows, channels] over rows, in double; overwrites db. */
void lws_bias_backward(int rows, int channels, const float *dy, float *db);

#endif
