/* metrics.jsonl of a run: one JSON object a line, appended as training goes on. */
#ifndef LWSSIM_METRICS_LOG_H
#define LWSSIM_METRICS_LOG_H

#include <lwssim/record.h>

typedef struct lws_metrics_log lws_metrics_log;

/* Opens FOLDER/metrics.jsonl for appending. Lines of steps after `step` are dropped first: a run that was killed is
 * resumed from its last checkpoint and writes them again. With active false (every rank but one) the log is a
 * sink. LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status lws_metrics_log_open(const char *folder, int64_t step, bool active, lws_metrics_log **out);

/* Appends the record as a line, in memory, and frees it. LWS_ERR_MEMORY; LWS_ERR_IO where 64 MB wait already. */
lws_status lws_metrics_log_add(lws_metrics_log *log, lws_record *record);

/* Writes what was added. LWS_ERR_IO (a full disk, …), LWS_ERR_LIMIT: it is all kept for the next flush, and the file ends with a whole
 * line. So it is for good once _add has failed. */
lws_status lws_metrics_log_flush(lws_metrics_log *log);

/* Closes and frees, having tried once more to write what is left; NULL is fine. */
void lws_metrics_log_close(lws_metrics_log *log);

#endif
