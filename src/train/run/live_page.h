/* RUN/report.html, rewritten while training goes on: page/page.h. Rank 0 writes, for the others these do nothing. */
#ifndef LWS_LIVE_PAGE_H
#define LWS_LIVE_PAGE_H

#include "run/run.h"

typedef enum live_page_moment {
    LIVE_PAGE_GOES_ON, /* a browser reads it again by and by; without what takes the model */
    LIVE_PAGE_STOPPED, /* the last of this process; without what takes the model, as somebody waits */
    LIVE_PAGE_DONE,    /* the run has all its steps: with everything */
} live_page_moment;

/* Whether the key report-every, in seconds, asks for it now. Not collective. */
bool live_page_is_due(const training_run *r);

/* Writes it, if report-every is not 0. While training goes on it is passed over where it would take more than a
 * hundredth of the time, as the one before took. One that cannot be written is no reason to end a run: a warning. The
 * parameters must have arrived for LIVE_PAGE_DONE. Not collective. */
void live_page_write(training_run *r, live_page_moment moment);

#endif
