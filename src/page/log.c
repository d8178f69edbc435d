/* Lines of a log to curves. */
#include "log.h"

#include "base/folder.h"
#include "base/input.h"
#include "report/metrics_log.h"
#include "report/record_read.h"
#include <lwssim/metrics.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what keys mean -------------------------------------------------------------------------- */

static const struct {
    const char *key, *title;
    int better;
} known[] = {
    {"loss", "Loss", -1},
    {"recon", "Reconstruction loss", -1},
    {"kl", "KL divergence", 0},
    {"mmd", "MMD", 0},
    {"gradient_norm", "Norm of the gradient", 0},
    {"lr", "Learning rate", 0},
    {"images_per_second", "Images a second", 0},
    {"colour_slope", "Colour slope", 0}, /* 1 is best, which is neither end */
    {"colour_correlation", "Colour correlation", 1},
    {"mse", NULL, -1},
    {"delta_e", NULL, -1},
    {"ssim_g11", NULL, 1},
    {"ssim_u7", NULL, 1},
    {"ms_ssim3", NULL, 1},
    {"psnr", NULL, 1},
};

const char *log_title(const char *key)
{
    for (int m = 0; m < LWS_METRICS; m++)
        if (strcmp(lws_metric_key[m], key) == 0)
            return lws_metric_title[m];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].title && strcmp(known[i].key, key) == 0)
            return known[i].title;
    return key;
}

int log_better(const char *key)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].key, key) == 0)
            return known[i].better;
    return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static log_curve *curve_of(run_log *log, log_kind kind, const char *key)
{
    for (int i = 0; i < log->curves; i++)
        if (log->curve[i].kind == kind && strcmp(log->curve[i].key, key) == 0)
            return &log->curve[i];
    if (log->curves == LOG_CURVES || strlen(key) >= LOG_KEY || !key[0])
        return NULL;
    log_curve *c = &log->curve[log->curves++];
    *c = (log_curve){.kind = kind};
    memcpy(c->key, key, strlen(key) + 1);
    return c;
}

static bool is_plotted(const char *key)
{
    static const char *const others[] = {"step", "epoch", "seconds", "images"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(key, others[i]) == 0)
            return false;
    return true;
}

/* Every number of the record, and null, which stands for one that is not finite. False when out of memory. */
static bool add_numbers(run_log *log, log_kind kind, double step, const lws_record *record)
{
    for (const lws_record *v = lws_record_first(record); v; v = lws_record_next(v)) {
        double y = (double)NAN;
        bool is_number = lws_record_value_number(v, &y);
        bool is_null = !is_number && !lws_record_value_text(v) && !lws_record_first(v);
        log_curve *c =
            is_plotted(lws_record_key(v)) && (is_number || is_null) ? curve_of(log, kind, lws_record_key(v)) : NULL;
        if (c && !series_add(&c->points, step, y))
            return false;
    }
    return true;
}

/* What training counts anew in each of its parts goes on from where the part before it ended. */
typedef struct progress {
    double before, latest;
} progress;

static bool add_record(run_log *log, progress *p, const lws_record *record)
{
    const char *type = lws_record_get_text(record, "type"), *finding = lws_record_get_text(record, "finding");
    double step, epoch, seconds;
    if (!type || !lws_record_get_number(record, "step", &step) || !(step >= 0 && step < 1e15))
        return true;
    log->step = fmax(log->step, step);
    if (strcmp(type, "failure") == 0 && finding) {
        snprintf(log->finding, sizeof log->finding, "%s", finding);
        log->finding_step = step;
        return true;
    }
    log_kind kind = strcmp(type, "train") == 0        ? LOG_TRAIN
                    : strcmp(type, "evaluation") == 0 ? LOG_EVALUATION
                                                      : LOG_OTHER;
    if (kind == LOG_OTHER)
        return true;
    if (kind == LOG_TRAIN && log->finding[0] && step >= log->finding_step + 1)
        log->finding[0] = 0; /* it went on, and past it */
    if (lws_record_get_number(record, "epoch", &epoch) && epoch > 0)
        log->steps_per_epoch = round(step / epoch);
    if (lws_record_get_number(record, "seconds", &seconds)) {
        p->before += seconds < p->latest ? p->latest : 0;
        p->latest = seconds;
        log->seconds = p->before + p->latest;
    }
    return add_numbers(log, kind, step, record);
}

static lws_status read_lines(FILE *in, const char *path, run_log *log)
{
    char *line = NULL;
    size_t capacity = 0;
    bool has_memory = true;
    progress p = {0};
    for (ssize_t length; has_memory && (length = getline(&line, &capacity, in)) > 0;) {
        lws_record *record = lws_record_parse(line, (size_t)length);
        if (record && line[length - 1] == '\n')
            has_memory = add_record(log, &p, record);
        else if (line[length - 1] == '\n')
            log->unreadable++;
        lws_record_free(record);
    }
    free(line);
    if (!has_memory)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", path);
    return feof(in) ? LWS_OK : lws_fail(LWS_ERR_IO, "cannot read %s: %m", path);
}

lws_status run_log_read(const char *run, run_log *log)
{
    char path[LWS_PATH];
    int fd;
    memset(log, 0, sizeof *log);
    snprintf(path, sizeof path, "%s/" LWS_METRICS_LOG, run);
    if (access(path, F_OK) != 0)
        return LWS_OK;
    LWS_TRY(lws_input_open(path, &fd, NULL));
    FILE *in = fdopen(fd, "r");
    if (!in) {
        close(fd);
        return lws_fail(LWS_ERR_IO, "cannot read %s: %m", path);
    }
    lws_status status = read_lines(in, path, log);
    fclose(in);
    return status;
}

void run_log_free(run_log *log)
{
    for (int i = 0; i < log->curves; i++)
        series_free(&log->curve[i].points);
    log->curves = 0;
}

const log_curve *run_log_find(const run_log *log, log_kind kind, const char *key)
{
    for (int i = 0; i < log->curves; i++)
        if (log->curve[i].kind == kind && strcmp(log->curve[i].key, key) == 0)
            return &log->curve[i];
    return NULL;
}

double log_last(const log_curve *curve)
{
    for (int64_t i = curve ? curve->points.count : 0; i-- > 0;)
        if (isfinite(curve->points.at[i].y))
            return curve->points.at[i].y;
    return (double)NAN;
}
