/* Batches of images through the encoder, and what the penalties of training make of the codes. */
#include "penalties.h"

#include "comm/watchdog.h"

#include <math.h>
#include <stdlib.h>

/* Draws of another range than those of training steps. */
#define FIRST_DRAW (INT64_C(1) << 52)

typedef struct work {
    const lws_inference_model *trained;
    const lws_dataset *dataset;
    int64_t *rows;                   /* [batch] */
    float *x, *codes, *prior, *none; /* [batch, …] */
    double *kl;
} work;

/* Of one batch: the sum of its KL divergences, and its MMD. */
typedef struct figure {
    double kl, mmd;
} figure;

static lws_status take_memory(work *w)
{
    const lws_dataset_info *info = lws_dataset_get_info(w->dataset);
    size_t batch = (size_t)w->trained->options.batch_size;
    size_t latent = (size_t)lws_model_get_spec(w->trained->model)->latent;
    w->rows = malloc(batch * sizeof *w->rows);
    w->x = malloc(batch * (size_t)info->height * (size_t)info->width * (size_t)info->channels * sizeof *w->x);
    w->codes = malloc(batch * latent * sizeof *w->codes);
    w->prior = malloc(batch * latent * sizeof *w->prior);
    w->none = malloc(latent * sizeof *w->none);
    w->kl = malloc(batch * sizeof *w->kl);
    bool is_short = !w->rows || !w->x || !w->codes || !w->prior || !w->none || !w->kl;
    return is_short ? lws_fail(LWS_ERR_MEMORY, "out of memory for the penalties on the codes") : LWS_OK;
}

static void release(work *w)
{
    free(w->rows);
    free(w->x);
    free(w->codes);
    free(w->prior);
    free(w->none);
    free(w->kl);
}

/* Images [first, first + n) of batch number `batch`. */
static lws_status measure(const work *w, int64_t batch, int64_t first, int n, figure *f)
{
    const lws_inference_model *t = w->trained;
    const lws_dataset_info *info = lws_dataset_get_info(w->dataset);
    size_t image = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    size_t latent = (size_t)lws_model_get_spec(t->model)->latent;
    lws_watchdog_phase("penalties from image", first);
    for (int i = 0; i < n; i++)
        w->rows[i] = first + i;
    LWS_TRY(lws_dataset_read(w->dataset, w->rows, n, w->x));
    for (int at = 0; at < n; at += t->block) {
        int count = n - at < t->block ? n - at : t->block;
        const float *x = w->x + (size_t)at * image;
        if (t->options.model == LWS_MODEL_VAE)
            lws_model_kl(t->model, t->params, t->buffers, count, x, w->kl + at);
        else
            lws_model_encode(t->model, t->params, t->buffers, count, x, w->codes + (size_t)at * latent);
    }
    *f = (figure){0};
    for (int i = 0; i < n && t->options.model == LWS_MODEL_VAE; i++)
        f->kl += w->kl[i];
    if (t->options.model == LWS_MODEL_MMD_AE) {
        lws_micro_batch part = {.total = n, .seed = (uint64_t)t->options.seed, .step = FIRST_DRAW + batch};
        f->mmd = lws_model_mmd(t->model, w->codes, &part, w->prior, w->none);
    }
    return LWS_OK;
}

static lws_status measure_own(work *w, int64_t images, int64_t first, int64_t count, figure *mine)
{
    int64_t size = w->trained->options.batch_size;
    LWS_TRY(take_memory(w));
    for (int64_t b = 0; b < count; b++) {
        int64_t from = (first + b) * size, left = images - from;
        LWS_TRY(measure(w, first + b, from, (int)(left < size ? left : size), &mine[b]));
    }
    return LWS_OK;
}

static penalties summarise(const lws_inference_model *t, int64_t images, int64_t batches, const figure *all)
{
    double kl = 0, mmd = 0;
    int64_t whole = images / t->options.batch_size, compared = whole > 0 ? whole : batches;
    for (int64_t b = 0; b < batches; b++)
        kl += all[b].kl;
    for (int64_t b = 0; b < compared; b++)
        mmd += all[b].mmd;
    return (penalties){
        .kl = t->options.model == LWS_MODEL_VAE ? kl / (double)images : (double)NAN,
        .mmd = t->options.model == LWS_MODEL_MMD_AE ? mmd / (double)compared : (double)NAN,
    };
}

lws_status penalties_of(lws_comm *comm, const lws_inference_model *trained, const lws_dataset *dataset,
                        penalties *result)
{
    int64_t images = lws_dataset_get_info(dataset)->rows, size = trained->options.batch_size, first, count;
    int64_t batches = (images + size - 1) / size;
    int ranks = lws_comm_size(comm);
    *result = (penalties){(double)NAN, (double)NAN};
    if (trained->options.model == LWS_MODEL_AE)
        return LWS_OK;
    lws_comm_run(batches, ranks, lws_comm_rank(comm), &first, &count);
    work w = {.trained = trained, .dataset = dataset};
    size_t *bytes_of = calloc((size_t)ranks, sizeof *bytes_of);
    figure *mine = calloc((size_t)count + 1, sizeof *mine), *all = calloc((size_t)batches, sizeof *all);
    lws_status status = LWS_ERR_MEMORY;
    if (bytes_of && mine && all)
        status = measure_own(&w, images, first, count, mine);
    else
        lws_fail(status, "out of memory for the penalties on the codes");
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK) {
        for (int r = 0; r < ranks; r++) {
            lws_comm_run(batches, ranks, r, &first, &count);
            bytes_of[r] = (size_t)count * sizeof *mine;
        }
        lws_comm_allgather(comm, mine, bytes_of, all);
        *result = summarise(trained, images, batches, all);
    }
    release(&w);
    free(bytes_of);
    free(mine);
    free(all);
    return status;
}
