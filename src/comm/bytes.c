/* Bytes to all ranks: barrier, broadcast and gather, in chunks that MPI can count. */
#include "comm_internal.h"

#include "base/progress.h"

#include <string.h>
#include <time.h>

void lws_comm_barrier(lws_comm *comm)
{
    COMPLETE(MPI_Ibarrier(comm->mpi, &request));
}

void lws_comm_barrier_at_rest(lws_comm *comm, void (*look)(void *user), void *user)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    MPI_Request request;
    pthread_mutex_lock(&comm_process.lock);
    MPI_Ibarrier(comm->mpi, &request);
    for (int done = 0; MPI_Test(&request, &done, MPI_STATUS_IGNORE), !done;) {
        lws_progress_wait();
        pthread_mutex_unlock(&comm_process.lock);
        if (look)
            look(user);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&comm_process.lock);
    }
    pthread_mutex_unlock(&comm_process.lock);
    lws_progress();
}

size_t comm_chunk = (size_t)1 << 30;

void comm_broadcast(lws_comm *comm, void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += comm_chunk) {
        size_t left = bytes - at;
        int n = (int)(left < comm_chunk ? left : comm_chunk);
        COMPLETE(MPI_Ibcast((char *)data + at, n, MPI_BYTE, 0, comm->mpi, &request));
    }
}

void comm_allgather(lws_comm *comm, const void *mine, const size_t *bytes_of, void *all)
{
    size_t at = 0;
    for (int r = 0; r < comm->size; r++) {
        if (r == comm->rank && bytes_of[r] > 0)
            memcpy((char *)all + at, mine, bytes_of[r]);
        at += bytes_of[r];
    }
    if (at < comm_chunk) {
        for (int r = 0, sum = 0; r < comm->size; r++) {
            comm->counts[r] = (int)bytes_of[r];
            comm->starts[r] = sum;
            sum += comm->counts[r];
        }
        COMPLETE(
            MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_BYTE, all, comm->counts, comm->starts, MPI_BYTE, comm->mpi, &request));
        return;
    }
    at = 0;
    for (int r = 0; r < comm->size; r++) {
        for (size_t done = 0; done < bytes_of[r]; done += comm_chunk) {
            size_t left = bytes_of[r] - done;
            int n = (int)(left < comm_chunk ? left : comm_chunk);
            COMPLETE(MPI_Ibcast((char *)all + at + done, n, MPI_BYTE, r, comm->mpi, &request));
        }
        at += bytes_of[r];
    }
}
