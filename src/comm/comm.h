/* The processes of a job. The only code that includes mpi.h stands behind this header and reduction.h.
 *
 * Three words say who calls a function:
 *
 *   "Collective."           all ranks of the communicator, in the same order of calls; it may wait for the others.
 *   "Logically collective." all ranks, with equal arguments; it promises no communication.
 *   "Not collective."       any rank, whatever the others do.
 *
 * Where a collective function says that an argument is the same on all ranks, builds with
 * LWS_CHECK_COLLECTIVE compare it (collective.h).
 *
 * Two words say whose an error is:
 *
 *   "agreed" all ranks return the same status with the same message, and rank 0 speaks for them: errors of collective
 *            functions are, unless their comment says otherwise.
 *   "lone"   this rank alone has it. Before the next collective call it is made an agreed one by lws_comm_agree();
 *            where the others do not come to that, this rank speaks and ends the job, as the watchdog does.
 *
 * LWS_ERR_RANKS is the agreed error of ranks that hold different things. MPI's own errors are fatal to the job.
 * Functions are called by one thread at a time for each communicator; different communicators may be used by different
 * threads. */
#ifndef LWSSIM_COMM_H
#define LWSSIM_COMM_H

#include <lwssim/status.h>

#include <stddef.h>
#include <stdint.h>

typedef struct lws_comm lws_comm;
struct lws_context;

/* Starts MPI; works without mpirun as a job of one. From now on rank 0 alone speaks in the log. Once a process, by its
 * first thread. LWS_ERR_MEMORY where a process has too little; LWS_ERR_USAGE where the launcher has started processes
 * that cannot find each other. Over all processes of the job: Collective. */
lws_status lws_comm_start(lws_comm **out);

/* Ends MPI, once all parts are destroyed. NULL is fine. Collective. */
void lws_comm_end(lws_comm *comm);

/* The ranks with the same `color`, in order of `key` and then of their ranks, become a communicator of their own, as by
 * MPI_Comm_split(); a rank with a color below 0 belongs to none and gets NULL. Its messages, its watchdog and who
 * speaks for it (see lws_comm_enter()) have nothing to do with those of `comm` or of other parts, so trainings on parts
 * go on side by side, as they would alone. In one thread of a process at a time, and where a process is in several
 * communicators that are cut, in the same order on all ranks. LWS_ERR_MEMORY. Collective. */
lws_status lws_comm_split(lws_comm *comm, int color, int key, lws_comm **out);

/* Destroys a part. NULL is fine. Collective. */
void lws_comm_destroy(lws_comm *comm);

/* The calling thread works for this communicator from now on: log lines are printed where it is rank 0, phases,
 * progress and lws_watchdog_set() are the communicator's. Returns what it worked for before, to be given to
 * lws_context_enter() in the end. lws_train() does so itself. Not collective. */
struct lws_context *lws_comm_enter(const lws_comm *comm);

/* Not collective. */
int lws_comm_rank(const lws_comm *comm);
int lws_comm_size(const lws_comm *comm);
const char *lws_comm_host(const lws_comm *comm);

/* Machines that the ranks run on. Not collective. */
int lws_comm_nodes(const lws_comm *comm);

/* The node of a rank: the cores that ranks of this job may run on, how many of those the launcher leaves unused by
 * binding ranks, and the ranks; of the whole job, also for a part of it. */
typedef struct lws_comm_node {
    int cores, unused, ranks;
} lws_comm_node;

/* Threads for this rank, by lws_threads_choose(): `wanted`, or OMP_NUM_THREADS, or as many as do not take another
 * rank's cores or quota. Not collective. */
int lws_comm_threads(const lws_comm *comm, int wanted, lws_comm_node *node);

/* Warns where so many threads a rank are more than the cores of the node. Not collective. */
void lws_comm_warn_crowded(const lws_comm_node *node, int threads);

/* All ranks leave with the same status: that of the lowest rank that failed, with its message (naming the rank and its
 * host where not all failed). LWS_OK when nobody did. Collective. */
lws_status lws_comm_agree(lws_comm *comm, lws_status status);

/* Do all ranks hold the same text, lines such as "lr = 0.001"? LWS_OK where they do. Else LWS_ERR_RANKS, with a message
 * that names the first rank that differs from rank 0, its host, the first line that differs on both, and `advice`,
 * which completes "…: " with what to do. LWS_ERR_MEMORY. Collective. */
lws_status lws_comm_compare(lws_comm *comm, const char *text, const char *advice);

/* The same of a text of printf style; what is beyond 2 kB is cut off. Collective. */
lws_status lws_comm_compare_line(lws_comm *comm, const char *advice, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Collective. */
void lws_comm_barrier(lws_comm *comm);

/* The same for a wait that may take hours, as long as the others work: it looks from time to time, and leaves its
 * core to them. Each time it calls look(user), which does not communicate; NULL: nothing. Collective. */
void lws_comm_barrier_at_rest(lws_comm *comm, void (*look)(void *user), void *user);

/* From rank 0; bytes are the same on all. Collective. */
void lws_comm_broadcast(lws_comm *comm, void *data, size_t bytes);

/* Joins every rank's `bytes` bytes, in rank order, in `all` on every rank; bytes_of [size] says how many each gives
 * and is the same on all. Collective. */
void lws_comm_allgather(lws_comm *comm, const void *mine, const size_t *bytes_of, void *all);

/* The same for lengths known only to their owners: *all is malloc()ed, bytes_of [size] is filled in. With root_only,
 * the same on all, only rank 0 receives (*all is NULL elsewhere). LWS_ERR_MEMORY. Collective. */
lws_status lws_comm_gatherv(lws_comm *comm, const void *mine, size_t bytes, int root_only, char **all,
                            size_t *bytes_of);

/* The part [*first, *first + *count) of `total` things that belongs to rank `rank` of `size`: contiguous runs in rank
 * order whose lengths differ by at most one. Not collective. */
void lws_comm_run(int64_t total, int size, int rank, int64_t *first, int64_t *count);

#endif
