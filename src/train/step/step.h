/* One training step: what goes into it, and what comes out on every rank. */
#ifndef LWS_STEP_H
#define LWS_STEP_H

#include "step/trainer.h"

/* What one step gave, the same on every rank. */
typedef struct step_result {
    double loss, recon, kl, mmd; /* loss: the weighted sum; the others unweighted means over the batch */
    double gradient_norm, rate;
    unsigned requests; /* of any rank */
} step_result;

/* What a rank wants to happen after a step is told to all in it, and asked for as late as can be: what was requested
 * during a step is done after it. A bit each, below REQUESTS_END; NULL: nothing is ever requested. */
enum { REQUESTS_END = 1 << 16 };
typedef struct step_requests {
    unsigned (*ask)(const void *user);
    const void *user;
} step_requests;

/* Makes one step, and counts it. LWS_ERR_NUMERIC where the loss or the gradient is not finite: the parameters are then
 * those before the step, t->found says why; *result is filled in. Any other failure of a rank comes back on all, with
 * worthless parameters. Else the parameters of other ranks may still be on their way: see state_wait_params().
 * Collective. Agreed. */
lws_status trainer_step(trainer *t, const step_requests *requests, step_result *result);

#endif
