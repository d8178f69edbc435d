#include <lwssim/comm.h>

#include "comm_internal.h"

#include <limits.h>
#include <lwssim/log.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether a launcher (mpirun, srun, …) has started this process: they all leave variables of these names. */
static bool is_launched(void)
{
    static const char *const marks[] = {"OMPI_COMM_WORLD_", "PMIX_", "PMI_", "SLURM_STEP", "ALPS_APP", "JSM_", "PALS_"};
    for (char **variable = environ; *variable; variable++) {
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
            if (strncmp(*variable, marks[i], strlen(marks[i])) == 0)
                return true;
        }
    }
    return false;
}

lws_status lws_comm_start(lws_comm **out)
{
    lws_comm *comm = calloc(1, sizeof *comm);
    *out = comm;
    if (!comm)
        return lws_fail(LWS_ERR_MEMORY, "out of memory starting MPI");
    /* Waiting ranks give their core away: costs little, and saves jobs with more ranks than cores. */
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    if (!is_launched()) { /* alone: no daemon and no search for networks, which take 0.3 s, ten times all else */
        setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
        setenv("OMPI_MCA_pml", "ob1", 0);
        setenv("OMPI_MCA_btl", "self", 0);
    }
    int provided, length;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    comm->world = MPI_COMM_WORLD;
    MPI_Comm_rank(comm->world, &comm->rank);
    MPI_Comm_size(comm->world, &comm->size);
    MPI_Get_processor_name(comm->host, &length);
    lws_log_voice(comm->rank == 0);
    return LWS_OK;
}

void lws_comm_end(lws_comm *comm)
{
    if (!comm)
        return;
    MPI_Finalize();
    free(comm);
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

int lws_comm_threads(lws_comm *comm, int *cores, int *ranks)
{
    enum { CPUS = CPU_SETSIZE };
    MPI_Comm node;
    cpu_set_t mine;
    unsigned short use[CPUS] = {0}, users[CPUS];
    MPI_Comm_split_type(comm->world, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, ranks);
    if (sched_getaffinity(0, sizeof mine, &mine) != 0) {
        CPU_ZERO(&mine);
        CPU_SET(0, &mine);
    }
    for (int i = 0; i < CPUS; i++)
        use[i] = CPU_ISSET(i, &mine) ? 1 : 0;
    MPI_Allreduce(use, users, CPUS, MPI_UNSIGNED_SHORT, MPI_SUM, node);
    MPI_Comm_free(&node);
    double share = 0;
    *cores = 0;
    for (int i = 0; i < CPUS; i++) {
        *cores += users[i] > 0;
        if (use[i])
            share += 1.0 / users[i];
    }
    int threads = (int)(share + 1e-6);
    return threads < 1 ? 1 : threads;
}

lws_status lws_comm_agree(lws_comm *comm, lws_status status)
{
    int failed = status != LWS_OK, first = failed ? comm->rank : INT_MAX, count;
    MPI_Allreduce(&failed, &count, 1, MPI_INT, MPI_SUM, comm->world);
    if (count == 0)
        return LWS_OK;
    int root;
    MPI_Allreduce(&first, &root, 1, MPI_INT, MPI_MIN, comm->world);
    struct {
        int status;
        char host[MPI_MAX_PROCESSOR_NAME], message[2048];
    } news = {.status = (int)status};
    snprintf(news.host, sizeof news.host, "%s", comm->host);
    snprintf(news.message, sizeof news.message, "%s", lws_message());
    MPI_Bcast(&news, sizeof news, MPI_BYTE, root, comm->world);
    if (count == comm->size || root == 0)
        return lws_fail((lws_status)news.status, "%s", news.message);
    return lws_fail((lws_status)news.status, "%s (rank %d on %s)", news.message, root, news.host);
}

void lws_comm_abort(lws_comm *comm, const char *where)
{
    lws_log_voice(true);
    lws_error("rank %d on %s, %s: %s", comm->rank, comm->host, where, lws_message());
    MPI_Abort(comm->world, 1);
    _exit(1); /* MPI_Abort does not return, but is not declared so */
}

void lws_comm_barrier(lws_comm *comm)
{
    MPI_Barrier(comm->world);
}

/* MPI counts are ints: large blocks go in pieces. */
enum { PIECE = 1 << 30 };

void lws_comm_broadcast(lws_comm *comm, void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += PIECE) {
        size_t left = bytes - at;
        MPI_Bcast((char *)data + at, (int)(left < PIECE ? left : PIECE), MPI_BYTE, 0, comm->world);
    }
}

void lws_comm_allgather(lws_comm *comm, const void *mine, const size_t *bytes_of, void *all)
{
    size_t at = 0;
    for (int r = 0; r < comm->size; r++) {
        if (r == comm->rank && bytes_of[r] > 0)
            memcpy((char *)all + at, mine, bytes_of[r]);
        at += bytes_of[r];
    }
    if (at < PIECE) {
        int *counts = malloc(2 * (size_t)comm->size * sizeof *counts);
        if (counts) {
            int *starts = counts + comm->size, sum = 0;
            for (int r = 0; r < comm->size; r++) {
                counts[r] = (int)bytes_of[r];
                starts[r] = sum;
                sum += counts[r];
            }
            MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_BYTE, all, counts, starts, MPI_BYTE, comm->world);
            free(counts);
            return;
        }
    }
    at = 0;
    for (int r = 0; r < comm->size; r++) {
        for (size_t done = 0; done < bytes_of[r]; done += PIECE) {
            size_t left = bytes_of[r] - done;
            MPI_Bcast((char *)all + at + done, (int)(left < PIECE ? left : PIECE), MPI_BYTE, r, comm->world);
        }
        at += bytes_of[r];
    }
}

lws_status lws_comm_join(lws_comm *comm, const void *mine, size_t bytes, int root_only, char **all, size_t *bytes_of)
{
    uint64_t length = bytes, lengths[1];
    *all = NULL;
    size_t total = 0;
    for (int r = 0; r < comm->size; r++) {
        lengths[0] = length;
        MPI_Bcast(lengths, 1, MPI_UINT64_T, r, comm->world);
        bytes_of[r] = (size_t)lengths[0];
        total += bytes_of[r];
    }
    if (!root_only || comm->rank == 0)
        *all = malloc(total + 1);
    lws_status status = LWS_OK;
    if ((!root_only || comm->rank == 0) && !*all)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory joining %zu bytes", total);
    if ((status = lws_comm_agree(comm, status)) != LWS_OK) {
        free(*all);
        *all = NULL;
        return status;
    }
    if (!root_only) {
        lws_comm_allgather(comm, mine, bytes_of, *all);
        return LWS_OK;
    }
    size_t at = 0;
    for (int r = 0; r < comm->size; at += bytes_of[r], r++) {
        for (size_t done = 0; done < bytes_of[r]; done += PIECE) {
            int piece = (int)(bytes_of[r] - done < PIECE ? bytes_of[r] - done : PIECE);
            if (comm->rank == 0 && r == 0)
                memcpy(*all + at + done, (const char *)mine + done, (size_t)piece);
            else if (comm->rank == 0)
                MPI_Recv(*all + at + done, piece, MPI_BYTE, r, 1, comm->world, MPI_STATUS_IGNORE);
            else if (comm->rank == r)
                MPI_Send((const char *)mine + done, piece, MPI_BYTE, 0, 1, comm->world);
        }
    }
    return LWS_OK;
}

void lws_comm_run(int64_t total, int size, int rank, int64_t *first, int64_t *count)
{
    *first = total * rank / size;
    *count = total * (rank + 1) / size - *first;
}
