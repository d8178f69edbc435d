/* Codes of images and of rows, on any number of ranks. */
#include "inference/codes.h"

#include "inference/blocks.h"

#include "comm/watchdog.h"
#include "kernels/finite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static lws_status allocate(const lws_inference_model *t, int64_t n, lws_codes *out)
{
    const lws_model_spec *spec = lws_model_get_spec(t->model);
    size_t numbers = (size_t)n * (size_t)spec->latent;
    bool is_vae = spec->kind == LWS_MODEL_VAE;
    *out = (lws_codes){.n = n, .latent = spec->latent};
    out->code = malloc(numbers * sizeof *out->code + 1);
    out->log_variance = is_vae ? malloc(numbers * sizeof *out->log_variance + 1) : NULL;
    if (out->code && (out->log_variance || !is_vae))
        return LWS_OK;
    lws_codes_free(out);
    return lws_fail(LWS_ERR_MEMORY, "out of memory for %lld codes", (long long)n);
}

void lws_codes_free(lws_codes *codes)
{
    free(codes->code);
    free(codes->log_variance);
    *codes = (lws_codes){0};
}

/* One block, of count images, to codes `at` and on. */
static void encode_block(const lws_inference_model *t, int count, const float *x, const lws_codes *out, int64_t at)
{
    const float *head = lws_model_encode_head(t->model, t->params, t->buffers, count, x);
    size_t latent = (size_t)out->latent, width = out->log_variance ? 2 * latent : latent;
    for (size_t i = 0; i < (size_t)count; i++) {
        size_t to = ((size_t)at + i) * latent;
        memcpy(out->code + to, head + i * width, latent * sizeof *head);
        if (out->log_variance)
            memcpy(out->log_variance + to, head + i * width + latent, latent * sizeof *head);
    }
}

static lws_status check(const lws_inference_model *t, const lws_codes *codes)
{
    size_t numbers = (size_t)codes->n * (size_t)codes->latent, bad = lws_first_not_finite(numbers, codes->code);
    if (bad == numbers && codes->log_variance)
        bad = lws_first_not_finite(numbers, codes->log_variance);
    if (bad == numbers)
        return LWS_OK;
    return lws_fail(LWS_ERR_NUMERIC, "%s: the code %lld of %lld is not finite", t->path,
                    (long long)(bad / (size_t)codes->latent), (long long)codes->n);
}

lws_status lws_codes_of_images(const lws_inference_model *t, int64_t n, const float *x, lws_codes *out)
{
    size_t image = lws_shape_size(t->meta.image);
    LWS_TRY(allocate(t, n, out));
    for (int64_t at = 0; at < n; at += t->block)
        encode_block(t, (int)(n - at < t->block ? n - at : t->block), x + (size_t)at * image, out, at);
    lws_status status = check(t, out);
    if (status != LWS_OK)
        lws_codes_free(out);
    return status;
}

/* ---- rows of a split --------------------------------------------------------------------------- */

/* Codes [first, end) of n. */
static lws_status encode_rows(const lws_inference_model *t, const lws_dataset *dataset, int64_t first, int64_t end,
                              const lws_codes *out)
{
    int64_t rows = lws_dataset_get_info(dataset)->rows;
    float *x = malloc((size_t)t->block * lws_shape_size(t->meta.image) * sizeof *x);
    int64_t *row = malloc((size_t)t->block * sizeof *row);
    lws_status status = x && row ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory encoding images");
    for (int64_t at = first; at < end && status == LWS_OK; at += t->block) {
        int count = (int)(end - at < t->block ? end - at : t->block);
        lws_watchdog_phase("encoding from image", at);
        for (int i = 0; i < count; i++)
            row[i] = (at + i) * rows / out->n;
        status = lws_dataset_read(dataset, row, count, x);
        if (status == LWS_OK)
            encode_block(t, count, x, out, at);
    }
    free(x);
    free(row);
    return status;
}

