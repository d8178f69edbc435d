/* Codes of many images by a trained model, and codes between two. */
#ifndef LWSSIM_INFERENCE_CODES_H
#define LWSSIM_INFERENCE_CODES_H

#include "comm/comm.h"
#include "data/dataset.h"
#include "inference/inference.h"
#include "inference/prior.h"

#include <stdbool.h>

typedef struct lws_codes {
    int64_t n;
    int latent;
    float *code;         /* [n, latent]; of a VAE the means */
    float *log_variance; /* [n, latent] of a VAE; NULL of other models */
} lws_codes;

/* Codes of n images x [n, h, w, c]: those of lws_inference_codes(). Free with lws_codes_free. Not collective.
 * LWS_ERR_NUMERIC, LWS_ERR_MEMORY. */
lws_status lws_codes_of_images(const lws_inference_model *t, int64_t n, const float *x, lws_codes *out);

/* Codes of `n` rows of a split, all or fewer, which are spread over it evenly: code i is of row i · rows / n. Each rank
 * computes some blocks; the result is the same on all ranks, for any number of them. comm NULL: this process alone.
 * Agreed errors: LWS_ERR_FORMAT (an image that has changed), LWS_ERR_NUMERIC, LWS_ERR_MEMORY. Collective. */
lws_status lws_codes_of_rows(lws_comm *comm, const lws_inference_model *t, const lws_dataset *dataset, int64_t n,
                             lws_codes *out);

/* What is in it; the struct is the caller's. Not collective. */
void lws_codes_free(lws_codes *codes);

/* The code at t in [0, 1] of the way from a to b, each [latent]: on the straight line; or spherical, on the arc that
 * turns a into b at constant speed (Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985), for codes
 * that lie in a shell, as draws from a normal distribution do. Where there is no such arc, as a and b point the same
 * way or opposite ways, or one is 0, it is the line. At 0 it is a, at 1 b. Not collective. */
void lws_codes_between(int latent, const float *a, const float *b, double t, bool spherical, float *out);

/* Where samples of a trained model come from. `components` 0: the prior that it was trained towards; LWS_ERR_USAGE
 * where it has none, as a plain auto-encoder. 1: a Gaussian, 2 or more: a mixture, fitted to codes of `images` rows of
 * `dataset`, at most all (NULL where components is 0). Rank 0 gets the prior, the others NULL. comm NULL: this process
 * alone. Agreed errors: those of lws_codes_of_rows() and lws_prior_fit(). Collective. */
lws_status lws_prior_of_model(lws_comm *comm, const lws_inference_model *t, int components, const lws_dataset *dataset,
                              int64_t images, lws_prior **out);

enum { LWS_PRIOR_IMAGES = 8192 }; /* that a fit looks at, unless told otherwise */

#endif
