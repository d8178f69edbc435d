/* Fully connected layers. Row-major; pure functions that check nothing. */
#ifndef LWSSIM_DENSE_H
#define LWSSIM_DENSE_H

/* y [n, out] = x [n, in] · w [in, out]; overwrites y. */
void lws_dense_forward(int n, int in, int out, const float *x, const float *w, float *y);

/* dx [n, in] = dy [n, out] · wᵀ; overwrites dx. */
void lws_dense_backward_data(int n, int in, int out, const float *dy, const float *w, float *dx);

/* dw [in, out] = xᵀ · dy; overwrites dw. */
void lws_dense_backward_weight(int n, int in, int out, const float *x, const float *dy, float *dw);

#endif
