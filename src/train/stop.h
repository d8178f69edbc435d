/* Stopping on request: SIGTERM, SIGINT, SIGHUP and SIGUSR1 ask for a checkpoint and an orderly end. */
#ifndef LWS_STOP_H
#define LWS_STOP_H

/* Catches the signals from now on, but for those that are ignored; nothing has been asked for yet. A second SIGINT ends
 * the process at once. SIGPIPE is caught without effect. stop_release() puts back what was before. Not nested. */
void stop_catch(void);
void stop_release(void);

/* How many of them have arrived at this process. */
int stop_requests(void);

#endif