/* From each rank its part, in place. */
static lws_status gather(lws_comm *comm, const lws_inference_model *t, int64_t n, int latent, float *codes)
{
    int size = lws_comm_size(comm);
    size_t row = (size_t)latent * sizeof *codes, *bytes_of = calloc((size_t)size, sizeof *bytes_of);
    int64_t first = 0, end = 0;
    lws_block_range(n, t->block, size, lws_comm_rank(comm), &first, &end);
    float *mine = malloc((size_t)(end - first) * row + 1);
    lws_status status =
        bytes_of && mine ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for %lld codes", (long long)n);
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK) {
        memcpy(mine, codes + first * latent, (size_t)(end - first) * row);
        for (int r = 0; r < size; r++) {
            lws_block_range(n, t->block, size, r, &first, &end);
            bytes_of[r] = (size_t)(end - first) * row;
        }
        lws_comm_allgather(comm, mine, bytes_of, codes);
    }
    free(bytes_of);
    free(mine);
    return status;
}

lws_status lws_codes_of_rows(lws_comm *comm, const lws_inference_model *t, const lws_dataset *dataset, int64_t n,
                             lws_codes *out)
{
    int64_t first, end;
    lws_block_range(n, t->block, comm ? lws_comm_size(comm) : 1, comm ? lws_comm_rank(comm) : 0, &first, &end);
    lws_status status = allocate(t, n, out);
    if (status == LWS_OK)
        status = encode_rows(t, dataset, first, end, out);
    if (comm)
        status = lws_comm_agree(comm, status);
    if (status == LWS_OK && comm)
        status = gather(comm, t, n, out->latent, out->code);
    if (status == LWS_OK && comm && out->log_variance)
        status = gather(comm, t, n, out->latent, out->log_variance);
    if (status == LWS_OK)
        status = check(t, out);
    if (status != LWS_OK)
        lws_codes_free(out);
    return status;
}

/* ---- between codes ------------------------------------------------------------------------------ */

static double dot(int n, const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

void lws_codes_between(int latent, const float *a, const float *b, double t, bool spherical, float *out)
{
    double of_a = 1 - t, of_b = t, lengths = sqrt(dot(latent, a, a)) * sqrt(dot(latent, b, b));
    if (spherical && lengths > 0) {
        double angle = acos(fmax(-1, fmin(1, dot(latent, a, b) / lengths)));
        if (sin(angle) > 1e-6) {
            of_a = sin(of_a * angle) / sin(angle);
            of_b = sin(of_b * angle) / sin(angle);
        }
    }
    for (int i = 0; i < latent; i++)
        out[i] = (float)(of_a * (double)a[i] + of_b * (double)b[i]);
}

/* ---- priors --------------------------------------------------------------------------------------- */

static const uint64_t fit_seed = 1; /* where fits begin: one prior for all seeds of draws */

lws_status lws_prior_of_model(lws_comm *comm, const lws_inference_model *t, int components, const lws_dataset *dataset,
                              int64_t images, lws_prior **out)
{
    const lws_model_spec *spec = lws_model_get_spec(t->model);
    bool is_root = !comm || lws_comm_rank(comm) == 0;
    lws_codes codes = {0};
    *out = NULL;
    lws_status status = LWS_OK;
    if (components == 0 && spec->kind == LWS_MODEL_AE)
        status = lws_fail(LWS_ERR_USAGE, "a plain auto-encoder was trained towards no prior: one has to be fitted");
    else if (components == 0)
        status = is_root ? lws_prior_standard(spec->latent, spec->kind == LWS_MODEL_VAE ? 1 : spec->prior_sigma, out)
                         : LWS_OK;
    else {
        int64_t rows = lws_dataset_get_info(dataset)->rows;
        LWS_TRY(lws_codes_of_rows(comm, t, dataset, images < rows ? images : rows, &codes));
        lws_watchdog_phase("fitting a prior to codes", -1);
        if (is_root)
            status = lws_prior_fit(components, fit_seed, spec->latent, codes.n, codes.code, out);
        lws_codes_free(&codes);
    }
    return comm ? lws_comm_agree(comm, status) : status;
}
