/* The first failure of a rank alone, kept until all ranks leave the step. */
#include "step/step_failure.h"

#include <stdio.h>

void step_failure_keep(step_failure *failure, lws_status status)
{
    if (status == LWS_OK || failure->status != LWS_OK)
        return;
    failure->status = status;
    snprintf(failure->message, sizeof failure->message, "%s", lws_message());
}

lws_status step_failure_tell(const step_failure *failure)
{
    return failure->status == LWS_OK ? LWS_OK : lws_fail(failure->status, "%s", failure->message);
}
