#include "comm/reduction.h"

#include "buckets.h"
#include "messages.h"
#include "tree.h"

#include "base/arena.h"
#include "base/profile.h"
#include "base/progress.h"
#include "base/simd.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Buckets of parameters on their way at once: the next is there when one is through, and those that are read first do
 * not share the network with all others. */
enum { WINDOW = 2, TAG = 1024 };

/* How far a bucket is in the present step. Under the lock of the messages. */
typedef struct bucket {
    bool is_ready;             /* this rank's part of the gradient, which is then sent */
    bool is_given_out;         /* the own slice, to the caller */
    bool is_shared, is_sent;   /* the own slice's parameters */
    int parts_left, parts_out; /* messages with gradients, to come and to leave */
    int params_left, params_out;
    float *flat; /* of the latest share */
} bucket;

struct lws_reduction {
    lws_comm *comm;
    messages *messages;
    size_t count;
    int64_t leaves;
    lws_reduction_part part;
    buckets cut;
    bucket *bucket;
    tree_stack *nodes_of;           /* [ranks] what each rank is left with after its run */
    int nodes, foreign;             /* of all ranks, and of all but this one */
    float **value;                  /* [nodes] scratch: where the nodes of a slice are */
    int *piece_count, *piece_start; /* [ranks] scratch */
    int64_t next_micro_batch;
    tree_stack local;
    int pairs, to[TREE_NODES], from[TREE_NODES]; /* slots that the present leaf is the last to be missing for */
    size_t folded;                               /* the present leaf is complete from here on */
    int slots;
    bool *slot_used;
    float *slot;     /* [slots, count]; one leaf or subtree each */
    float *received; /* slices one after the other, each [foreign, slice] */
    lws_arena arena;
};

static void count_only(void *user, int to, int from)
{
    bool *used = user;
    (void)to;
    used[from] = false;
}

/* There always is one: as many are used at once as simulate() found, and no more than TREE_NODES. */
static int free_slot(const bool *used)
{
    int i = 0;
    while (used[i])
        i++;
    return i;
}

/* Folds the run of a rank without any data: what it is left with, and how many slots that takes. */
static tree_stack simulate(int64_t leaves, int64_t first, int64_t count, int *slots)
{
    tree_stack stack = {.leaves = leaves};
    bool used[TREE_NODES] = {false};
    for (int64_t i = first; i < first + count; i++) {
        int slot = free_slot(used);
        used[slot] = true;
        if (slot + 1 > *slots)
            *slots = slot + 1;
        tree_push(&stack, (tree_node){0, i, slot}, count_only, used);
    }
    return stack;
}

