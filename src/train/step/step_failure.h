/* A failure of one rank within a step. The others wait for its messages, so it goes on, with whatever values, until all
 * leave the step together; then its first failure is told. Not collective. */
#ifndef LWS_STEP_FAILURE_H
#define LWS_STEP_FAILURE_H

#include <lwssim/status.h>

typedef struct step_failure {
    lws_status status; /* LWS_OK: none */
    char message[1024];
} step_failure;

/* Keeps the first failure, with the latest message of this thread. LWS_OK is none. */
void step_failure_keep(step_failure *failure, lws_status status);

/* Returns what is kept, with its message. */
lws_status step_failure_tell(const step_failure *failure);

#endif
