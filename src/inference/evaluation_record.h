/* An evaluation in JSON, as all commands that evaluate write it. */
#ifndef LWSSIM_EVALUATION_RECORD_H
#define LWSSIM_EVALUATION_RECORD_H

#include "inference/evaluate.h"
#include "report/record.h"

/* Adds an object {"mean", "standard_error"} for each metric, under its key, for "colour_slope" and
 * "colour_correlation"; and "shift", a list of such objects, one a channel. */
void lws_evaluation_record(const lws_evaluation *e, lws_record *record);

#endif
