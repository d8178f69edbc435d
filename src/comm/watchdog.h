/* No silent hang: a thread that ends the process, and with it the job, when nothing is done for too long, and says
 * which rank is to blame. A process has one such thread, which looks at its communicators one by one.
 *
 * A rank does something when it calls lws_progress(). Between lws_comm_start() and lws_comm_end() the ranks tell rank 0
 * how they fare, and it judges: a rank that works makes no progress for as long as the deadline; a rank is not heard
 * of; or all wait for each other. Ranks that wait while another works are never to blame, however long that takes. Rank
 * 0 itself is judged by the others when they do not hear of it. Time in which the process was suspended does not count.
 *
 * Each communicator that is a part of another one has its own deadline, phase and judgement. As long as a thread works
 * for it (lws_comm_enter()), its watch counts in place of that of the whole. */
#ifndef LWSSIM_WATCHDOG_H
#define LWSSIM_WATCHDOG_H

#include <lwssim/status.h>

#include <stdint.h>

typedef struct lws_watch {
    double deadline;    /* seconds; 0: nobody watches, only the phase is kept */
    const char *advice; /* ends the message: what to do. A string literal */
} lws_watch;

/* What the calling thread works for is watched so from now on: the process, and with it the communicator that MPI has
 * started with, or a part of that. *before (may be NULL) gets what was, to be put back in the end. May be called before
 * lws_comm_start(). LWS_ERR_MEMORY, lone, where no thread can be had. Logically collective. */
lws_status lws_watchdog_set(lws_watch watch, lws_watch *before);

/* Progress: the calling thread's work enters `phase` (a string literal), `number` saying where it is: "reduction of
 * step", 120; below 0: no number. Cheap. Not collective. */
void lws_watchdog_phase(const char *phase, int64_t number);

/* "reduction of step 120", for messages; static thread-local buffer. Not collective. */
const char *lws_watchdog_where(void);

#endif
