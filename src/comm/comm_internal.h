/* What the other files of this folder need of a communicator: private to it. */
#ifndef LWS_COMM_INTERNAL_H
#define LWS_COMM_INTERNAL_H

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

struct lws_comm {
    MPI_Comm world;
    MPI_Comm node; /* the ranks on this machine */
    int rank, size, nodes;
    bool allows_thread; /* may a thread besides the main one call MPI? */
    char host[MPI_MAX_PROCESSOR_NAME];
    /* MPI serves one thread at a time: whoever calls it holds the lock, and no longer than the call takes. */
    pthread_mutex_t lock;
    comm_background *background;
    struct pulse *pulse;  /* the watchdog's */
    int *counts, *starts; /* [size] scratch of gathers */
};

/* MPI counts are ints: larger blocks than this go in slices. A variable, so that tests need no gigabytes. */
extern size_t comm_piece __attribute__((visibility("hidden")));

/* Waits for a request, with the lock held (and given up between looks), while the background goes on: another rank may
 * need it before it comes to what this one waits for. */
void comm_wait(lws_comm *comm, MPI_Request *request);

/* All ranks take over the status of rank `root`, with its message; host gets the name of its machine. All ranks. */
lws_status comm_follow(lws_comm *comm, lws_status status, int root, char host[MPI_MAX_PROCESSOR_NAME]);

#endif
