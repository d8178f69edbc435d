/* Learning-rate schedules: a pure function of the step. */
#ifndef LWSSIM_SCHEDULE_H
#define LWSSIM_SCHEDULE_H

#include <stdint.h>

#define LWS_SCHEDULES "constant|cosine|step"

typedef struct lws_schedule {
    enum { LWS_SCHEDULE_CONSTANT, LWS_SCHEDULE_COSINE, LWS_SCHEDULE_STEP } kind;
    double lr, lr_min; /* cosine ends at lr_min */
    int64_t warmup;    /* steps over which the rate rises linearly to lr */
    int64_t total;     /* steps of the run: where the cosine ends */
    int64_t every;     /* step: after so many steps … */
    double factor;     /* … the rate is multiplied by this */
} lws_schedule;

/* The rate of step `step` (from 0). */
double lws_schedule_rate(const lws_schedule *schedule, int64_t step);

#endif
