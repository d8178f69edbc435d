#include <lwssim/metrics_log.h>

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <lwssim/output.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lws_metrics_log {
    FILE *file; /* NULL: a sink */
    char path[4096];
};

/* Copies the lines up to and including `step`. A last line that was cut off by a crash is no JSON and is left out.
 * False where `in` cannot be read. */
static bool copy_until(FILE *in, int64_t step, FILE *out)
{
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t length; (length = getline(&line, &capacity, in)) > 0;) {
        cJSON *record = line[length - 1] == '\n' ? cJSON_Parse(line) : NULL;
        const cJSON *at = cJSON_GetObjectItem(record, "step");
        if (cJSON_IsNumber(at) && at->valuedouble <= (double)step)
            fputs(line, out);
        cJSON_Delete(record);
    }
    free(line);
    return !ferror(in);
}

static lws_status rewind_file(FILE *in, const char *path, int64_t step)
{
    lws_output out;
    struct stat info;
    if (fstat(fileno(in), &info) != 0 || !S_ISREG(info.st_mode))
        return lws_fail(LWS_ERR_IO, "%s is not a regular file", path);
    LWS_TRY(lws_output_open(path, &out));
    if (copy_until(in, step, out.file))
        return lws_output_commit(&out);
    lws_status status = lws_fail(LWS_ERR_IO, "cannot read %s: %m", path);
    lws_output_discard(&out);
    return status;
}

static lws_status rewind_to(const char *path, int64_t step)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block */
    if (fd < 0 && errno == ENOENT)
        return LWS_OK; /* nothing there yet */
    FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;
    lws_status status = in ? rewind_file(in, path, step) : lws_fail(LWS_ERR_IO, "cannot read %s: %m", path);
    if (in)
        fclose(in);
    else if (fd >= 0)
        close(fd);
    return status;
}

lws_status lws_metrics_log_open(const char *folder, int64_t step, bool active, lws_metrics_log **out)
{
    lws_metrics_log *log = calloc(1, sizeof *log);
    *out = log;
    if (!log)
        return lws_fail(LWS_ERR_MEMORY, "out of memory opening the log");
    if (!active)
        return LWS_OK;
    snprintf(log->path, sizeof log->path, "%s/metrics.jsonl", folder);
    lws_status status = rewind_to(log->path, step);
    if (status == LWS_OK && !(log->file = fopen(log->path, "a")))
        status = lws_fail(LWS_ERR_IO, "cannot write %s: %m", log->path);
    if (status != LWS_OK) {
        free(log);
        *out = NULL;
    }
    return status;
}

lws_status lws_metrics_log_close(lws_metrics_log *log)
{
    lws_status status = LWS_OK;
    if (log && log->file && fclose(log->file) != 0)
        status = lws_fail(LWS_ERR_IO, "cannot write %s: %m", log->path);
    free(log);
    return status;
}

lws_status lws_metrics_log_write(lws_metrics_log *log, lws_record *record)
{
    lws_status status = LWS_OK;
    if (log->file) {
        char *text = lws_record_print(record, false);
        if (!text)
            status = lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", log->path);
        else if (fprintf(log->file, "%s\n", text) < 0 || fflush(log->file) != 0)
            status = lws_fail(LWS_ERR_IO, "cannot write %s: %m", log->path);
        free(text);
    }
    lws_record_free(record);
    return status;
}
