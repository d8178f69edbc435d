/* A mixture of Gaussians with full covariances, fitted to codes by expectation-maximisation. Private to this room. Not
 * collective.
 *
 * What is sought is the largest of
 *
 *   Σ_i log Σ_k w_k N(code_i; m_k, S_k)  -  ½ Σ_k (ν log|S_k| + tr(A S_k⁻¹)),   A = ν (S + ε I)
 *
 * where S is the covariance of all codes, ν = latent, and ε = 1e-6 of the mean variance of a number (and 1e-30, where
 * all codes are one). The second term (an inverse Wishart distribution over each S_k: Fraley & Raftery, "Bayesian
 * regularization for normal mixture estimation and model-based clustering", J. Classification 24, 2007) gives each
 * component as many made-up codes of the covariance of all as a code is long. So there is a factor, whatever the codes:
 * fewer than numbers in one, numbers that never change, a component of one code. With one component S_k is S but for
 * ε ν / (n + ν). The sum never falls from one round to the next (Dempster, Laird & Rubin 1977).
 *
 * It begins with k-means++ (Arthur & Vassilvitskii 2007) and some rounds of k-means. Equal codes and seeds give equal
 * bits, for any number of threads. */
#ifndef LWS_MIXTURE_H
#define LWS_MIXTURE_H

#include "covariance.h"

#include "inference/prior.h"

enum { MIXTURE_COMPONENTS = LWS_PRIOR_COMPONENTS, MIXTURE_ROUNDS = 100 };

typedef struct mixture {
    int components, latent;
    double weight[MIXTURE_COMPONENTS]; /* sum 1 */
    double *mean;                      /* [components, latent] */
    double *factor;                    /* [components, latent, latent], Cholesky factors of the covariances */
    int rounds;
    double objective[MIXTURE_ROUNDS]; /* the sum above after each round, over the number of codes, without constants */
} mixture;

/* codes [n, latent], finite, n >= 1. Fewer components come out where there are fewer different codes; 1 to
 * MIXTURE_COMPONENTS are asked for. Free with mixture_free. LWS_ERR_MEMORY; LWS_ERR_NUMERIC where the codes lie too far
 * apart for doubles. */
lws_status mixture_fit(int components, uint64_t seed, int latent, int64_t n, const float *codes, mixture *m);
void mixture_free(mixture *m);

/* mixture_start.c: k-means++ and k-means of codes, whose weights do not count. part [n, components] gets 1 where a code
 * belongs to a component and 0 elsewhere. Returns how many components there are; the rows of `part` are `components`
 * apart whatever it returns. mean: scratch [components, latent]; distance: scratch [n]. */
int mixture_start(int components, uint64_t seed, const covariance_codes *codes, double *part, double *mean,
                  double *distance);

#endif
