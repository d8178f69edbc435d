/* No silent hang: a thread that ends the process, and with it the job, when nothing is done for too long, and says
 * which rank is to blame. One a process.
 *
 * A rank does something when it calls lws_progress(). Between lws_comm_start() and lws_comm_end() the ranks tell rank 0
 * how they fare, and it judges: a rank that works makes no progress for as long as the deadline; a rank is not heard
 * of; or all wait for each other. Ranks that wait while another works are never to blame, however long that takes. Rank
 * 0 itself is judged by the others when they do not hear of it. Time in which the process was suspended does not count.
 */
#ifndef LWSSIM_WATCHDOG_H
#define LWSSIM_WATCHDOG_H

#include <lwssim/status.h>

#include <stdint.h>

typedef struct lws_watch {
    double deadline;    /* seconds; 0: nobody watches, only the phase is kept */
    const char *advice; /* ends the message: what to do. A string literal */
} lws_watch;

/* Watches so from now on. *before (may be NULL) gets what was, to be put back in the end. All ranks should watch with
 * the same deadline. May be called before lws_comm_start(). LWS_ERR_MEMORY where no thread can be had. Main thread. */
lws_status lws_watchdog_set(lws_watch watch, lws_watch *before);

/* Progress: the process enters `phase` (a string literal), `number` saying where it is: "reduction of step", 120; below
 * 0: no number. Cheap. */
void lws_watchdog_phase(const char *phase, int64_t number);

/* "reduction of step 120", for messages; static thread-local buffer. */
const char *lws_watchdog_where(void);

#endif
