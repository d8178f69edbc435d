/* Images of a step, read and cut. */
#include "step/batch.h"

#include "base/profile.h"

void batch_take_memory(batch_part *b, const train_context *c, lws_arena *arena)
{
    size_t image = lws_shape_size(lws_model_get_spec(c->model)->image);
    b->images =
        lws_arena_take(arena, (size_t)(own_part(c)->micro_batches * micro_batch_size(c)) * image * sizeof(float));
    b->rows = lws_arena_take(arena, (size_t)c->options->batch_size * sizeof(int64_t));
}

lws_status batch_read(batch_part *b, const train_context *c, int64_t step)
{
    LWS_PROFILE("reading images");
    const lws_reduction_part *part = own_part(c);
    int64_t n = micro_batch_size(c);
    lws_sampler_batch(&c->sampler, step, part->first_micro_batch * n, part->micro_batches * n, b->rows);
    lws_status status = lws_dataset_read(c->train, b->rows, (int)(part->micro_batches * n), b->images);
    lws_sampler_batch(&c->sampler, step + 1, part->first_micro_batch * n, part->micro_batches * n, b->rows);
    lws_dataset_prefetch(c->train, b->rows,
                         (int)(part->micro_batches * n)); /* the disk works while this step computes */
    return status;
}

const int64_t *batch_rows(batch_part *b, const train_context *c, int64_t step)
{
    lws_sampler_batch(&c->sampler, step, 0, c->options->batch_size, b->rows);
    return b->rows;
}

lws_micro_batch batch_micro_batch(const batch_part *b, const train_context *c, int64_t step, int64_t micro_batch)
{
    int64_t n = micro_batch_size(c), own = micro_batch - own_part(c)->first_micro_batch;
    size_t image = lws_shape_size(lws_model_get_spec(c->model)->image);
    return (lws_micro_batch){
        .n = (int)n,
        .x = b->images + (size_t)(own * n) * image,
        .first = micro_batch * n,
        .total = c->options->batch_size,
        .seed = (uint64_t)c->options->seed,
        .step = step,
    };
}
