/* Adam and AdamW on flat arrays: Kingma & Ba 2015, Loshchilov & Hutter 2019. Elementwise, so any range of the
 * arrays may be updated by itself and by any rank with the same bits. */
#ifndef LWSSIM_ADAM_H
#define LWSSIM_ADAM_H

#include <stddef.h>
#include <stdint.h>

typedef struct lws_adam {
    double beta1, beta2, epsilon;
    double weight_decay; /* decoupled; 0: plain Adam */
} lws_adam;

/* Sums of bit patterns (lws_bit_sum) over theta, m and v, as an update found and as it left them: between two updates
 * they must not change, and one flipped bit changes them. */
typedef struct lws_adam_bits {
    uint32_t before, after;
} lws_adam_bits;

/* Updates theta, m and v [n] from the gradient grad_scale · g [n], as update number `step` (from 1). The sums come from
 * the values that the loop holds anyway. */
lws_adam_bits lws_adam_step(const lws_adam *adam, int64_t step, double lr, double grad_scale, size_t n, float *theta,
                            float *m, float *v, const float *g);

#endif
