/* What users of the library see of a trained model: a handle that hides options, tensors and ranks. */
#include <lwssim/inference.h>

#include "inference/inference.h"

#include "data/path_kind.h"
#include "kernels/finite.h"

#include <stdlib.h>
#include <string.h>

struct lws_inference {
    lws_inference_model model;
    lws_inference_info info;
};

/* ---- blocks ---------------------------------------------------------------------------------- */

static size_t code_size(const lws_inference_model *t)
{
    return (size_t)lws_model_get_spec(t->model)->latent;
}

static lws_status check(const lws_inference_model *t, const char *what, int64_t n, size_t size, const float *values)
{
    size_t count = (size_t)n * size, first = lws_first_not_finite(count, values);
    if (first == count)
        return LWS_OK;
    return lws_fail(LWS_ERR_NUMERIC, "%s: the %s %lld of %lld is not finite", t->path, what, (long long)(first / size),
                    (long long)n);
}

lws_status lws_inference_codes(const lws_inference_model *t, int64_t n, const float *x, float *codes)
{
    size_t image = lws_shape_size(t->meta.image), code = code_size(t);
    for (int64_t at = 0; at < n; at += t->block) {
        int count = (int)(n - at < t->block ? n - at : t->block);
        lws_model_encode(t->model, t->params, t->buffers, count, x + (size_t)at * image, codes + (size_t)at * code);
    }
    return check(t, "code", n, code, codes);
}

lws_status lws_inference_images(const lws_inference_model *t, int64_t n, const float *codes, float *y)
{
    size_t image = lws_shape_size(t->meta.image), code = code_size(t);
    for (int64_t at = 0; at < n; at += t->block) {
        int count = (int)(n - at < t->block ? n - at : t->block);
        memcpy(y + (size_t)at * image,
               lws_model_decode(t->model, t->params, t->buffers, count, codes + (size_t)at * code),
               (size_t)count * image * sizeof *y);
    }
    return check(t, "image", n, image, y);
}

/* ---- the handle ------------------------------------------------------------------------------ */

static lws_status load(const char *path, lws_inference_choice choice, lws_inference_model *model)
{
    lws_path_kind kind;
    LWS_TRY(lws_path_identify(path, &kind));
    switch (kind) {
    case LWS_PATH_CHECKPOINT:
        return lws_inference_load(NULL, path, NULL, false, model);
    case LWS_PATH_RUN:
        return lws_inference_load(NULL, NULL, path, choice == LWS_INFERENCE_BEST, model);
    case LWS_PATH_CODES:
        return lws_fail(LWS_ERR_FORMAT, "%s holds codes: a model is in a checkpoint or in the folder of a run", path);
    default:
        return lws_fail(LWS_ERR_FORMAT, "%s holds images: a model is in a checkpoint or in the folder of a run", path);
    }
}

lws_status lws_inference_open(const char *path, lws_inference_choice choice, lws_inference **out)
{
    *out = NULL;
    lws_inference *model = calloc(1, sizeof *model);
    if (!model)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", path);
    lws_status status = load(path, choice, &model->model);
    if (status != LWS_OK) {
        free(model);
        return status;
    }
    const lws_inference_model *t = &model->model;
    model->info = (lws_inference_info){.height = t->meta.image.h,
                                       .width = t->meta.image.w,
                                       .channels = t->meta.image.c,
                                       .latent = (int)code_size(t),
                                       .step = t->meta.step,
                                       .path = t->path};
    *out = model;
    return LWS_OK;
}

void lws_inference_close(lws_inference *model)
{
    if (model)
        lws_inference_free(&model->model);
    free(model);
}

const lws_inference_info *lws_inference_get_info(const lws_inference *model)
{
    return &model->info;
}

lws_status lws_inference_encode(lws_inference *model, int64_t n, const float *x, float *codes)
{
    return lws_inference_codes(&model->model, n, x, codes);
}

lws_status lws_inference_decode(lws_inference *model, int64_t n, const float *codes, float *y)
{
    return lws_inference_images(&model->model, n, codes, y);
}

lws_status lws_inference_reconstruct(lws_inference *model, int64_t n, const float *x, float *y)
{
    float *codes = malloc((size_t)n * code_size(&model->model) * sizeof *codes + 1);
    lws_status status = LWS_ERR_MEMORY;
    if (codes)
        status = lws_inference_codes(&model->model, n, x, codes);
    else
        lws_fail(status, "out of memory reconstructing %lld images", (long long)n);
    if (status == LWS_OK)
        status = lws_inference_images(&model->model, n, codes, y);
    free(codes);
    return status;
}
