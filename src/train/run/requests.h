/* What the ranks of a run want to happen after a step: asked for by signals, by rank 0's clock, by a disk. */
#ifndef LWS_REQUESTS_H
#define LWS_REQUESTS_H

#include "run/run.h"

/* Bits of step_result.requests, see step.h. */
enum {
    REQUEST_STOP = 1,         /* a signal, to any rank */
    REQUEST_CHECKPOINT = 2,   /* rank 0's clock, or a late one is due */
    REQUEST_EVALUATE = 4,     /* rank 0's clock */
    REQUEST_TIME_UP = 8,      /* rank 0's clock: the time limit */
    REQUEST_LOG_GIVEN_UP = 16 /* rank 0 has lost patience with metrics.jsonl: the run ends */
};

/* Those of this rank now; `run`: a training_run. Not collective. */
unsigned run_requests(const void *run);

#endif
