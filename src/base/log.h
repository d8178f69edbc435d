/* Messages for the person at the terminal. One process of a job, the voice, prints; the others are silent. */
#ifndef LWSSIM_LOG_H
#define LWSSIM_LOG_H

#include <stdbool.h>

/* Makes this process the voice, or silences it. Every process is the voice until it is told otherwise. */
void lws_log_set_root(bool voice);
bool lws_log_is_root(void);

/* A line on standard error, with "lwssim: " before it; printf style. Lines of a status display
 * (lws_log_status) that stand unfinished are closed first. */
void lws_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void lws_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void lws_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A status line: overwritten in place by the next one on a terminal, a plain line elsewhere. */
void lws_log_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* True where status lines are overwritten in place, so that they may come often. */
bool lws_log_is_terminal(void);

/* "1 h 02 min", "3 min 20 s", "12 s": a duration for people, in a static thread-local buffer. */
const char *lws_duration(double seconds);

#endif
