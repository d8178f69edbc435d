/* Stopping on request: SIGTERM, SIGINT, SIGHUP and SIGUSR1 ask for a checkpoint and an orderly end. */
#ifndef LWS_STOP_H
#define LWS_STOP_H

#include <stdbool.h>

/* Catches the signals from now on. A second SIGINT ends the process at once. */
void stop_catch(void);

/* Has any of them arrived at this process? */
bool stop_requested(void);

#endif
