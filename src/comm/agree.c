/* The ranks leave a place with the same status, and hold the same texts. */
#include "comm_internal.h"

#include "base/digest.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- status ------------------------------------------------------------------------------------------ */

lws_status comm_follow(lws_comm *comm, lws_status status, int root, char host[MPI_MAX_PROCESSOR_NAME])
{
    struct {
        int status;
        char host[MPI_MAX_PROCESSOR_NAME], message[2048];
    } sent = {.status = (int)status};
    memcpy(sent.host, comm->host, sizeof sent.host);
    snprintf(sent.message, sizeof sent.message, "%s", lws_message());
    COMPLETE(MPI_Ibcast(&sent, sizeof sent, MPI_BYTE, root, comm->mpi, &request));
    memcpy(host, sent.host, sizeof sent.host);
    return sent.status == LWS_OK ? LWS_OK : lws_fail((lws_status)sent.status, "%s", sent.message);
}

lws_status lws_comm_agree(lws_comm *comm, lws_status status)
{
    int failed = status != LWS_OK, first = failed ? comm->rank : INT_MAX, count;
    COMPLETE(MPI_Iallreduce(&failed, &count, 1, MPI_INT, MPI_SUM, comm->mpi, &request));
    if (count == 0)
        return LWS_OK;
    int root;
    COMPLETE(MPI_Iallreduce(&first, &root, 1, MPI_INT, MPI_MIN, comm->mpi, &request));
    char host[MPI_MAX_PROCESSOR_NAME];
    status = comm_follow(comm, status, root, host);
    if (count == comm->size || root == 0)
        return status;
    return lws_fail(status, "%s (rank %d on %s)", lws_message(), root, host);
}

/* ---- texts ------------------------------------------------------------------------------------------- */

/* The first rank whose text is not rank 0's; 0 where there is none. */
static lws_status find_first(lws_comm *comm, const char *text, int *first)
{
    enum { LENGTH = LWS_DIGEST_TEXT };
    char mine[LENGTH], *all = malloc((size_t)comm->size * LENGTH);
    size_t *bytes_of = calloc((size_t)comm->size, sizeof *bytes_of);
    lws_status status = all && bytes_of ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory comparing the ranks");
    status = lws_comm_agree(comm, status);
    *first = 0;
    if (status == LWS_OK) {
        for (int r = 0; r < comm->size; r++)
            bytes_of[r] = LENGTH;
        lws_digest(text, strlen(text), mine);
        comm_allgather(comm, mine, bytes_of, all);
        for (int r = 1; *first == 0 && r < comm->size; r++)
            if (memcmp(all + (size_t)r * LENGTH, all, LENGTH) != 0)
                *first = r;
    }
    free(bytes_of);
    free(all);
    return status;
}

/* The line at *text, on which it moves on; empty at the end. */
static const char *next_line(const char **text, int *length)
{
    const char *line = *text;
    *length = (int)strcspn(line, "\n");
    *text += *length + (line[*length] == '\n');
    return line;
}

/* Words for the first line that is not the same; `there` is rank 0's. */
static lws_status tell_difference(const lws_comm *comm, const char *here, const char *there, const char *host,
                                  const char *advice)
{
    const char *mine, *theirs;
    int m, n;
    do {
        mine = next_line(&here, &m);
        theirs = next_line(&there, &n);
    } while (m == n && memcmp(mine, theirs, (size_t)m) == 0 && (*here || *there));
    return lws_fail(LWS_ERR_RANKS, "rank %d on %s has '%.*s', rank 0 on %s has '%.*s': %s", comm->rank, comm->host, m,
                    mine, host, n, theirs, advice);
}

/* Rank 0's text and host on all ranks. */
static lws_status fetch_text(lws_comm *comm, const char *text, char **there, char host[MPI_MAX_PROCESSOR_NAME])
{
    size_t bytes = strlen(text) + 1;
    comm_broadcast(comm, &bytes, sizeof bytes);
    *there = malloc(bytes);
    lws_status status = *there ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory comparing the ranks");
    LWS_TRY(lws_comm_agree(comm, status));
    if (comm->rank == 0)
        memcpy(*there, text, bytes);
    comm_broadcast(comm, *there, bytes);
    memcpy(host, comm->host, MPI_MAX_PROCESSOR_NAME);
    comm_broadcast(comm, host, MPI_MAX_PROCESSOR_NAME);
    return LWS_OK;
}

lws_status lws_comm_compare(lws_comm *comm, const char *text, const char *advice)
{
    int first;
    char *there = NULL, host[MPI_MAX_PROCESSOR_NAME];
    LWS_TRY(find_first(comm, text, &first));
    if (first == 0)
        return LWS_OK;
    lws_status status = fetch_text(comm, text, &there, host);
    if (status == LWS_OK && comm->rank == first)
        status = tell_difference(comm, text, there, host, advice);
    free(there);
    return comm_follow(comm, status, first, host);
}

lws_status lws_comm_compare_line(lws_comm *comm, const char *advice, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return lws_comm_compare(comm, text, advice);
}
