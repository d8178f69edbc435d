/* Codes of the whole global batch on all ranks, and the gradient of their MMD. */
#include "step/mmd.h"

#include "base/profile.h"
#include "comm/watchdog.h"

#include <string.h>

void mmd_take_memory(mmd_pass *m, const train_context *c, const train_state *s, lws_arena *arena)
{
    if (c->options->model != LWS_MODEL_MMD_AE)
        return;
    size_t batch = (size_t)c->options->batch_size, code = (size_t)c->options->latent * sizeof(float);
    m->codes = lws_arena_take(arena, batch * code);
    m->prior = lws_arena_take(arena, batch * code);
    m->dcode = lws_arena_take(arena, (size_t)(own_part(c)->micro_batches * micro_batch_size(c)) * code);
    m->statistics = lws_arena_take(arena, (s->count - s->param_count) * sizeof(float));
    m->bytes_of = lws_arena_take(arena, (size_t)lws_comm_size(c->comm) * sizeof(size_t));
}

double mmd_run(mmd_pass *m, const train_context *c, const train_state *s, const batch_part *batch)
{
    m->is_encoded = false;
    if (c->options->model != LWS_MODEL_MMD_AE)
        return 0;
    LWS_PROFILE("MMD");
    lws_watchdog_phase("MMD of step", s->step + 1);
    const lws_reduction_part *part = own_part(c);
    int64_t n = micro_batch_size(c), first = part->first_micro_batch;
    size_t latent = (size_t)c->options->latent, bytes = latent * sizeof(float);
    for (int64_t i = 0; i < part->micro_batches; i++) {
        lws_micro_batch micro_batch = batch_micro_batch(batch, c, s->step, first + i);
        const float *codes = lws_model_codes(c->model, s->params, &micro_batch, m->statistics);
        memcpy(m->dcode + (size_t)(i * n) * latent, codes, (size_t)n * bytes);
    }
    for (int r = 0; r < lws_comm_size(c->comm); r++) {
        int64_t of_rank, count;
        lws_comm_run(c->options->micro_batches, lws_comm_size(c->comm), r, &of_rank, &count);
        m->bytes_of[r] = (size_t)(count * n) * bytes;
    }
    lws_comm_allgather(c->comm, m->dcode, m->bytes_of, m->codes);
    m->is_encoded = part->micro_batches == 1;
    lws_micro_batch own = batch_micro_batch(batch, c, s->step, first);
    own.n = (int)(part->micro_batches * n);
    return lws_model_mmd(c->model, m->codes, &own, m->prior, m->dcode);
}

const float *mmd_code_gradient(const mmd_pass *m, const train_context *c, int64_t micro_batch)
{
    int64_t own = micro_batch - own_part(c)->first_micro_batch;
    return m->dcode ? m->dcode + (size_t)(own * micro_batch_size(c) * c->options->latent) : NULL;
}
