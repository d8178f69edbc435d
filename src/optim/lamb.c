/* LAMB: You et al. 2020, "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", algorithm 2.
 *
 * Adam's direction, corrected for bias, with decoupled decay in it: u = m / (√v + ε) + λ · θ. Each tensor then moves
 * by its own length, to θ − rate · ‖θ‖ / ‖u‖ · u, the paper's φ being the identity; by rate · u where either norm is 0.
 * Biases, and scales and shifts of batch norm, do not decay and have a ratio of 1, as is usual. */
#include "moments.h"
#include "optimizers.h"

#include "base/digest.h"

LWS_VARIANTS(static, lws_update_bits, propose, (size_t n, moments k, float bias, float decay, const lws_update *u),
             (n, k, bias, decay, u))
{
    const float *restrict theta = u->theta, *restrict gradient = u->gradient;
    float *restrict m = u->slot[MOMENTS_M], *restrict v = u->slot[MOMENTS_V], *restrict proposal = u->proposal;
    uint32_t found = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        found += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
        float denominator = moments_update(&k, gradient[i], &m[i], &v[i]);
        proposal[i] = bias * m[i] / denominator + decay * theta[i];
        left += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
    }
    return (lws_update_bits){found, left};
}

static lws_update_bits update(const lws_update *u)
{
    double bias1;
    moments k = moments_of(u, &bias1);
    return propose(u->n, k, (float)(1 / bias1), (float)u->weight_decay, u);
}

static double trust_ratio(const void *options, double param_norm, double proposal_norm)
{
    (void)options;
    return param_norm > 0 && proposal_norm > 0 ? param_norm / proposal_norm : 1;
}

static const lws_config_key keys[] = {MOMENTS_KEYS("lamb", "1e-06")};

const lws_optimizer optimizer_lamb = {
    .name = "lamb",
    .summary = "LAMB (You et al. 2020): Adam's direction, as long as each tensor allows; for large batches",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .options_size = sizeof(moments_options),
    .slots = MOMENTS_SLOTS,
    .slot = {[MOMENTS_M] = {"m", "LAMB's first moment"}, [MOMENTS_V] = {"v", "LAMB's second moment"}},
    .update = update,
    .trust_ratio = trust_ratio,
};
