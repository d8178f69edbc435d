/* What the folder of a run holds, by name:
 *
 *   config.ini                        the run's options, resolved
 *   metrics.jsonl                     its log (report/metrics_log.h)
 *   checkpoints/step-NNNNNNNNN.h5     see checkpoint.h
 *   images/step-NNNNNNNNN.png         pictures of samples
 *
 * and what a run writes besides (profiles, events, its report, the record of a failure), whose names are with who
 * writes it. */
#ifndef LWSSIM_RUN_NAMES_H
#define LWSSIM_RUN_NAMES_H

#include "base/folder.h"

#include <stdint.h>

#define LWS_RUN_CONFIG "config.ini"
#define LWS_RUN_CHECKPOINTS "checkpoints"
#define LWS_RUN_PICTURES "images"

#define LWS_CHECKPOINT_SUFFIX ".h5"
#define LWS_PICTURE_SUFFIX ".png"

/* RUN/checkpoints. */
void lws_run_checkpoints(const char *run, char folder[LWS_PATH]);

/* "step-NNNNNNNNN" and a suffix: the name of a file that is of a step. */
enum { LWS_STEP_NAME = 64 };
void lws_step_name(int64_t step, const char *suffix, char name[LWS_STEP_NAME]);

/* "RUN/images/step-NNNNNNNNN.png": the reconstructions of a step. */
void lws_run_picture(const char *run, int64_t step, char path[LWS_PATH]);

/* The step of such a name with this suffix; -1 for any other name, "step-10.h5" for one. */
int64_t lws_step_of_name(const char *name, const char *suffix);

#endif
