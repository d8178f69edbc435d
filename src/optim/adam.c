#include "optim/adam.h"

#include "base/digest.h"
#include "base/simd.h"

#include <math.h>

typedef struct coefficients {
    float beta1, rest1, beta2, rest2, scale, step, root_bias, epsilon, decay;
} coefficients;

LWS_VARIANTS(static, lws_adam_bits, update,
             (size_t n, coefficients k, float *restrict theta, float *restrict m, float *restrict v,
              const float *restrict gradient),
             (n, k, theta, m, v, gradient))
{
    uint32_t before = 0, after = 0;
    for (size_t i = 0; i < n; i++) {
        before += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
        float g = k.scale * gradient[i];
        m[i] = k.beta1 * m[i] + k.rest1 * g;
        v[i] = k.beta2 * v[i] + k.rest2 * (g * g);
        float denominator = __builtin_sqrtf(v[i]) * k.root_bias + k.epsilon;
        theta[i] = theta[i] * k.decay - k.step * m[i] / denominator;
        after += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
    }
    return (lws_adam_bits){before, after};
}

lws_adam_bits lws_adam_step(const lws_adam *adam, int64_t step, double lr, double grad_scale, size_t n, float *theta,
                            float *m, float *v, const float *g)
{
    double bias1 = 1 - pow(adam->beta1, (double)step), bias2 = 1 - pow(adam->beta2, (double)step);
    coefficients k = {
        .beta1 = (float)adam->beta1,
        .rest1 = (float)(1 - adam->beta1),
        .beta2 = (float)adam->beta2,
        .rest2 = (float)(1 - adam->beta2),
        .scale = (float)grad_scale,
        .step = (float)(lr / bias1),
        .root_bias = (float)(1 / sqrt(bias2)),
        .epsilon = (float)adam->epsilon,
        .decay = (float)(1 - lr * adam->weight_decay),
    };
    return update(n, k, theta, m, v, g);
}
