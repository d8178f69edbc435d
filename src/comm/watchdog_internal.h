/* The watchdog and the communicator: private to this folder. */
#ifndef LWS_WATCHDOG_INTERNAL_H
#define LWS_WATCHDOG_INTERNAL_H

#include "pulse.h"

#include "comm/watchdog.h"

/* The watchdog knows the ranks from now on, and hears of them by the pulse (NULL: it does not), until it is
 * disconnected. All ranks. */
void watchdog_connect(const lws_comm *comm, pulse *p);
void watchdog_disconnect(void);

#endif
