/* LAMB: You et al. 2020, "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", algorithm 2.
 *
 * Adam's direction, corrected for bias, with decoupled decay in it: u = m / (√v + ε) + λ · θ. Each tensor then moves
 * by its own length, to θ − rate · ‖θ‖ / ‖u‖ · u, the paper's φ being the identity; by rate · u where either norm is 0.
 * Biases, and scales and shifts of batch norm, do not decay and have a ratio of 1, as is usual. */
#include "optimizers.h"

#include "base/digest.h"
#include "base/simd.h"

#include <math.h>

typedef struct lamb_options {
    double beta1, beta2, epsilon;
} lamb_options;

enum { M, V, SLOTS };

typedef struct coefficients {
    float beta1, rest1, beta2, rest2, scale, bias, root_bias, epsilon, decay;
} coefficients;

typedef struct arrays {
    const float *theta, *gradient;
    float *m, *v, *proposal;
} arrays;

LWS_VARIANTS(static, lws_update_bits, propose, (size_t n, coefficients k, arrays a), (n, k, a))
{
    const float *restrict theta = a.theta, *restrict gradient = a.gradient;
    float *restrict m = a.m, *restrict v = a.v, *restrict proposal = a.proposal;
    uint32_t found = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        found += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
        float g = k.scale * gradient[i];
        m[i] = k.beta1 * m[i] + k.rest1 * g;
        v[i] = k.beta2 * v[i] + k.rest2 * (g * g);
        float denominator = __builtin_sqrtf(v[i]) * k.root_bias + k.epsilon;
        proposal[i] = k.bias * m[i] / denominator + k.decay * theta[i];
        left += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
    }
    return (lws_update_bits){found, left};
}

static lws_update_bits update(const lws_update *u)
{
    const lamb_options *o = u->options;
    double bias1 = 1 - pow(o->beta1, (double)u->step), bias2 = 1 - pow(o->beta2, (double)u->step);
    coefficients k = {
        .beta1 = (float)o->beta1,
        .rest1 = (float)(1 - o->beta1),
        .beta2 = (float)o->beta2,
        .rest2 = (float)(1 - o->beta2),
        .scale = (float)u->gradient_scale,
        .bias = (float)(1 / bias1),
        .root_bias = (float)(1 / sqrt(bias2)),
        .epsilon = (float)o->epsilon,
        .decay = (float)u->weight_decay,
    };
    return propose(u->n, k, (arrays){u->theta, u->gradient, u->slot[M], u->slot[V], u->proposal});
}

static double trust_ratio(const void *options, double param_norm, double proposal_norm)
{
    (void)options;
    return param_norm > 0 && proposal_norm > 0 ? param_norm / proposal_norm : 1;
}

#define REAL(name, field, initial, min, max, help)                                                                     \
    {                                                                                                                  \
        name, LWS_CONFIG_REAL, offsetof(lamb_options, field), initial, min, max, NULL, help, NULL                      \
    }

static const lws_config_key keys[] = {
    REAL("lamb-beta1", beta1, "0.9", 0, .999999999, "decay of the first moment"),
    REAL("lamb-beta2", beta2, "0.999", 0, .999999999, "decay of the second moment"),
    REAL("lamb-epsilon", epsilon, "1e-06", 1e-30, 1, "added to the root of the second moment"),
};

const lws_optimizer optimizer_lamb = {
    .name = "lamb",
    .summary = "LAMB (You et al. 2020): Adam's direction, as long as each tensor allows; for large batches",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .options_size = sizeof(lamb_options),
    .slots = SLOTS,
    .slot = {[M] = {"m", "LAMB's first moment"}, [V] = {"v", "LAMB's second moment"}},
    .update = update,
    .trust_ratio = trust_ratio,
};
