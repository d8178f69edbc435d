/* Adam and, with weight decay, AdamW: Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2. */
#include "moments.h"
#include "optimizers.h"

#include "base/digest.h"

LWS_VARIANTS(static, lws_update_bits, adam, (size_t n, moments k, float step, float decay, const lws_update *u),
             (n, k, step, decay, u))
{
    const float *restrict gradient = u->gradient;
    float *restrict theta = u->theta, *restrict m = u->slot[MOMENTS_M], *restrict v = u->slot[MOMENTS_V];
    uint32_t found = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        found += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
        float denominator = moments_update(&k, gradient[i], &m[i], &v[i]);
        theta[i] = theta[i] * decay - step * m[i] / denominator;
        left += lws_bits(theta[i]) + lws_bits(m[i]) + lws_bits(v[i]);
    }
    return (lws_update_bits){found, left};
}

static lws_update_bits update(const lws_update *u)
{
    double bias1;
    moments k = moments_of(u, &bias1);
    return adam(u->n, k, (float)(u->rate / bias1), (float)(1 - u->rate * u->weight_decay), u);
}

static const lws_config_key keys[] = {MOMENTS_KEYS("adam", "1e-08")};

const lws_optimizer optimizer_adam = {
    .name = "adam",
    .summary = "Adam (Kingma & Ba 2015); with weight-decay, AdamW (Loshchilov & Hutter 2019)",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .options_size = sizeof(moments_options),
    .slots = MOMENTS_SLOTS,
    .slot = {[MOMENTS_M] = {"m", "Adam's first moment"}, [MOMENTS_V] = {"v", "Adam's second moment"}},
    .update = update,
};
