#include "pulse.h"

#include "base/clock.h"

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
    if (comm->size == 1 || !comm->allows_thread)
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
    MPI_Comm_dup(p->comm->world, &p->channel);
    MPI_Allgather(mine, sizeof *mine, MPI_BYTE, p->heard, sizeof *mine, MPI_BYTE, p->channel);
}

void pulse_destroy(pulse *p)
{
    if (!p)
        return;
    for (int r = p->first; p->sending && r < p->first + p->peers; r++)
        if (p->sending[r] != MPI_REQUEST_NULL)
            MPI_Wait(&p->sending[r], MPI_STATUS_IGNORE); /* so short that it leaves at once */
    if (p->channel != MPI_COMM_NULL)
        MPI_Comm_free(&p->channel);
    free(p->heard);
    free(p->told);
    free(p->silent);
    free(p->sending);
    free(p);
}

/* Nothing is sent to a rank that has not taken in the last one. */
static void tell(pulse *p, const beat *mine)
{
    for (int r = p->first; r < p->first + p->peers; r++) {
        int done = 1;
        MPI_Test(&p->sending[r], &done, MPI_STATUS_IGNORE);
        if (!done)
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
        MPI_Recv(&p->heard[r], sizeof *p->heard, MPI_BYTE, r, TAG, p->channel, MPI_STATUS_IGNORE);
        p->silent[r] = 0;
    }
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
    if (!take_lock(&p->comm->lock, patience))
        return false;
    for (int r = p->first; r < p->first + p->peers; r++)
        p->silent[r] += passed;
    tell(p, mine);
    hear(p);
    pthread_mutex_unlock(&p->comm->lock);
    return true;
}

const beat *pulse_of(const pulse *p, int r, double *silent)
{
    *silent = p->silent[r];
    return &p->heard[r];
}
