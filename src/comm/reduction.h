/* The gradient reduction: the same bits for any number of ranks, and a sharded optimizer, while gradients are still
 * being computed.
 *
 * A step's micro-batches are the leaves of one fixed binary tree. Rank r computes a contiguous run of micro-batches,
 * one after the other, and folds their gradients into the largest whole subtrees it holds. The flat array is cut into
 * buckets, and each bucket into one slice a rank, which owns it. As soon as a bucket of a rank's last micro-batch is
 * complete, every owner is sent the subtrees' part of its slice, and adds them up the rest of the tree. After the owner
 * has updated that slice of the parameters, it is gathered on all ranks.
 *
 * The protocol of a step, on every rank in this order:
 *
 *  1. for each of its micro-batches: _micro_batch() gives the array for the gradient; _ready(), any number of times,
 *     says from where on it is complete; _push() ends it;
 *  2. _reduce_scatter_next() until it returns false: each time it gives the sum over all micro-batches of one own
 *     slice. The caller updates the parameters of the slice and hands its bucket to _allgather();
 *  3. _await() before parameters are read, or _is_here() to ask.
 *
 * 2 may begin between two calls of _ready() for the last micro-batch, and 3 may come as late as in the next step's
 * forward pass. Messages move on in every call and while a function of comm.h waits; see `pause` for the time between.
 * All ranks take the same steps but need not call at the same time, so that what follows is not collective but where it
 * says so. One thread at a time; the words on collectivity and errors are those of comm.h. */
#ifndef LWSSIM_REDUCTION_H
#define LWSSIM_REDUCTION_H

#include "comm/comm.h"

#include <stdbool.h>

typedef struct lws_reduction lws_reduction;

typedef struct lws_reduction_layout {
    size_t count;  /* floats of the array */
    size_t block;  /* slices begin at multiples of it */
    size_t bucket; /* floats of a bucket, about; 0: 4 MB, and more for long arrays and many ranks */
    int parts; /* where the parts of the array begin that are complete at once (layers): buckets had best end there */
    const size_t *starts; /* [parts] ascending */
    int pause; /* microseconds between two looks of a thread that moves messages while the caller computes; 0: none */
} lws_reduction_layout;

typedef struct lws_reduction_part {
    int64_t first_micro_batch, micro_batches; /* this rank's run of micro-batches */
    int buckets;                              /* the same on all ranks */
    size_t own;                               /* floats of all slices this rank owns */
} lws_reduction_part;

typedef struct lws_reduction_slice {
    int bucket;
    size_t begin, end; /* in the flat array; may be empty */
    size_t at;         /* in arrays of what the owner keeps of its slices, [own] */
    const float *sum;  /* [end - begin], of lws_reduction_reduce_scatter_next(): owned by the reduction, valid until the
                          next micro-batch */
} lws_reduction_slice;

/* For steps of `micro_batches`, with the same arguments on all ranks, but for `pause`. Errors are agreed: LWS_ERR_USAGE
 * with more ranks than micro-batches or more than 2^31 - 1 floats, LWS_ERR_MEMORY where a rank has too little. The
 * communicator must outlive the reduction. Collective. */
lws_status lws_reduction_create(lws_comm *comm, int64_t micro_batches, const lws_reduction_layout *layout,
                                lws_reduction **out);

/* Waits for the messages in flight, so the array given to _allgather() must still be there, and all ranks must have
 * handed over the same buckets. NULL is fine. Collective. */
void lws_reduction_destroy(lws_reduction *reduction);

/* This rank's part, owned by the reduction. Not collective. */
const lws_reduction_part *lws_reduction_get_part(const lws_reduction *reduction);

/* The slice of any rank in a bucket; its sum is NULL. Buckets ascend in the flat array, and so do the slices of ranks
 * in a bucket. Not collective. */
lws_reduction_slice lws_reduction_get_slice(const lws_reduction *reduction, int bucket, int rank);

/* An array [count] for the gradient of the next micro-batch of this rank's run, to be overwritten. What no micro-batch
 * ever writes is 0. With the first of a step it waits until the last step's gradients have left. Not collective. */
float *lws_reduction_micro_batch(lws_reduction *reduction);

/* The present micro-batch's gradient is complete from `begin` to its end. Not collective. */
void lws_reduction_ready(lws_reduction *reduction, size_t begin);

/* All of it is complete. Once a micro-batch. Not collective. */
void lws_reduction_push(lws_reduction *reduction);

/* The next own slice whose sum over all micro-batches is there; each once a step. False when there is none: with `wait`
 * only after all were given out. Call it with `wait` only after the last micro-batch. Not collective. */
bool lws_reduction_reduce_scatter_next(lws_reduction *reduction, bool wait, lws_reduction_slice *slice);

/* Where a value of this step's sum that is not finite comes from, `at` being its place in the flat array and `slice`
 * the own slice with it: the rank that had such a value, and the run of its micro-batches that it had added up. -1: it
 * came about in adding the ranks' values. Before the next micro-batch. Not collective. */
int lws_reduction_trace(lws_reduction *reduction, const lws_reduction_slice *slice, size_t at, int64_t *first,
                        int64_t *micro_batches);

/* The own slice of `flat` [count] is up to date: sends it to all ranks and takes theirs of the same bucket, in place.
 * `flat` belongs to the reduction in this bucket until _await() says otherwise, the own slice until
 * _reduce_scatter_next() gives it out again. Once a bucket and step, on all ranks, in any order. Not collective. */
void lws_reduction_allgather(lws_reduction *reduction, int bucket, float *flat);

/* Waits until flat [0, end) holds what the owners last handed to _allgather(). _is_here: whether it does. Not
 * collective. */
void lws_reduction_await(lws_reduction *reduction, size_t end);
bool lws_reduction_is_here(lws_reduction *reduction, size_t end);

/* Joins what owners keep [own] in full [count] on rank 0, and back. `full` is read and written on rank 0 only.
 * Between steps. Collective. */
void lws_reduction_gather(lws_reduction *reduction, const float *own, float *full);
void lws_reduction_scatter(lws_reduction *reduction, const float *full, float *own);

#endif
