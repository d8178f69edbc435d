/* The machines that ranks run on, and the cores that are theirs. */
#include "comm_internal.h"

#include "base/log.h"
#include "base/text.h"
#include "base/threads.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* Cores of this machine that mpirun could have given this rank but did not: it binds each rank to one by default. Its
 * daemon, the parent of the ranks, is not bound itself. */
static int cores_left_by_binding(const unsigned short *users, int cores)
{
    cpu_set_t all;
    if (!getenv("OMPI_COMM_WORLD_LOCAL_RANK") || sched_getaffinity(getppid(), sizeof all, &all) != 0)
        return 0;
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (users[i] > 0 && !CPU_ISSET(i, &all))
            return 0; /* the parent is no daemon, and bound elsewhere */
    return CPU_COUNT(&all) - cores;
}

comm_machine comm_find_machine(void)
{
    enum { CPUS = CPU_SETSIZE };
    MPI_Comm node;
    comm_machine machine;
    cpu_set_t mine;
    unsigned short use[CPUS] = {0}, users[CPUS];
    if (sched_getaffinity(0, sizeof mine, &mine) != 0) {
        CPU_ZERO(&mine);
        CPU_SET(0, &mine);
    }
    for (int i = 0; i < CPUS; i++)
        use[i] = CPU_ISSET(i, &mine) ? 1 : 0;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, &machine.node.ranks);
    MPI_Allreduce(use, users, CPUS, MPI_UNSIGNED_SHORT, MPI_SUM, node);
    MPI_Comm_free(&node);
    double share = 0;
    int cores = 0;
    for (int i = 0; i < CPUS; i++) {
        cores += users[i] > 0;
        if (use[i])
            share += 1.0 / users[i];
    }
    machine.share = (int)(share + 1e-6);
    machine.node.cores = cores;
    machine.node.unused = cores_left_by_binding(users, cores);
    return machine;
}

int comm_count_nodes(MPI_Comm mpi)
{
    MPI_Comm node;
    int rank, nodes;
    MPI_Comm_split_type(mpi, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_rank(node, &rank);
    int first = rank == 0;
    MPI_Allreduce(&first, &nodes, 1, MPI_INT, MPI_SUM, mpi);
    MPI_Comm_free(&node);
    return nodes;
}

int lws_comm_nodes(const lws_comm *comm)
{
    return comm->nodes;
}

int lws_comm_threads(const lws_comm *comm, int wanted, lws_comm_node *node)
{
    *node = comm->machine.node;
    return lws_threads_choose(wanted, comm->machine.share, node->ranks);
}

void lws_comm_warn_crowded(const lws_comm_node *node, int threads)
{
    if (node->ranks * threads > node->cores)
        lws_warn("%d rank%s × %d thread%s share %d core%s of this node: expect less speed", node->ranks,
                 lws_plural(node->ranks), threads, lws_plural(threads), node->cores, lws_plural(node->cores));
}
