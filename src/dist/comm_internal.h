/* What reduction.c needs of a communicator: private to this folder. */
#ifndef LWS_COMM_INTERNAL_H
#define LWS_COMM_INTERNAL_H

#include <mpi.h>

struct lws_comm {
    MPI_Comm world;
    int rank, size;
    char host[MPI_MAX_PROCESSOR_NAME];
};

#endif
