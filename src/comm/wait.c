/* The lock of MPI in this process, and the wait for a request while others may take it. */
#include "comm_internal.h"

#include "base/progress.h"

#include <sched.h>

struct comm_process comm_process = {.lock = PTHREAD_MUTEX_INITIALIZER};

void comm_wait(MPI_Request *request)
{
    for (int done = 0; !done;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done)
            break;
        for (comm_background *b = comm_process.background; b; b = b->next)
            b->progress(b->user);
        lws_progress_wait();
        pthread_mutex_unlock(&comm_process.lock);
        sched_yield();
        pthread_mutex_lock(&comm_process.lock);
    }
    lws_progress();
}
