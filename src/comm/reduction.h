/* The gradient reduction: the same bits for any number of ranks, and a sharded optimizer, while gradients are still
 * being computed.
 *
 * A step's micro-batches are the leaves of one fixed binary tree. Rank r computes a contiguous run of leaves, one after
 * the other, and folds them into the largest whole subtrees it holds. The flat array is cut into buckets, and each
 * bucket into one slice a rank, which owns it. As soon as a bucket of a rank's last leaf is complete, every owner is
 * sent the subtrees' part of its slice, and adds them up the rest of the tree. After the owner has updated that slice
 * of the parameters, it is gathered on all ranks. A step:
 *
 *     for every own leaf: _leaf, _ready (any number of times), _push
 *     until it returns false: _arrived, and _share once the slice is updated
 *     before parameters are read: _await
 *
 * _arrived and _share may come between _ready and _ready of the last leaf. Messages move on in every call and while a
 * function of comm.h waits; see `pause` for the time between. All ranks take the same steps, but need not call at
 * the same time: only _collect and _deal are collective. */
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
                          next leaf */
} lws_reduction_slice;

/* LWS_ERR_USAGE with more ranks than leaves or more than 2^31 - 1 floats; LWS_ERR_MEMORY. All ranks give the same. */
lws_status lws_reduction_create(lws_comm *comm, int64_t leaves, const lws_reduction_layout *layout,
                                lws_reduction **out);

/* Waits for the messages in flight, so the array given to _share must still be there, and all ranks must have shared
 * the same slices. NULL is fine. */
void lws_reduction_destroy(lws_reduction *reduction);
const lws_reduction_part *lws_reduction_get_part(const lws_reduction *reduction);

/* The slice of any rank in a bucket; its sum is NULL. Buckets ascend in the flat array, and so do the slices of ranks
 * in a bucket. */
lws_reduction_slice lws_reduction_get_slice(const lws_reduction *reduction, int bucket, int rank);

/* An array [count] for the next leaf of this rank's run, to be overwritten. What no leaf ever writes is 0. */
float *lws_reduction_micro_batch(lws_reduction *reduction);

/* The present leaf is complete from `begin` to its end. */
void lws_reduction_ready(lws_reduction *reduction, size_t begin);

/* The present leaf is complete. Once a leaf. */
void lws_reduction_push(lws_reduction *reduction);

/* The next own slice whose sum over all leaves is there; each once a step. False when there is none: with `wait` only
 * after all were given out. Call it with `wait` only after the last leaf. */
bool lws_reduction_reduce_scatter_next(lws_reduction *reduction, bool wait, lws_reduction_slice *slice);

/* Where a value of this step's sum that is not finite comes from, `at` being its place in the flat array and `slice`
 * the own slice with it: the rank that had such a value, and the run of its leaves that it had added up. -1: it came
 * about in adding the ranks' values. Before the next leaf. */
int lws_reduction_trace(lws_reduction *reduction, const lws_reduction_slice *slice, size_t at, int64_t *first,
                        int64_t *leaves);

/* The own slice of `flat` [count] is up to date: sends it to all ranks and takes theirs of the same bucket, in place.
 * `flat` belongs to the reduction in this bucket until _await says otherwise, the own slice until _arrived next gives
 * it out. Once a bucket and step, on all ranks. */
void lws_reduction_allgather(lws_reduction *reduction, int bucket, float *flat);

/* Waits until flat [0, end) holds what the owners shared last. _is_here: whether it does. */
void lws_reduction_await(lws_reduction *reduction, size_t end);
bool lws_reduction_is_here(lws_reduction *reduction, size_t end);

/* Joins what owners keep [own] in full [count] on rank 0, and back. `full` is read and written on rank 0 only. */
void lws_reduction_gather(lws_reduction *reduction, const float *own, float *full);
void lws_reduction_scatter(lws_reduction *reduction, const float *full, float *own);

#endif
