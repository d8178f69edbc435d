/* No silent hang: a thread that ends the process when training makes no progress for too long, naming rank, host,
 * phase and step. mpirun then ends the other ranks. One a process. */
#ifndef LWSSIM_WATCHDOG_H
#define LWSSIM_WATCHDOG_H

#include <lwssim/status.h>
#include <stdint.h>

/* Starts watching; with `deadline` 0 seconds only the phase is kept. LWS_ERR_MEMORY where no thread can be had. */
lws_status lws_watchdog_start(double deadline, int rank, const char *host);
void lws_watchdog_stop(void);

/* Progress: the process enters `phase` (a string literal), `number` saying where it is: "reduction of step", 120.
 * Cheap; every call restarts the deadline. */
void lws_watchdog_phase(const char *phase, int64_t number);

/* "reduction of step 120", for messages; static thread-local buffer. */
const char *lws_watchdog_where(void);

#endif
