/* A model: two nets, the latent code between them, a reconstruction loss, and their memory. */
#include "model/model.h"

#include "presets.h"

#include "base/profile.h"
#include "base/rng.h"
#include "kernels/finite.h"
#include "kernels/gemm.h"
#include <lwssim/latent.h>

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lws_model {
    lws_model_spec spec;
    int images, head; /* head: length of the encoder's output */
    lws_tensors tensors;
    lws_net *encoder, *decoder;
    lws_loss *loss;
    lws_arena arena;
    const float *encoded; /* the encoder's latest output, in the encoder */
    const lws_flow *flow; /* of training; NULL: none */
    /* In the arena: */
    float *code, *noise; /* VAE: sampled codes and the noise in them, [images, latent] */
    float *dhead, *dy, *scratch;
    double *value;
};

static void take_memory(lws_model *m, lws_arena *arena)
{
    size_t n = (size_t)m->images, latent = (size_t)m->spec.latent;
    lws_net_plan(m->encoder, m->images, arena);
    lws_net_plan(m->decoder, m->images, arena);
    size_t scratch = lws_net_scratch(m->encoder, m->images);
    size_t other = lws_net_scratch(m->decoder, m->images);
    m->scratch = lws_arena_take(arena, (scratch > other ? scratch : other) * sizeof(float));
    m->code = lws_arena_take(arena, n * latent * sizeof(float));
    m->noise = lws_arena_take(arena, n * latent * sizeof(float));
    m->dhead = lws_arena_take(arena, n * (size_t)m->head * sizeof(float));
    m->dy = lws_arena_take(arena, n * lws_shape_size(m->spec.image) * sizeof(float));
    m->value = lws_arena_take(arena, n * sizeof(double));
}

lws_status lws_model_create(const lws_model_spec *spec, int images, lws_model **out)
{
    *out = NULL;
    if (spec->image.h < 1 || spec->image.w < 1 || spec->image.h > LWS_SIDE_MAX || spec->image.w > LWS_SIDE_MAX)
        return lws_fail(LWS_ERR_USAGE, "images of %d × %d: models take sides of 1 to %d", spec->image.h, spec->image.w,
                        LWS_SIDE_MAX);
    if (spec->latent > LWS_LATENT_MAX)
        return lws_fail(LWS_ERR_USAGE, "latent = %d; at most %d", spec->latent, LWS_LATENT_MAX);
    lws_model *m = calloc(1, sizeof *m);
    if (!m)
        return lws_fail(LWS_ERR_MEMORY, "out of memory building the model");
    m->spec = *spec;
    m->images = images;
    m->head = spec->kind == LWS_MODEL_VAE ? 2 * spec->latent : spec->latent;
    lws_status status = presets_build(spec, m->head, &m->tensors, &m->encoder, &m->decoder);
    if (status == LWS_OK)
        status = lws_loss_create(&spec->loss, spec->image.h, spec->image.w, spec->image.c, &m->loss);
    if (status == LWS_OK)
        status = lws_gemm_reserve(omp_get_max_threads());
    if (status == LWS_OK) {
        lws_arena counting = {0};
        take_memory(m, &counting);
        status = lws_arena_create(&m->arena, counting.used, "the model's activations");
    }
    if (status != LWS_OK) {
        lws_model_destroy(m);
        return status;
    }
    take_memory(m, &m->arena);
    *out = m;
    return LWS_OK;
}

void lws_model_destroy(lws_model *m)
{
    if (!m)
        return;
    lws_net_destroy(m->encoder);
    lws_net_destroy(m->decoder);
    lws_loss_destroy(m->loss);
    lws_arena_destroy(&m->arena);
    free(m);
}

lws_status lws_model_check_training(const lws_model *m)
{
    LWS_TRY(lws_net_check_training(m->encoder, m->images));
    return lws_net_check_training(m->decoder, m->images);
}

const lws_model_spec *lws_model_get_spec(const lws_model *m)
{
    return &m->spec;
}

