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
    int64_t images, batch;       /* batch: of training, or all images where they are fewer */
    int64_t *rows;               /* [block] */
    float *x;                    /* [block, …] */
    float *codes, *prior, *none; /* [batch, latent]; none: [latent] */
    double *kl;                  /* [batch] */
} work;

/* Of one batch: the sum of its KL divergences, and its MMD. */
typedef struct figure {
    double kl, mmd;
} figure;

static lws_status take_memory(work *w)
{
    const lws_dataset_info *info = lws_dataset_get_info(w->dataset);
    size_t batch = (size_t)w->batch, block = (size_t)w->trained->block;
    size_t latent = (size_t)lws_model_get_spec(w->trained->model)->latent;
    w->rows = malloc(block * sizeof *w->rows);
    w->x = malloc(block * (size_t)info->height * (size_t)info->width * (size_t)info->channels * sizeof *w->x);
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

/* Codes, or a VAE's divergences, of the block of images [first, first + n), which begins at place `at` of its batch. */
static lws_status measure_block(const work *w, int64_t first, int n, int64_t at)
{
    const lws_inference_model *t = w->trained;
    size_t latent = (size_t)lws_model_get_spec(t->model)->latent;
    lws_watchdog_phase("penalties from image", first);
    for (int i = 0; i < n; i++)
        w->rows[i] = first + i;
    LWS_TRY(lws_dataset_read(w->dataset, w->rows, n, w->x));
    if (t->options.model == LWS_MODEL_VAE)
        lws_model_kl(t->model, t->params, t->buffers, n, w->x, w->kl + at);
    else
        lws_model_encode(t->model, t->params, t->buffers, n, w->x, w->codes + (size_t)at * latent);
    return LWS_OK;
}

/* Images [first, first + n) of batch number `batch`. */
static lws_status measure(const work *w, int64_t batch, int64_t first, int64_t n, figure *f)
{
    const lws_inference_model *t = w->trained;
    for (int64_t at = 0; at < n; at += t->block)
        LWS_TRY(measure_block(w, first + at, (int)(n - at < t->block ? n - at : t->block), at));
    *f = (figure){0};
    for (int64_t i = 0; i < n && t->options.model == LWS_MODEL_VAE; i++)
        f->kl += w->kl[i];
    if (t->options.model == LWS_MODEL_MMD_AE) {
        lws_micro_batch part = {.total = n, .seed = (uint64_t)t->options.seed, .step = FIRST_DRAW + batch};
        f->mmd = lws_model_mmd(t->model, w->codes, &part, w->prior, w->none);
    }
    return LWS_OK;
}

static lws_status measure_own(work *w, int64_t first, int64_t count, figure *mine)
{
    LWS_TRY(take_memory(w));
    for (int64_t b = 0; b < count; b++) {
        int64_t from = (first + b) * w->batch, left = w->images - from;
        LWS_TRY(measure(w, first + b, from, left < w->batch ? left : w->batch, &mine[b]));
    }
    return LWS_OK;
}

/* The MMD over whole batches, as one of fewer codes has another scatter. */
static penalties summarise(const work *w, int64_t batches, const figure *all)
{
    const lws_inference_model *t = w->trained;
    double kl = 0, mmd = 0;
    int64_t compared = w->images / w->batch;
    for (int64_t b = 0; b < batches; b++)
        kl += all[b].kl;
    for (int64_t b = 0; b < compared; b++)
        mmd += all[b].mmd;
    return (penalties){
        .kl = t->options.model == LWS_MODEL_VAE ? kl / (double)w->images : (double)NAN,
        .mmd = t->options.model == LWS_MODEL_MMD_AE ? mmd / (double)compared : (double)NAN,
    };
}

lws_status penalties_of(lws_comm *comm, const lws_inference_model *trained, const lws_dataset *dataset,
                        penalties *result)
{
    int64_t images = lws_dataset_get_info(dataset)->rows, size = trained->options.batch_size, first, count;
    work w = {.trained = trained, .dataset = dataset, .images = images, .batch = size < images ? size : images};
    int64_t batches = (images + w.batch - 1) / w.batch;
    int ranks = lws_comm_size(comm);
    *result = (penalties){(double)NAN, (double)NAN};
    if (trained->options.model == LWS_MODEL_AE)
        return LWS_OK;
    lws_comm_run(batches, ranks, lws_comm_rank(comm), &first, &count);
    size_t *bytes_of = calloc((size_t)ranks, sizeof *bytes_of);
    figure *mine = calloc((size_t)count + 1, sizeof *mine), *all = calloc((size_t)batches, sizeof *all);
    lws_status status = LWS_ERR_MEMORY;
    if (bytes_of && mine && all)
        status = measure_own(&w, first, count, mine);
    else
        lws_fail(status, "out of memory for the penalties on the codes");
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK) {
        for (int r = 0; r < ranks; r++) {
            lws_comm_run(batches, ranks, r, &first, &count);
            bytes_of[r] = (size_t)count * sizeof *mine;
        }
        lws_comm_allgather(comm, mine, bytes_of, all);
        *result = summarise(&w, batches, all);
    }
    release(&w);
    free(bytes_of);
    free(mine);
    free(all);
    return status;
}
