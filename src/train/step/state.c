/* The flat array of parameters and statistics, and the optimizer's arrays. */
#include "step/state.h"

#include "comm/watchdog.h"

void state_take_memory(train_state *s, const train_context *c, lws_arena *arena)
{
    size_t own = own_part(c)->own * sizeof(float), whole = s->count * sizeof(float);
    bool is_alone = lws_comm_size(c->comm) == 1;
    s->params = lws_arena_take(arena, whole);
    for (int k = 0; k < c->optimizer->slots; k++) {
        s->slot[k] = lws_arena_take(arena, own);
        s->full_slot[k] = s->slot[k];
        if (!is_alone)
            s->full_slot[k] = c->is_root ? lws_arena_take(arena, whole) : NULL;
    }
}

size_t state_offset(const train_state *s, const lws_tensor *tensor)
{
    return tensor->offset + (tensor->is_buffer ? s->param_count : 0);
}

bool state_range(const train_state *s, const lws_tensor *tensor, const lws_reduction_slice *slice, size_t *begin,
                 size_t *end)
{
    *begin = state_offset(s, tensor);
    *end = *begin + tensor->count;
    *begin = *begin > slice->begin ? *begin : slice->begin;
    *end = *end < slice->end ? *end : slice->end;
    return *begin < *end;
}

lws_model_gradients state_gradients(const train_state *s, float *flat)
{
    return (lws_model_gradients){.params = flat, .buffers = flat + s->param_count};
}

float *state_buffers(const train_state *s)
{
    return s->params + s->param_count;
}

void state_wait_params(const train_context *c, const train_state *s)
{
    lws_watchdog_phase("gather of parameters after step", s->step);
    lws_reduction_await(c->reduction, s->count);
}

void state_gather_slots(const train_context *c, train_state *s)
{
    for (int k = 0; k < c->optimizer->slots; k++)
        lws_reduction_gather(c->reduction, s->slot[k], s->full_slot[k]);
}

void state_scatter_slots(const train_context *c, train_state *s)
{
    for (int k = 0; k < c->optimizer->slots; k++)
        lws_reduction_scatter(c->reduction, s->full_slot[k], s->slot[k]);
}
