/* Evaluation: blocks of images through the model, and the values of each image. */
#include "inference/evaluate.h"

#include "comm/watchdog.h"

#include <math.h>
#include <stdlib.h>

typedef struct work {
    lws_model *model;
    const float *params, *buffers;
    const lws_dataset *dataset;
    float *x, *codes;
    int64_t *rows;
} work;

static lws_status measure(const lws_dataset_info *info, const float *x, const float *y, lws_image_values *v)
{
    size_t pixels = (size_t)info->height * (size_t)info->width;
    for (int k = 0; k < LWS_COLOUR_CHANNELS; k++)
        v->shift[k] = NAN;
    lws_colour_shift(pixels, info->channels, x, y, v->shift);
    v->colour = lws_colour_of(pixels, info->channels, x, y);
    return lws_metrics_image(info->height, info->width, info->channels, x, y, v->metric);
}

/* Images [first, first + n). */
static lws_status evaluate_block(const work *w, int64_t first, int n, lws_image_values *values)
{
    const lws_dataset_info *info = lws_dataset_get_info(w->dataset);
    size_t image = (size_t)info->height * info->width * info->channels;
    lws_watchdog_phase("evaluation from image", first);
    for (int i = 0; i < n; i++)
        w->rows[i] = first + i;
    LWS_TRY(lws_dataset_read(w->dataset, w->rows, n, w->x));
    lws_model_encode(w->model, w->params, w->buffers, n, w->x, w->codes);
    const float *y = lws_model_decode(w->model, w->params, w->buffers, n, w->codes);
    int failed = 0;
#pragma omp parallel for schedule(static) reduction(max : failed)
    for (int i = 0; i < n; i++) {
        lws_status status = measure(info, w->x + (size_t)i * image, y + (size_t)i * image, &values[i]);
        failed = status != LWS_OK ? (int)status : failed;
    }
    if (failed)
        return lws_fail((lws_status)failed,
                        "evaluation: the reconstructions of images %lld to %lld are "
                        "not all finite, or memory ran out",
                        (long long)first, (long long)first + n - 1);
    return LWS_OK;
}

/* The images of one rank: whole blocks, but where the split ends. */
static void range_of(int64_t images, int block, int size, int rank, int64_t *first, int64_t *end)
{
    int64_t first_block, count;
    lws_comm_run((images + block - 1) / block, size, rank, &first_block, &count);
    *first = first_block * block;
    *end = (first_block + count) * block < images ? (first_block + count) * block : images;
    *end = count > 0 ? *end : *first;
}

static lws_status out_of_memory(int64_t images)
{
    return lws_fail(LWS_ERR_MEMORY, "out of memory evaluating %lld images", (long long)images);
}

static lws_status evaluate_range(work *w, int64_t first, int64_t end, int block, lws_image_values *values)
{
    const lws_dataset_info *info = lws_dataset_get_info(w->dataset);
    size_t image = (size_t)info->height * info->width * info->channels;
    w->x = malloc((size_t)block * image * sizeof(float));
    w->codes = malloc((size_t)block * (size_t)lws_model_get_spec(w->model)->latent * sizeof(float));
    w->rows = malloc((size_t)block * sizeof *w->rows);
    lws_status status = LWS_OK;
    if (!w->x || !w->codes || !w->rows || !values)
        status = out_of_memory(info->rows);
    for (int64_t at = first; at < end && status == LWS_OK; at += block) {
        int n = (int)(end - at < block ? end - at : block);
        status = evaluate_block(w, at, n, values + (at - first));
    }
    free(w->x);
    free(w->codes);
    free(w->rows);
    return status;
}

/* The values of all images, in the order of the rows, from all ranks to all. */
static void gather(lws_comm *comm, int64_t images, int block, const lws_image_values *mine, size_t *bytes_of,
                   lws_image_values *all)
{
    int size = lws_comm_size(comm);
    for (int r = 0; r < size; r++) {
        int64_t first, end;
        range_of(images, block, size, r, &first, &end);
        bytes_of[r] = (size_t)(end - first) * sizeof *mine;
    }
    lws_comm_allgather(comm, mine, bytes_of, all);
}

lws_status lws_evaluate_images(lws_comm *comm, lws_model *model, const float *params, const float *buffers,
                               const lws_dataset *dataset, int block, lws_image_values *each)
{
    int64_t images = lws_dataset_get_info(dataset)->rows, first, end;
    int size = comm ? lws_comm_size(comm) : 1, rank = comm ? lws_comm_rank(comm) : 0;
    if (images == 0)
        return lws_fail(LWS_ERR_USAGE, "the split holds no images to evaluate");
    work w = {.model = model, .params = params, .buffers = buffers, .dataset = dataset};
    range_of(images, block, size, rank, &first, &end);
    if (!comm)
        return evaluate_range(&w, first, end, block, each);
    size_t *bytes_of = calloc((size_t)size, sizeof *bytes_of);
    lws_image_values *mine = malloc((size_t)(end - first) * sizeof *mine + 1);
    lws_status status = evaluate_range(&w, first, end, block, mine);
    if (!bytes_of || !each)
        status = out_of_memory(images);
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK)
        gather(comm, images, block, mine, bytes_of, each);
    free(mine);
    free(bytes_of);
    return status;
}

lws_status lws_evaluate(lws_comm *comm, lws_model *model, const float *params, const float *buffers,
                        const lws_dataset *dataset, int block, lws_evaluation *result)
{
    const lws_dataset_info *info = lws_dataset_get_info(dataset);
    lws_image_values *each = malloc((size_t)info->rows * sizeof *each + 1);
    lws_status status = lws_evaluate_images(comm, model, params, buffers, dataset, block, each);
    if (status == LWS_OK)
        lws_evaluation_of(info->rows, info->channels, each, result);
    free(each);
    return status;
}
