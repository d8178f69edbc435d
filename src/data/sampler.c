/* Batches by keyed permutations. */
#include "data/sampler.h"

#include "base/rng.h"

int64_t lws_sampler_steps_per_epoch(const lws_sampler *s)
{
    return s->rows / s->batch;
}

void lws_sampler_batch(const lws_sampler *s, int64_t step, int64_t first, int64_t n, int64_t *rows)
{
    int64_t per_epoch = lws_sampler_steps_per_epoch(s);
    lws_rng_key key = lws_rng(s->seed, LWS_RNG_SHUFFLE, (uint64_t)(step / per_epoch));
    int64_t start = step % per_epoch * s->batch + first;
    for (int64_t i = 0; i < n; i++)
        rows[i] = (int64_t)lws_rng_permute(key, (uint64_t)s->rows, (uint64_t)(start + i));
}
