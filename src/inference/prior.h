/* Distributions of codes, to draw new ones from: the prior that a VAE and an MMD-AE were trained towards; and for a
 * plain auto-encoder, which has none, one fitted to the codes of images that it was trained on: a Gaussian with all
 * covariances, or a mixture of them. mixture.h says how it is fitted. Not collective. */
#ifndef LWSSIM_PRIOR_H
#define LWSSIM_PRIOR_H

#include <lwssim/status.h>

#include <stdint.h>

typedef struct lws_prior lws_prior;

enum { LWS_PRIOR_COMPONENTS = 64 }; /* of a mixture, at most */

/* Independent numbers of mean 0 and deviation sigma: 1 for a VAE, the key prior-sigma for an MMD-AE.
 * LWS_ERR_MEMORY. */
lws_status lws_prior_standard(int latent, double sigma, lws_prior **out);

/* A Gaussian (components 1) or a mixture of 2 to LWS_PRIOR_COMPONENTS fitted to codes [n, latent], n >= 1; latent at
 * most LWS_LATENT_MAX. Equal arguments give equal bits, for any number of threads: random numbers of `seed` say where
 * the fit begins. Time grows as n · components · latent². LWS_ERR_NUMERIC, naming it, where a code is not finite;
 * LWS_ERR_MEMORY. */
lws_status lws_prior_fit(int components, uint64_t seed, int latent, int64_t n, const float *codes, lws_prior **out);

/* NULL is fine. */
void lws_prior_free(lws_prior *prior);

/* Numbers in a code; components of a mixture, fewer than asked for where there were fewer different codes, and 1
 * otherwise. */
int lws_prior_latent(const lws_prior *prior);
int lws_prior_components(const lws_prior *prior);

/* Codes [n, latent] drawn from a prior, sample `first` + i from (seed, first + i) alone. */
void lws_prior_draw(const lws_prior *prior, uint64_t seed, int64_t first, int64_t n, float *codes);

#endif
