#include "trainer.h"

#include "inference/agree_images.h"
#include "base/log.h"
#include "comm/agreement.h"
#include "optim/norm.h"
#include "base/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Microseconds. Between machines, messages are moved on while a rank computes; within one it is the ranks' own cores
 * that copy them, and looking between layers is enough. */
enum { PAUSE = 200 };

/* The text of the configuration without the group "run", which does not belong to the state: a checkpoint is the same
 * wherever and however it was made. */
static char *checkpoint_config(const lws_train_options *options)
{
    char *text = lws_config_text(lws_train_table(), options);
    char *run = text ? strstr(text, "[run]") : NULL;
    if (run)
        *run = 0;
    return text;
}

static lws_status open_data(trainer *t)
{
    const char *folder = t->options->data;
    if (!folder[0])
        return lws_fail(LWS_ERR_USAGE, "train: --data DIR is needed: a folder made by lwssim prepare");
    LWS_TRY(lws_dataset_open(folder, LWS_TRAIN, &t->train));
    LWS_TRY(lws_dataset_open(folder, LWS_VALID, &t->valid));
    const lws_dataset_info *info = lws_dataset_get_info(t->train);
    if (info->rows < t->options->batch_size)
        return lws_fail(LWS_ERR_MISMATCH,
                        "%s has %lld training images, fewer than one batch of %lld: set a "
                        "smaller batch-size or prepare more images",
                        folder, (long long)info->rows, (long long)t->options->batch_size);
    return LWS_OK;
}

static void take_memory(trainer *t, lws_arena *arena)
{
    const lws_reduction_part *part = lws_reduction_get_part(t->reduction);
    const lws_train_options *o = t->options;
    size_t ranks = (size_t)lws_comm_size(t->comm), blocks = t->count / LWS_NORM_BLOCK + 1;
    size_t own_blocks = part->own / LWS_NORM_BLOCK + 1;
    size_t own = (size_t)(part->micro_batches * (o->batch_size / o->micro_batches));
    size_t batch = (size_t)o->batch_size, latent = (size_t)o->latent;
    size_t image = lws_shape_size(lws_model_get_spec(t->model)->image);
    bool mmd = o->model == LWS_MODEL_MMD_AE, alone = lws_comm_size(t->comm) == 1;
    t->params = lws_arena_take(arena, t->count * sizeof(float));
    t->before = lws_arena_take(arena, part->own * sizeof(float));
    for (int k = 0; k < t->optimizer->slots; k++) {
        t->slot[k] = lws_arena_take(arena, part->own * sizeof(float));
        t->full_slot[k] = t->slot[k];
        if (!alone)
            t->full_slot[k] = t->is_root ? lws_arena_take(arena, t->count * sizeof(float)) : NULL;
    }
    t->images = lws_arena_take(arena, own * image * sizeof(float));
    t->rows = lws_arena_take(arena, batch * sizeof(int64_t));
    t->codes = mmd ? lws_arena_take(arena, batch * latent * sizeof(float)) : NULL;
    t->prior = mmd ? lws_arena_take(arena, batch * latent * sizeof(float)) : NULL;
    t->dcode = mmd ? lws_arena_take(arena, own * latent * sizeof(float)) : NULL;
    t->statistics = mmd ? lws_arena_take(arena, (t->count - t->param_count) * sizeof(float)) : NULL;
    t->my_sums = lws_arena_take(arena, (NEWS_HEAD + 2 * (size_t)part->micro_batches + own_blocks) * sizeof(double));
    t->norms = t->my_sums ? t->my_sums + NEWS_HEAD + 2 * part->micro_batches : NULL;
    t->sums = lws_arena_take(arena, (NEWS_HEAD * ranks + 2 * (size_t)o->micro_batches + blocks) * sizeof(double));
    t->bytes_of = lws_arena_take(arena, ranks * sizeof(size_t));
    t->bits = lws_arena_take(arena, (size_t)part->buckets * sizeof *t->bits);
    t->digests = lws_arena_take(arena, 2 * ranks * sizeof *t->digests);
    t->slices = lws_arena_take(arena, (size_t)part->buckets * sizeof *t->slices);
}

/* Every tensor of parameters, and the statistics, may begin a bucket. */
static lws_status build_reduction(trainer *t)
{
    const lws_tensors *tensors = lws_model_tensors(t->model);
    size_t starts[LWS_TENSORS_MAX + 1];
    int parts = 0;
    for (int i = 0; i < tensors->count; i++)
        if (!tensors->item[i].is_buffer)
            starts[parts++] = tensors->item[i].offset;
    starts[parts++] = t->param_count;
    bool is_far = lws_comm_nodes(t->comm) > 1;
    lws_reduction_layout layout = {.count = t->count,
                                   .block = LWS_NORM_BLOCK,
                                   .parts = parts,
                                   .starts = starts,
                                   .pause = t->options->overlap && is_far ? PAUSE : 0};
    return lws_reduction_create(t->comm, t->options->micro_batches, &layout, &t->reduction);
}

static lws_status build_model(trainer *t)
{
    const lws_dataset_info *info = lws_dataset_get_info(t->train);
    lws_train_options *o = t->options;
    t->optimizer = lws_train_options_optimizer(o, &t->optimizer_options);
    lws_model_spec spec;
    lws_shape image = {info->height, info->width, info->channels};
    LWS_TRY(lws_train_options_model(o, image, &spec));
    LWS_TRY(lws_model_create(&spec, (int)(o->batch_size / o->micro_batches), &t->model));
    LWS_TRY(lws_model_check_training(t->model));
    const lws_tensors *tensors = lws_model_tensors(t->model);
    t->param_count = tensors->params;
    t->count = tensors->params + tensors->buffers;
    return LWS_OK;
}

