/* Training, from the setup of a run to its end: steps, evaluations, checkpoints, and going on from them. */
#ifndef LWSSIM_TRAINER_H
#define LWSSIM_TRAINER_H

#include "comm/comm.h"
#include "options/train_options.h"

typedef struct lws_train_request {
    const char *run; /* the run folder */
    bool resume;     /* go on from its newest checkpoint that verifies */
    bool overwrite;  /* throw away the run that is there */
    bool same_again; /* one of many, for messages: what ended early goes on with the same command, not with --resume */

    /* Asked on every rank after each step whether to stop, as a signal is; one rank that says so is enough. NULL: only
     * signals to this training count. */
    bool (*wants_stop)(void *user);
    void *user;
} lws_train_request;

/* With resume, options start from the run's config.ini, or where it is gone from the newest checkpoint, which has all
 * but the group "run": call this first, then apply the command line on top. LWS_ERR_IO where there is no
 * run. Collective. Agreed. */
lws_status lws_train_load_options(lws_comm *comm, const char *run, lws_train_options *options);

/* Trains to the end: options resolved, the folder filled. Several trainings may go on in one process, in threads and on
 * communicators of their own; a signal asks all of them to stop. LWS_STOPPED after an early stop by signal, with a
 * checkpoint; else LWS_OK or the error. Collective. Agreed. */
lws_status lws_train(lws_comm *comm, lws_train_options *options, const lws_train_request *request);

#endif
