/* Auto-encoders: AE, VAE and MMD-AE over preset networks, with a reconstruction loss. Not collective.
 *
 * The model owns its activations and scratch; parameters, statistics and gradients are the caller's flat
 * arrays, laid out by the tensor table: parameters first, then statistics. One micro-batch goes through at a
 * time. Everything a micro-batch computes is a pure function of (parameters, images, seed, step, position in the
 * global batch): it does not matter which rank does it. */
#ifndef LWSSIM_MODEL_H
#define LWSSIM_MODEL_H

#include "nn/nn.h"
#include <lwssim/loss.h>

typedef enum lws_model_kind { LWS_MODEL_AE, LWS_MODEL_VAE, LWS_MODEL_MMD_AE } lws_model_kind;

/* Their names: all in order, for configuration tables, and one. Static memory. */
#define LWS_MODELS "ae|vae|mmd-ae"
const char *lws_model_name(lws_model_kind kind);

/* The presets are numbered from 0. `preset` must be one of them. */
int lws_preset_count(void);
const char *lws_preset_name(int preset);
/* "dcgan64|…": their names in this order, for configuration tables. */
extern const char *const lws_preset_choices;

typedef struct lws_model_spec {
    lws_model_kind kind;
    int preset;
    lws_shape image;
    int base_channels; /* 0: the preset's */
    int latent;        /* 0: the preset's */
    lws_loss_spec loss;
    double recon_weight; /* 0: lws_model_recon_weight() */
    double kl_weight;    /* VAE */
    double mmd_weight;   /* MMD-AE */
    double prior_sigma;  /* MMD-AE: deviation of the prior */
} lws_model_spec;

typedef struct lws_model lws_model;

/* Fills in what is 0 in base_channels, latent and recon_weight. LWS_ERR_USAGE for an unknown preset. */
lws_status lws_model_resolve(lws_model_spec *spec);

/* The weight of a reconstruction loss that makes the comparison of losses under a latent penalty fair. AE: 1. For
 * VAE and MMD-AE, MSE weighs as the Gaussian likelihood and Tolstikhin et al. 2018 have it, h·w·c/2 and h·w·c/5
 * (2457.6 at 64×64×3), and the other losses as much as gives the same gradient norm (lws_loss_fair_weight()). */
double lws_model_recon_weight(lws_model_kind kind, lws_loss_kind loss, lws_shape image);

/* Builds a resolved spec for micro-batches of up to `images`. LWS_ERR_USAGE where the preset cannot take the image
 * size; LWS_ERR_MEMORY. */
lws_status lws_model_create(const lws_model_spec *spec, int images, lws_model **out);
void lws_model_destroy(lws_model *model);

/* Whether it can be trained on micro-batches of as many images as it was built for; evaluation always works.
 * LWS_ERR_USAGE, see lws_net_check_training(). */
lws_status lws_model_check_training(const lws_model *model);

const lws_model_spec *lws_model_get_spec(const lws_model *model);
const lws_tensors *lws_model_tensors(const lws_model *model);

/* The two nets, to look at (lws_net_layer()). */
const lws_net *lws_model_encoder(const lws_model *model);
const lws_net *lws_model_decoder(const lws_model *model);

/* Bytes of activations and scratch. */
size_t lws_model_memory(const lws_model *model);

/* Tells the model that the parameters have changed (or are others), before its next pass with them. After _invalidate
 * that pass itself transforms them layer by layer; a training pass waits for them first, if it has a flow. */
void lws_model_transform_weights(lws_model *model, const float *params);
void lws_model_invalidate(lws_model *model);

/* Training passes wait for invalidated parameters at, and give complete gradients to, `flow` (not owned; NULL: nobody).
 * The offsets are those of the flat arrays. */
void lws_model_follow(lws_model *model, const lws_flow *flow);

/* A micro-batch of a global batch. */
typedef struct lws_micro_batch {
    int n;          /* images */
    const float *x; /* [n, h, w, c] */
    int64_t first;  /* index of the first in the global batch */
    int64_t total;  /* images in the global batch */
    uint64_t seed;
    int64_t step;
} lws_micro_batch;

/* Sums over the images of a micro-batch, unweighted. */
typedef struct lws_model_sums {
    double recon, kl;
} lws_model_sums;

/* Codes [n, latent] of a micro-batch in training mode (MMD-AE's first pass); dbuffers receives the encoder's batch
 * statistics. Owned by the model until its next pass. */
const float *lws_model_codes(lws_model *model, const float *params, const lws_micro_batch *batch, float *dbuffers);

/* Flat arrays that a micro-batch's pass overwrites. */
typedef struct lws_model_gradients {
    float *params;  /* the gradient of its part of the global mean loss */
    float *buffers; /* its batch statistics */
} lws_model_gradients;

/* Forward and backward of a micro-batch. MMD-AE: dcode [n, latent] is the gradient of the weighted MMD with respect to
 * its codes (else NULL), and `encoded` says that lws_model_codes() has just been called for this micro-batch.
 * LWS_ERR_NUMERIC when the reconstruction is not finite. */
lws_status lws_model_gradient(lws_model *model, const float *params, const lws_micro_batch *batch, const float *dcode,
                              bool encoded, lws_model_gradients out, lws_model_sums *sums);

/* What of the latest lws_model_gradient(), called with these arguments, is the first that is not finite on its way
 * forward: a layer's output, the codes drawn from it, or a part of the loss. One clause in text [size], such as
 * "decoder/conv2: its output is not finite, from finite input". False where all is finite. */
bool lws_model_first_not_finite(lws_model *model, const float *params, const lws_micro_batch *batch,
                                const lws_model_sums *sums, char *text, size_t size);

/* Weighted MMD of the global batch's codes [total, latent] against the prior draws of (seed, step); dcode [n, latent]
 * gets its gradient with respect to codes first .. first + n (overwritten): those of `part`, a part of the global batch
 * of any length (x is not read). prior: scratch [total, latent]. Returns the unweighted MMD. */
double lws_model_mmd(const lws_model *model, const float *codes, const lws_micro_batch *part, float *prior,
                     float *dcode);

/* Evaluation, with running statistics: the KL divergence of each of n images, the VAE's penalty (lws_kl()), to value
 * [n]; 0 for models without. */
void lws_model_kl(lws_model *model, const float *params, const float *buffers, int n, const float *x, double *value);

/* Evaluation, with running statistics. _encode writes codes [n, latent] (the VAE's mean). _encode_head returns all that
 * the encoder says of them: [n, latent], and of a VAE [n, 2·latent], each mean before its log-variance. _decode returns
 * the images [n, h, w, c] of codes. What is returned is owned by the model until its next pass. n is at most the
 * `images` of lws_model_create(). */
void lws_model_encode(lws_model *model, const float *params, const float *buffers, int n, const float *x, float *codes);
const float *lws_model_encode_head(lws_model *model, const float *params, const float *buffers, int n, const float *x);
const float *lws_model_decode(lws_model *model, const float *params, const float *buffers, int n, const float *codes);

#endif
