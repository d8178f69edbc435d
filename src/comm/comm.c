#include "comm/comm.h"

#include "launch.h"
#include "watchdog_internal.h"

#include "base/log.h"
#include "base/progress.h"
#include "base/threads.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int count_nodes(const lws_comm *comm)
{
    int rank, nodes;
    MPI_Comm_rank(comm->node, &rank);
    int first = rank == 0;
    MPI_Allreduce(&first, &nodes, 1, MPI_INT, MPI_SUM, comm->world);
    return nodes;
}

lws_status lws_comm_start(lws_comm **out)
{
    lws_comm *comm = calloc(1, sizeof *comm);
    *out = comm;
    if (!comm)
        return lws_fail(LWS_ERR_MEMORY, "out of memory starting MPI");
    lws_status status = launch_prepare();
    if (status != LWS_OK) {
        free(comm);
        *out = NULL;
        return status;
    }
    int provided, length;
    lws_watchdog_phase("start of MPI", -1);
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
    comm->allows_thread = provided >= MPI_THREAD_SERIALIZED;
    comm->world = MPI_COMM_WORLD;
    MPI_Comm_rank(comm->world, &comm->rank);
    MPI_Comm_size(comm->world, &comm->size);
    MPI_Get_processor_name(comm->host, &length);
    pthread_mutex_init(&comm->lock, NULL);
    MPI_Comm_split_type(comm->world, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &comm->node);
    comm->nodes = count_nodes(comm);
    lws_log_set_root(comm->rank == 0);
    status = launch_check(comm->size);
    comm->counts = calloc(2 * (size_t)comm->size, sizeof *comm->counts);
    comm->starts = comm->counts ? comm->counts + comm->size : NULL;
    if (status == LWS_OK)
        status = pulse_create(comm, &comm->pulse);
    if (status == LWS_OK && !comm->counts)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory starting MPI");
    lws_watchdog_phase("setup", -1);
    status = lws_comm_agree(comm, status);
    if (status != LWS_OK) {
        lws_comm_end(comm);
        *out = NULL;
        return status;
    }
    watchdog_connect(comm, comm->pulse);
    return LWS_OK;
}

void lws_comm_end(lws_comm *comm)
{
    if (!comm)
        return;
    watchdog_disconnect();
    lws_watchdog_phase("end of MPI", -1);
    pulse_destroy(comm->pulse);
    MPI_Comm_free(&comm->node);
    MPI_Finalize();
    pthread_mutex_destroy(&comm->lock);
    free(comm->counts);
    free(comm);
}

void comm_wait(lws_comm *comm, MPI_Request *request)
{
    for (int done = 0; !done;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done)
            break;
        for (comm_background *b = comm->background; b; b = b->next)
            b->progress(b->user);
        lws_progress_wait();
        pthread_mutex_unlock(&comm->lock);
        sched_yield();
        pthread_mutex_lock(&comm->lock);
    }
    lws_progress();
}

/* A call that starts a request, and the wait for it. */
#define COMPLETE(comm, call)                                                                                           \
    do {                                                                                                               \
        MPI_Request request;                                                                                           \
        pthread_mutex_lock(&(comm)->lock);                                                                             \
        call;                                                                                                          \
        comm_wait(comm, &request);                                                                                     \
        pthread_mutex_unlock(&(comm)->lock);                                                                           \
    } while (0)

int lws_comm_rank(const lws_comm *comm)
{
    return comm->rank;
}

int lws_comm_size(const lws_comm *comm)
{
    return comm->size;
}

int lws_comm_nodes(const lws_comm *comm)
{
    return comm->nodes;
}

const char *lws_comm_host(const lws_comm *comm)
{
    return comm->host;
}

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

int lws_comm_threads(lws_comm *comm, int wanted, lws_comm_node *of_node)
{
    enum { CPUS = CPU_SETSIZE };
    cpu_set_t mine;
    unsigned short use[CPUS] = {0}, users[CPUS];
    MPI_Comm_size(comm->node, &of_node->ranks);
    if (sched_getaffinity(0, sizeof mine, &mine) != 0) {
        CPU_ZERO(&mine);
        CPU_SET(0, &mine);
    }
    for (int i = 0; i < CPUS; i++)
        use[i] = CPU_ISSET(i, &mine) ? 1 : 0;
    COMPLETE(comm, MPI_Iallreduce(use, users, CPUS, MPI_UNSIGNED_SHORT, MPI_SUM, comm->node, &request));
    double share = 0;
    int cores = 0;
    for (int i = 0; i < CPUS; i++) {
        cores += users[i] > 0;
        if (use[i])
            share += 1.0 / users[i];
    }
    of_node->cores = cores;
    of_node->unused = cores_left_by_binding(users, cores);
    return lws_threads_choose(wanted, (int)(share + 1e-6), of_node->ranks);
}

