/* Cells dealt out to groups of ranks, worked off, and looked at in the end. */
#include "table/table.h"

#include "cell.h"
#include "deal.h"
#include "figures.h"
#include "groups.h"
#include "place.h"

#include "base/clock.h"
#include "base/context.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "comm/watchdog.h"
#include "train/stop.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one rank knows while it works. */
typedef struct work {
    const lws_table_job *job;
    const lws_table_state *state; /* [job->count] at the start */
    int *order;                   /* [open] the cells to do, in the order in which they are begun */
    int *failure;                 /* [job->count] statuses of those that this rank has seen fail */
    int open, groups;
    deal deal;
    lws_stop_watch signals;
    bool says_stop; /* this rank has said so to the others */
    double start, looked;
    lws_comm *group; /* NULL: this rank has no cell */
} work;

/* ---- stopping ---------------------------------------------------------------------------------------------------- */

/* A signal to this rank, the clock, or another group that was asked: a look at the disk a second. */
static bool wants_stop(void *user)
{
    work *w = user;
    double now = lws_now(), limit = w->job->time_limit;
    bool is_own = lws_stop_requests(&w->signals) > 0 || (limit > 0 && now - w->start >= limit);
    if (is_own && !w->says_stop)
        deal_stop(&w->deal);
    w->says_stop = w->says_stop || is_own;
    if (!w->says_stop && now - w->looked >= 1) {
        w->looked = now;
        w->says_stop = deal_is_stopped(&w->deal);
    }
    return w->says_stop;
}

/* A rank at rest has nothing to stop itself, but it may be the only one that a signal has reached: it tells the others,
 * whose looks at the disk find it. */
static void pass_on_stop(void *user)
{
    wants_stop(user);
}

/* ---- what there is to do ----------------------------------------------------------------------------------------- */

/* By which cells are ordered: about what a training costs, in products a step and steps. */
static double cost_of(const lws_train_options *o)
{
    double steps = o->steps > 0 ? (double)o->steps : (double)o->epochs * 1e6, channels = (double)o->base_channels;
    return steps * (double)o->batch_size * channels * (channels + 8);
}

/* Those that are open, the longest first: what is begun last is over soon. */
static lws_status plan_order(work *w)
{
    int count = w->job->count;
    w->order = malloc((size_t)count * sizeof *w->order);
    w->failure = calloc((size_t)count, sizeof *w->failure);
    if (!w->order || !w->failure)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for the cells of a table");
    for (int i = 0; i < count; i++) {
        if (w->state[i] == LWS_TABLE_FINISHED || w->state[i] == LWS_TABLE_DIVERGED)
            continue;
        int at = w->open++;
        for (; at > 0 && cost_of(&w->job->cells[w->order[at - 1]].options) < cost_of(&w->job->cells[i].options); at--)
            w->order[at] = w->order[at - 1];
        w->order[at] = i;
    }
    return LWS_OK;
}

/* Figures that do not count are in no table. Rank 0, before the work begins. */
static void discard_figures(const lws_table_job *job, const lws_table_state *state)
{
    for (int i = 0; i < job->count; i++)
        if (state[i] != LWS_TABLE_FINISHED)
            figures_discard(job, &job->cells[i]);
}

/* Rank 0 looks, all know. */
static void look_at_all(lws_comm *comm, const lws_table_job *job, lws_table_state *state)
{
    char message[2048];
    lws_status status;
    for (int i = 0; i < job->count && lws_comm_rank(comm) == 0; i++) {
        lws_progress();
        state[i] = cell_look(job, &job->cells[i], &status, message, sizeof message);
    }
    lws_comm_broadcast(comm, state, (size_t)job->count * sizeof *state);
}

/* ---- the work of a group ----------------------------------------------------------------------------------------- */

/* "cell 7 of 27: vae lwssim seed 1: SSIM-G11 0.6021, MSE 0.01234; 12 min left". By rank 0 of the group. */
static void report(const work *w, const lws_table_cell *cell, lws_status status, const lws_evaluation *e, int own)
{
    int ended = 0;
    char message[2048], figures[96];
    snprintf(message, sizeof message, "%s", lws_message());
    if (deal_count(&w->deal, &ended) != LWS_OK)
        lws_warn("%s", lws_message());
    int left = w->open - ended;
    double seconds = (lws_now() - w->start) / own * ceil((double)left / w->groups);
    int number = w->job->count - left;
    if (status == LWS_OK)
        snprintf(figures, sizeof figures, "SSIM-G11 %.4f, MSE %.5f, slope %.3f", e->mean[LWS_METRIC_SSIM_G11],
                 e->mean[LWS_METRIC_MSE], e->colour_slope.value);
    else
        snprintf(figures, sizeof figures, "failed");
    if (left > 0)
        lws_info("cell %d of %d: %s: %s; %s left", number, w->job->count, cell->title, figures, lws_duration(seconds));
    else
        lws_info("cell %d of %d: %s: %s", number, w->job->count, cell->title, figures);
    if (status != LWS_OK)
        lws_warn("%s: %s", cell->name, message);
}

