/* The judgement on the ranks of a communicator: private to this folder, and called by the watchdog's thread alone. */
#ifndef LWS_JUDGE_H
#define LWS_JUDGE_H

#include "pulse.h"
#include "watched.h"

/* Seconds between two looks. Not collective. */
double judge_tick(const watched *w);

/* What this rank tells of itself. Not collective. */
beat judge_beat(const watched *w);

/* `passed` seconds later, and `stood` more in which this process stood still: takes in what this rank has done, tells
 * and hears of the others, waiting for MPI for at most `patience` seconds, and ends the job where the deadline is over.
 * Not collective. */
void judge(watched *w, double passed, double stood, double patience);

/* What the launcher says of the rank, before MPI says it; -1 where there is none. */
int judge_rank_by_launcher(void);

/* "reduction of step 120". */
void judge_tell_where(const lws_context *context, char *text, size_t size);

#endif
