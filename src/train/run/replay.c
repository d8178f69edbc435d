/* A failed step once more. */
#include "train/replay.h"

#include "run/failure_folder.h"
#include "step/diverge.h"
#include "step/step.h"

#include "data/checkpoint.h"
#include "kernels/gemm.h"
#include "report/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* failure.json, as far as it is needed. The texts are the record's. */
typedef struct recorded {
    double step, rank, ranks;
    const char *finding, *host, *weights, *weights_digest, *dataset_digest, *kernel, *config;
} recorded;

static lws_status understand(const lws_record *record, const char *path, recorded *r)
{
    const struct {
        const char *key, **to;
    } texts[] = {{"finding", &r->finding},
                 {"host", &r->host},
                 {"weights", &r->weights},
                 {"weights_digest", &r->weights_digest},
                 {"dataset_digest", &r->dataset_digest},
                 {"kernel", &r->kernel},
                 {"config", &r->config}};
    bool is_whole = lws_record_get_number(record, "step", &r->step) &&
                    lws_record_get_number(record, "rank", &r->rank) &&
                    lws_record_get_number(record, "ranks", &r->ranks);
    for (size_t i = 0; i < sizeof texts / sizeof *texts && is_whole; i++)
        is_whole = (*texts[i].to = lws_record_get_text(record, texts[i].key)) != NULL;
    if (!is_whole || strchr(r->weights, '/') || r->step < 1 || r->step > 0x1p52)
        return lws_fail(LWS_ERR_FORMAT, "%s is not the record of a failed step", path);
    return LWS_OK;
}

static lws_status read_weights(trainer *t, const char *folder, const recorded *r)
{
    char path[LWS_PATH], digest[LWS_DIGEST_TEXT];
    const train_context *c = &t->context;
    train_state *s = &t->state;
    lws_checkpoint_data data = {.params = s->params, .buffers = state_buffers(s)};
    snprintf(path, sizeof path, "%s/%s", folder, r->weights);
    LWS_TRY(lws_checkpoint_read(path, c->tensors, &data));
    LWS_TRY(lws_checkpoint_digest(path, digest));
    if (strcmp(digest, r->weights_digest) != 0)
        return lws_fail(LWS_ERR_FORMAT, "%s is not the file that %s/" FAILURE_FILE " was written with", path, folder);
    if (strcmp(lws_dataset_get_info(c->train)->digest, r->dataset_digest) != 0)
        return lws_fail(LWS_ERR_MISMATCH,
                        "the step was made with other images: the digest of the training split in %s differs. Give the "
                        "dataset of the run with --data.",
                        c->options->data);
    lws_model_transform_weights(c->model, s->params);
    return LWS_OK;
}

/* The step, and what of it is not finite; nothing: all of it is. */
static lws_status repeat(trainer *t, const char **found)
{
    step_result result;
    *found = "";
    lws_status status = trainer_step(t, NULL, &result);
    if (status == LWS_OK) {
        state_wait_params(&t->context, &t->state);
        if (!diverge_after_update(t))
            return LWS_OK;
    } else if (status != LWS_ERR_NUMERIC) {
        return status;
    }
    *found = t->found.what;
    return LWS_OK;
}

/* What an update leaves of a parameter is another thing without what the optimizer keeps; the statistics have none. */
static bool needs_moments(const trainer *t, const char *what)
{
    const lws_tensors *tensors = t->context.tensors;
    for (int i = 0; i < tensors->count; i++) {
        char text[FINDING];
        snprintf(text, sizeof text, "%s " NOT_FINITE_AFTER_UPDATE, tensors->item[i].name);
        if (!tensors->item[i].is_buffer && strstr(what, text))
            return true;
    }
    return false;
}

static lws_status compare(const trainer *t, const recorded *r, lws_replay_report *report)
{
    if (strcmp(report->recorded, report->found) == 0)
        return LWS_OK;
    const char *now = report->found[0] ? report->found : "all of it is finite";
    if (strcmp(r->kernel, lws_gemm_core()) != 0)
        return lws_fail(LWS_ERR_NUMERIC,
                        "step %lld does not fail here as recorded: %s. It was computed with the matrix kernel %s, here "
                        "with %s: set OPENBLAS_CORETYPE=%s, or use a machine of that kind.",
                        (long long)report->step, now, r->kernel, lws_gemm_core(), r->kernel);
    if (needs_moments(t, report->recorded) || needs_moments(t, report->found))
        return lws_fail(
            LWS_ERR_NUMERIC,
            "step %lld does not fail here as recorded: %s. What failed was its update, which took the optimizer's "
            "moments as well, and they are not kept: that speaks neither for nor against the machine (%s).",
            (long long)report->step, now, report->where);
    return lws_fail(
        LWS_ERR_NUMERIC,
        "step %lld does not fail here as recorded: %s. With the same program that speaks for a fault of the "
        "machine it failed on (%s): test its memory.",
        (long long)report->step, now, report->where);
}

/* `t` has been created. */
static lws_status replay(trainer *t, const char *folder, const recorded *r, lws_replay_report *report)
{
    const char *found;
    LWS_TRY(read_weights(t, folder, r));
    t->state.step = (int64_t)r->step - 1;
    LWS_TRY(repeat(t, &found));
    report->step = (int64_t)r->step;
    snprintf(report->recorded, sizeof report->recorded, "%s", r->finding);
    snprintf(report->found, sizeof report->found, "%s", found);
    if (r->rank < 0)
        snprintf(report->where, sizeof report->where, "all %.0f ranks", r->ranks);
    else
        snprintf(report->where, sizeof report->where, "rank %.0f of %.0f on %s", r->rank, r->ranks, r->host);
    return compare(t, r, report);
}

/* `path`: of the record, in `folder`. */
static lws_status with_options(lws_comm *comm, const char *folder, const char *path, const recorded *r,
                               const char *data, lws_replay_report *report)
{
    lws_train_options *options = calloc(1, sizeof *options);
    if (!options)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", path);
    lws_status status = lws_train_options_read(r->config, path, options);
    if (status == LWS_OK && data[0])
        status = lws_config_set(lws_train_table(), options, "data", data, "replay");
    if (status == LWS_OK) {
        trainer t;
        lws_comm_node node;
        int threads = lws_comm_threads(comm, (int)options->threads, &node);
        status = trainer_create(comm, options, threads, &t);
        if (status == LWS_OK)
            status = replay(&t, folder, r, report);
        trainer_destroy(&t);
    }
    free(options);
    return status;
}

lws_status lws_replay(lws_comm *comm, const char *folder, const char *data, lws_replay_report *report)
{
    char path[LWS_PATH];
    lws_record *record;
    recorded r;
    *report = (lws_replay_report){0};
    if (lws_comm_size(comm) > 1)
        return lws_fail(LWS_ERR_USAGE, "replay: the step is repeated on one rank, without mpirun");
    snprintf(path, sizeof path, "%s/" FAILURE_FILE, folder);
    LWS_TRY(lws_record_load(path, &record));
    lws_status status = understand(record, path, &r);
    if (status == LWS_OK)
        status = with_options(comm, folder, path, &r, data, report);
    lws_record_free(record);
    return status;
}
