/* What the files of the reduction share: private to this folder.
 *
 * reduction_setup.c sets it up and holds the steps' entry points; fold.c adds up a rank's own subtrees; exchange.c
 * sends their parts to the owners, finishes the tree there and gathers the parameters; slices.c says where slices are,
 * and gathers and scatters what owners keep of them. */
#ifndef LWS_REDUCTION_INTERNAL_H
#define LWS_REDUCTION_INTERNAL_H

#include "buckets.h"
#include "messages.h"
#include "tree.h"

#include "base/arena.h"
#include "comm/reduction.h"

/* How far a bucket is in the present step. Under the lock of the messages. */
typedef struct bucket {
    bool is_ready;             /* this rank's part of the gradient, which is then sent */
    bool is_given_out;         /* the own slice, to the caller */
    bool is_updated, is_sent;  /* the own slice's parameters: by the caller, to all ranks */
    int parts_left, parts_out; /* messages with gradients, to come and to leave */
    int params_left, params_out;
    float *flat; /* of the latest allgather */
} bucket;

struct lws_reduction {
    lws_comm *comm;
    messages *messages;
    size_t count;
    int64_t micro_batches; /* a step: the leaves of the tree */
    lws_reduction_part part;
    buckets cut;
    bucket *bucket;
    tree_stack *nodes_of;           /* [ranks] what each rank is left with after its run */
    int nodes, foreign;             /* of all ranks, and of all but this one */
    float **value;                  /* [nodes] scratch: where the nodes of a slice are */
    int *slice_count, *slice_start; /* [ranks] scratch */
    int64_t next_micro_batch;
    tree_stack local;
    int pairs, to[TREE_NODES], from[TREE_NODES]; /* slots that the present micro-batch is the last to be missing for */
    size_t folded;                               /* the present micro-batch is complete from here on */
    int slots;
    bool *slot_used;
    float *slot;     /* [slots, count]; one micro-batch or subtree each */
    float *received; /* slices one after the other, each [foreign, slice] */
    lws_arena arena;
};

/* Where the k-th subtree that this rank is left with stands: [count]. Not collective. */
static inline float *reduction_own_node(const lws_reduction *r, int k)
{
    return r->slot + (size_t)r->local.node[k].slot * r->count;
}

/* to[i] += from[i]. */
void reduction_add(size_t n, const float *restrict from, float *restrict to);

/* fold.c: the run of a rank without any data: what it is left with, and how many slots that takes, at least *slots. */
tree_stack fold_simulate(int64_t micro_batches, int64_t first, int64_t count, int *slots);

/* fold.c: _begin: all slots are free again. _next: an array for the next micro-batch, and its place in the tree.
 * _down_to: the present micro-batch is complete from `begin` on. Not collective. */
void fold_begin(lws_reduction *r);
float *fold_next(lws_reduction *r);
void fold_down_to(lws_reduction *r, size_t begin);

/* exchange.c: _begin: waits until the gradients of the last step have left. _send: the buckets from `begin` on, of
 * which this rank's part is ready, leave for their owners. _start_next, which the messages call: what may leave now.
 * Not collective. */
void exchange_begin(lws_reduction *r);
void exchange_send(lws_reduction *r, size_t begin);
bool exchange_start_next(void *reduction);

#endif
