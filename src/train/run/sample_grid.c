/* Images and their reconstructions, side by side. */
#include "run/sample_grid.h"

#include "base/folder.h"
#include "base/log.h"
#include "data/run_names.h"
#include "report/grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* n images of a split to x [n, image], their reconstructions to y, and pointers to all to cells [2 · n]. */
static lws_status reconstruct(const trainer *t, const lws_dataset *from, int n, float *x, float *y, const float **cells)
{
    const train_context *c = &t->context;
    const train_state *s = &t->state;
    const lws_dataset_info *info = lws_dataset_get_info(from);
    size_t image = (size_t)info->height * info->width * info->channels;
    size_t latent = (size_t)c->options->latent;
    int block = (int)micro_batch_size(c);
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
        lws_model_encode(c->model, s->params, state_buffers(s), count, x + (size_t)at * image, codes);
        memcpy(y + (size_t)at * image, lws_model_decode(c->model, s->params, state_buffers(s), count, codes),
               (size_t)count * image * sizeof *y);
    }
    free(codes);
    for (int i = 0; i < n; i++) {
        cells[i] = x + (size_t)i * image;
        cells[n + i] = y + (size_t)i * image;
    }
    return LWS_OK;
}

static lws_status write_grid(const char *run, int64_t step, const lws_dataset_info *info, int n, const float **cells)
{
    char path[LWS_PATH];
    lws_run_picture(run, step, path);
    if (access(path, F_OK) == 0 && !lws_grid_is_picture(path)) {
        lws_warn("%s is no picture of a run: it stays, and step %lld has no picture", path, (long long)step);
        return LWS_OK;
    }
    return lws_grid_write(path, info->height, info->width, info->channels, 2, n, cells);
}

lws_status trainer_draw_grid(const trainer *t, const char *run)
{
    const train_context *c = &t->context;
    const lws_dataset *from = lws_dataset_get_info(c->valid)->rows > 0 ? c->valid : c->train;
    const lws_dataset_info *info = lws_dataset_get_info(from);
    int n = (int)(info->rows < c->options->grid ? info->rows : c->options->grid);
    if (!c->is_root || n == 0)
        return LWS_OK;
    size_t image = (size_t)info->height * info->width * info->channels;
    float *pixels = malloc(2 * (size_t)n * image * sizeof *pixels);
    const float **cells = malloc(2 * (size_t)n * sizeof *cells);
    lws_status status = pixels && cells ? reconstruct(t, from, n, pixels, pixels + (size_t)n * image, cells)
                                        : lws_fail(LWS_ERR_MEMORY, "out of memory drawing reconstructions");
    if (status == LWS_OK)
        status = write_grid(run, t->state.step, info, n, cells);
    free(pixels);
    free(cells);
    return status;
}
