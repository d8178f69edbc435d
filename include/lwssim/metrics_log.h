/* metrics.jsonl of a run: one JSON object a line, appended as training goes on. */
#ifndef LWSSIM_METRICS_LOG_H
#define LWSSIM_METRICS_LOG_H

#include <lwssim/record.h>

typedef struct lws_metrics_log lws_metrics_log;

/* Opens FOLDER/metrics.jsonl for appending. Lines of steps after `step` are dropped first: a run that was killed is
 * resumed from its last checkpoint and writes them again. With active false (every rank but one) the log is a
 * sink. LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status lws_metrics_log_open(const char *folder, int64_t step, bool active, lws_metrics_log **out);
lws_status lws_metrics_log_close(lws_metrics_log *log);

/* Writes the record as a line and frees it. A full disk is an LWS_ERR_IO. */
lws_status lws_metrics_log_write(lws_metrics_log *log, lws_record *record);

#endif
