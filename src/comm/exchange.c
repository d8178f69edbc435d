/* The exchange: this rank's subtrees to the owners of their slices, the rest of the tree there, and the parameters back
 * to all ranks. */
#include "reduction_internal.h"

#include "base/profile.h"
#include "base/progress.h"

#include <math.h>

/* Buckets of parameters on their way at once: the next is there when one is through, and those that are read first do
 * not share the network with all others. */
enum { WINDOW = 2, TAG = 1024 };

/* ---- messages: all with the lock held ---------------------------------------------------------------- */

/* Messages of a bucket have tags of their own, so that ranks may send buckets in any order. */
static int tag_of(int b, bool is_params, int node)
{
    return TAG + (2 * b + is_params) * TREE_NODES + node;
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
            messages_send(r->messages, reduction_own_node(r, k) + slice.begin, slice.end - slice.begin, q,
                          tag_of(b, false, k), &r->bucket[b].parts_out);
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
bool exchange_start_next(void *reduction)
{
    lws_reduction *r = reduction;
    int on_the_way = 0, waiting = 0;
    bool are_gradients_through = true;
    for (int b = 0; b < r->cut.count; b++) {
        const bucket *at = &r->bucket[b];
        on_the_way += at->params_out > 0;
        waiting += at->is_updated && !at->is_sent;
        are_gradients_through = are_gradients_through && at->parts_left == 0 && at->parts_out == 0;
    }
    if (!are_gradients_through)
        return waiting > 0;
    for (int b = 0; b < r->cut.count && waiting > 0 && on_the_way < WINDOW; b++) {
        if (!r->bucket[b].is_updated || r->bucket[b].is_sent)
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
        if (r->bucket[b].is_updated && !r->bucket[b].is_sent)
            send_params(r, b);
}

/* ---- the step's gradients ------------------------------------------------------------------------------ */

/* Before their memory is written again. */
void exchange_begin(lws_reduction *r)
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
}

void exchange_send(lws_reduction *r, size_t begin)
{
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

typedef struct slice_sum {
    float **value;
    size_t n;
} slice_sum;

static void add_values(void *user, int to, int from)
{
    slice_sum *sum = user;
    reduction_add(sum->n, sum->value[from], sum->value[to]);
}

/* r->value: where the part of an own slice is in each node that ranks are left with, in their order. */
static void place_values(lws_reduction *r, const lws_reduction_slice *slice)
{
    float *received = received_of(r, slice), **value = r->value;
    for (int q = 0; q < r->comm->size; q++) {
        for (int k = 0; k < r->nodes_of[q].count; k++) {
            *value++ = q == r->comm->rank ? reduction_own_node(r, k) + slice->begin : received;
            received += q == r->comm->rank ? 0 : slice->end - slice->begin;
        }
    }
}

/* The rest of the tree, over what all ranks are left with. */
static const float *sum_up(lws_reduction *r, const lws_reduction_slice *slice)
{
    LWS_PROFILE("sum over ranks");
    slice_sum sum = {r->value, slice->end - slice->begin};
    tree_stack all = {.leaves = r->micro_batches};
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

int lws_reduction_trace(lws_reduction *r, const lws_reduction_slice *slice, size_t at, int64_t *first,
                        int64_t *micro_batches)
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
            *micro_batches = (int64_t)1 << node->level;
        }
    }
    if (rank >= 0 && *first + *micro_batches > r->micro_batches)
        *micro_batches = r->micro_batches - *first;
    return rank;
}

/* The latest bucket whose gradients are here, and whose parameters of the last step have left and come. */
static int find_arrived(lws_reduction *r, bool *all_given_out)
{
    *all_given_out = true;
    for (int b = r->cut.count - 1; b >= 0; b--) {
        bucket *at = &r->bucket[b];
        *all_given_out = *all_given_out && at->is_given_out;
        bool is_quiet = at->params_left == 0 && at->params_out == 0 && at->is_updated == at->is_sent;
        if (at->is_ready && !at->is_given_out && at->parts_left == 0 && is_quiet) {
            at->is_given_out = true;
            at->is_updated = at->is_sent = false;
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
    at->is_updated = true;
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