/* The next of the cells for all ranks of the group; w->open: there is none. Collective over the group. Agreed. */
static lws_status next_cell(work *w, int *number)
{
    int found = *number;
    lws_status status = wants_stop(w) ? lws_fail(LWS_STOPPED, "stopped before a training") : LWS_OK;
    LWS_TRY(lws_comm_agree(w->group, status));
    if (lws_comm_rank(w->group) == 0)
        status = deal_claim(&w->deal, *number, w->open, &found);
    LWS_TRY(lws_comm_agree(w->group, status));
    lws_comm_broadcast(w->group, &found, sizeof found);
    *number = found;
    return LWS_OK;
}

/* The log of a training; where there can be none, its lines are lost. */
static FILE *open_log(const work *w, const lws_table_cell *cell)
{
    char path[LWS_PATH];
    cell_log_path(w->job, cell, path);
    return fopen(path, "a");
}

static lws_status do_cell(work *w, int number, int own)
{
    const lws_table_cell *cell = &w->job->cells[number];
    lws_evaluation e;
    bool is_root = lws_comm_rank(w->group) == 0;
    FILE *file = is_root ? open_log(w, cell) : NULL;
    lws_log_file log = {file, cell->name};
    const cell_stop stop = {wants_stop, w};
    if (file)
        lws_log_set_file(&log);
    else
        lws_warn("the log of %s cannot be written: %m", cell->name);
    lws_status status = cell_run(w->group, w->job, cell, stop, &e);
    lws_log_set_file(NULL);
    if (file)
        fclose(file);
    w->failure[number] = status == LWS_STOPPED ? LWS_OK : (int)status;
    if (is_root && status != LWS_STOPPED)
        report(w, cell, status, &e, own);
    return status;
}

/* Until there is no cell left. Collective over the group. Agreed: LWS_STOPPED; what failed is in the cells' folders. */
static lws_status work_off(work *w)
{
    int number = 0;
    for (int own = 1;; own++, number++) {
        LWS_TRY(next_cell(w, &number));
        if (number == w->open)
            return LWS_OK;
        if (do_cell(w, w->order[number], own) == LWS_STOPPED)
            return LWS_STOPPED;
    }
}

/* All that a group does is watched as its trainings are. */
static lws_status work_in_group(work *w)
{
    if (!w->group)
        return LWS_OK;
    lws_context *before = lws_comm_enter(w->group);
    lws_watch watch = {w->job->cells[0].options.deadline,
                       "; the same command goes on. (The deadline is a key: deadline.)"};
    lws_status status = lws_comm_agree(w->group, lws_watchdog_set(watch, NULL));
    if (status == LWS_OK)
        status = work_off(w);
    lws_context_enter(before);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* Of all cells the least: more ranks than micro-batches cannot train. */
static int64_t least_parts(const lws_table_job *job)
{
    int64_t least = job->cells[0].options.micro_batches;
    for (int i = 1; i < job->count; i++)
        least = job->cells[i].options.micro_batches < least ? job->cells[i].options.micro_batches : least;
    return least;
}

/* The cells are worked off, and all ranks are done. */
static lws_status deal_out(lws_comm *comm, work *w)
{
    groups g = groups_for(lws_comm_size(comm), w->open, least_parts(w->job), w->job->ranks_per_cell);
    int group = groups_of(g, lws_comm_rank(comm));
    w->groups = g.count;
    if (w->open > 0) {
        lws_comm_node node;
        int threads = lws_comm_threads(comm, (int)w->job->cells[0].options.threads, &node);
        lws_comm_warn_crowded(&node, threads);
        lws_info("%d of %d cell%s to do, %d at a time, on %d rank%s each", w->open, w->job->count,
                 lws_plural(w->job->count), g.count, g.size, lws_plural(g.size));
    }
    LWS_TRY(lws_comm_split(comm, group, lws_comm_rank(comm), &w->group));
    lws_stop_catch(&w->signals);
    lws_status status = work_in_group(w);
    lws_watchdog_phase("wait for the cells of other groups", -1);
    lws_comm_barrier_at_rest(comm, pass_on_stop, w);
    lws_stop_release();
    lws_comm_destroy(w->group);
    return lws_comm_agree(comm, status == LWS_STOPPED ? LWS_OK : status);
}

/* What any rank has seen fail has failed, even where the disk did not take the record of it. */
static lws_status gather_failures(lws_comm *comm, const work *w, lws_table_state *state)
{
    int ranks = lws_comm_size(comm), count = w->job->count;
    size_t bytes = (size_t)count * sizeof *w->failure;
    int *all = malloc((size_t)ranks * bytes);
    size_t *bytes_of = malloc((size_t)ranks * sizeof *bytes_of);
    lws_status status = all && bytes_of ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for the cells of a table");
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK) {
        for (int r = 0; r < ranks; r++)
            bytes_of[r] = bytes;
        lws_comm_allgather(comm, w->failure, bytes_of, all);
        for (int i = 0; i < ranks * count; i++)
            if (all[i] != LWS_OK && state[i % count] == LWS_TABLE_OPEN)
                state[i % count] = LWS_TABLE_BROKEN;
    }
    free(all);
    free(bytes_of);
    return status;
}

