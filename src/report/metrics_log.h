/* metrics.jsonl of a run: one JSON object a line, appended as training goes on. */
#ifndef LWSSIM_METRICS_LOG_H
#define LWSSIM_METRICS_LOG_H

#include "report/record.h"

typedef struct lws_metrics_log lws_metrics_log;

#define LWS_METRICS_LOG "metrics.jsonl"

/* Opens FOLDER/metrics.jsonl for appending. Lines of steps after `step` are dropped first: a run that was killed is
 * resumed from its last checkpoint and writes them again. With active false (every rank but one) the log is a
 * sink. LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status lws_metrics_log_open(const char *folder, int64_t step, bool active, lws_metrics_log **out);

/* Appends the record as a line, in memory, and frees it. LWS_ERR_MEMORY; LWS_ERR_LIMIT where 64 MB wait already. */
lws_status lws_metrics_log_add(lws_metrics_log *log, lws_record *record);

/* Writes what was added. LWS_ERR_IO (a full disk, …), LWS_ERR_LIMIT: it is all kept for the next flush, and the file
 * ends with a whole line as soon as the disk lets it be cut there. Once _add has failed, LWS_ERR_LIMIT for good. */
lws_status lws_metrics_log_flush(lws_metrics_log *log);

/* The same, and waits until the disk has it. Where that fails, the next call writes all lines to a new file. */
lws_status lws_metrics_log_sync(lws_metrics_log *log);

/* Closes and frees, whatever it returns, having tried once more to write what is left; NULL is fine. LWS_ERR_IO,
 * LWS_ERR_LIMIT where lines may be missing. */
lws_status lws_metrics_log_close(lws_metrics_log *log);

#endif
