/* Time for measuring and for deadlines. */
#ifndef LWSSIM_CLOCK_H
#define LWSSIM_CLOCK_H

/* Seconds on a clock that only goes forward. */
double lws_now(void);

#endif
