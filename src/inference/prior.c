/* Priors of codes: made, fitted, drawn from. */
#include "inference/prior.h"

#include "mixture.h"

#include "base/rng.h"
#include "kernels/finite.h"
#include <lwssim/latent.h>

#include <stdlib.h>

struct lws_prior {
    int latent;
    double sigma; /* of a standard one; 0: `fitted` counts */
    mixture fitted;
};

static lws_status make(int latent, double sigma, lws_prior **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a prior of codes");
    (*out)->latent = latent;
    (*out)->sigma = sigma;
    return LWS_OK;
}

lws_status lws_prior_standard(int latent, double sigma, lws_prior **out)
{
    return make(latent, sigma, out);
}

lws_status lws_prior_fit(int components, uint64_t seed, int latent, int64_t n, const float *codes, lws_prior **out)
{
    size_t numbers = (size_t)n * (size_t)latent, bad = lws_first_not_finite(numbers, codes);
    *out = NULL;
    if (bad < numbers)
        return lws_fail(LWS_ERR_NUMERIC, "code %lld of %lld is not finite: no prior can be fitted to it",
                        (long long)(bad / (size_t)latent), (long long)n);
    LWS_TRY(make(latent, 0, out));
    lws_status status = mixture_fit(components, seed, latent, n, codes, &(*out)->fitted);
    if (status != LWS_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

void lws_prior_free(lws_prior *prior)
{
    if (prior)
        mixture_free(&prior->fitted);
    free(prior);
}

int lws_prior_latent(const lws_prior *prior)
{
    return prior->latent;
}

int lws_prior_components(const lws_prior *prior)
{
    return prior->sigma > 0 ? 1 : prior->fitted.components;
}

/* Which component a number in [0, 1) chooses. */
static int choose(const mixture *m, double share)
{
    double sum = 0;
    for (int k = 0; k < m->components - 1; k++) {
        sum += m->weight[k];
        if (share < sum)
            return k;
    }
    return m->components - 1;
}

/* mean + L · noise, of one component. */
static void place(const mixture *m, lws_rng_key key, float *code)
{
    int latent = m->latent;
    size_t k = (size_t)choose(m, lws_rng_uniform(key, (uint64_t)latent)); /* the number after those of the noise */
    const double *mean = m->mean + k * (size_t)latent, *factor = m->factor + k * (size_t)latent * (size_t)latent;
    double noise[LWS_LATENT_MAX];
    for (int j = 0; j < latent; j++)
        noise[j] = lws_rng_normal(key, (uint64_t)j);
    for (int i = 0; i < latent; i++) {
        double sum = mean[i];
        for (int j = 0; j <= i; j++)
            sum += factor[(size_t)i * (size_t)latent + (size_t)j] * noise[j];
        code[i] = (float)sum;
    }
}

void lws_prior_draw(const lws_prior *p, uint64_t seed, int64_t first, int64_t n, float *codes)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        lws_rng_key key = lws_rng(seed, LWS_RNG_SAMPLE, (uint64_t)(first + i));
        float *code = codes + i * p->latent;
        if (p->sigma > 0)
            for (int j = 0; j < p->latent; j++)
                code[j] = (float)(p->sigma * lws_rng_normal(key, (uint64_t)j));
        else
            place(&p->fitted, key, code);
    }
}