lws_status comm_follow(lws_comm *comm, lws_status status, int root, char host[MPI_MAX_PROCESSOR_NAME])
{
    struct {
        int status;
        char host[MPI_MAX_PROCESSOR_NAME], message[2048];
    } news = {.status = (int)status};
    memcpy(news.host, comm->host, sizeof news.host);
    snprintf(news.message, sizeof news.message, "%s", lws_message());
    COMPLETE(comm, MPI_Ibcast(&news, sizeof news, MPI_BYTE, root, comm->world, &request));
    memcpy(host, news.host, sizeof news.host);
    return news.status == LWS_OK ? LWS_OK : lws_fail((lws_status)news.status, "%s", news.message);
}

lws_status lws_comm_agree(lws_comm *comm, lws_status status)
{
    int failed = status != LWS_OK, first = failed ? comm->rank : INT_MAX, count;
    COMPLETE(comm, MPI_Iallreduce(&failed, &count, 1, MPI_INT, MPI_SUM, comm->world, &request));
    if (count == 0)
        return LWS_OK;
    int root;
    COMPLETE(comm, MPI_Iallreduce(&first, &root, 1, MPI_INT, MPI_MIN, comm->world, &request));
    char host[MPI_MAX_PROCESSOR_NAME];
    status = comm_follow(comm, status, root, host);
    if (count == comm->size || root == 0)
        return status;
    return lws_fail(status, "%s (rank %d on %s)", lws_message(), root, host);
}

void lws_comm_barrier(lws_comm *comm)
{
    COMPLETE(comm, MPI_Ibarrier(comm->world, &request));
}

size_t comm_piece = (size_t)1 << 30;

void lws_comm_broadcast(lws_comm *comm, void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += comm_piece) {
        size_t left = bytes - at;
        int slice = (int)(left < comm_piece ? left : comm_piece);
        COMPLETE(comm, MPI_Ibcast((char *)data + at, slice, MPI_BYTE, 0, comm->world, &request));
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
    if (at < comm_piece) {
        for (int r = 0, sum = 0; r < comm->size; r++) {
            comm->counts[r] = (int)bytes_of[r];
            comm->starts[r] = sum;
            sum += comm->counts[r];
        }
        COMPLETE(comm, MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_BYTE, all, comm->counts, comm->starts, MPI_BYTE,
                                       comm->world, &request));
        return;
    }
    at = 0;
    for (int r = 0; r < comm->size; r++) {
        for (size_t done = 0; done < bytes_of[r]; done += comm_piece) {
            size_t left = bytes_of[r] - done;
            int slice = (int)(left < comm_piece ? left : comm_piece);
            COMPLETE(comm, MPI_Ibcast((char *)all + at + done, slice, MPI_BYTE, r, comm->world, &request));
        }
        at += bytes_of[r];
    }
}

lws_status lws_comm_gatherv(lws_comm *comm, const void *mine, size_t bytes, int root_only, char **all, size_t *bytes_of)
{
    uint64_t length = bytes, lengths[1];
    *all = NULL;
    size_t total = 0;
    for (int r = 0; r < comm->size; r++) {
        lengths[0] = length;
        COMPLETE(comm, MPI_Ibcast(lengths, 1, MPI_UINT64_T, r, comm->world, &request));
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
        for (size_t done = 0; done < bytes_of[r]; done += comm_piece) {
            int slice = (int)(bytes_of[r] - done < comm_piece ? bytes_of[r] - done : comm_piece);
            if (comm->rank == 0 && r == 0)
                memcpy(*all + at + done, (const char *)mine + done, (size_t)slice);
            else if (comm->rank == 0)
                COMPLETE(comm, MPI_Irecv(*all + at + done, slice, MPI_BYTE, r, 1, comm->world, &request));
            else if (comm->rank == r)
                COMPLETE(comm, MPI_Isend((const char *)mine + done, slice, MPI_BYTE, 0, 1, comm->world, &request));
        }
    }
    return LWS_OK;
}

void lws_comm_run(int64_t total, int size, int rank, int64_t *first, int64_t *count)
{
    *first = total * rank / size;
    *count = total * (rank + 1) / size - *first;
}
