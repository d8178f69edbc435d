/* How the other ranks fare: private to this folder. Rank 0 hears of all, the others of rank 0. */
#ifndef LWS_PULSE_H
#define LWS_PULSE_H

#include "comm_internal.h"

#include <stdbool.h>

/* What a rank tells of itself. */
typedef struct beat {
    double idle;  /* seconds since it made progress */
    bool waits;   /* for another rank */
    bool ends;    /* has ended the job, and said why */
    bool is_last; /* no more will come */
    char where[96], host[64];
} beat;

typedef struct pulse pulse;

/* LWS_ERR_MEMORY, lone. *out is NULL where there is nobody to hear of, or where MPI
 * allows no second thread to call it. Not collective. */
lws_status pulse_create(lws_comm *comm, pulse **out);

/* Opens the channel; the first beats, of all ranks to all. Once, when all have created it. NULL is fine. Collective. */
void pulse_meet(pulse *p, const beat *mine);

/* Takes in what others have told before the channel is closed: its number may become that of another one. Collective.
 * NULL is fine. */
void pulse_destroy(pulse *p);

/* Sends this rank's beat and takes in those that have come; `passed` are the seconds since the last call. Waits for the
 * lock of MPI for at most `patience` seconds; false where that was not enough. Any thread. Not collective. */
bool pulse_turn(pulse *p, const beat *mine, double passed, double patience);

/* The latest beat of rank r, and how many seconds ago it came. Of ranks not heard of: since the start, with the host
 * alone. Not collective. */
const beat *pulse_of(const pulse *p, int r, double *silent);

#endif
