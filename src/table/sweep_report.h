/* The table of a sweep: private to this folder. */
#ifndef LWS_TABLE_SWEEP_REPORT_H
#define LWS_TABLE_SWEEP_REPORT_H

#include "combine.h"

/* Whether cells can be ordered by it, on images of this shape; else LWS_ERR_USAGE with the list of what there is. */
lws_status sweep_report_check(const char *sort, lws_shape image);

/* Writes sweep.csv and sweep.txt into the folder of the job, and prints the latter: the cells that are finished, the
 * best first, and why others failed. LWS_ERR_IO, LWS_ERR_MEMORY. One process. Not collective. */
lws_status sweep_report(const lws_table_job *job, const combination *c, const lws_table_state *state, const char *sort);

#endif
