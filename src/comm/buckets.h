/* How a flat array is cut for the exchange: private to this folder, and free of MPI.
 *
 * The array is cut into buckets, each the unit that travels at once; each bucket is cut into one slice a rank, owned by
 * it. An owner keeps what it has of its slices (the optimizer's moments) one after the other, in order of buckets. */
#ifndef LWS_BUCKETS_H
#define LWS_BUCKETS_H

#include "comm/reduction.h"

typedef struct buckets {
    int count, ranks;
    size_t block;
    size_t *begin; /* [count + 1] of the flat array, ascending; the last is its length */
} buckets;

/* Cuts at `starts`, rounded up to whole blocks, joining parts that are much smaller than a bucket and cutting those
 * that are much larger. LWS_ERR_MEMORY. */
lws_status buckets_create(const lws_reduction_layout *layout, int ranks, buckets *out);
void buckets_destroy(buckets *all);

/* The slice [*begin, *end) of a rank in a bucket: perhaps none of it. */
void buckets_slice(const buckets *all, int bucket, int rank, size_t *begin, size_t *end);

/* Floats in all slices of a rank in buckets before `bucket`. */
size_t buckets_before(const buckets *all, int bucket, int rank);

#endif
