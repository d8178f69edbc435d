#include "trainer.h"

#include "persist.h"

#include "base/log.h"
#include "base/profile.h"
#include "comm/watchdog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void folder_of(const trainer *t, char *folder)
{
    snprintf(folder, LWS_PATH, "%s/checkpoints", t->request.run);
}

static lws_checkpoint_data whole_state(trainer *t)
{
    static const char *const names[] = {"m", "v"};
    return (lws_checkpoint_data){.params = t->params,
                                 .buffers = t->params + t->param_count,
                                 .slots = 2,
                                 .slot_name = names,
                                 .slot = {t->full_slot[0], t->full_slot[1]}};
}

lws_checkpoint_meta trainer_describe(const trainer *t)
{
    lws_checkpoint_meta meta = {
        .image = lws_model_get_spec(t->model)->image,
        .seed = t->options->seed,
        .epoch = t->step / lws_sampler_steps_per_epoch(&t->sampler),
        .step = t->step,
        .best_step = t->best_step,
        .best_ssim = t->best_ssim,
    };
    snprintf(meta.dataset_digest, sizeof meta.dataset_digest, "%s", lws_dataset_get_info(t->train)->digest);
    snprintf(meta.valid_digest, sizeof meta.valid_digest, "%s", lws_dataset_get_info(t->valid)->digest);
    return meta;
}

/* Rank 0. */
static lws_status write_state(trainer *t)
{
    char folder[LWS_PATH], path[LWS_PATH];
    lws_checkpoint_meta meta = trainer_describe(t);
    lws_checkpoint_data data = whole_state(t);
    folder_of(t, folder);
    if (diverge_after_update(t))
        return lws_fail(LWS_ERR_NUMERIC,
                        "the state is not finite after step %" PRId64 ": training has diverged. First, %s.", t->step,
                        t->found.what);
    LWS_TRY(lws_checkpoint_write(folder, &meta, t->config, lws_model_tensors(t->model), &data, path));
    lws_status status = integrity_check_saved(t);
    if (status != LWS_OK) {
        unlink(path);
        return status;
    }
    lws_checkpoint_prune(folder, t->step, t->options->keep, t->best_step);
    return LWS_OK;
}

/* The best step is one that there is a checkpoint of. */
static void forget_best(trainer *t)
{
    t->best_step = t->saved_best_step;
    t->best_ssim = t->saved_best_ssim;
}

lws_status trainer_save(trainer *t, bool wait)
{
    LWS_PROFILE("checkpoint");
    bool is_late;
    lws_watchdog_phase("checkpoint of step", t->step);
    for (int k = 0; k < t->optimizer->slots; k++)
        lws_reduction_gather(t->reduction, t->slot[k], t->full_slot[k]);
    lws_status status = persist(t, &t->late_checkpoint, write_state, wait, &is_late);
    if (status == LWS_ERR_NUMERIC) {
        if (t->best_step == t->step)
            forget_best(t);
        lws_comm_broadcast(t->comm, &t->found, sizeof t->found);
        diverge_rewind(t);
        t->step--;
    }
    LWS_TRY(status);
    if (is_late && t->best_step == t->step)
        forget_best(t);
    t->saved_best_step = t->best_step;
    t->saved_best_ssim = t->best_ssim;
    return LWS_OK;
}

static lws_status check_images(const trainer *t, const char *path, const lws_checkpoint_meta *meta)
{
    if (strcmp(meta->dataset_digest, lws_dataset_get_info(t->train)->digest) != 0)
        return lws_fail(LWS_ERR_MISMATCH,
                        "%s was trained on other images: the digest of the training split in %s differs. Give the run "
                        "its dataset with --data.",
                        path, t->options->data);
    if (meta->valid_digest[0] && strcmp(meta->valid_digest, lws_dataset_get_info(t->valid)->digest) != 0)
        return lws_fail(
            LWS_ERR_MISMATCH,
            "%s was evaluated on other images: the digest of the validation split in %s differs, so the best "
            "step could not be told. Give the run its dataset with --data.",
            path, t->options->data);
    return LWS_OK;
}

/* What a checkpoint says twice, or what follows from its configuration and its images: if it contradicts itself,
 * something of it is not what the run wrote. */
static lws_status check_description(const trainer *t, const char *path, const lws_checkpoint_meta *meta)
{
    lws_shape image = lws_model_get_spec(t->model)->image;
    const char *what = NULL;
    if (meta->image.h != image.h || meta->image.w != image.w || meta->image.c != image.c)
        what = "the size of its images is not that of the images it was trained on";
    else if (meta->seed != t->options->seed)
        what = "its seed is not that of its configuration";
    else if (meta->epoch != meta->step / lws_sampler_steps_per_epoch(&t->sampler))
        what = "its epoch is not that of its step";
    if (what)
        return lws_fail(LWS_ERR_FORMAT, "%s contradicts itself: %s. It was altered: put one back from a copy.", path,
                        what);
    return LWS_OK;
}

/* Rank 0: the log of steps that are done again from the first. Their checkpoints may be gone by mistake. */
static lws_status keep_log(const trainer *t)
{
    char path[LWS_PATH];
    struct stat info;
    snprintf(path, sizeof path, "%s/metrics.jsonl", t->request.run);
    return stat(path, &info) == 0 && info.st_size > 0 ? lws_folder_rename_aside(path, "before") : LWS_OK;
}

/* Rank 0: the newest whole checkpoint into t->params and full_slot, and its description. */
static lws_status read_newest(trainer *t, lws_checkpoint_meta *meta)
{
    char folder[LWS_PATH], path[LWS_PATH], *config;
    folder_of(t, folder);
    if (lws_checkpoint_count(folder) == 0) { /* not where it cannot be read: that is an error below */
        lws_warn("%s has no checkpoint yet: starting from the first step", t->request.run);
        meta->step = -1;
        return keep_log(t);
    }
    LWS_TRY(lws_checkpoint_find_to_resume(folder, path));
    LWS_TRY(lws_checkpoint_read_meta(path, meta, &config));
    lws_train_options before;
    lws_status status = lws_train_options_read(config, path, &before);
    free(config);
    LWS_TRY(status);
    LWS_TRY(lws_train_options_continue(&before, t->options));
    LWS_TRY(check_images(t, path, meta));
    LWS_TRY(check_description(t, path, meta));
    lws_checkpoint_data data = whole_state(t);
    LWS_TRY(lws_checkpoint_read(path, lws_model_tensors(t->model), &data));
    LWS_TRY(lws_checkpoint_set_aside(folder, meta->step));
    lws_info("resuming from %s (step %" PRId64 ")", path, meta->step);
    return LWS_OK;
}

lws_status trainer_restore(trainer *t, bool *restored)
{
    lws_checkpoint_meta meta = {0};
    LWS_TRY(lws_comm_agree(t->comm, t->is_root ? read_newest(t, &meta) : LWS_OK));
    lws_comm_broadcast(t->comm, &meta, sizeof meta);
    *restored = meta.step >= 0;
    if (!*restored)
        return LWS_OK;
    lws_comm_broadcast(t->comm, t->params, t->count * sizeof(float));
    for (int k = 0; k < t->optimizer->slots; k++)
        lws_reduction_scatter(t->reduction, t->full_slot[k], t->slot[k]);
    t->step = meta.step;
    t->best_step = meta.best_step;
    t->best_ssim = meta.best_ssim;
    t->saved_best_step = t->best_step;
    t->saved_best_ssim = t->best_ssim;
    return LWS_OK;
}
