/* What is kept of a step that was not finite: see replay.h. */
#include "trainer.h"

#include "kernels/gemm.h"
#include "base/log.h"
#include "report/record.h"
#include "comm/watchdog.h"
#include <lwssim/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void failure_folder(const char *run, char folder[LWS_PATH])
{
    snprintf(folder, LWS_PATH, "%s/failure", run);
}

static lws_status describe(const trainer *t, const step_result *r, const char *weights, lws_record *record)
{
    char digest[LWS_DIGEST_TEXT];
    LWS_TRY(lws_checkpoint_digest(weights, digest));
    lws_record_number(record, "step", (double)t->step + 1);
    lws_record_text(record, "finding", t->found.what);
    lws_record_number(record, "rank", t->found.rank);
    lws_record_text(record, "host", t->found.host);
    lws_record_number(record, "ranks", lws_comm_size(t->comm));
    trainer_record_losses(t, r, record);
    lws_record *keys = lws_record_object(record, "keys");
    lws_record_number(keys, "seed", (double)t->options->seed);
    lws_record_number(keys, "step", (double)t->step);
    lws_sampler_batch(&t->sampler, t->step, 0, t->options->batch_size, t->rows);
    lws_record_integers(record, "rows", t->options->batch_size, t->rows);
    lws_record_text(record, "dataset_digest", lws_dataset_get_info(t->train)->digest);
    lws_record_text(record, "weights", strrchr(weights, '/') + 1);
    lws_record_text(record, "weights_digest", digest);
    lws_record_text(record, "version", LWS_VERSION);
    lws_record_text(record, "kernel", lws_gemm_core());
    char *config = lws_config_text(lws_train_table(), t->options);
    if (!config)
        return lws_fail(LWS_ERR_MEMORY, "out of memory describing the run");
    lws_record_text(record, "config", config);
    free(config);
    return LWS_OK;
}

static lws_status write_failure(trainer *t, const step_result *r)
{
    char folder[LWS_PATH], weights[LWS_PATH], path[LWS_PATH];
    failure_folder(t->request.run, folder);
    snprintf(path, sizeof path, "%s/failure/" FAILURE_FILE, t->request.run);
    LWS_TRY(lws_folder_make(folder));
    lws_checkpoint_meta meta = trainer_describe(t);
    lws_checkpoint_data data = {.params = t->params, .buffers = t->params + t->param_count};
    LWS_TRY(lws_checkpoint_write(folder, &meta, t->config, lws_model_tensors(t->model), &data, weights));
    lws_record *record = lws_record_new();
    lws_status status = describe(t, r, weights, record);
    if (status == LWS_OK)
        status = lws_record_save(record, path);
    lws_record_free(record);
    if (status == LWS_OK)
        lws_checkpoint_prune(folder, INT64_MAX, 0, t->step); /* the weights of an earlier failure */
    return status;
}

/* What to do next, in the last sentences of the message. */
static void advise(const trainer *t, bool is_kept, char *text, size_t size)
{
    char folder[LWS_PATH];
    snprintf(folder, sizeof folder, "%s/checkpoints", t->request.run);
    int used = lws_checkpoint_count(folder) > 0 ? snprintf(text, size, "The checkpoints in %s are whole", folder)
                                                : snprintf(text, size, "There is no checkpoint yet");
    used += snprintf(text + used, size - (size_t)used,
                     "; start again with a smaller lr, with clip-norm, or with warmup-steps.");
    failure_folder(t->request.run, folder);
    if (is_kept)
        snprintf(text + used, size - (size_t)used, " lwssim replay %s repeats the step.", folder);
}

lws_status failure_record(trainer *t, const step_result *r)
{
    if (!t->is_root)
        return lws_comm_agree(t->comm, LWS_OK);
    char message[1024], advice[2 * LWS_PATH + 256];
    lws_watchdog_phase("record of failed step", t->step + 1);
    snprintf(message, sizeof message, "%s", lws_message());
    bool is_kept = write_failure(t, r) == LWS_OK;
    if (!is_kept)
        lws_warn("%s; the failed step is not kept for a replay", lws_message());
    advise(t, is_kept, advice, sizeof advice);
    return lws_comm_agree(t->comm, lws_fail(LWS_ERR_NUMERIC, "%s %s", message, advice));
}
