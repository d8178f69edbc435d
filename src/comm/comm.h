/* The processes of a job. The only code that includes mpi.h stands behind this header and reduction.h.
 *
 * Functions marked "all ranks" are collective: every rank calls them, in the same order. MPI's own errors are
 * fatal to the job. */
#ifndef LWSSIM_COMM_H
#define LWSSIM_COMM_H

#include <lwssim/status.h>

#include <stddef.h>
#include <stdint.h>

typedef struct lws_comm lws_comm;

/* Starts MPI (one thread at a time calls it, see comm_internal.h); works without mpirun as a job of one. Rank 0 becomes
 * the voice of the log. Once a process, all ranks. LWS_ERR_MEMORY on all ranks where one has too little; LWS_ERR_USAGE
 * where the launcher has started processes that cannot find each other. */
lws_status lws_comm_start(lws_comm **out);

/* Ends MPI. All ranks. NULL is fine. */
void lws_comm_end(lws_comm *comm);

int lws_comm_rank(const lws_comm *comm);
int lws_comm_size(const lws_comm *comm);
int lws_comm_nodes(const lws_comm *comm); /* machines the ranks run on */
const char *lws_comm_host(const lws_comm *comm);

/* The node of a rank: the cores that ranks of this job may run on, how many of those the launcher leaves unused by
 * binding ranks, and the ranks. */
typedef struct lws_comm_node {
    int cores, unused, ranks;
} lws_comm_node;

/* Threads for this rank, by lws_threads_choose(): `wanted`, or OMP_NUM_THREADS, or as many as do not take another
 * rank's cores or quota. All ranks, though `wanted` may differ. */
int lws_comm_threads(lws_comm *comm, int wanted, lws_comm_node *node);

/* All ranks leave with the same status: that of the lowest rank that failed, with its message (naming the rank and its
 * host where not all failed). LWS_OK when nobody did. All ranks. */
lws_status lws_comm_agree(lws_comm *comm, lws_status status);

/* Do all ranks hold the same text, lines such as "lr = 0.001"? LWS_OK where they do. Else LWS_ERR_MISMATCH on all, with
 * the same message: the first rank that differs from rank 0, its host, the first line that differs on both, and
 * `advice`, which completes "…: " with what to do. LWS_ERR_MEMORY. All ranks. */
lws_status lws_comm_compare(lws_comm *comm, const char *text, const char *advice);

void lws_comm_barrier(lws_comm *comm);
void lws_comm_broadcast(lws_comm *comm, void *data, size_t bytes); /* from rank 0 */

/* Joins every rank's `bytes` bytes, in rank order, in `all` on every rank; bytes_of [size] says how many each gives
 * and must be the same on all. All ranks. */
void lws_comm_allgather(lws_comm *comm, const void *mine, const size_t *bytes_of, void *all);

/* The same for lengths known only to their owners: *all is malloc()ed, bytes_of [size] is filled in. With root_only
 * only rank 0 receives (*all is NULL elsewhere). All ranks; LWS_ERR_MEMORY on all. */
lws_status lws_comm_gatherv(lws_comm *comm, const void *mine, size_t bytes, int root_only, char **all,
                            size_t *bytes_of);

/* The part [*first, *first + *count) of `total` things that belongs to rank `rank` of `size`: contiguous runs in rank
 * order whose lengths differ by at most one. */
void lws_comm_run(int64_t total, int size, int rank, int64_t *first, int64_t *count);

#endif