const lws_tensors *lws_model_tensors(const lws_model *m)
{
    return &m->tensors;
}

const lws_net *lws_model_encoder(const lws_model *m)
{
    return m->encoder;
}

const lws_net *lws_model_decoder(const lws_model *m)
{
    return m->decoder;
}

size_t lws_model_memory(const lws_model *m)
{
    return m->arena.size;
}

void lws_model_transform_weights(lws_model *m, const float *params)
{
    LWS_PROFILE("transforming weights");
    lws_net_transform_weights(m->encoder, params);
    lws_net_transform_weights(m->decoder, params);
}

void lws_model_invalidate(lws_model *m)
{
    lws_net_invalidate(m->encoder);
    lws_net_invalidate(m->decoder);
}

void lws_model_follow(lws_model *m, const lws_flow *flow)
{
    m->flow = flow;
}

static lws_pass training_pass(const lws_model *m, const float *params, int n, float *dparams, float *dbuffers)
{
    return (lws_pass){.n = n,
                      .training = true,
                      .params = params,
                      .dparams = dparams,
                      .dbuffers = dbuffers,
                      .scratch = m->scratch,
                      .flow = m->flow};
}

const float *lws_model_codes(lws_model *m, const float *params, const lws_micro_batch *batch, float *dbuffers)
{
    lws_pass pass = training_pass(m, params, batch->n, NULL, dbuffers);
    m->encoded = lws_net_forward(m->encoder, &pass, batch->x);
    return m->encoded;
}

/* z = mu + exp(logvar / 2) · noise (Kingma & Welling 2014), the noise keyed by the image's place in the global
 * batch. */
static void reparameterise(lws_model *m, const lws_micro_batch *batch)
{
    size_t latent = (size_t)m->spec.latent;
    lws_rng_key key = lws_rng(batch->seed, LWS_RNG_LATENT, (uint64_t)batch->step);
    for (size_t i = 0; i < (size_t)batch->n; i++) {
        const float *mu = m->encoded + i * 2 * latent, *logvar = mu + latent;
        for (size_t k = 0; k < latent; k++) {
            size_t at = i * latent + k;
            m->noise[at] = (float)lws_rng_normal(key, ((uint64_t)batch->first + i) * latent + k);
            m->code[at] = mu[k] + expf(logvar[k] / 2) * m->noise[at];
        }
    }
}

/* From the gradient of the codes to that of the encoder's output, and the KL divergence. */
static double head_gradient(lws_model *m, const lws_micro_batch *batch, const float *dz, const float *dcode)
{
    size_t latent = (size_t)m->spec.latent, n = (size_t)batch->n;
    double sum = 0;
    if (m->spec.kind != LWS_MODEL_VAE) {
        for (size_t i = 0; i < n * latent; i++)
            m->dhead[i] = dz[i] + (dcode ? dcode[i] : 0);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < latent; k++) {
            size_t at = i * latent + k, head = i * 2 * latent + k;
            m->dhead[head] = dz[at];
            m->dhead[head + latent] = dz[at] * m->noise[at] * expf(m->encoded[head + latent] / 2) / 2;
        }
    }
    lws_kl(batch->n, m->spec.latent, m->encoded, m->spec.kl_weight / (double)batch->total, m->value, m->dhead);
    for (size_t i = 0; i < n; i++)
        sum += m->value[i];
    return sum;
}

lws_status lws_model_gradient(lws_model *m, const float *params, const lws_micro_batch *batch, const float *dcode,
                              bool encoded, lws_model_gradients out, lws_model_sums *sums)
{
    lws_pass pass = training_pass(m, params, batch->n, out.params, out.buffers);
    if (!encoded)
        lws_model_codes(m, params, batch, out.buffers);
    const float *code = m->encoded;
    if (m->spec.kind == LWS_MODEL_VAE) {
        reparameterise(m, batch);
        code = m->code;
    }
    const float *y = lws_net_forward(m->decoder, &pass, code);
    LWS_TRY(
        lws_loss_eval(m->loss, batch->n, batch->x, y, m->spec.recon_weight / (double)batch->total, m->value, m->dy));
    sums->recon = 0;
    for (int i = 0; i < batch->n; i++)
        sums->recon += m->value[i];
    const float *dz = lws_net_backward(m->decoder, &pass, code, m->dy, true);
    sums->kl = head_gradient(m, batch, dz, dcode);
    lws_net_backward(m->encoder, &pass, batch->x, m->dhead, false);
    return LWS_OK;
}

