/* What the watchdog keeps of each communicator, as a part of it: private to this folder. */
#ifndef LWS_WATCHED_H
#define LWS_WATCHED_H

#include "base/context.h"
#include "comm/watchdog.h"

typedef struct watched {
    lws_context *context; /* whose progress counts */
    lws_watch watch;
    int rank, size;
    char host[64];
    struct pulse *pulse; /* NULL: this rank alone */
    /* The thread's: */
    double idle, deaf; /* seconds since progress, and since MPI could be called */
    double spared;     /* seconds in which this rank judges no other one */
    unsigned count;    /* progress at that time */
    bool waits;
    struct watched *next;
} watched;

#endif
