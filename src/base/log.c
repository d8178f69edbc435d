/* Lines on standard error, whole and in order, whichever thread prints them. */
#include "base/log.h"

#include "base/context.h"
#include "base/status_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A status line stands unfinished on the terminal, of which a process has one. Read and written under the lock of
 * stderr; atomic because the thread sanitizer does not know flockfile(). */
static atomic_bool status_open = false;

void lws_log_set_root(bool is_root)
{
    atomic_store(&lws_context_current()->is_root, is_root);
}

bool lws_log_is_root(void)
{
    return atomic_load(&lws_context_current()->is_root);
}

void lws_log_set_file(lws_log_file *log)
{
    atomic_store(&lws_context_current()->log, log);
}

int lws_log_columns(void)
{
    enum { USUAL = 80, MOST = 400 };
    struct winsize size;
    const char *told = getenv("COLUMNS");
    int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    if (columns <= 0)
        columns = told ? atoi(told) : 0;
    if (columns <= 0)
        columns = USUAL;
    return (columns < MOST ? columns : MOST) - 1;
}

bool lws_log_is_unicode(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0])
            return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
    }
    return false;
}

bool lws_log_is_terminal(void)
{
    const char *kind = getenv("TERM");
    return !atomic_load(&lws_context_current()->log) && isatty(STDERR_FILENO) && !(kind && strcmp(kind, "dumb") == 0);
}

/* To the file of the calling thread's context, where it has one. */
static const lws_log_file *keep(const char *prefix, const char *format, va_list args)
{
    const lws_log_file *log = atomic_load(&lws_context_current()->log);
    if (!log)
        return NULL;
    flockfile(log->file);
    fputs(prefix, log->file);
    vfprintf(log->file, format, args);
    fputc('\n', log->file);
    fflush(log->file);
    funlockfile(log->file);
    return log;
}

/* is_loud: standard error has it in any case. */
static void line(const char *prefix, bool is_loud, const char *format, va_list args)
{
    if (!lws_log_is_root())
        return;
    va_list again;
    va_copy(again, args);
    const lws_log_file *log = keep(prefix, format, again);
    va_end(again);
    if (log && !is_loud)
        return;
    /* One write a line, so that lines of several processes do not mix. */
    char text[4096];
    flockfile(stderr);
    int used =
        snprintf(text, sizeof text, "%s%s%s%s", status_open ? "\n" : "", prefix, log ? log->name : "", log ? ": " : "");
    vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    fprintf(stderr, "%s\n", text);
    fflush(stderr);
    status_open = false;
    funlockfile(stderr);
}

void lws_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("", false, format, args);
    va_end(args);
}

void lws_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("lwssim: warning: ", true, format, args);
    va_end(args);
}

void lws_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("lwssim: error: ", true, format, args);
    va_end(args);
}

void lws_log_status(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!lws_log_is_root()) {
        /* silent */
    } else if (lws_log_is_terminal()) {
        char text[1024];
        vsnprintf(text, sizeof text, format, args);
        flockfile(stderr);
        fprintf(stderr, "\r\033[K%.*s", (int)lws_text_fitting(text, lws_log_columns()), text);
        fflush(stderr);
        status_open = true;
        funlockfile(stderr);
    } else {
        line("", false, format, args);
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
