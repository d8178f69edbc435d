/* Images of codes that no image has: drawn from the prior, and on a straight way through the mean code. */
#include "view_internal.h"

#include "inference/prior.h"

#include <stdlib.h>

static const char out_of_memory[] = "out of memory drawing codes";

/* The codes of the images, block by block. */
static lws_status encode(const lws_inference_model *m, const view_images *images, int latent, float *codes)
{
    size_t image = lws_shape_size(m->meta.image);
    float *x = malloc((size_t)m->block * image * sizeof *x);
    lws_status status = x ? LWS_OK : lws_fail(LWS_ERR_MEMORY, out_of_memory);
    for (int64_t at = 0; at < images->images && status == LWS_OK; at += m->block) {
        int n = (int)(images->images - at < m->block ? images->images - at : m->block);
        status = view_read(images, at, n, x);
        if (status == LWS_OK)
            status = lws_inference_codes(m, n, x, codes + (size_t)at * latent);
    }
    free(x);
    return status;
}

/* What new codes are drawn from: the prior that the model was trained towards, else one like its codes. */
static lws_status make_prior(const lws_inference_model *m, int64_t n, const float *codes, lws_prior **prior)
{
    const lws_model_spec *spec = lws_model_get_spec(m->model);
    switch (spec->kind) {
    case LWS_MODEL_VAE:
        return lws_prior_standard(spec->latent, 1, prior);
    case LWS_MODEL_MMD_AE:
        return lws_prior_standard(spec->latent, spec->prior_sigma, prior);
    default:
        return lws_prior_fit(1, 1, spec->latent, n, codes, prior);
    }
}

static lws_status draw_samples(const lws_inference_model *m, int latent, int64_t n, const float *codes, view *v)
{
    lws_prior *prior;
    LWS_TRY(make_prior(m, n, codes, &prior));
    v->is_fitted = lws_model_get_spec(m->model)->kind == LWS_MODEL_AE;
    v->sample = malloc(VIEW_SAMPLES * lws_shape_size(v->shape) * sizeof *v->sample);
    float *drawn = malloc(VIEW_SAMPLES * (size_t)latent * sizeof *drawn);
    lws_status status = v->sample && drawn ? LWS_OK : lws_fail(LWS_ERR_MEMORY, out_of_memory);
    if (status == LWS_OK) {
        lws_prior_draw(prior, 1, 0, VIEW_SAMPLES, drawn);
        status = lws_inference_images(m, VIEW_SAMPLES, drawn, v->sample);
    }
    free(drawn);
    lws_prior_free(prior);
    return status;
}

/* From 2.5 deviations before the mean code to 2.5 behind it, along each direction. */
static lws_status walk(const lws_inference_model *m, int latent, const double *direction, const double *mean, view *v)
{
    float *codes = malloc(VIEW_WALKS * VIEW_PLACES * (size_t)latent * sizeof *codes);
    v->walk = malloc(VIEW_WALKS * VIEW_PLACES * lws_shape_size(v->shape) * sizeof *v->walk);
    lws_status status = codes && v->walk ? LWS_OK : lws_fail(LWS_ERR_MEMORY, out_of_memory);
    for (int k = 0; k < v->walks * VIEW_PLACES && status == LWS_OK; k++) {
        double at = v->spread[k / VIEW_PLACES] * (5.0 * (k % VIEW_PLACES) / (VIEW_PLACES - 1) - 2.5);
        for (int i = 0; i < latent; i++)
            codes[(size_t)k * latent + i] = (float)(mean[i] + at * direction[(size_t)(k / VIEW_PLACES) * latent + i]);
    }
    if (status == LWS_OK)
        status = lws_inference_images(m, v->walks * VIEW_PLACES, codes, v->walk);
    free(codes);
    return status;
}

lws_status view_imagine(const lws_inference_model *m, const view_images *images, view *v)
{
    int latent = lws_model_get_spec(m->model)->latent;
    float *codes = malloc((size_t)images->images * latent * sizeof *codes);
    double *direction = malloc((VIEW_WALKS + 1) * (size_t)latent * sizeof *direction);
    double *mean = direction ? direction + VIEW_WALKS * (size_t)latent : NULL;
    lws_status status = codes && direction ? encode(m, images, latent, codes) : lws_fail(LWS_ERR_MEMORY, out_of_memory);
    if (status == LWS_OK)
        status = draw_samples(m, latent, images->images, codes, v);
    if (status == LWS_OK)
        v->walks = view_directions(images->images, latent, codes, VIEW_WALKS, direction, v->spread, mean);
    if (status == LWS_OK && v->walks > 0)
        status = walk(m, latent, direction, mean, v);
    free(codes);
    free(direction);
    return status;
}
