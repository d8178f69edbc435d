#include <lwssim/reduction.h>

#include "comm_internal.h"
#include "tree.h"

#include <limits.h>
#include <lwssim/arena.h>
#include <lwssim/profile.h>
#include <lwssim/simd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct lws_reduction {
    lws_comm *comm;
    size_t count;
    int64_t leaves;
    lws_reduction_part part;
    /* The cut of the flat array, [size] each. */
    int *segment_count, *segment_start;
    /* Zeros but for one round of the exchange, [size] each. */
    int *send_count, *receive_count, *receive_start;
    tree_stack *nodes_of; /* [size] what each rank is left with after its run */
    int rounds;           /* most nodes any rank is left with */
    int64_t next_leaf;
    tree_stack local;
    int slots;
    bool *slot_used;
    float *slot;     /* [slots, count]; one leaf or subtree each */
    float *received; /* [nodes of all ranks, end - begin] */
    lws_arena arena;
};

static void count_only(void *user, int to, int from)
{
    bool *used = user;
    (void)to;
    used[from] = false;
}

static int free_slot(const bool *used, int slots)
{
    int i = 0;
    while (i < slots && used[i])
        i++;
    return i;
}

/* Folds the run of a rank without any data: what it is left with, and how many slots that takes. */
static tree_stack simulate(int64_t leaves, int64_t first, int64_t count, int *slots)
{
    tree_stack stack = {.leaves = leaves};
    bool used[TREE_NODES] = {false};
    for (int64_t i = first; i < first + count; i++) {
        int slot = free_slot(used, TREE_NODES);
        used[slot] = true;
        if (slot + 1 > *slots)
            *slots = slot + 1;
        tree_push(&stack, (tree_node){0, i, slot}, count_only, used);
    }
    return stack;
}

static void plan(lws_reduction *r, size_t block)
{
    int size = r->comm->size;
    size_t blocks = (r->count + block - 1) / block;
    for (int q = 0; q < size; q++) {
        size_t begin = blocks * (size_t)q / (size_t)size * block;
        size_t end = blocks * (size_t)(q + 1) / (size_t)size * block;
        end = end < r->count ? end : r->count;
        begin = begin < r->count ? begin : r->count;
        r->segment_start[q] = (int)begin;
        r->segment_count[q] = (int)(end - begin);
        int64_t first, count;
        int slots = 0;
        lws_comm_run(r->leaves, size, q, &first, &count);
        r->nodes_of[q] = simulate(r->leaves, first, count, &slots);
        if (r->nodes_of[q].count > r->rounds)
            r->rounds = r->nodes_of[q].count;
        if (q == r->comm->rank) {
            r->part = (lws_reduction_part){first, count, begin, end};
            r->slots = slots;
        }
    }
}

static void take_memory(lws_reduction *r, lws_arena *arena)
{
    size_t segment = r->part.end - r->part.begin, nodes = 0;
    for (int q = 0; q < r->comm->size; q++)
        nodes += (size_t)r->nodes_of[q].count;
    r->slot_used = lws_arena_take(arena, (size_t)r->slots * sizeof *r->slot_used);
    r->slot = lws_arena_take(arena, (size_t)r->slots * r->count * sizeof(float));
    r->received = r->comm->size > 1 ? lws_arena_take(arena, nodes * segment * sizeof(float)) : NULL;
}

lws_status lws_reduction_create(lws_comm *comm, int64_t leaves, size_t count, size_t block, lws_reduction **out)
{
    *out = NULL;
    if (comm->size > leaves)
        return lws_fail(LWS_ERR_USAGE,
                        "%d ranks but only %lld micro-batches a step: start at most "
                        "%lld ranks, or set micro-batches to %d or more",
                        comm->size, (long long)leaves, (long long)leaves, comm->size);
    if (count > INT_MAX)
        return lws_fail(LWS_ERR_USAGE, "a model of %zu parameters is too large: at most %d", count, INT_MAX);
    lws_reduction *r = calloc(1, sizeof *r);
    size_t size = (size_t)comm->size;
    int *tables = calloc(5 * size, sizeof *tables);
    tree_stack *nodes = calloc(size, sizeof *nodes);
    if (!r || !tables || !nodes) {
        free(r);
        free(tables);
        free(nodes);
        return lws_fail(LWS_ERR_MEMORY, "out of memory setting up the reduction");
    }
    *r = (lws_reduction){.comm = comm,
                         .count = count,
                         .leaves = leaves,
                         .nodes_of = nodes,
                         .segment_count = tables,
                         .segment_start = tables + size,
                         .send_count = tables + 2 * size,
                         .receive_count = tables + 3 * size,
                         .receive_start = tables + 4 * size};
    plan(r, block);
    size_t nodes_in_all = 0, largest = 0; /* of any rank, so that all decide alike */
    for (size_t q = 0; q < size; q++) {
        nodes_in_all += (size_t)r->nodes_of[q].count;
        largest = largest > (size_t)r->segment_count[q] ? largest : (size_t)r->segment_count[q];
    }
    if (size > 1 && nodes_in_all * largest > INT_MAX) { /* MPI's displacements */
        lws_reduction_destroy(r);
        return lws_fail(LWS_ERR_USAGE,
                        "%zu parameters in %zu subtrees are too many for one exchange: let the number of ranks divide "
                        "micro-batches evenly",
                        count, nodes_in_all);
    }
    lws_arena counting = {0};
    take_memory(r, &counting);
    lws_status status = lws_arena_create(&r->arena, counting.used, "the gradient reduction");
    if (status != LWS_OK) {
        lws_reduction_destroy(r);
        return status;
    }
    take_memory(r, &r->arena);
    r->next_leaf = r->part.first_leaf;
    r->local.leaves = leaves;
    *out = r;
    return LWS_OK;
}

