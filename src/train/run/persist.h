/* What must get to the disk, and may come late: what the disk refuses is tried again while training goes on. */
#ifndef LWS_PERSIST_H
#define LWS_PERSIST_H

#include "train/stop.h"

#include "comm/comm.h"

#include <stdbool.h>

/* Of something that is written again and again. */
typedef struct lateness {
    const char *what, *waiting; /* "checkpoint"; the phase of ranks that wait for it */
    const char *goes_on;        /* of train_context */
    lws_comm *comm;
    const lws_stop_watch *stop; /* rank 0: further requests end the wait for a disk */
    double patience;            /* seconds from the first attempt that failed to giving up */
    /* Rank 0, of what the disk did not take: */
    int attempts;              /* that have failed since it was written last */
    double since, next, pause; /* the first of them, the time of the next, and seconds up to it */
    bool is_last;              /* somebody wants the run to end now: no more attempts */
} lateness;

typedef lws_status persist_attempt(void *user);

/* Rank 0: has `attempt` write once. Where it fails, that is a warning and *is_late is set, until the patience is over:
 * then the failure is returned, with what to do. While it is late, attempts before the time of the next are left out
 * unless the caller `waits`, as the warning then says. LWS_ERR_NUMERIC, LWS_ERR_MISMATCH and LWS_ERR_LIMIT do not get
 * better by waiting and come back at once. `step`: the present one, for messages. Not collective. */
lws_status persist_try(lateness *late, int64_t step, persist_attempt *attempt, void *user, bool waits, bool *is_late);

/* The same for all ranks; with `wait` nobody leaves before it is written, or the patience over, or a further signal
 * asks rank 0 to stop. Collective. Agreed. */
lws_status persist(lateness *late, int64_t step, persist_attempt *attempt, void *user, bool wait, bool *is_late);

/* Rank 0: it is late, and time for another attempt. Not collective. */
bool persist_is_due(const lateness *late);

#endif
