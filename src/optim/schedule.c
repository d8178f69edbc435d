/* The learning rate as a function of the step: warm-up, then the schedule. */
#include "optim/schedule.h"

#include <math.h>

double lws_schedule_rate(const lws_schedule *s, int64_t step)
{
    if (step < s->warmup)
        return s->lr * (double)(step + 1) / (double)s->warmup;
    switch (s->kind) {
    case LWS_SCHEDULE_COSINE: {
        int64_t span = s->total - s->warmup;
        double done = span > 0 ? fmin((double)(step - s->warmup) / (double)span, 1) : 1;
        return s->lr_min + (s->lr - s->lr_min) * .5 * (1 + cos(3.14159265358979323846 * done));
    }
    case LWS_SCHEDULE_STEP:
        return s->lr * pow(s->factor, (double)((step - s->warmup) / s->every));
    default:
        return s->lr;
    }
}
