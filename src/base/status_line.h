/* A status line that fits the terminal: which of its parts stand there, and how often it is printed. Pure functions of
 * their arguments. Not collective. */
#ifndef LWSSIM_STATUS_LINE_H
#define LWSSIM_STATUS_LINE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lws_status_part {
    const char *text, *brief; /* "step 5/20" and "5/20"; brief "": it has no short form and is left out instead */
    int rank;                 /* 0 is what matters most; each part has another */
} lws_status_part;

enum { LWS_STATUS_PARTS_MAX = 16, LWS_STATUS_LINE = 512 };

/* The parts in this order, two blanks between them, in at most `columns` columns: by rank each gets its short form as
 * long as there is room, then by rank its long one. */
void lws_status_compose(int count, const lws_status_part *parts, int columns, char line[LWS_STATUS_LINE]);

/* Columns that a UTF-8 text takes, and the bytes of it that fit into so many. A character takes one: texts are the
 * program's own. */
int lws_text_columns(const char *text);
size_t lws_text_fitting(const char *text, int columns);

/* Values over time in few bins: where all are full, each two become one. */
enum { LWS_SPARK_BINS = 64 };
typedef struct lws_spark {
    double sum[LWS_SPARK_BINS];
    int bins;    /* that are full */
    int of_each; /* values a bin; 0 is 1 */
    int last;    /* values in the bin behind them */
    double last_sum;
} lws_spark;
void lws_spark_add(lws_spark *s, double value);

/* The history as at most `columns` bars, whose heights go by the logarithm where all means are positive: ▁ to █, or
 * eight characters of ASCII. "" while there are not two bins. */
void lws_spark_draw(const lws_spark *s, int columns, bool unicode, char line[LWS_STATUS_LINE]);

/* "2h05m left", "3m20s left", "12s left": less than lws_duration() (log.h) takes. */
enum { LWS_STATUS_DURATION = 32 };
void lws_status_duration(double seconds, char text[LWS_STATUS_DURATION]);

/* Seconds between two status lines of work that began so many seconds ago. On a terminal they are overwritten and come
 * often. In a log they stay: so every 10 s in the first ten minutes, every minute up to an hour, and then every five:
 * some 400 on the first day, and 288 on each day that follows. */
double lws_status_pause(bool is_terminal, double running);

#endif
