/* Adam and, with weight decay, AdamW: Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2. */
#include "optimizers.h"

#include "base/digest.h"
#include "base/simd.h"

#include <math.h>

typedef struct adam_options {
    double beta1, beta2, epsilon;
} adam_options;

enum { M, V, SLOTS };

typedef struct coefficients {
    float beta1, rest1, beta2, rest2, scale, step, root_bias, epsilon, decay;
} coefficients;

LWS_VARIANTS(static, lws_update_bits, adam,
             (size_t n, coefficients k, float *restrict theta, float *restrict m, float *restrict v,
              const float *restrict gradient),
             (n, k, theta, m, v, gradient))
{
    uint32_t found = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        found += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
        float g = k.scale * gradient[i];
        m[i] = k.beta1 * m[i] + k.rest1 * g;
        v[i] = k.beta2 * v[i] + k.rest2 * (g * g);
        float denominator = __builtin_sqrtf(v[i]) * k.root_bias + k.epsilon;
        theta[i] = theta[i] * k.decay - k.step * m[i] / denominator;
        left += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
    }
    return (lws_update_bits){found, left};
}

static lws_update_bits update(const lws_update *u)
{
    const adam_options *o = u->options;
    double bias1 = 1 - pow(o->beta1, (double)u->step), bias2 = 1 - pow(o->beta2, (double)u->step);
    coefficients k = {
        .beta1 = (float)o->beta1,
        .rest1 = (float)(1 - o->beta1),
        .beta2 = (float)o->beta2,
        .rest2 = (float)(1 - o->beta2),
        .scale = (float)u->gradient_scale,
        .step = (float)(u->rate / bias1),
        .root_bias = (float)(1 / sqrt(bias2)),
        .epsilon = (float)o->epsilon,
        .decay = (float)(1 - u->rate * u->weight_decay),
    };
    return adam(u->n, k, u->theta, u->slot[M], u->slot[V], u->gradient);
}

#define REAL(name, field, initial, min, max, help)                                                                     \
    {                                                                                                                  \
        name, LWS_CONFIG_REAL, offsetof(adam_options, field), initial, min, max, NULL, help, NULL                      \
    }

static const lws_config_key keys[] = {
    REAL("adam-beta1", beta1, "0.9", 0, .999999999, "decay of the first moment"),
    REAL("adam-beta2", beta2, "0.999", 0, .999999999, "decay of the second moment"),
    REAL("adam-epsilon", epsilon, "1e-08", 1e-30, 1, "added to the root of the second moment"),
};

const lws_optimizer optimizer_adam = {
    .name = "adam",
    .summary = "Adam (Kingma & Ba 2015); with weight-decay, AdamW (Loshchilov & Hutter 2019)",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .options_size = sizeof(adam_options),
    .slots = SLOTS,
    .slot = {[M] = {"m", "Adam's first moment"}, [V] = {"v", "Adam's second moment"}},
    .update = update,
};
