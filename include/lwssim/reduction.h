/* The gradient reduction: the same bits for any number of ranks, and a sharded optimizer.
 *
 * A step's micro-batches are the leaves of one fixed binary tree. Rank r computes a contiguous run of leaves, one
 * after the other, and folds them into the largest whole subtrees it holds. The flat array is cut into one
 * segment a rank; every rank sends each owner its subtrees' part, and the owner adds them up the rest of the
 * tree. After the owner has updated its segment of the parameters, the segments are gathered on all ranks.
 *
 * _create, _finish, _share, _collect and _deal are collective. */
#ifndef LWSSIM_REDUCTION_H
#define LWSSIM_REDUCTION_H

#include <lwssim/comm.h>

typedef struct lws_reduction lws_reduction;

typedef struct lws_reduction_part {
    int64_t first_leaf, leaves; /* this rank's run of micro-batches */
    size_t begin, end;          /* this rank's segment of the flat array */
} lws_reduction_part;

/* For arrays of `count` floats and `leaves` micro-batches; segments are cut at multiples of `block`. LWS_ERR_USAGE
 * with more ranks than leaves; LWS_ERR_MEMORY. */
lws_status lws_reduction_create(lws_comm *comm, int64_t leaves, size_t count, size_t block, lws_reduction **out);
void lws_reduction_destroy(lws_reduction *reduction);
const lws_reduction_part *lws_reduction_get_part(const lws_reduction *reduction);

/* The segment [*begin, *end) of any rank. */
void lws_reduction_segment(const lws_reduction *reduction, int rank, size_t *begin, size_t *end);

/* An array [count] for the next leaf of this rank's run, to be overwritten; _push says that it is complete. Once a
 * leaf. What no leaf ever writes is 0. */
float *lws_reduction_leaf(lws_reduction *reduction);
void lws_reduction_push(lws_reduction *reduction);

/* After the last leaf: the sum over all leaves of this rank's segment, [end - begin], owned by the reduction and valid
 * until the next leaf. */
const float *lws_reduction_finish(lws_reduction *reduction);

/* Gathers every owner's segment of `flat` [count] on all ranks, in place. */
void lws_reduction_share(lws_reduction *reduction, float *flat);

/* Joins segments [end - begin] in full [count] on rank 0, and back. `full` is read and written on rank 0 only. */
void lws_reduction_collect(lws_reduction *reduction, const float *segment, float *full);
void lws_reduction_deal(lws_reduction *reduction, const float *full, float *segment);

#endif
