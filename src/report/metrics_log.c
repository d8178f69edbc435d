#include <lwssim/metrics_log.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lws_metrics_log {
    FILE *file; /* NULL: a sink */
    char path[4096];
};

/* Copies the lines up to and including `step` and puts the copy in the file's place. A last line that was cut off by a
 * crash is no JSON and goes too. */
static lws_status rewind_to(const char *path, int64_t step)
{
    FILE *in = fopen(path, "r");
    if (!in)
        return LWS_OK; /* nothing there yet */
    char copy[4200], *line = NULL;
    size_t capacity = 0;
    snprintf(copy, sizeof copy, "%s.partial", path);
    FILE *out = fopen(copy, "w");
    for (ssize_t length; out && (length = getline(&line, &capacity, in)) > 0;) {
        cJSON *record = line[length - 1] == '\n' ? cJSON_Parse(line) : NULL;
        const cJSON *at = cJSON_GetObjectItem(record, "step");
        if (cJSON_IsNumber(at) && at->valuedouble <= (double)step)
            fputs(line, out);
        cJSON_Delete(record);
    }
    bool failed = !out || ferror(in) || ferror(out) || fflush(out) != 0 || fsync(fileno(out)) != 0;
    free(line);
    fclose(in);
    if (out && fclose(out) != 0)
        failed = true;
    if (failed || rename(copy, path) != 0) {
        lws_status status = lws_fail(LWS_ERR_IO, "cannot rewrite %s: %m", path);
        remove(copy);
        return status;
    }
    return LWS_OK;
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
