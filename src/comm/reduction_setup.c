/* The reduction's plan and memory, and the entry points of a step. */
#include "reduction_internal.h"

#include "comm/collective.h"

#include <limits.h>
#include <stdlib.h>

static void plan(lws_reduction *r)
{
    for (int q = 0; q < r->comm->size; q++) {
        int64_t first, count;
        int slots = 0;
        lws_comm_run(r->micro_batches, r->comm->size, q, &first, &count);
        r->nodes_of[q] = fold_simulate(r->micro_batches, first, count, &slots);
        r->nodes += r->nodes_of[q].count;
        if (q != r->comm->rank)
            continue;
        r->part.first_micro_batch = first;
        r->part.micro_batches = count;
        r->slots = slots;
    }
    r->foreign = r->nodes - r->nodes_of[r->comm->rank].count;
    r->part.buckets = r->cut.count;
    r->part.own = buckets_before(&r->cut, r->cut.count, r->comm->rank);
}

static void take_memory(lws_reduction *r, lws_arena *arena)
{
    r->bucket = lws_arena_take(arena, (size_t)r->cut.count * sizeof *r->bucket);
    r->value = lws_arena_take(arena, (size_t)r->nodes * sizeof(float *));
    r->slice_count = lws_arena_take(arena, (size_t)r->comm->size * sizeof(int));
    r->slice_start = lws_arena_take(arena, (size_t)r->comm->size * sizeof(int));
    r->slot_used = lws_arena_take(arena, (size_t)r->slots * sizeof *r->slot_used);
    r->slot = lws_arena_take(arena, (size_t)r->slots * r->count * sizeof(float));
    r->received = lws_arena_take(arena, (size_t)r->foreign * r->part.own * sizeof(float));
}

static lws_status allocate(lws_reduction *r, int pause)
{
    lws_arena counting = {0};
    take_memory(r, &counting);
    LWS_TRY(lws_arena_create(&r->arena, counting.used, "the gradient reduction"));
    take_memory(r, &r->arena);
    /* Of a bucket: every rank's parts and parameters to come, this rank's to all others. */
    size_t others = (size_t)r->comm->size - 1, own = (size_t)(r->nodes - r->foreign);
    size_t most = (size_t)r->cut.count * ((size_t)r->foreign + others * (own + 2));
    return messages_create(r->comm, most, others > 0 ? pause : 0, exchange_start_next, r, &r->messages);
}

static lws_status check(const lws_comm *comm, int64_t micro_batches, size_t count)
{
    if (comm->size > micro_batches)
        return lws_fail(LWS_ERR_USAGE,
                        "%d ranks but only %lld micro-batches a step: start at most "
                        "%lld ranks, or set micro-batches to %d or more",
                        comm->size, (long long)micro_batches, (long long)micro_batches, comm->size);
    if (count > INT_MAX)
        return lws_fail(LWS_ERR_USAGE, "a model of %zu parameters is too large: at most %d", count, INT_MAX);
    return LWS_OK;
}

/* On this rank alone. */
static lws_status create(lws_comm *comm, int64_t micro_batches, const lws_reduction_layout *layout, lws_reduction **out)
{
    LWS_TRY(check(comm, micro_batches, layout->count));
    lws_reduction *r = calloc(1, sizeof *r);
    tree_stack *nodes = calloc((size_t)comm->size, sizeof *nodes);
    if (!r || !nodes) {
        free(r);
        free(nodes);
        return lws_fail(LWS_ERR_MEMORY, "out of memory setting up the reduction");
    }
    *r = (lws_reduction){.comm = comm,
                         .count = layout->count,
                         .micro_batches = micro_batches,
                         .nodes_of = nodes,
                         .local.leaves = micro_batches};
    *out = r;
    LWS_TRY(buckets_create(layout, comm->size, &r->cut));
    plan(r);
    r->next_micro_batch = r->part.first_micro_batch;
    return allocate(r, layout->pause);
}

lws_status lws_reduction_create(lws_comm *comm, int64_t micro_batches, const lws_reduction_layout *layout,
                                lws_reduction **out)
{
    lws_reduction *r = NULL;
    *out = NULL;
    LWS_LOGICALLY_COLLECTIVE(comm, micro_batches);
    LWS_LOGICALLY_COLLECTIVE(comm, layout->count);
    LWS_LOGICALLY_COLLECTIVE(comm, layout->block);
    LWS_LOGICALLY_COLLECTIVE(comm, layout->bucket);
    LWS_LOGICALLY_COLLECTIVE(comm, layout->parts);
    lws_status status = lws_comm_agree(comm, create(comm, micro_batches, layout, &r));
    if (status != LWS_OK) {
        lws_reduction_destroy(r);
        return status;
    }
    *out = r;
    return LWS_OK;
}

void lws_reduction_destroy(lws_reduction *r)
{
    if (!r)
        return;
    messages_destroy(r->messages);
    lws_arena_destroy(&r->arena);
    buckets_destroy(&r->cut);
    free(r->nodes_of);
    free(r);
}

const lws_reduction_part *lws_reduction_get_part(const lws_reduction *r)
{
    return &r->part;
}

float *lws_reduction_micro_batch(lws_reduction *r)
{
    if (r->next_micro_batch == r->part.first_micro_batch + r->part.micro_batches) {
        exchange_begin(r);
        fold_begin(r);
        r->next_micro_batch = r->part.first_micro_batch;
    }
    return fold_next(r);
}

void lws_reduction_ready(lws_reduction *r, size_t begin)
{
    bool is_last = r->next_micro_batch + 1 >= r->part.first_micro_batch + r->part.micro_batches;
    if (begin < r->folded)
        fold_down_to(r, begin);
    if (is_last)
        exchange_send(r, begin);
}

void lws_reduction_push(lws_reduction *r)
{
    lws_reduction_ready(r, 0);
    r->next_micro_batch++;
}
