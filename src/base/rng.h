/* Counter-based random numbers: a value is a pure function of (key, index), so it does not matter which
 * rank or thread asks for it, or in what order.
 *
 * Source: Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
#ifndef LWSSIM_RNG_H
#define LWSSIM_RNG_H

#include <stdint.h>

/* What the numbers are for. Part of the key, so that no two uses share a stream. Values are for ever:
 * changing one changes every run. */
typedef enum lws_rng_purpose {
    LWS_RNG_INIT = 1,    /* initial weights; stream = index of the tensor */
    LWS_RNG_SHUFFLE = 2, /* the order of an epoch; stream = epoch */
    LWS_RNG_LATENT = 3,  /* reparameterisation noise; stream = step */
    LWS_RNG_PRIOR = 4,   /* draws from the prior; stream = step */
    LWS_RNG_FACES = 5,   /* synthetic faces; stream = index of the face */
    LWS_RNG_SAMPLE = 6,  /* draws from a prior to be looked at; stream = number of the sample */
    LWS_RNG_SPLIT = 7,   /* assignment of images to splits */
    LWS_RNG_MIXTURE = 8, /* where the fit of a mixture begins; stream 0 */
} lws_rng_purpose;

typedef struct lws_rng_key {
    uint32_t key[2];
    uint64_t stream;
} lws_rng_key;

lws_rng_key lws_rng(uint64_t seed, lws_rng_purpose purpose, uint64_t stream);

/* 128 random bits. */
void lws_rng_bits(lws_rng_key key, uint64_t index, uint32_t bits[4]);

/* Uniform in [0, 1), 53 bits. */
double lws_rng_uniform(lws_rng_key key, uint64_t index);

/* Standard normal (Box-Muller on 2 × 53 bits). */
double lws_rng_normal(lws_rng_key key, uint64_t index);

/* Where `i` goes under a keyed permutation of [0, n): a Feistel network over the next power of four, walked
 * until the value falls inside (Black & Rogaway 2002). 0 <= i < n. Constant memory, any order of calls. */
uint64_t lws_rng_permute(lws_rng_key key, uint64_t n, uint64_t i);

#endif
