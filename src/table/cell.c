/* One cell: its folder, its training, its evaluation, and the record of its failure. */
#include "cell.h"

#include "figures.h"
#include "place.h"

#include "base/clock.h"
#include "base/input.h"
#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "data/checkpoint.h"
#include "data/run_names.h"
#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- failures ---------------------------------------------------------------------------------------------------- */

/* By rank 0 of the group; the message stays. */
static void keep_failure(const lws_table_job *job, const lws_table_cell *cell, lws_status status)
{
    char path[LWS_PATH], message[2048];
    lws_text text = {0};
    size_t length;
    snprintf(message, sizeof message, "%s", lws_message());
    lws_text_add(&text, "%d %s\n%s\n", (int)status, lws_status_text(status), message);
    char *bytes = lws_text_take(&text, &length);
    cell_path(job, cell, "", path);
    lws_status kept = bytes ? lws_folder_make(path) : lws_fail(LWS_ERR_MEMORY, "out of memory");
    cell_path(job, cell, LWS_TABLE_FAILED, path);
    if (kept == LWS_OK)
        kept = lws_output_write(path, bytes, length);
    if (kept != LWS_OK)
        lws_warn("%s; the next job will not know that %s failed", lws_message(), cell->name);
    free(bytes);
    lws_fail(status, "%s", message);
}

/* LWS_OK: it has not failed. */
static lws_status read_failure(const lws_table_job *job, const lws_table_cell *cell, char *message, size_t size)
{
    char path[LWS_PATH], *text, *end;
    cell_path(job, cell, LWS_TABLE_FAILED, path);
    message[0] = 0;
    if (access(path, F_OK) != 0)
        return LWS_OK;
    size_t length;
    if (lws_input_read_text(path, "record of a failure", &text, &length) != LWS_OK)
        return LWS_ERR_IO;
    lws_status status = (lws_status)strtol(text, &end, 10);
    const char *line = strchr(text, '\n');
    if (line)
        snprintf(message, size, "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
    bool is_one = end != text && line && lws_status_text(status)[0] && status != LWS_OK;
    free(text);
    return is_one ? status : LWS_ERR_IO;
}

lws_table_state cell_look(const lws_table_job *job, const lws_table_cell *cell, lws_status *status, char *message,
                          size_t size)
{
    *status = LWS_OK;
    message[0] = 0;
    if (figures_are_there(job, cell))
        return LWS_TABLE_FINISHED;
    *status = read_failure(job, cell, message, size);
    if (*status == LWS_OK)
        return LWS_TABLE_OPEN;
    return *status == LWS_ERR_NUMERIC ? LWS_TABLE_DIVERGED : LWS_TABLE_BROKEN;
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

/* Whether there is something to go on from. One process. */
static bool holds_run(const lws_table_job *job, const lws_table_cell *cell)
{
    char run[LWS_PATH], path[LWS_PATH];
    cell_path(job, cell, "", run);
    cell_path(job, cell, LWS_RUN_CONFIG, path);
    if (access(path, F_OK) == 0)
        return true;
    lws_run_checkpoints(run, path);
    return access(path, F_OK) == 0 && lws_checkpoint_count(path) > 0;
}

/* *resumes: some of it was done before. */
static lws_status train(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell, cell_stop stop,
                        bool *resumes)
{
    char run[LWS_PATH], path[LWS_PATH];
    lws_train_options options = cell->options;
    lws_train_request request = {.run = run, .same_again = true, .wants_stop = stop.is_wanted, .user = stop.user};
    cell_path(job, cell, "", run);
    cell_path(job, cell, LWS_TABLE_FAILED, path);
    options.time_limit = 0; /* it is the table's */
    *resumes = false;
    if (lws_comm_rank(group) == 0) {
        unlink(path);
        *resumes = holds_run(job, cell);
    }
    lws_comm_broadcast(group, resumes, sizeof *resumes);
    request.resume = *resumes;
    return lws_train(group, &options, &request);
}

lws_status cell_run(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell, cell_stop stop,
                    lws_evaluation *result)
{
    double since = lws_now();
    bool resumes;
    lws_status status = train(group, job, cell, stop, &resumes);
    if (status == LWS_OK) { /* evaluation takes no stop in between, so it is not begun */
        bool stops = stop.is_wanted(stop.user);
        status = lws_comm_agree(group, stops ? lws_fail(LWS_STOPPED, "stopped before the evaluation") : LWS_OK);
    }
    if (status == LWS_OK)
        status = figures_make(group, job, cell, resumes ? (double)NAN : since, result);
    if (status != LWS_OK && status != LWS_STOPPED && lws_comm_rank(group) == 0)
        keep_failure(job, cell, status);
    return status;
}
