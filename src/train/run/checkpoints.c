/* Writing and reading of checkpoints, and what they must agree with. */
#include "run/checkpoints.h"

#include "step/diverge.h"

#include "base/log.h"
#include "base/profile.h"
#include "comm/watchdog.h"
#include "data/run_names.h"
#include "report/metrics_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The text of the configuration without the group "run", which does not belong to the state: a checkpoint is the same
 * wherever and however it was made. */
static char *config_text(const lws_train_options *options)
{
    char *text = lws_config_text(lws_train_table(), options);
    char *run = text ? strstr(text, "[run]") : NULL;
    if (run)
        *run = 0;
    return text;
}

lws_status checkpoints_create(trainer *t, const char *run, const lws_stop_watch *stop, checkpoints *k)
{
    const train_context *c = &t->context;
    const best_step none = {.step = -1, .ssim = -2};
    *k = (checkpoints){.trainer = t,
                       .run = run,
                       .best = none,
                       .saved_best = none,
                       .late = {.what = "checkpoint",
                                .waiting = "wait for the disk to take the checkpoint of step",
                                .goes_on = c->goes_on,
                                .comm = c->comm,
                                .stop = stop,
                                .patience = c->options->checkpoint_patience},
                       .config = config_text(c->options)};
    for (int i = 0; i < c->optimizer->slots; i++)
        k->slot_name[i] = c->optimizer->slot[i].name;
    return k->config ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory describing the run");
}

void checkpoints_destroy(checkpoints *k)
{
    free(k->config);
}

static void folder_of(const checkpoints *k, char *folder)
{
    lws_run_checkpoints(k->run, folder);
}

/* Rank 0: all arrays that a checkpoint holds. */
static lws_checkpoint_data whole_state(const checkpoints *k)
{
    const train_state *s = &k->trainer->state;
    lws_checkpoint_data data = {.params = s->params,
                                .buffers = state_buffers(s),
                                .slots = k->trainer->context.optimizer->slots,
                                .slot_name = k->slot_name};
    for (int i = 0; i < data.slots; i++)
        data.slot[i] = s->full_slot[i];
    return data;
}

lws_checkpoint_meta checkpoints_describe(const checkpoints *k)
{
    const train_context *c = &k->trainer->context;
    int64_t step = k->trainer->state.step;
    lws_checkpoint_meta meta = {
        .image = lws_model_get_spec(c->model)->image,
        .seed = c->options->seed,
        .epoch = step / lws_sampler_steps_per_epoch(&c->sampler),
        .step = step,
        .best_step = k->best.step,
        .best_ssim = k->best.ssim,
    };
    snprintf(meta.dataset_digest, sizeof meta.dataset_digest, "%s", lws_dataset_get_info(c->train)->digest);
    snprintf(meta.valid_digest, sizeof meta.valid_digest, "%s", lws_dataset_get_info(c->valid)->digest);
    return meta;
}

/* Rank 0; `user` is the checkpoints. */
static lws_status write_state(void *user)
{
    const checkpoints *k = user;
    trainer *t = k->trainer;
    int64_t step = t->state.step;
    char folder[LWS_PATH], path[LWS_PATH];
    lws_checkpoint_meta meta = checkpoints_describe(k);
    lws_checkpoint_data data = whole_state(k);
    folder_of(k, folder);
    if (diverge_after_update(t))
        return lws_fail(LWS_ERR_NUMERIC,
                        "the state is not finite after step %" PRId64 ": training has diverged. First, %s.", step,
                        t->found.what);
    LWS_TRY(lws_checkpoint_write(folder, &meta, k->config, t->context.tensors, &data, path));
    lws_status status = integrity_check_saved(&t->integrity);
    if (status != LWS_OK) {
        unlink(path);
        return status;
    }
    lws_checkpoint_prune(folder, step, t->context.options->keep, k->best.step);
    return LWS_OK;
}

lws_status checkpoints_save(checkpoints *k, bool wait)
{
    LWS_PROFILE("checkpoint");
    trainer *t = k->trainer;
    train_state *s = &t->state;
    bool is_late;
    lws_watchdog_phase("checkpoint of step", s->step);
    state_gather_slots(&t->context, s);
    lws_status status = persist(&k->late, s->step, write_state, k, wait, &is_late);
    bool is_missing = status == LWS_ERR_NUMERIC || (status == LWS_OK && is_late);
    if (is_missing && k->best.step == s->step) /* the best step is one that there is a checkpoint of */
        k->best = k->saved_best;
    if (status == LWS_ERR_NUMERIC) {
        lws_comm_broadcast(t->context.comm, &t->found, sizeof t->found);
        update_rewind(&t->updater);
        s->step--;
    }
    LWS_TRY(status);
    k->saved_best = k->best;
    return LWS_OK;
}

