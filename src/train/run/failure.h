/* What is kept of a step that was not finite, in RUN/failure: see replay.h. */
#ifndef LWS_FAILURE_H
#define LWS_FAILURE_H

#include "run/checkpoints.h"
#include "run/failure_folder.h"
#include "step/step.h"

/* Keeps the step that has just failed. After diverge_find(), or rewound; the message of the failure is the latest of
 * this thread. Returns LWS_ERR_NUMERIC with that message and what to do. Collective. Agreed. */
lws_status failure_record(const checkpoints *k, const step_result *result);

#endif
