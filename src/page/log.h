/* metrics.jsonl as curves: every number of its lines over the steps. Private to this folder. */
#ifndef PAGE_LOG_H
#define PAGE_LOG_H

#include "series.h"

#include <lwssim/status.h>

enum { LOG_CURVES = 32, LOG_KEY = 48, LOG_FINDING = 320 };

typedef enum log_kind { LOG_TRAIN, LOG_EVALUATION, LOG_OTHER } log_kind;

typedef struct log_curve {
    log_kind kind; /* of the lines */
    char key[LOG_KEY];
    series points;
} log_curve;

typedef struct run_log {
    int curves;
    log_curve curve[LOG_CURVES]; /* in the order of their appearance */
    double step;                 /* the last; 0: none */
    double steps_per_epoch;      /* 0: not known */
    double seconds;              /* of training, over all its parts */
    int64_t unreadable;          /* lines that are no record, but for a last one that is being written */
    char finding[LOG_FINDING];   /* of the failure that ended it; "": none */
    double finding_step;
} run_log;

/* Reads RUN/metrics.jsonl; a run without one has no curves. run_log_free() is due, whatever comes back. LWS_ERR_IO,
 * LWS_ERR_MEMORY. */
lws_status run_log_read(const char *run, run_log *log);
void run_log_free(run_log *log);

/* The curve of a key; NULL: none. */
const log_curve *run_log_find(const run_log *log, log_kind kind, const char *key);

/* Its last finite value; NaN: none. */
double log_last(const log_curve *curve);

/* The name of a key for people: "SSIM-G11"; the key itself where nobody has given it one. */
const char *log_title(const char *key);

/* Which values of it are better: 1 the larger, -1 the smaller, 0 neither. */
int log_better(const char *key);

#endif