static lws_status check_images(const train_context *c, const char *path, const lws_checkpoint_meta *meta)
{
    if (strcmp(meta->dataset_digest, lws_dataset_get_info(c->train)->digest) != 0)
        return lws_fail(LWS_ERR_MISMATCH,
                        "%s was trained on other images: the digest of the training split in %s differs. Give the run "
                        "its dataset with --data.",
                        path, c->options->data);
    if (meta->valid_digest[0] && strcmp(meta->valid_digest, lws_dataset_get_info(c->valid)->digest) != 0)
        return lws_fail(
            LWS_ERR_MISMATCH,
            "%s was evaluated on other images: the digest of the validation split in %s differs, so the best "
            "step could not be told. Give the run its dataset with --data.",
            path, c->options->data);
    return LWS_OK;
}

/* What a checkpoint says twice, or what follows from its configuration and its images: if it contradicts itself,
 * something of it is not what the run wrote. */
static lws_status check_description(const train_context *c, const char *path, const lws_checkpoint_meta *meta)
{
    lws_shape image = lws_model_get_spec(c->model)->image;
    const char *what = NULL;
    if (meta->image.h != image.h || meta->image.w != image.w || meta->image.c != image.c)
        what = "the size of its images is not that of the images it was trained on";
    else if (meta->seed != c->options->seed)
        what = "its seed is not that of its configuration";
    else if (meta->epoch != meta->step / lws_sampler_steps_per_epoch(&c->sampler))
        what = "its epoch is not that of its step";
    if (what)
        return lws_fail(LWS_ERR_FORMAT, "%s contradicts itself: %s. It was altered: put one back from a copy.", path,
                        what);
    return LWS_OK;
}

/* Rank 0: the log of steps that are done again from the first. Their checkpoints may be gone by mistake. */
static lws_status keep_log(const char *run)
{
    char path[LWS_PATH];
    struct stat info;
    snprintf(path, sizeof path, "%s/" LWS_METRICS_LOG, run);
    return stat(path, &info) == 0 && info.st_size > 0 ? lws_folder_rename_aside(path, "before") : LWS_OK;
}

/* Rank 0: the newest whole checkpoint into the state, and its description. */
static lws_status read_newest(const checkpoints *k, lws_checkpoint_meta *meta)
{
    const train_context *c = &k->trainer->context;
    char folder[LWS_PATH], path[LWS_PATH], *config;
    folder_of(k, folder);
    if (lws_checkpoint_count(folder) == 0) { /* not where it cannot be read: that is an error below */
        lws_warn("%s has no checkpoint yet: starting from the first step", k->run);
        meta->step = -1;
        return keep_log(k->run);
    }
    LWS_TRY(lws_checkpoint_find_to_resume(folder, path));
    LWS_TRY(lws_checkpoint_read_meta(path, meta, &config));
    lws_train_options before;
    lws_status status = lws_train_options_read(config, path, &before);
    free(config);
    LWS_TRY(status);
    LWS_TRY(lws_train_options_continue(&before, c->options));
    LWS_TRY(check_images(c, path, meta));
    LWS_TRY(check_description(c, path, meta));
    lws_checkpoint_data data = whole_state(k);
    LWS_TRY(lws_checkpoint_read(path, c->tensors, &data));
    LWS_TRY(lws_checkpoint_set_aside(folder, meta->step));
    lws_info("resuming from %s (step %" PRId64 ")", path, meta->step);
    return LWS_OK;
}

lws_status checkpoints_restore(checkpoints *k, bool *restored)
{
    const train_context *c = &k->trainer->context;
    train_state *s = &k->trainer->state;
    lws_checkpoint_meta meta = {0};
    LWS_TRY(lws_comm_agree(c->comm, c->is_root ? read_newest(k, &meta) : LWS_OK));
    lws_comm_broadcast(c->comm, &meta, sizeof meta);
    *restored = meta.step >= 0;
    if (!*restored)
        return LWS_OK;
    lws_comm_broadcast(c->comm, s->params, s->count * sizeof(float));
    state_scatter_slots(c, s);
    s->step = meta.step;
    k->best = (best_step){.step = meta.best_step, .ssim = meta.best_ssim};
    k->saved_best = k->best;
    return LWS_OK;
}