bool lws_model_first_not_finite(lws_model *m, const float *params, const lws_micro_batch *batch,
                                const lws_model_sums *sums, char *text, size_t size)
{
    lws_pass pass = training_pass(m, params, batch->n, NULL, NULL);
    size_t codes = (size_t)batch->n * (size_t)m->spec.latent;
    const char *layer = lws_net_first_not_finite(m->encoder, &pass);
    if (!layer && m->spec.kind == LWS_MODEL_VAE && lws_first_not_finite(codes, m->code) < codes)
        snprintf(text, size, "the codes drawn are not finite, from a finite output of the encoder");
    else if (layer || (layer = lws_net_first_not_finite(m->decoder, &pass)))
        snprintf(text, size, "%s: its output is not finite, from finite input", layer);
    else if (!isfinite(sums->recon))
        snprintf(text, size, "the reconstruction loss is not finite, of finite reconstructions");
    else if (!isfinite(sums->kl))
        snprintf(text, size, "the KL divergence is not finite, of finite codes");
    else
        return false;
    return true;
}

double lws_model_mmd(const lws_model *m, const float *codes, const lws_micro_batch *part, float *prior, float *dcode)
{
    size_t latent = (size_t)m->spec.latent;
    lws_rng_key key = lws_rng(part->seed, LWS_RNG_PRIOR, (uint64_t)part->step);
    for (size_t i = 0; i < (size_t)part->total * latent; i++)
        prior[i] = (float)(m->spec.prior_sigma * lws_rng_normal(key, i));
    memset(dcode, 0, (size_t)part->n * latent * sizeof *dcode);
    return lws_mmd(part->total, m->spec.latent, m->spec.prior_sigma, codes, prior, part->first, part->n,
                   m->spec.mmd_weight, dcode);
}

static lws_pass evaluation_pass(const lws_model *m, const float *params, const float *buffers, int n)
{
    return (lws_pass){.n = n, .params = params, .buffers = buffers, .scratch = m->scratch};
}

const float *lws_model_encode_head(lws_model *m, const float *params, const float *buffers, int n, const float *x)
{
    lws_pass pass = evaluation_pass(m, params, buffers, n);
    return lws_net_forward(m->encoder, &pass, x);
}

void lws_model_encode(lws_model *m, const float *params, const float *buffers, int n, const float *x, float *codes)
{
    const float *head = lws_model_encode_head(m, params, buffers, n, x);
    size_t latent = (size_t)m->spec.latent;
    for (size_t i = 0; i < (size_t)n; i++)
        memcpy(codes + i * latent, head + i * (size_t)m->head, latent * sizeof *codes);
}

void lws_model_kl(lws_model *m, const float *params, const float *buffers, int n, const float *x, double *value)
{
    lws_pass pass = evaluation_pass(m, params, buffers, n);
    memset(value, 0, (size_t)n * sizeof *value);
    if (m->spec.kind != LWS_MODEL_VAE)
        return;
    const float *head = lws_net_forward(m->encoder, &pass, x);
    memset(m->dhead, 0, (size_t)n * (size_t)m->head * sizeof *m->dhead);
    lws_kl(n, m->spec.latent, head, 0, value, m->dhead);
}

const float *lws_model_decode(lws_model *m, const float *params, const float *buffers, int n, const float *codes)
{
    lws_pass pass = evaluation_pass(m, params, buffers, n);
    return lws_net_forward(m->decoder, &pass, codes);
}
