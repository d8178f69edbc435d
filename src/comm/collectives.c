/* What ranks tell all others, with the arguments compared first; and how things are divided among them. */
#include "comm_internal.h"

#include "comm/collective.h"

#include <stdlib.h>
#include <string.h>

void lws_comm_broadcast(lws_comm *comm, void *data, size_t bytes)
{
    LWS_LOGICALLY_COLLECTIVE_OR_END(comm, bytes);
    comm_broadcast(comm, data, bytes);
}

void lws_comm_allgather(lws_comm *comm, const void *mine, const size_t *bytes_of, void *all)
{
    for (int r = 0; r < comm->size; r++)
        LWS_LOGICALLY_COLLECTIVE_OR_END(comm, bytes_of[r]);
    comm_allgather(comm, mine, bytes_of, all);
}

lws_status lws_comm_gatherv(lws_comm *comm, const void *mine, size_t bytes, int root_only, char **all, size_t *bytes_of)
{
    uint64_t length = bytes, lengths[1];
    *all = NULL;
    LWS_LOGICALLY_COLLECTIVE(comm, root_only);
    size_t total = 0;
    for (int r = 0; r < comm->size; r++) {
        lengths[0] = length;
        COMPLETE(MPI_Ibcast(lengths, 1, MPI_UINT64_T, r, comm->mpi, &request));
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
        comm_allgather(comm, mine, bytes_of, *all);
        return LWS_OK;
    }
    size_t at = 0;
    for (int r = 0; r < comm->size; at += bytes_of[r], r++) {
        for (size_t done = 0; done < bytes_of[r]; done += comm_chunk) {
            int n = (int)(bytes_of[r] - done < comm_chunk ? bytes_of[r] - done : comm_chunk);
            if (comm->rank == 0 && r == 0)
                memcpy(*all + at + done, (const char *)mine + done, (size_t)n);
            else if (comm->rank == 0)
                COMPLETE(MPI_Irecv(*all + at + done, n, MPI_BYTE, r, 1, comm->mpi, &request));
            else if (comm->rank == r)
                COMPLETE(MPI_Isend((const char *)mine + done, n, MPI_BYTE, 0, 1, comm->mpi, &request));
        }
    }
    return LWS_OK;
}

void lws_comm_run(int64_t total, int size, int rank, int64_t *first, int64_t *count)
{
    *first = total * rank / size;
    *count = total * (rank + 1) / size - *first;
}