static lws_status allocate(trainer *t)
{
    const lws_train_options *o = t->options;
    lws_arena counting = {0};
    take_memory(t, &counting);
    LWS_TRY(lws_arena_create(&t->arena, counting.used, "parameters and optimizer"));
    take_memory(t, &t->arena);
    if (!(t->config = checkpoint_config(o)))
        return lws_fail(LWS_ERR_MEMORY, "out of memory describing the run");
    if (o->overlap)
        update_follow(t);
    return LWS_OK;
}

/* All ranks, agreed. */
static lws_status build(trainer *t)
{
    LWS_TRY(lws_comm_agree(t->comm, build_model(t)));
    LWS_TRY(build_reduction(t));
    return lws_comm_agree(t->comm, allocate(t));
}

/* Those that are trained, without what lies between tensors. */
static size_t count_parameters(const lws_tensors *tensors)
{
    size_t count = 0;
    for (int i = 0; i < tensors->count; i++)
        count += tensors->item[i].is_buffer ? 0 : tensors->item[i].count;
    return count;
}

static void announce(trainer *t, const lws_comm_node *node, int threads)
{
    const lws_train_options *o = t->options;
    int size = lws_comm_size(t->comm);
    int64_t parts = o->micro_batches;
    if (node->ranks * threads > node->cores)
        lws_warn("%d ranks × %d threads share %d cores of this node: expect less speed", node->ranks, threads,
                 node->cores);
    if (parts % size != 0)
        lws_warn("%lld micro-batches do not divide evenly among %d ranks: some wait %.0f%% of the time. Best "
                 "are %lld micro-batches, or ranks that divide %lld.",
                 (long long)parts, size, 100 * (1 - (double)(parts / size) / ceil((double)parts / size)),
                 (long long)((parts + size - 1) / size * size), (long long)parts);
    lws_info("model: %zu parameters; activations %.0f MB a rank; %lld training and %lld validation images",
             count_parameters(lws_model_tensors(t->model)), (double)lws_model_memory(t->model) / 1e6,
             (long long)lws_dataset_get_info(t->train)->rows, (long long)lws_dataset_get_info(t->valid)->rows);
}

lws_status trainer_build(trainer *t, int threads)
{
    LWS_TRY(
        lws_agree_on_options(t->comm, lws_train_table(), t->options, (const char *const[]){"data", "threads", NULL}));
    LWS_TRY(lws_comm_agree(t->comm, lws_train_options_check(t->options)));
    LWS_TRY(lws_comm_agree(t->comm, lws_threads_start(threads)));
    LWS_TRY(lws_comm_agree(t->comm, open_data(t)));
    const lws_split splits[] = {LWS_TRAIN, LWS_VALID};
    LWS_TRY(lws_agree_on_images(t->comm, 2, splits, (const lws_dataset *const[]){t->train, t->valid}));
    LWS_TRY(build(t));
    t->sampler =
        (lws_sampler){(uint64_t)t->options->seed, lws_dataset_get_info(t->train)->rows, t->options->batch_size};
    int64_t per_epoch = lws_sampler_steps_per_epoch(&t->sampler);
    t->total_steps = t->options->steps > 0 ? t->options->steps : t->options->epochs * per_epoch;
    t->schedule = lws_train_options_schedule(t->options, t->total_steps);
    return LWS_OK;
}

static lws_status set_up(trainer *t, int threads)
{
    LWS_TRY(trainer_build(t, threads));
    LWS_TRY(run_folder_prepare(t->comm, &t->request, &t->lock));
    bool restored = false;
    if (t->request.resume)
        LWS_TRY(trainer_restore(t, &restored));
    if (!restored)
        lws_tensors_init(lws_model_tensors(t->model), (uint64_t)t->options->seed, t->params,
                         t->params + t->param_count);
    lws_model_transform_weights(t->model, t->params);
    integrity_note(t);
    t->first_step = t->step;
    LWS_TRY(run_folder_write_config(t->comm, t->request.run, t->options));
    return lws_comm_agree(t->comm, lws_metrics_log_open(t->request.run, t->step, t->is_root, &t->log));
}

trainer trainer_blank(lws_comm *comm, lws_train_options *options)
{
    return (trainer){
        .comm = comm,
        .is_root = lws_comm_rank(comm) == 0,
        .options = options,
        .best_step = -1,
        .best_ssim = -2,
        .saved_best_step = -1,
        .saved_best_ssim = -2,
        .late_checkpoint = {.what = "checkpoint", .waiting = "wait for the disk to take the checkpoint of step"},
        .late_log = {.what = "log metrics.jsonl", .waiting = "wait for the disk to take the log of step"},
        .lock = -1};
}

lws_status trainer_create(lws_comm *comm, lws_train_options *options, const lws_train_request *request, trainer *t)
{
    lws_comm_node node;
    int threads = lws_comm_threads(comm, (int)options->threads, &node);
    *t = trainer_blank(comm, options);
    t->request = *request;
    lws_status status = set_up(t, threads);
    if (status != LWS_OK) {
        trainer_destroy(t);
        return status;
    }
    announce(t, &node, threads);
    return LWS_OK;
}

void trainer_destroy(trainer *t)
{
    lws_metrics_log_close(t->log);
    lws_reduction_destroy(t->reduction); /* may still send from the arena */
    lws_arena_destroy(&t->arena);
    lws_model_destroy(t->model);
    lws_dataset_close(t->train);
    lws_dataset_close(t->valid);
    free(t->config);
    lws_folder_unlock(t->request.run, t->lock);
}
