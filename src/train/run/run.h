/* A training run: a trainer, and the folder that it fills. */
#ifndef LWS_RUN_H
#define LWS_RUN_H

#include "run/checkpoints.h"
#include "run/persist.h"
#include "train/stop.h"
#include "step/trainer.h"
#include "train/train.h"

#include "report/events.h"
#include "report/metrics_log.h"

/* The report that is rewritten while training goes on. */
typedef struct live_page {
    double time, cost; /* when the latest was written, and how many seconds that took */
    bool is_late;      /* it could not be written, which was said */
} live_page;

typedef struct training_run {
    trainer trainer;
    lws_train_request request;
    int lock;                   /* rank 0: descriptor of the run folder's lock; -1: none */
    const lws_stop_watch *stop; /* not owned */
    checkpoints checkpoints;

    lws_metrics_log *log; /* rank 0 */
    step_failure log_failure;
    lateness late_log;
    bool is_picture_late; /* the latest could not be written, which was said */
    lws_events *events;   /* rank 0, with the key `tensorboard`; else NULL */
    bool are_events_late;
    live_page page; /* rank 0 */

    int64_t first_step;                    /* where this process came in */
    double start_time;                     /* of the loop in this process */
    double checkpoint_time, evaluate_time; /* rank 0: when the last one was made */
} training_run;

/* The folder made or taken over, the state set, from the newest checkpoint where the request resumes; `stop` watches
 * for the end. *r stays where it is. On failure nothing is left to destroy. Collective. Agreed. */
lws_status run_create(lws_comm *comm, lws_train_options *options, const lws_train_request *request,
                      const lws_stop_watch *stop, training_run *r);

/* Waits for messages in flight. Collective. */
void run_destroy(training_run *r);

#endif
