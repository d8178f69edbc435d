/* Beats travel between rank 0 and each other rank, on a communicator of their own. */
#include "pulse.h"

#include "base/clock.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { TAG = 1 };

struct pulse {
    lws_comm *comm;
    MPI_Comm channel; /* of its own: other messages cannot get in between */
    int peers, first; /* whom this rank tells: ranks [first, first + peers) */
    /* [size], by rank: */
    beat *heard, *told;
    double *silent;
    MPI_Request *sending;
};

lws_status pulse_create(lws_comm *comm, pulse **out)
{
    *out = NULL;
    if (comm->size == 1 || !comm_process.allows_thread)
        return LWS_OK;
    size_t size = (size_t)comm->size;
    pulse *p = calloc(1, sizeof *p);
    if (p)
        *p = (pulse){.comm = comm,
                     .channel = MPI_COMM_NULL,
                     .peers = comm->rank == 0 ? comm->size - 1 : 1,
                     .first = comm->rank == 0 ? 1 : 0,
                     .heard = calloc(size, sizeof *p->heard),
                     .told = calloc(size, sizeof *p->told),
                     .silent = calloc(size, sizeof *p->silent),
                     .sending = calloc(size, sizeof *p->sending)};
    *out = p;
    for (size_t r = 0; p && p->sending && r < size; r++)
        p->sending[r] = MPI_REQUEST_NULL;
    if (!p || !p->heard || !p->told || !p->silent || !p->sending)
        return lws_fail(LWS_ERR_MEMORY, "out of memory starting MPI");
    return LWS_OK;
}

void pulse_meet(pulse *p, const beat *mine)
{
    if (!p)
        return;
    pthread_mutex_lock(&comm_process.lock);
    MPI_Comm_dup(p->comm->mpi, &p->channel);
    MPI_Allgather(mine, sizeof *mine, MPI_BYTE, p->heard, sizeof *mine, MPI_BYTE, p->channel);
    pthread_mutex_unlock(&comm_process.lock);
}

/* Nothing is sent to a rank that has not taken in the one before, nor after the last. */
static void tell(pulse *p, const beat *mine)
{
    for (int r = p->first; r < p->first + p->peers; r++) {
        int done = 1;
        MPI_Test(&p->sending[r], &done, MPI_STATUS_IGNORE);
        if (!done || p->told[r].is_last)
            continue;
        p->told[r] = *mine;
        MPI_Isend(&p->told[r], sizeof *mine, MPI_BYTE, r, TAG, p->channel, &p->sending[r]);
    }
}

static void hear(pulse *p)
{
    MPI_Status status;
    int is_there;
    while (MPI_Iprobe(MPI_ANY_SOURCE, TAG, p->channel, &is_there, &status), is_there) {
        int r = status.MPI_SOURCE;
        beat b;
        MPI_Recv(&b, sizeof b, MPI_BYTE, r, TAG, p->channel, MPI_STATUS_IGNORE);
        if (b.is_last)
            p->heard[r].is_last = true; /* what it told before still stands */
        else
            p->heard[r] = b;
        p->silent[r] = 0;
    }
}

/* Whether all peers have been told the last beat, and have told theirs. */
static bool is_over(pulse *p)
{
    bool is_over = true;
    for (int r = p->first; r < p->first + p->peers; r++) {
        int done;
        MPI_Test(&p->sending[r], &done, MPI_STATUS_IGNORE);
        is_over = is_over && done && p->told[r].is_last && p->heard[r].is_last;
    }
    return is_over;
}

static void drain(pulse *p)
{
    const beat last = {.is_last = true};
    for (bool over = false; !over; sched_yield()) {
        pthread_mutex_lock(&comm_process.lock);
        tell(p, &last);
        hear(p);
        over = is_over(p);
        pthread_mutex_unlock(&comm_process.lock);
    }
}

void pulse_destroy(pulse *p)
{
    if (!p)
        return;
    if (p->channel != MPI_COMM_NULL) {
        drain(p);
        pthread_mutex_lock(&comm_process.lock);
        MPI_Comm_free(&p->channel);
        pthread_mutex_unlock(&comm_process.lock);
    }
    free(p->heard);
    free(p->told);
    free(p->silent);
    free(p->sending);
    free(p);
}

/* Whoever waits in comm_wait() gives the lock up again and again, but only for an instant. */
static bool take_lock(pthread_mutex_t *lock, double patience)
{
    const struct timespec pause = {.tv_nsec = 200000};
    double start = lws_now();
    while (pthread_mutex_trylock(lock) != 0) {
        if (lws_now() - start > patience)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

bool pulse_turn(pulse *p, const beat *mine, double passed, double patience)
{
    if (!take_lock(&comm_process.lock, patience))
        return false;
    for (int r = p->first; r < p->first + p->peers; r++)
        p->silent[r] += passed;
    tell(p, mine);
    hear(p);
    pthread_mutex_unlock(&comm_process.lock);
    return true;
}

const beat *pulse_of(const pulse *p, int r, double *silent)
{
    *silent = p->silent[r];
    return &p->heard[r];
}
