/* Stopping on request: SIGTERM, SIGINT, SIGHUP and SIGUSR1 ask all trainings of the process for a checkpoint and an
 * orderly end. Signals are the process's; whoever watches for them sees those that arrive from then on. Any thread.
 * Not collective. */
#ifndef LWSSIM_STOP_H
#define LWSSIM_STOP_H

typedef struct lws_stop_watch {
    int before; /* requests that came before this watch */
} lws_stop_watch;

/* Watches from now on: nothing has been asked for yet. Signals are caught while anybody watches, but for those that are
 * ignored. A second SIGINT ends the process at once. The last _release puts back what was before the first _catch. */
void lws_stop_catch(lws_stop_watch *watch);
void lws_stop_release(void);

/* How many requests have arrived at this process since. */
int lws_stop_requests(const lws_stop_watch *watch);

#endif
