#include "trainer.h"

#include "report/grid.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static lws_status draw(trainer *t, const lws_dataset *from, int n, float *x, float *y, const float **cells)
{
    const lws_dataset_info *info = lws_dataset_get_info(from);
    size_t image = (size_t)info->height * info->width * info->channels;
    size_t latent = (size_t)t->options->latent;
    int block = (int)(t->options->batch_size / t->options->micro_batches);
    float *codes = malloc((size_t)block * latent * sizeof *codes);
    if (!codes)
        return lws_fail(LWS_ERR_MEMORY, "out of memory drawing reconstructions");
    int64_t rows[64];
    for (int i = 0; i < n; i++)
        rows[i] = i;
    lws_status status = lws_dataset_read(from, rows, n, x);
    if (status != LWS_OK) {
        free(codes);
        return status;
    }
    for (int at = 0; at < n; at += block) {
        int count = n - at < block ? n - at : block;
        lws_model_encode(t->model, t->params, t->params + t->param_count, count, x + (size_t)at * image, codes);
        memcpy(y + (size_t)at * image, lws_model_decode(t->model, t->params, t->params + t->param_count, count, codes),
               (size_t)count * image * sizeof *y);
    }
    free(codes);
    for (int i = 0; i < n; i++) {
        cells[i] = x + (size_t)i * image;
        cells[n + i] = y + (size_t)i * image;
    }
    char path[LWS_PATH];
    snprintf(path, sizeof path, "%s/images/step-%09lld.png", t->request.run, (long long)t->step);
    if (access(path, F_OK) == 0 && !lws_grid_is_picture(path)) {
        lws_warn("%s is no picture of a run: it stays, and step %lld has no picture", path, (long long)t->step);
        return LWS_OK;
    }
    return lws_grid_write(path, info->height, info->width, info->channels, 2, n, cells);
}

lws_status trainer_draw_grid(trainer *t)
{
    const lws_dataset *from = lws_dataset_get_info(t->valid)->rows > 0 ? t->valid : t->train;
    const lws_dataset_info *info = lws_dataset_get_info(from);
    int n = (int)(info->rows < t->options->grid ? info->rows : t->options->grid);
    if (!t->is_root || n == 0)
        return LWS_OK;
    size_t image = (size_t)info->height * info->width * info->channels;
    float *pixels = malloc(2 * (size_t)n * image * sizeof *pixels);
    const float **cells = malloc(2 * (size_t)n * sizeof *cells);
    lws_status status = pixels && cells ? draw(t, from, n, pixels, pixels + (size_t)n * image, cells)
                                        : lws_fail(LWS_ERR_MEMORY, "out of memory drawing reconstructions");
    free(pixels);
    free(cells);
    return status;
}
