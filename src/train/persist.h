/* What must get to the disk, and may come late: private to this folder. */
#ifndef LWS_PERSIST_H
#define LWS_PERSIST_H

#include "trainer.h"

typedef lws_status persist_attempt(trainer *t);

/* Rank 0: has `attempt` write once. Where it fails, that is a warning and *is_late is set, until the patience is over:
 * then the failure is returned, with what to do. While it is late, attempts before the time of the next are left out
 * unless the caller `waits`, as the warning then says. LWS_ERR_NUMERIC, LWS_ERR_MISMATCH and LWS_ERR_LIMIT do not get
 * better by waiting and come back at once. */
lws_status persist_try(trainer *t, lateness *late, persist_attempt *attempt, bool waits, bool *is_late);

/* All ranks: the same, agreed upon; with `wait` nobody leaves before it is written, or the patience over, or a further
 * signal asks rank 0 to stop. */
lws_status persist(trainer *t, lateness *late, persist_attempt *attempt, bool wait, bool *is_late);

/* Rank 0: it is late, and time for another attempt. */
bool persist_is_due(const lateness *late);

#endif
