/* What the tests under mpirun share: one communicator a process, and quiet ranks. Include after check.h. */
#ifndef LWS_MPI_CHECK_H
#define LWS_MPI_CHECK_H

#include "comm/comm.h"

static lws_comm *comm;
static int rank, size;

/* The collective part of every main. Ranks other than 0 report nothing but failures. */
static int mpi_run(int (*run)(void))
{
    if (lws_comm_start(&comm) != LWS_OK)
        return 1;
    rank = lws_comm_rank(comm);
    size = lws_comm_size(comm);
    if (rank != 0 && !freopen("/dev/null", "w", stdout))
        return 1;
    int failed = run();
    lws_comm_end(comm);
    return failed != 0;
}

#endif