static void plan(lws_reduction *r)
{
    for (int q = 0; q < r->comm->size; q++) {
        int64_t first, count;
        int slots = 0;
        lws_comm_run(r->leaves, r->comm->size, q, &first, &count);
        r->nodes_of[q] = simulate(r->leaves, first, count, &slots);
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
    r->piece_count = lws_arena_take(arena, (size_t)r->comm->size * sizeof(int));
    r->piece_start = lws_arena_take(arena, (size_t)r->comm->size * sizeof(int));
    r->slot_used = lws_arena_take(arena, (size_t)r->slots * sizeof *r->slot_used);
    r->slot = lws_arena_take(arena, (size_t)r->slots * r->count * sizeof(float));
    r->received = lws_arena_take(arena, (size_t)r->foreign * r->part.own * sizeof(float));
}

static bool start_next(void *user);

static lws_status allocate(lws_reduction *r, int pause)
{
    lws_arena counting = {0};
    take_memory(r, &counting);
    LWS_TRY(lws_arena_create(&r->arena, counting.used, "the gradient reduction"));
    take_memory(r, &r->arena);
    /* Of a bucket: every rank's parts and parameters to come, this rank's to all others. */
    size_t others = (size_t)r->comm->size - 1, own = (size_t)(r->nodes - r->foreign);
    size_t most = (size_t)r->cut.count * ((size_t)r->foreign + others * (own + 2));
    return messages_create(r->comm, most, others > 0 ? pause : 0, start_next, r, &r->messages);
}

lws_status lws_reduction_create(lws_comm *comm, int64_t leaves, const lws_reduction_layout *layout, lws_reduction **out)
{
    *out = NULL;
    if (comm->size > leaves)
        return lws_fail(LWS_ERR_USAGE,
                        "%d ranks but only %lld micro-batches a step: start at most "
                        "%lld ranks, or set micro-batches to %d or more",
                        comm->size, (long long)leaves, (long long)leaves, comm->size);
    if (layout->count > INT_MAX)
        return lws_fail(LWS_ERR_USAGE, "a model of %zu parameters is too large: at most %d", layout->count, INT_MAX);
    lws_reduction *r = calloc(1, sizeof *r);
    tree_stack *nodes = calloc((size_t)comm->size, sizeof *nodes);
    if (!r || !nodes) {
        free(r);
        free(nodes);
        return lws_fail(LWS_ERR_MEMORY, "out of memory setting up the reduction");
    }
    *r = (lws_reduction){
        .comm = comm, .count = layout->count, .leaves = leaves, .nodes_of = nodes, .local.leaves = leaves};
    lws_status status = buckets_create(layout, comm->size, &r->cut);
    if (status == LWS_OK) {
        plan(r);
        r->next_micro_batch = r->part.first_micro_batch;
        status = allocate(r, layout->pause);
    }
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

lws_reduction_slice lws_reduction_get_slice(const lws_reduction *r, int b, int rank)
{
    lws_reduction_slice slice = {.bucket = b, .at = buckets_before(&r->cut, b, rank)};
    buckets_piece(&r->cut, b, rank, &slice.begin, &slice.end);
    return slice;
}

/* ---- messages: all with the lock held ---------------------------------------------------------------- */

/* Messages of a bucket have tags of their own, so that ranks may send buckets in any order. */
static int tag_of(int b, bool is_params, int node)
{
    return TAG + (2 * b + is_params) * TREE_NODES + node;
}

static float *own_node(lws_reduction *r, int k)
{
    return r->slot + (size_t)r->local.node[k].slot * r->count;
}

static float *received_of(lws_reduction *r, const lws_reduction_slice *slice)
{
    return r->received + (size_t)r->foreign * slice->at;
}

static void send_parts(lws_reduction *r, int b)
{
    for (int i = 1; i < r->comm->size; i++) {
        int q = (r->comm->rank + i) % r->comm->size;
        lws_reduction_slice slice = lws_reduction_get_slice(r, b, q);
        for (int k = 0; k < r->local.count && slice.end > slice.begin; k++)
            messages_send(r->messages, own_node(r, k) + slice.begin, slice.end - slice.begin, q, tag_of(b, false, k),
                          &r->bucket[b].parts_out);
    }
}

static void receive_parts(lws_reduction *r, int b)
{
    lws_reduction_slice slice = lws_reduction_get_slice(r, b, r->comm->rank);
    size_t n = slice.end - slice.begin;
    float *to = received_of(r, &slice);
    for (int q = 0; q < r->comm->size && n > 0; q++)
        for (int k = 0; k < r->nodes_of[q].count && q != r->comm->rank; k++, to += n)
            messages_receive(r->messages, to, n, q, tag_of(b, false, k), &r->bucket[b].parts_left);
}

static void send_params(lws_reduction *r, int b)
{
    lws_reduction_slice slice = lws_reduction_get_slice(r, b, r->comm->rank);
    for (int i = 1; i < r->comm->size && slice.end > slice.begin; i++)
        messages_send(r->messages, r->bucket[b].flat + slice.begin, slice.end - slice.begin,
                      (r->comm->rank + i) % r->comm->size, tag_of(b, true, 0), &r->bucket[b].params_out);
    r->bucket[b].is_sent = true;
}

static void receive_params(lws_reduction *r, int b)
{
    for (int q = 0; q < r->comm->size; q++) {
        lws_reduction_slice slice = lws_reduction_get_slice(r, b, q);
        if (q != r->comm->rank && slice.end > slice.begin)
            messages_receive(r->messages, r->bucket[b].flat + slice.begin, slice.end - slice.begin, q,
                             tag_of(b, true, 0), &r->bucket[b].params_left);
    }
}

/* Parameters leave in the order of their use, once the gradients that are ready are through: nobody goes forward before
 * all gradients have come. What has not left when the next step's gradients do goes before them (send_late()): others
 * wait for it before they send theirs. */
static bool start_next(void *user)
{
    lws_reduction *r = user;
    int on_the_way = 0, waiting = 0;
    bool are_gradients_through = true;
    for (int b = 0; b < r->cut.count; b++) {
        const bucket *at = &r->bucket[b];
        on_the_way += at->params_out > 0;
        waiting += at->is_shared && !at->is_sent;
        are_gradients_through = are_gradients_through && at->parts_left == 0 && at->parts_out == 0;
    }
    if (!are_gradients_through)
        return waiting > 0;
    for (int b = 0; b < r->cut.count && waiting > 0 && on_the_way < WINDOW; b++) {
        if (!r->bucket[b].is_shared || r->bucket[b].is_sent)
            continue;
        send_params(r, b);
        on_the_way += r->bucket[b].params_out > 0;
        waiting--;
    }
    return waiting > 0;
}

/* Before this step's gradients: the parameters of the last one that are still here. */
static void send_late(lws_reduction *r)
{
    if (r->bucket[r->cut.count - 1].is_ready)
        return;
    for (int b = 0; b < r->cut.count; b++)
        if (r->bucket[b].is_shared && !r->bucket[b].is_sent)
            send_params(r, b);
}

/* ---- the step ------------------------------------------------------------------------------------------ */

LWS_VARIANTS(static, void, add, (size_t n, const float *restrict from, float *restrict to), (n, from, to))
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void note_pair(void *user, int to, int from)
{
    lws_reduction *r = user;
    r->to[r->pairs] = to;
    r->from[r->pairs++] = from;
    r->slot_used[from] = false;
}

/* The gradients sent in the last step have left before their memory is written again. */
static void start_step(lws_reduction *r)
{
    for (int b = 0; b < r->cut.count;) {
        bucket *at = &r->bucket[b];
        messages_lock(r->messages);
        if (at->parts_out == 0) {
            at->is_ready = at->is_given_out = false;
            b++;
        }
        messages_unlock(r->messages);
        messages_yield();
    }
    lws_progress();
    r->next_micro_batch = r->part.first_micro_batch;
    r->local.count = 0;
    memset(r->slot_used, 0, (size_t)r->slots * sizeof *r->slot_used);
}

float *lws_reduction_micro_batch(lws_reduction *r)
{
    if (r->next_micro_batch == r->part.first_micro_batch + r->part.micro_batches)
        start_step(r);
    int slot = free_slot(r->slot_used);
    float *leaf = r->slot + (size_t)slot * r->count;
    r->slot_used[slot] = true;
    r->pairs = 0;
    r->folded = r->count;
    tree_push(&r->local, (tree_node){0, r->next_micro_batch, slot}, note_pair, r);
    return leaf;
}

static void fold_down_to(lws_reduction *r, size_t begin)
{
    LWS_PROFILE("fold");
    for (int i = 0; i < r->pairs; i++)
        add(r->folded - begin, r->slot + (size_t)r->from[i] * r->count + begin,
            r->slot + (size_t)r->to[i] * r->count + begin);
    r->folded = begin;
}

void lws_reduction_ready(lws_reduction *r, size_t begin)
{
    if (begin < r->folded)
        fold_down_to(r, begin);
    if (r->next_micro_batch + 1 < r->part.first_micro_batch + r->part.micro_batches)
        return;
    messages_lock(r->messages);
    send_late(r);
    for (int b = r->cut.count - 1; b >= 0 && r->cut.begin[b] >= begin; b--) {
        if (r->bucket[b].is_ready)
            continue;
        r->bucket[b].is_ready = true;
        receive_parts(r, b);
        send_parts(r, b);
    }
    messages_unlock(r->messages);
}

void lws_reduction_push(lws_reduction *r)
{
    lws_reduction_ready(r, 0);
    r->next_micro_batch++;
}

typedef struct sum_of_piece {
    float **value;
    size_t n;
} sum_of_piece;

static void add_values(void *user, int to, int from)
{
    sum_of_piece *sum = user;
    add(sum->n, sum->value[from], sum->value[to]);
}

/* r->value: where the part of an own slice is in each node that ranks are left with, in their order. */
static void place_values(lws_reduction *r, const lws_reduction_slice *slice)
{
    float *received = received_of(r, slice), **value = r->value;
    for (int q = 0; q < r->comm->size; q++) {
        for (int k = 0; k < r->nodes_of[q].count; k++) {
            *value++ = q == r->comm->rank ? own_node(r, k) + slice->begin : received;
            received += q == r->comm->rank ? 0 : slice->end - slice->begin;
        }
    }
}

/* The rest of the tree, over what all ranks are left with. */
static const float *sum_up(lws_reduction *r, const lws_reduction_slice *slice)
{
    LWS_PROFILE("sum over ranks");
    sum_of_piece sum = {r->value, slice->end - slice->begin};
    tree_stack all = {.leaves = r->leaves};
    int slot = 0;
    place_values(r, slice);
    for (int q = 0; q < r->comm->size; q++) {
        for (int k = 0; k < r->nodes_of[q].count; k++, slot++) {
            tree_node node = r->nodes_of[q].node[k];
            node.slot = slot;
            tree_push(&all, node, add_values, &sum);
        }
    }
    return r->value[all.node[0].slot];
}

int lws_reduction_trace(lws_reduction *r, const lws_reduction_slice *slice, size_t at, int64_t *first, int64_t *leaves)
{
    int rank = -1, slot = 0;
    place_values(r, slice);
    for (int q = 0; q < r->comm->size; q++) {
        for (int k = 0; k < r->nodes_of[q].count; k++, slot++) {
            const tree_node *node = &r->nodes_of[q].node[k];
            if (isfinite(r->value[slot][at - slice->begin]))
                continue;
            rank = q; /* the last counts: those before had it added */
            *first = node->index << node->level;
            *leaves = (int64_t)1 << node->level;
        }
    }
    if (rank >= 0 && *first + *leaves > r->leaves)
        *leaves = r->leaves - *first;
    return rank;
}

/* The latest bucket whose gradients are here, and whose parameters of the last step have left and come. */
static int find_arrived(lws_reduction *r, bool *all_given_out)
{
    *all_given_out = true;
    for (int b = r->cut.count - 1; b >= 0; b--) {
        bucket *at = &r->bucket[b];
        *all_given_out = *all_given_out && at->is_given_out;
        bool is_quiet = at->params_left == 0 && at->params_out == 0 && at->is_shared == at->is_sent;
        if (at->is_ready && !at->is_given_out && at->parts_left == 0 && is_quiet) {
            at->is_given_out = true;
            at->is_shared = at->is_sent = false;
            return b;
        }
    }
    return -1;
}

static int look(lws_reduction *r, bool *all_given_out)
{
    messages_lock(r->messages);
    int b = find_arrived(r, all_given_out);
    messages_unlock(r->messages);
    return b;
}

/* Where not all are given out, which none but the caller does. */
static int wait_for_next(lws_reduction *r)
{
    LWS_PROFILE("waiting for the reduction");
    bool all_given_out;
    int b;
    do {
        messages_yield();
        b = look(r, &all_given_out);
    } while (b < 0);
    lws_progress();
    return b;
}

bool lws_reduction_reduce_scatter_next(lws_reduction *r, bool wait, lws_reduction_slice *slice)
{
    bool all_given_out;
    int b = look(r, &all_given_out);
    if (b < 0 && wait && !all_given_out)
        b = wait_for_next(r);
    if (b < 0)
        return false;
    *slice = lws_reduction_get_slice(r, b, r->comm->rank);
    slice->sum = sum_up(r, slice);
    return true;
}

void lws_reduction_allgather(lws_reduction *r, int b, float *flat)
{
    bucket *at = &r->bucket[b];
    messages_lock(r->messages);
    at->flat = flat;
    at->is_shared = true;
    at->is_sent = false;
    receive_params(r, b);
    messages_unlock(r->messages);
}

bool lws_reduction_is_here(lws_reduction *r, size_t end)
{
    bool is_here = true;
    messages_lock(r->messages);
    for (int b = 0; b < r->cut.count && r->cut.begin[b] < end; b++)
        is_here = is_here && r->bucket[b].params_left == 0;
    messages_unlock(r->messages);
    return is_here;
}

void lws_reduction_await(lws_reduction *r, size_t end)
{
    LWS_PROFILE("waiting for parameters");
    while (!lws_reduction_is_here(r, end))
        messages_yield();
    lws_progress();
}

/* ---- what owners keep ------------------------------------------------------------------------------------ */

/* Between rank 0 and the owners, bucket by bucket: counts and places of the slices in one. */
static void cut_bucket(lws_reduction *r, int b)
{
    for (int q = 0; q < r->comm->size; q++) {
        size_t begin, end;
        buckets_piece(&r->cut, b, q, &begin, &end);
        r->piece_count[q] = (int)(end - begin);
        r->piece_start[q] = (int)(begin - r->cut.begin[b]);
    }
}

void lws_reduction_gather(lws_reduction *r, const float *own, float *full)
{
    if (r->comm->size == 1 && full == own)
        return;
    int rank = r->comm->rank;
    pthread_mutex_lock(&r->comm->lock);
    for (int b = 0; b < r->cut.count; b++) {
        MPI_Request request;
        cut_bucket(r, b);
        MPI_Igatherv(own, r->piece_count[rank], MPI_FLOAT, full ? full + r->cut.begin[b] : NULL, r->piece_count,
                     r->piece_start, MPI_FLOAT, 0, r->comm->world, &request);
        comm_wait(r->comm, &request);
        own += r->piece_count[rank];
    }
    pthread_mutex_unlock(&r->comm->lock);
}

void lws_reduction_scatter(lws_reduction *r, const float *full, float *own)
{
    if (r->comm->size == 1 && full == own)
        return;
    int rank = r->comm->rank;
    pthread_mutex_lock(&r->comm->lock);
    for (int b = 0; b < r->cut.count; b++) {
        MPI_Request request;
        cut_bucket(r, b);
        MPI_Iscatterv(full ? full + r->cut.begin[b] : NULL, r->piece_count, r->piece_start, MPI_FLOAT, own,
                      r->piece_count[rank], MPI_FLOAT, 0, r->comm->world, &request);
        comm_wait(r->comm, &request);
        own += r->piece_count[rank];
    }
    pthread_mutex_unlock(&r->comm->lock);
}
