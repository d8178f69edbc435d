/* A trained model is loaded: rank 0 finds and reads the checkpoint, all build the model that it describes. */
#include "inference/inference.h"

#include "data/run_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lws_status find(const char *checkpoint, const char *run, bool best, char *path)
{
    char folder[LWS_PATH];
    if (checkpoint && checkpoint[0]) {
        snprintf(path, LWS_PATH, "%s", checkpoint);
        return LWS_OK;
    }
    if (!run || !run[0])
        return lws_fail(LWS_ERR_USAGE, "give --checkpoint FILE or --run DIR");
    lws_run_checkpoints(run, folder);
    LWS_TRY(lws_checkpoint_find(folder, -1, path));
    if (!best)
        return LWS_OK;
    lws_checkpoint_meta meta;
    char *config;
    LWS_TRY(lws_checkpoint_read_meta(path, &meta, &config));
    free(config);
    if (meta.best_step < 0)
        return lws_fail(LWS_ERR_MISMATCH, "%s was never evaluated, so there is no best checkpoint", run);
    return lws_checkpoint_find(folder, meta.best_step, path);
}

/* Finds the file and reads its description: one process. */
static lws_status describe(const char *checkpoint, const char *run, bool best, lws_inference_model *t)
{
    char *config;
    LWS_TRY(find(checkpoint, run, best, t->path));
    LWS_TRY(lws_checkpoint_read_meta(t->path, &t->meta, &config));
    lws_status status = lws_train_options_read(config, t->path, &t->options);
    free(config);
    return status;
}

static lws_status build(lws_inference_model *t)
{
    lws_model_spec spec;
    t->block = (int)(t->options.batch_size / t->options.micro_batches);
    lws_status status = lws_train_options_model(&t->options, t->meta.image, &spec);
    if (status == LWS_OK)
        status = lws_model_create(&spec, t->block, &t->model);
    if (status == LWS_ERR_USAGE) /* it is the file that is wrong */
        status = lws_fail(LWS_ERR_FORMAT, "%s: %s", t->path, lws_message());
    LWS_TRY(status);
    const lws_tensors *tensors = lws_model_tensors(t->model);
    t->params = calloc(tensors->params + tensors->buffers, sizeof *t->params);
    if (!t->params)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", t->path);
    t->buffers = t->params + tensors->params;
    return LWS_OK;
}

lws_status lws_inference_load(lws_comm *comm, const char *checkpoint, const char *run, bool best,
                              lws_inference_model *t)
{
    memset(t, 0, sizeof *t);
    bool reads = !comm || lws_comm_rank(comm) == 0;
    lws_status status = reads ? describe(checkpoint, run, best, t) : LWS_OK;
    if (comm) {
        LWS_TRY(lws_comm_agree(comm, status));
        lws_comm_broadcast(comm, t, sizeof *t);
    }
    LWS_TRY(status);
    status = build(t);
    if (status == LWS_OK && reads) {
        lws_checkpoint_data data = {.params = t->params, .buffers = t->buffers};
        status = lws_checkpoint_read(t->path, lws_model_tensors(t->model), &data);
    }
    if (comm)
        status = lws_comm_agree(comm, status);
    if (status != LWS_OK) {
        lws_inference_free(t);
        return status;
    }
    if (comm) {
        const lws_tensors *tensors = lws_model_tensors(t->model);
        lws_comm_broadcast(comm, t->params, (tensors->params + tensors->buffers) * sizeof(float));
    }
    lws_model_transform_weights(t->model, t->params);
    return LWS_OK;
}

void lws_inference_free(lws_inference_model *t)
{
    lws_model_destroy(t->model);
    free(t->params);
    t->model = NULL;
    t->params = t->buffers = NULL;
}
