/* The making of a trainer: data, model, reduction, and the memory of all parts. */
#include "step/trainer.h"

#include "base/threads.h"
#include "comm/agreement.h"
#include "inference/agree_images.h"
#include "optim/norm.h"

/* Microseconds. Between machines, messages are moved on while a rank computes; within one it is the ranks' own cores
 * that copy them, and looking between layers is enough. */
enum { PAUSE = 200 };

static lws_status open_data(train_context *c)
{
    const char *folder = c->options->data;
    if (!folder[0])
        return lws_fail(LWS_ERR_USAGE, "train: --data DIR is needed: a folder made by lwssim prepare");
    LWS_TRY(lws_dataset_open(folder, LWS_TRAIN, &c->train));
    LWS_TRY(lws_dataset_open(folder, LWS_VALID, &c->valid));
    return lws_train_options_check_rows(c->options, lws_dataset_get_info(c->train)->rows);
}

static void take_memory(trainer *t, lws_arena *arena)
{
    const train_context *c = &t->context;
    state_take_memory(&t->state, c, arena);
    batch_take_memory(&t->batch, c, arena);
    mmd_take_memory(&t->mmd, c, &t->state, arena);
    step_message_take_memory(&t->message, c, arena);
    integrity_take_memory(&t->integrity, c, arena);
    update_take_memory(&t->updater, arena);
}

/* Every tensor of parameters, and the statistics, may begin a bucket. */
static lws_status build_reduction(train_context *c, const train_state *s)
{
    size_t starts[LWS_TENSORS_MAX + 1];
    int parts = 0;
    for (int i = 0; i < c->tensors->count; i++)
        if (!c->tensors->item[i].is_buffer)
            starts[parts++] = c->tensors->item[i].offset;
    starts[parts++] = s->param_count;
    bool is_far = lws_comm_nodes(c->comm) > 1;
    lws_reduction_layout layout = {.count = s->count,
                                   .block = LWS_NORM_BLOCK,
                                   .parts = parts,
                                   .starts = starts,
                                   .pause = c->options->overlap && is_far ? PAUSE : 0};
    return lws_reduction_create(c->comm, c->options->micro_batches, &layout, &c->reduction);
}

static lws_status build_model(trainer *t)
{
    train_context *c = &t->context;
    train_state *s = &t->state;
    lws_model_spec spec;
    const lws_dataset_info *info = lws_dataset_get_info(c->train);
    lws_shape image = {info->height, info->width, info->channels};
    LWS_TRY(lws_train_options_model(c->options, image, &spec));
    LWS_TRY(lws_model_create(&spec, (int)micro_batch_size(c), &c->model));
    LWS_TRY(lws_model_check_training(c->model));
    c->tensors = lws_model_tensors(c->model);
    c->optimizer = lws_train_options_optimizer(c->options, &c->optimizer_options);
    s->param_count = c->tensors->params;
    s->count = c->tensors->params + c->tensors->buffers;
    return LWS_OK;
}

static lws_status allocate(trainer *t)
{
    lws_arena counting = {0};
    take_memory(t, &counting);
    LWS_TRY(lws_arena_create(&t->arena, counting.used, "parameters and optimizer"));
    take_memory(t, &t->arena);
    if (t->context.options->overlap)
        update_follow(&t->updater);
    return LWS_OK;
}

/* Collective. Agreed. */
static lws_status build(trainer *t)
{
    lws_comm *comm = t->context.comm;
    LWS_TRY(lws_comm_agree(comm, build_model(t)));
    LWS_TRY(build_reduction(&t->context, &t->state));
    return lws_comm_agree(comm, allocate(t));
}

static void plan_steps(train_context *c)
{
    const lws_train_options *o = c->options;
    c->sampler = (lws_sampler){(uint64_t)o->seed, lws_dataset_get_info(c->train)->rows, o->batch_size};
    int64_t per_epoch = lws_sampler_steps_per_epoch(&c->sampler);
    c->total_steps = o->steps > 0 ? o->steps : o->epochs * per_epoch;
    c->schedule = lws_train_options_schedule(o, c->total_steps);
}

lws_status trainer_create(lws_comm *comm, lws_train_options *options, int threads, trainer *t)
{
    train_context *c = &t->context;
    *t = (trainer){
        .context = {.comm = comm, .is_root = lws_comm_rank(comm) == 0, .options = options, .goes_on = "with --resume"}};
    t->integrity = (integrity){.context = c, .state = &t->state, .failure = &t->failure};
    t->updater = (updater){.context = c, .state = &t->state, .integrity = &t->integrity, .message = &t->message};
    LWS_TRY(lws_agree_on_options(comm, lws_train_table(), options, (const char *const[]){"data", "threads", NULL}));
    LWS_TRY(lws_comm_agree(comm, lws_train_options_check(options)));
    LWS_TRY(lws_comm_agree(comm, lws_threads_start(threads)));
    LWS_TRY(lws_comm_agree(comm, open_data(c)));
    const lws_split splits[] = {LWS_TRAIN, LWS_VALID};
    LWS_TRY(lws_agree_on_images(comm, 2, splits, (const lws_dataset *const[]){c->train, c->valid}));
    LWS_TRY(build(t));
    plan_steps(c);
    return LWS_OK;
}

void trainer_destroy(trainer *t)
{
    train_context *c = &t->context;
    lws_reduction_destroy(c->reduction); /* may still send from the arena */
    lws_arena_destroy(&t->arena);
    lws_model_destroy(c->model);
    lws_dataset_close(c->train);
    lws_dataset_close(c->valid);
}
