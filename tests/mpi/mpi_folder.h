/* A folder that all ranks of a job share. Include after scratch.h or prepared.h. */
#ifndef LWS_MPI_FOLDER_H
#define LWS_MPI_FOLDER_H

#include "mpi_check.h"

static char folder[256];
static int (*run_in_folder)(void);

static int with_folder(void)
{
    if (rank == 0) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/lwssim-test-XXXXXX", base ? base : "/tmp");
        if (!mkdtemp(folder))
            return 1;
    }
    lws_comm_broadcast(comm, folder, sizeof folder);
    int failed = run_in_folder();
    lws_comm_barrier(comm);
    if (rank == 0)
        remove_tree(folder);
    return failed;
}

/* As mpi_run(), with the folder made before and removed after. */
static int mpi_run_in_folder(int (*run)(void))
{
    run_in_folder = run;
    return mpi_run(with_folder);
}

#endif
