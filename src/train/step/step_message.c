/* The message of a step: its layout, and what all messages together say. */
#include "step/step_message.h"

#include "optim/norm.h"

#include <math.h>

enum { FLAGS, DIGEST_LOW, DIGEST_HIGH, HEAD, SUMS = 2 };

static int64_t micro_batches_of(const step_message *m, int rank)
{
    int64_t first, count;
    lws_comm_run(m->context->options->micro_batches, lws_comm_size(m->context->comm), rank, &first, &count);
    return count;
}

/* Where the norms begin in the message of a rank. */
static size_t norms_at(const step_message *m, int rank)
{
    return HEAD + SUMS * (size_t)micro_batches_of(m, rank);
}

/* Doubles in the message of a rank. */
static size_t length_of(const step_message *m, int rank)
{
    const train_context *c = m->context;
    lws_reduction_slice last = lws_reduction_get_slice(c->reduction, own_part(c)->buckets - 1, rank);
    size_t own = last.at + last.end - last.begin;
    return norms_at(m, rank) + (own + LWS_NORM_BLOCK - 1) / LWS_NORM_BLOCK;
}

void step_message_take_memory(step_message *m, const train_context *c, lws_arena *arena)
{
    int ranks = lws_comm_size(c->comm);
    size_t length = 0;
    m->context = c;
    for (int r = 0; r < ranks; r++)
        length += length_of(m, r);
    m->mine = lws_arena_take(arena, length_of(m, lws_comm_rank(c->comm)) * sizeof(double));
    m->all = lws_arena_take(arena, length * sizeof(double));
    m->bytes_of = lws_arena_take(arena, (size_t)ranks * sizeof(size_t));
}

void step_message_set_sums(step_message *m, int64_t own, lws_model_sums sums)
{
    double *at = m->mine + HEAD + SUMS * own;
    at[0] = sums.recon;
    at[1] = sums.kl;
}

double *step_message_norms(step_message *m)
{
    return m->mine + norms_at(m, lws_comm_rank(m->context->comm));
}

void step_message_exchange(step_message *m, unsigned flags, uint64_t digest)
{
    const train_context *c = m->context;
    m->mine[FLAGS] = flags;
    m->mine[DIGEST_LOW] = (double)(uint32_t)digest;
    m->mine[DIGEST_HIGH] = (double)(digest >> 32);
    for (int r = 0; r < lws_comm_size(c->comm); r++)
        m->bytes_of[r] = length_of(m, r) * sizeof(double);
    lws_comm_allgather(c->comm, m->mine, m->bytes_of, m->all);
}

/* The message of the next rank. */
static const double *next(const step_message *m, int rank, const double *of_rank)
{
    return of_rank + m->bytes_of[rank] / sizeof(double);
}

unsigned step_message_flags(const step_message *m)
{
    unsigned flags = 0;
    const double *told = m->all;
    for (int r = 0; r < lws_comm_size(m->context->comm); told = next(m, r++, told))
        flags |= (unsigned)told[FLAGS];
    return flags;
}

bool step_message_differs(const step_message *m)
{
    bool differs = false;
    const double *told = m->all;
    for (int r = 0; r < lws_comm_size(m->context->comm); told = next(m, r++, told))
        differs = differs || told[DIGEST_LOW] != m->mine[DIGEST_LOW] || told[DIGEST_HIGH] != m->mine[DIGEST_HIGH];
    return differs;
}

lws_model_sums step_message_sums(const step_message *m)
{
    lws_model_sums total = {0, 0};
    const double *told = m->all;
    for (int r = 0; r < lws_comm_size(m->context->comm); told = next(m, r++, told)) {
        int64_t count = micro_batches_of(m, r);
        for (int64_t i = 0; i < count; i++) {
            total.recon += told[HEAD + SUMS * i];
            total.kl += told[HEAD + SUMS * i + 1];
        }
    }
    return total;
}

double step_message_gradient_norm(const step_message *m)
{
    const train_context *c = m->context;
    double sum = 0;
    for (int b = 0; b < own_part(c)->buckets; b++) {
        const double *told = m->all;
        for (int r = 0; r < lws_comm_size(c->comm); told = next(m, r++, told)) {
            lws_reduction_slice slice = lws_reduction_get_slice(c->reduction, b, r);
            const double *norms = told + norms_at(m, r) + slice.at / LWS_NORM_BLOCK;
            for (size_t i = 0; i * LWS_NORM_BLOCK < slice.end - slice.begin; i++)
                sum += norms[i];
        }
    }
    return sqrt(sum);
}