/* What failed, in one message; LWS_OK: nothing did. One process. */
static lws_status tell_failures(const lws_table_job *job, const lws_table_state *state)
{
    lws_status first = LWS_OK, status;
    char message[2048], kept[512] = "";
    lws_text text = {0};
    int failed = 0;
    for (int i = 0; i < job->count; i++) {
        if (state[i] != LWS_TABLE_DIVERGED && state[i] != LWS_TABLE_BROKEN)
            continue;
        cell_look(job, &job->cells[i], &status, message, sizeof message);
        lws_text_add(&text, "%s%s", failed ? ", " : "", job->cells[i].name);
        if (failed++ == 0) {
            first = status == LWS_OK || status == LWS_ERR_USAGE ? LWS_ERR_IO : status; /* no wrong use of the table */
            snprintf(kept, sizeof kept, "%.500s", message);
        }
    }
    char *names = lws_text_take(&text, NULL);
    if (failed > 0)
        lws_fail(first, "%d of %d cell%s failed: %.800s. Each says why in its " LWS_TABLE_FAILED "%s%s", failed,
                 job->count, lws_plural(job->count), names ? names : "", kept[0] ? "; the first: " : "", kept);
    free(names);
    return first;
}

/* How it has ended, by the states of all cells. Rank 0. */
static lws_status conclude(const lws_table_job *job, const lws_table_state *state)
{
    int finished = 0, open = 0;
    for (int i = 0; i < job->count; i++) {
        finished += state[i] == LWS_TABLE_FINISHED;
        open += state[i] == LWS_TABLE_OPEN;
    }
    lws_status status = tell_failures(job, state);
    if (open == 0)
        return status;
    if (status != LWS_OK)
        lws_warn("%s", lws_message());
    return lws_fail(LWS_STOPPED, "stopped: %d of %d cell%s finished; the same command goes on", finished, job->count,
                    job->count == 1 ? " is" : "s are");
}

static lws_status begin(lws_comm *comm, work *w)
{
    char path[LWS_PATH];
    lws_status status = LWS_OK;
    if (lws_comm_rank(comm) == 0) {
        snprintf(path, sizeof path, "%s/" LWS_TABLE_CELLS, w->job->folder);
        status = lws_folder_make(path);
        snprintf(path, sizeof path, "%s/" LWS_TABLE_LOGS, w->job->folder);
        if (status == LWS_OK)
            status = lws_folder_make(path);
        if (status == LWS_OK)
            status = deal_begin(&w->deal);
    }
    return lws_comm_agree(comm, status);
}

lws_status lws_table_run(lws_comm *comm, const lws_table_job *job, lws_table_state *state)
{
    work w = {.job = job, .state = state, .deal = deal_in(job->folder), .start = lws_now()};
    LWS_TRY(begin(comm, &w));
    look_at_all(comm, job, state);
    if (lws_comm_rank(comm) == 0)
        discard_figures(job, state);
    lws_status status = lws_comm_agree(comm, plan_order(&w));
    if (status == LWS_OK)
        status = deal_out(comm, &w);
    look_at_all(comm, job, state);
    if (status == LWS_OK)
        status = gather_failures(comm, &w, state);
    free(w.order);
    free(w.failure);
    if (lws_comm_rank(comm) == 0) {
        deal_end(&w.deal);
        if (status == LWS_OK)
            status = conclude(job, state);
    }
    return lws_comm_agree(comm, status);
}
