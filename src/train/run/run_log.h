/* What a run says of itself: lines of metrics.jsonl, and the status line. */
#ifndef LWS_RUN_LOG_H
#define LWS_RUN_LOG_H

#include "run/run.h"
#include "step/step.h"

#include "base/status_line.h"
#include "inference/evaluate.h"
#include "report/record.h"

/* Speed since the last look, and the losses so far. */
typedef struct pace {
    double log_time, status_time;
    int64_t log_step;
    double images_per_second;
    lws_spark losses;
} pace;

/* The losses of a step, the norm of its gradient and its learning rate. Not collective. */
void record_losses(const lws_train_options *o, const step_result *result, lws_record *record);

/* The status line, where it is time for one. Not collective. */
void show_status(const training_run *r, const step_result *result, pace *p);

/* Lines for write_lines(): of a step, counted from 1 (all ranks keep the pace, rank 0 has the log); on rank 0, of the
 * step that failed, and of an evaluation. Not collective. */
void log_step(training_run *r, int64_t step, const step_result *result, pace *p);
void log_failure(training_run *r);
void log_evaluation(training_run *r, const lws_evaluation *e);

/* Writes the lines so far. Those that the disk does not take wait; once the patience is over all ranks end, after the
 * next step. Not collective. */
void write_lines(training_run *r);

/* The last flush of a run, down to the disk; `user` is the training_run: a persist_attempt. Not collective. */
lws_status sync_log(void *user);

#endif
