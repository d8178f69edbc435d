#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static bool is_voice = true;
static bool status_open = false;

void lws_log_set_root(bool voice)
{
    is_voice = voice;
}

bool lws_log_is_root(void)
{
    return is_voice;
}

bool lws_log_is_terminal(void)
{
    return isatty(STDERR_FILENO);
}

static void line(const char *prefix, const char *format, va_list args)
{
    if (!is_voice)
        return;
    /* One write a line, so that lines of several processes do not mix. */
    char text[4096];
    int used = snprintf(text, sizeof text, "%s%s", status_open ? "\n" : "", prefix);
    vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    fprintf(stderr, "%s\n", text);
    fflush(stderr);
    status_open = false;
}

void lws_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("", format, args);
    va_end(args);
}

void lws_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("lwssim: warning: ", format, args);
    va_end(args);
}

void lws_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("lwssim: error: ", format, args);
    va_end(args);
}

void lws_log_status(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!is_voice) {
        /* silent */
    } else if (lws_log_is_terminal()) {
        fputs("\r\033[K", stderr);
        vfprintf(stderr, format, args);
        fflush(stderr);
        status_open = true;
    } else {
        line("", format, args);
    }
    va_end(args);
}

const char *lws_duration(double seconds)
{
    static _Thread_local char text[48];
    if (!(seconds >= 0 && seconds < 1e9)) {
        snprintf(text, sizeof text, "?");
        return text;
    }
    long s = (long)(seconds + .5);
    if (s >= 3600)
        snprintf(text, sizeof text, "%ld h %02ld min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(text, sizeof text, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(text, sizeof text, "%ld s", s);
    return text;
}
