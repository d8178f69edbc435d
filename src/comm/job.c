/* MPI's start and end, communicators and parts of them. */
#include "comm_internal.h"

#include "launch.h"
#include "watchdog_internal.h"

#include "base/log.h"
#include "base/progress.h"

#include <stdlib.h>

/* What follows from comm->mpi, with the lock held. *p is the watchdog's. */
static lws_status fill(lws_comm *comm, pulse **p)
{
    int length;
    MPI_Comm_rank(comm->mpi, &comm->rank);
    MPI_Comm_size(comm->mpi, &comm->size);
    MPI_Get_processor_name(comm->host, &length);
    comm->nodes = comm_count_nodes(comm->mpi);
    comm->counts = calloc(2 * (size_t)comm->size, sizeof *comm->counts);
    comm->starts = comm->counts ? comm->counts + comm->size : NULL;
    if (!comm->counts)
        return lws_fail(LWS_ERR_MEMORY, "out of memory starting MPI");
    return pulse_create(comm, p);
}

/* Of one that nobody watches any more. */
static void release(lws_comm *comm, pulse *p)
{
    pulse_destroy(p);
    if (comm->mpi != MPI_COMM_NULL) {
        pthread_mutex_lock(&comm_process.lock);
        MPI_Comm_free(&comm->mpi);
        pthread_mutex_unlock(&comm_process.lock);
    }
    free(comm->counts);
    free(comm);
}

lws_status lws_comm_start(lws_comm **out)
{
    pulse *p = NULL;
    int provided;
    *out = NULL;
    lws_comm *comm = calloc(1, sizeof *comm);
    if (!comm)
        return lws_fail(LWS_ERR_MEMORY, "out of memory starting MPI");
    lws_status status = launch_prepare();
    if (status != LWS_OK) {
        free(comm);
        return status;
    }
    lws_watchdog_phase("start of MPI", -1);
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
    lws_progress();
    comm_process.allows_thread = provided >= MPI_THREAD_SERIALIZED;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm->mpi);
    comm->machine = comm_find_machine();
    comm->context = lws_context_own();
    status = fill(comm, &p);
    lws_log_set_root(comm->rank == 0);
    if (launch_check(comm->size) != LWS_OK)
        status = LWS_ERR_USAGE;
    lws_watchdog_phase("setup", -1);
    status = lws_comm_agree(comm, status);
    if (status != LWS_OK) {
        release(comm, p);
        MPI_Finalize();
        return status;
    }
    watchdog_connect(comm, p);
    *out = comm;
    return LWS_OK;
}

void lws_comm_end(lws_comm *comm)
{
    if (!comm)
        return;
    lws_comm_destroy(comm);
    lws_watchdog_phase("end of MPI", -1);
    MPI_Finalize();
}

/* The calls of MPI that have no form that does not wait hold the lock while they do. So all ranks of `comm` are here
 * first, and wait no longer for each other than such calls take. */
static lws_status cut_part(lws_comm *comm, int color, int key, lws_comm *part, pulse **p)
{
    lws_status status = LWS_OK;
    lws_comm_barrier(comm);
    pthread_mutex_lock(&comm_process.lock);
    MPI_Comm_split(comm->mpi, color < 0 ? MPI_UNDEFINED : color, key, &part->mpi);
    if (part->mpi != MPI_COMM_NULL)
        status = fill(part, p);
    pthread_mutex_unlock(&comm_process.lock);
    return lws_comm_agree(comm, status);
}

lws_status lws_comm_split(lws_comm *comm, int color, int key, lws_comm **out)
{
    pulse *p = NULL;
    *out = NULL;
    lws_comm *part = calloc(1, sizeof *part);
    lws_status status = part ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for a part of the ranks");
    if (part)
        part->mpi = MPI_COMM_NULL;
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK)
        status = cut_part(comm, color, key, part, &p);
    if (status != LWS_OK || part->mpi == MPI_COMM_NULL) {
        if (part)
            release(part, p);
        return status;
    }
    part->machine = comm->machine;
    part->context = &part->part_context;
    lws_context_init(part->context, comm->context, part->rank == 0);
    watchdog_connect(part, p);
    *out = part;
    return LWS_OK;
}

void lws_comm_destroy(lws_comm *comm)
{
    if (!comm)
        return;
    lws_comm_barrier(comm); /* still watched: others may have much to do before they come here */
    release(comm, watchdog_disconnect(comm));
}

lws_context *lws_comm_enter(const lws_comm *comm)
{
    return lws_context_enter(comm->context);
}

int lws_comm_rank(const lws_comm *comm)
{
    return comm->rank;
}

int lws_comm_size(const lws_comm *comm)
{
    return comm->size;
}

const char *lws_comm_host(const lws_comm *comm)
{
    return comm->host;
}
