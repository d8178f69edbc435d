/* The record of a failed step: what it says, and the weights beside it. */
#include "run/failure.h"

#include "run/run_log.h"

#include "base/log.h"
#include "comm/watchdog.h"
#include "data/run_names.h"
#include "kernels/gemm.h"
#include "report/record.h"
#include <lwssim/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void folder_of(const checkpoints *k, char folder[LWS_PATH])
{
    snprintf(folder, LWS_PATH, "%s/" FAILURE_FOLDER, k->run);
}

static lws_status describe(trainer *t, const step_result *r, const char *weights, lws_record *record)
{
    const train_context *c = &t->context;
    const lws_train_options *o = c->options;
    char digest[LWS_DIGEST_TEXT];
    LWS_TRY(lws_checkpoint_digest(weights, digest));
    lws_record_number(record, "step", (double)t->state.step + 1);
    lws_record_text(record, "finding", t->found.what);
    lws_record_number(record, "rank", t->found.rank);
    lws_record_text(record, "host", t->found.host);
    lws_record_number(record, "ranks", lws_comm_size(c->comm));
    record_losses(o, r, record);
    lws_record *keys = lws_record_object(record, "keys");
    lws_record_number(keys, "seed", (double)o->seed);
    lws_record_number(keys, "step", (double)t->state.step);
    lws_record_integers(record, "rows", o->batch_size, batch_rows(&t->batch, c, t->state.step));
    lws_record_text(record, "dataset_digest", lws_dataset_get_info(c->train)->digest);
    lws_record_text(record, "weights", strrchr(weights, '/') + 1);
    lws_record_text(record, "weights_digest", digest);
    lws_record_text(record, "version", LWS_VERSION);
    lws_record_text(record, "kernel", lws_gemm_core());
    char *config = lws_config_text(lws_train_table(), o);
    if (!config)
        return lws_fail(LWS_ERR_MEMORY, "out of memory describing the run");
    lws_record_text(record, "config", config);
    free(config);
    return LWS_OK;
}

static lws_status write_failure(const checkpoints *k, const step_result *r)
{
    trainer *t = k->trainer;
    train_state *s = &t->state;
    char folder[LWS_PATH], weights[LWS_PATH], path[LWS_PATH];
    folder_of(k, folder);
    snprintf(path, sizeof path, "%s/" FAILURE_FOLDER "/" FAILURE_FILE, k->run);
    LWS_TRY(lws_folder_make(folder));
    lws_checkpoint_meta meta = checkpoints_describe(k);
    lws_checkpoint_data data = {.params = s->params, .buffers = state_buffers(s)};
    LWS_TRY(lws_checkpoint_write(folder, &meta, k->config, t->context.tensors, &data, weights));
    lws_record *record = lws_record_new();
    lws_status status = describe(t, r, weights, record);
    if (status == LWS_OK)
        status = lws_record_save(record, path);
    lws_record_free(record);
    if (status == LWS_OK)
        lws_checkpoint_prune(folder, INT64_MAX, 0, s->step); /* the weights of an earlier failure */
    return status;
}

/* What to do next, in the last sentences of the message. */
static void advise(const checkpoints *k, bool is_kept, char *text, size_t size)
{
    char folder[LWS_PATH];
    lws_run_checkpoints(k->run, folder);
    int used = lws_checkpoint_count(folder) > 0 ? snprintf(text, size, "The checkpoints in %s are whole", folder)
                                                : snprintf(text, size, "There is no checkpoint yet");
    used += snprintf(text + used, size - (size_t)used,
                     "; start again with a smaller lr, with clip-norm, or with warmup-steps.");
    folder_of(k, folder);
    if (is_kept)
        snprintf(text + used, size - (size_t)used, " lwssim replay %s repeats the step.", folder);
}

lws_status failure_record(const checkpoints *k, const step_result *r)
{
    const trainer *t = k->trainer;
    if (!t->context.is_root)
        return lws_comm_agree(t->context.comm, LWS_OK);
    char message[1024], advice[2 * LWS_PATH + 256];
    lws_watchdog_phase("record of failed step", t->state.step + 1);
    snprintf(message, sizeof message, "%s", lws_message());
    bool is_kept = write_failure(k, r) == LWS_OK;
    if (!is_kept)
        lws_warn("%s; the failed step is not kept for a replay", lws_message());
    advise(k, is_kept, advice, sizeof advice);
    return lws_comm_agree(t->context.comm, lws_fail(LWS_ERR_NUMERIC, "%s %s", message, advice));
}
