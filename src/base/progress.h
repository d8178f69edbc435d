/* Signs of life of the calling thread's context (context.h), for whoever watches it (watchdog.h). Any thread; some
 * nanoseconds each. */
#ifndef LWSSIM_PROGRESS_H
#define LWSSIM_PROGRESS_H

#include <stdbool.h>

/* Something was done: a layer, an image, a piece of a file. Call it wherever work or input and output may take long in
 * all but not between two calls. */
void lws_progress(void);

/* From now to the next lws_progress() this context only waits for another process. */
void lws_progress_wait(void);

/* How often lws_progress() has been called in this context, and whether it waits. */
unsigned lws_progress_count(bool *waits);

#endif
