/* What the other files of this folder need of a communicator: private to it. */
#ifndef LWS_COMM_INTERNAL_H
#define LWS_COMM_INTERNAL_H

#include "watched.h"

#include "base/context.h"
#include "comm/comm.h"

#include <mpi.h>
#include <pthread.h>
#include <stdbool.h>

/* Messages that go on while the program does something else, and while it waits for something else. */
typedef struct comm_background {
    void (*progress)(void *user); /* moves them on, without waiting; called with the lock held */
    void *user;
    struct comm_background *next;
} comm_background;

/* MPI in this process, which starts once: what all communicators share. It serves one thread at a time: whoever calls
 * it holds the lock, and no longer than the call takes. Messages of all communicators are in the background: a rank may
 * wait in one while another rank needs what it has to send in the other. */
extern struct comm_process {
    pthread_mutex_t lock;
    bool allows_thread; /* may a thread besides the main one call MPI? */
    comm_background *background;
} comm_process __attribute__((visibility("hidden")));

/* The machine that this process runs on, as found at the start: a part of a job shares it with the others. */
typedef struct comm_machine {
    lws_comm_node node;
    int share; /* whole cores for this rank */
} comm_machine;

struct lws_comm {
    MPI_Comm mpi; /* its own: no message of another communicator gets in between */
    int rank, size, nodes;
    char host[MPI_MAX_PROCESSOR_NAME];
    comm_machine machine;
    lws_context *context; /* the process's own, or part_context */
    lws_context part_context;
    watched watched;
    int *counts, *starts; /* [size] scratch of gathers */
};

/* MPI counts are ints: larger blocks than this go in chunks. A variable, so that tests need no gigabytes. */
extern size_t comm_chunk __attribute__((visibility("hidden")));

/* A call that starts a request, and the wait for it. */
#define COMPLETE(call)                                                                                                 \
    do {                                                                                                               \
        MPI_Request request;                                                                                           \
        pthread_mutex_lock(&comm_process.lock);                                                                        \
        call;                                                                                                          \
        comm_wait(&request);                                                                                           \
        pthread_mutex_unlock(&comm_process.lock);                                                                      \
    } while (0)

/* wait.c: waits for a request, with the lock held (and given up between looks), while the background goes on: another
 * rank may need it before it comes to what this one waits for. */
void comm_wait(MPI_Request *request);

/* bytes.c: lws_comm_broadcast() and lws_comm_allgather() without their checks, which need them. Collective. */
void comm_broadcast(lws_comm *comm, void *data, size_t bytes);
void comm_allgather(lws_comm *comm, const void *mine, const size_t *bytes_of, void *all);

/* node.c: the machine of this process and the number of machines of all: at the start, before other threads, by all
 * processes. The number of machines that the ranks of a communicator run on, with the lock held. Collective.
 */
comm_machine comm_find_machine(void);
int comm_count_nodes(MPI_Comm mpi);

/* agree.c: all ranks take over the status of rank `root`, with its message; host gets the name of its machine.
 * Collective. */
lws_status comm_follow(lws_comm *comm, lws_status status, int root, char host[MPI_MAX_PROCESSOR_NAME]);

#endif
