/* metrics.jsonl: one JSON object a line, appended, cut back on resume, kept in memory while the disk refuses it. */
#include "record_memory.h"

#include "report/metrics_log.h"

#include "base/folder.h"
#include "base/input.h"
#include "base/output.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PENDING_MOST = 64 << 20 };

struct lws_metrics_log {
    int fd;         /* -1: a sink */
    off_t size;     /* of the file, in whole lines */
    bool is_lossy;  /* a line could not even be kept */
    bool is_torn;   /* there may be half a line behind them */
    bool is_unsafe; /* the disk did not flush the file: what it holds is not known */
    char *pending;  /* lines that the file does not have yet */
    size_t used, room;
    char path[4096];
};

/* Copies the lines up to and including `step`. A last line that was cut off by a crash is no JSON and is left out.
 * False where `in` cannot be read. */
static bool copy_until(FILE *in, int64_t step, FILE *out)
{
    char *line = NULL;
    record_watch_memory();
    size_t capacity = 0;
    for (ssize_t length; (length = getline(&line, &capacity, in)) > 0;) {
        cJSON *record = line[length - 1] == '\n' ? cJSON_Parse(line) : NULL;
        const cJSON *at = cJSON_GetObjectItem(record, "step");
        if (cJSON_IsNumber(at) && at->valuedouble <= (double)step)
            fputs(line, out);
        cJSON_Delete(record);
    }
    free(line);
    bool ran_out = record_ran_out(); /* a line for which there is no memory is none that was cut off */
    return feof(in) && !ran_out;
}

static lws_status rewind_file(FILE *in, const char *path, int64_t step)
{
    lws_output out;
    LWS_TRY(lws_output_open(path, &out));
    if (copy_until(in, step, out.file))
        return lws_output_commit(&out);
    lws_status status = errno == ENOMEM ? lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", path)
                                        : lws_fail(LWS_ERR_IO, "cannot read %s: %m", path);
    lws_output_discard(&out);
    return status;
}

static lws_status rewind_to(const char *path, int64_t step)
{
    int fd;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return LWS_OK; /* nothing there yet */
    LWS_TRY(lws_input_open(path, &fd, NULL));
    FILE *in = fdopen(fd, "r");
    lws_status status = in ? rewind_file(in, path, step) : lws_fail(LWS_ERR_IO, "cannot read %s: %m", path);
    if (in)
        fclose(in);
    else
        close(fd);
    return status;
}

/* The lines up to that of `step` in a file of their own, to be appended to. A new file has its name on the disk before
 * lines are flushed to it. */
static lws_status open_from(lws_metrics_log *log, int64_t step, int *fd)
{
    LWS_TRY(rewind_to(log->path, step));
    *fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (*fd < 0)
        return lws_fail(LWS_ERR_IO, "cannot write %s: %m", log->path);
    lws_status status = lws_folder_flush_above(log->path);
    if (status != LWS_OK) {
        close(*fd);
        *fd = -1;
    }
    return status;
}

lws_status lws_metrics_log_open(const char *folder, int64_t step, bool active, lws_metrics_log **out)
{
    lws_metrics_log *log = calloc(1, sizeof *log);
    *out = log;
    if (!log)
        return lws_fail(LWS_ERR_MEMORY, "out of memory opening the log");
    log->fd = -1;
    if (!active)
        return LWS_OK;
    snprintf(log->path, sizeof log->path, "%s/" LWS_METRICS_LOG, folder);
    lws_status status = open_from(log, step, &log->fd);
    if (status != LWS_OK) {
        free(log);
        *out = NULL;
        return status;
    }
    log->size = lseek(log->fd, 0, SEEK_END);
    return LWS_OK;
}

/* Room for so many more bytes. */
static lws_status make_room(lws_metrics_log *log, size_t bytes)
{
    size_t need = log->used + bytes;
    if (need > PENDING_MOST)
        return lws_fail(LWS_ERR_LIMIT, "%s: %d MB of lines wait to be written, and no more are kept", log->path,
                        PENDING_MOST >> 20);
    if (need <= log->room)
        return LWS_OK;
    char *grown = realloc(log->pending, 2 * need);
    if (!grown)
        return lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", log->path);
    log->pending = grown;
    log->room = 2 * need;
    return LWS_OK;
}

lws_status lws_metrics_log_add(lws_metrics_log *log, lws_record *record)
{
    lws_status status = LWS_OK;
    if (log->fd >= 0) {
        char *text = lws_record_print(record, false);
        size_t length = text ? strlen(text) : 0;
        status = text ? make_room(log, length + 1) : lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", log->path);
        if (status == LWS_OK) {
            memcpy(log->pending + log->used, text, length);
            log->pending[log->used + length] = '\n';
            log->used += length + 1;
        }
        free(text);
        log->is_lossy |= status != LWS_OK;
    }
    lws_record_free(record);
    return status;
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO; /* which did not say why */
        if (n <= 0)
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

/* Half a line is worse than none. */
static bool cut_half_line(lws_metrics_log *log)
{
    log->is_torn = ftruncate(log->fd, log->size) != 0;
    return !log->is_torn;
}

static lws_status write_pending(lws_metrics_log *log)
{
    if (log->used == 0)
        return LWS_OK;
    if (log->is_torn && !cut_half_line(log))
        return lws_fail(LWS_ERR_IO, "cannot cut half a line off %s: %m", log->path);
    if (!write_all(log->fd, log->pending, log->used)) {
        lws_status status = lws_fail(lws_write_status(errno), "cannot write %s: %m", log->path);
        cut_half_line(log); /* or else before the next attempt */
        return status;
    }
    log->size += (off_t)log->used;
    log->used = 0;
    return LWS_OK;
}

static lws_status check_whole(const lws_metrics_log *log)
{
    if (log->is_lossy)
        return lws_fail(LWS_ERR_LIMIT, "%s has lost lines: neither the disk nor the memory could keep them", log->path);
    return LWS_OK;
}

lws_status lws_metrics_log_flush(lws_metrics_log *log)
{
    LWS_TRY(check_whole(log));
    return write_pending(log);
}

/* Nobody knows what a second attempt to flush the same file would say: its lines go to another. */
static lws_status renew(lws_metrics_log *log)
{
    int fd;
    LWS_TRY(open_from(log, INT64_MAX, &fd));
    close(log->fd);
    log->fd = fd;
    log->is_unsafe = false;
    log->is_lossy = lseek(fd, 0, SEEK_END) != log->size;
    return check_whole(log);
}

lws_status lws_metrics_log_sync(lws_metrics_log *log)
{
    LWS_TRY(lws_metrics_log_flush(log));
    if (log->is_unsafe)
        return renew(log);
    if (log->fd < 0 || fdatasync(log->fd) == 0)
        return LWS_OK;
    log->is_unsafe = true;
    return lws_fail(lws_write_status(errno), "cannot flush %s to disk: %m", log->path);
}

lws_status lws_metrics_log_close(lws_metrics_log *log)
{
    if (!log)
        return LWS_OK;
    lws_status status = write_pending(log);
    if (log->fd >= 0 && close(log->fd) != 0 && status == LWS_OK)
        status = lws_fail(lws_write_status(errno), "cannot close %s, which may lack lines: %m", log->path);
    free(log->pending);
    free(log);
    return status;
}