void lws_reduction_destroy(lws_reduction *r)
{
    if (!r)
        return;
    lws_arena_destroy(&r->arena);
    free(r->segment_count);
    free(r->nodes_of);
    free(r);
}

const lws_reduction_part *lws_reduction_get_part(const lws_reduction *r)
{
    return &r->part;
}

void lws_reduction_segment(const lws_reduction *r, int rank, size_t *begin, size_t *end)
{
    *begin = (size_t)r->segment_start[rank];
    *end = *begin + (size_t)r->segment_count[rank];
}

LWS_CLONES static void add(size_t n, const float *restrict from, float *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void add_slots(void *user, int to, int from)
{
    lws_reduction *r = user;
    add(r->count, r->slot + (size_t)from * r->count, r->slot + (size_t)to * r->count);
    r->slot_used[from] = false;
}

static void start_step(lws_reduction *r)
{
    r->next_leaf = r->part.first_leaf;
    r->local.count = 0;
    memset(r->slot_used, 0, (size_t)r->slots * sizeof *r->slot_used);
}

float *lws_reduction_leaf(lws_reduction *r)
{
    if (r->next_leaf == r->part.first_leaf + r->part.leaves)
        start_step(r);
    return r->slot + (size_t)free_slot(r->slot_used, r->slots) * r->count;
}

void lws_reduction_push(lws_reduction *r)
{
    LWS_PROFILE("fold");
    int slot = free_slot(r->slot_used, r->slots);
    r->slot_used[slot] = true;
    tree_push(&r->local, (tree_node){0, r->next_leaf++, slot}, add_slots, r);
}

static void add_received(void *user, int to, int from)
{
    lws_reduction *r = user;
    size_t n = r->part.end - r->part.begin;
    add(n, r->received + (size_t)from * n, r->received + (size_t)to * n);
}

/* Round k sends the k-th node of every rank that has one: received[slot] in rank order, then node order. */
static void exchange(lws_reduction *r)
{
    int size = r->comm->size, rank = r->comm->rank, segment = r->segment_count[rank];
    for (int k = 0; k < r->rounds; k++) {
        bool sends = k < r->local.count;
        for (int q = 0, before = 0; q < size; before += r->nodes_of[q].count, q++) {
            bool receives = k < r->nodes_of[q].count;
            r->send_count[q] = sends ? r->segment_count[q] : 0;
            r->receive_count[q] = receives ? segment : 0;
            r->receive_start[q] = receives ? (before + k) * segment : 0;
        }
        const float *node = sends ? r->slot + (size_t)r->local.node[k].slot * r->count : r->slot;
        MPI_Alltoallv(node, r->send_count, r->segment_start, MPI_FLOAT, r->received, r->receive_count, r->receive_start,
                      MPI_FLOAT, r->comm->world);
    }
}

const float *lws_reduction_finish(lws_reduction *r)
{
    LWS_PROFILE("reduction exchange");
    if (r->comm->size == 1)
        return r->slot + (size_t)r->local.node[0].slot * r->count;
    exchange(r);
    tree_stack all = {.leaves = r->leaves};
    int slot = 0;
    for (int q = 0; q < r->comm->size; q++) {
        for (int k = 0; k < r->nodes_of[q].count; k++) {
            tree_node node = r->nodes_of[q].node[k];
            node.slot = slot++;
            tree_push(&all, node, add_received, r);
        }
    }
    return r->received + (size_t)all.node[0].slot * (r->part.end - r->part.begin);
}

void lws_reduction_share(lws_reduction *r, float *flat)
{
    LWS_PROFILE("gather of parameters");
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_FLOAT, flat, r->segment_count, r->segment_start, MPI_FLOAT, r->comm->world);
}

void lws_reduction_collect(lws_reduction *r, const float *segment, float *full)
{
    if (r->comm->size == 1) {
        if (full != segment)
            memcpy(full, segment, r->count * sizeof *full);
        return;
    }
    MPI_Gatherv(segment, r->segment_count[r->comm->rank], MPI_FLOAT, full, r->segment_count, r->segment_start,
                MPI_FLOAT, 0, r->comm->world);
}

void lws_reduction_deal(lws_reduction *r, const float *full, float *segment)
{
    if (r->comm->size == 1) {
        if (full != segment)
            memcpy(segment, full, r->count * sizeof *full);
        return;
    }
    MPI_Scatterv(full, r->segment_count, r->segment_start, MPI_FLOAT, segment, r->segment_count[r->comm->rank],
                 MPI_FLOAT, 0, r->comm->world);
}
