/* The slices of ranks: where they are, and what owners keep of them from step to step, as an optimizer's moments,
 * joined on rank 0, and back. */
#include "reduction_internal.h"

lws_reduction_slice lws_reduction_get_slice(const lws_reduction *r, int b, int rank)
{
    lws_reduction_slice slice = {.bucket = b, .at = buckets_before(&r->cut, b, rank)};
    buckets_slice(&r->cut, b, rank, &slice.begin, &slice.end);
    return slice;
}

/* Between rank 0 and the owners, bucket by bucket: counts and places of the slices in one. */
static void cut_bucket(lws_reduction *r, int b)
{
    for (int q = 0; q < r->comm->size; q++) {
        size_t begin, end;
        buckets_slice(&r->cut, b, q, &begin, &end);
        r->slice_count[q] = (int)(end - begin);
        r->slice_start[q] = (int)(begin - r->cut.begin[b]);
    }
}

void lws_reduction_gather(lws_reduction *r, const float *own, float *full)
{
    if (r->comm->size == 1 && full == own)
        return;
    int rank = r->comm->rank;
    pthread_mutex_lock(&comm_process.lock);
    for (int b = 0; b < r->cut.count; b++) {
        MPI_Request request;
        cut_bucket(r, b);
        MPI_Igatherv(own, r->slice_count[rank], MPI_FLOAT, full ? full + r->cut.begin[b] : NULL, r->slice_count,
                     r->slice_start, MPI_FLOAT, 0, r->comm->mpi, &request);
        comm_wait(&request);
        own += r->slice_count[rank];
    }
    pthread_mutex_unlock(&comm_process.lock);
}

void lws_reduction_scatter(lws_reduction *r, const float *full, float *own)
{
    if (r->comm->size == 1 && full == own)
        return;
    int rank = r->comm->rank;
    pthread_mutex_lock(&comm_process.lock);
    for (int b = 0; b < r->cut.count; b++) {
        MPI_Request request;
        cut_bucket(r, b);
        MPI_Iscatterv(full ? full + r->cut.begin[b] : NULL, r->slice_count, r->slice_start, MPI_FLOAT, own,
                      r->slice_count[rank], MPI_FLOAT, 0, r->comm->mpi, &request);
        comm_wait(&request);
        own += r->slice_count[rank];
    }
    pthread_mutex_unlock(&comm_process.lock);
}
