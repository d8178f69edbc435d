/* Messages for the person at the terminal. Rank 0 prints, the other ranks are silent: which it is stands in the context
 * that the calling thread works in (context.h). Any thread; lines are printed whole. */
#ifndef LWSSIM_LOG_H
#define LWSSIM_LOG_H

#include <stdbool.h>
#include <stdio.h>

/* Whether the calling thread's context prints its messages. A process does until it is told otherwise. */
void lws_log_set_root(bool is_root);
bool lws_log_is_root(void);

/* The lines of the calling thread's context go to this file from now on; warnings and errors to standard error as well,
 * with `name` in them. What the file does not take is lost. NULL: to standard error, as at first. Owned by the caller,
 * who takes it back before it goes. */
typedef struct lws_log_file {
    FILE *file;
    const char *name;
} lws_log_file;
void lws_log_set_file(lws_log_file *log);

/* A line on standard error, with "lwssim: " before it; printf style. Lines of a status display
 * (lws_log_status) that stand unfinished are closed first. */
void lws_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void lws_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void lws_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A status line: overwritten in place by the next one on a terminal, where it is cut to lws_log_columns(); a plain line
 * elsewhere. */
void lws_log_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* True where status lines are overwritten in place, so that they may come often: standard error is a terminal, and not
 * one that TERM calls dumb. */
bool lws_log_is_terminal(void);

/* Columns that a status line may take now: one less than the terminal has, which then does not wrap it. A terminal that
 * does not say is as wide as COLUMNS says, or 80. */
int lws_log_columns(void);

/* Whether the terminal shows more than ASCII: LC_ALL, LC_CTYPE or LANG, the first that is set, names UTF-8. */
bool lws_log_is_unicode(void);

/* "1 h 02 min", "3 min 20 s", "12 s": a duration for people, in a static thread-local buffer. */
const char *lws_duration(double seconds);

#endif
