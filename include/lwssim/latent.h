/* Penalties on the latent code: KL divergence (VAE) and maximum mean discrepancy (MMD-AE). */
#ifndef LWSSIM_LATENT_H
#define LWSSIM_LATENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { LWS_LATENT_MAX = 4096 }; /* longest code */

/* KL(N(mu, exp(logvar)) ‖ N(0, I)) summed over the latent, for each of n rows: value[i]. head is [n, 2·latent], mu
 * then logvar; dhead, same shape, gets += scale · gradient. Kingma & Welling 2014, appendix B. */
void lws_kl(int n, int latent, const float *head, double scale, double *value, float *dhead);

/* Unbiased MMD² between `total` codes [total, latent] and as many draws `prior` from N(0, sigma²) with the inverse
 * multiquadratic kernels C/(C + d²), C = 2·latent·sigma²·s, summed over s in {.1, .2, .5, 1, 2, 5, 10}
 * (Tolstikhin et al. 2018, appendix). May be negative; 0 when total < 2. dcode [n, latent] gets += scale ·
 * gradient with respect to codes[first .. first + n); n may be 0. Every rank that passes the same codes gets the
 * same value. */
double lws_mmd(int64_t total, int latent, double sigma, const float *codes, const float *prior, int64_t first, int n,
               double scale, float *dcode);

#ifdef __cplusplus
}
#endif

#endif
