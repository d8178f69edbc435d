/* The watchdog and the communicators: private to this folder. */
#ifndef LWS_WATCHDOG_INTERNAL_H
#define LWS_WATCHDOG_INTERNAL_H

#include "comm_internal.h"
#include "pulse.h"

/* comm->context is watched from now on, and hears of its ranks by the pulse (NULL: it does not), until it is
 * disconnected. A part's is not watched before lws_watchdog_set() in it. Collective. */
void watchdog_connect(lws_comm *comm, pulse *p);

/* Returns the pulse, which is the caller's again. Not collective. */
pulse *watchdog_disconnect(lws_comm *comm);

#endif
