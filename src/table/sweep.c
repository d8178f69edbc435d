/* From lists of values to a table of figures. */
#include "table/sweep.h"

#include "combine.h"
#include "plan.h"
#include "sweep_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lws_sweep_varies(const char *vary, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = vary; at; at = strchr(at, '|')) {
        at += strspn(at, "| ");
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return true;
    }
    return false;
}

typedef struct sweep {
    table_plan plan;
    combination combination;
    lws_table_cell *cells;
    lws_table_state *state;
} sweep;

static lws_status prepare(const lws_sweep_request *r, sweep *s)
{
    table_plan *plan = &s->plan;
    plan->kind = TABLE_SWEEP;
    plan->split = (int)r->split;
    plan->images = r->images;
    plan->options = r->options;
    if (strlen(r->vary) >= sizeof plan->vary)
        return lws_fail(LWS_ERR_USAGE, "--vary: more than %zu bytes in all", sizeof plan->vary - 1);
    snprintf(plan->vary, sizeof plan->vary, "%s", r->vary);
    LWS_TRY(combine_read(r->vary, &s->combination));
    LWS_TRY(combine_cells(&s->combination, &r->options, &s->cells));
    s->state = calloc((size_t)s->combination.count, sizeof *s->state);
    return s->state ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for the cells of a sweep");
}

static lws_status check(const lws_sweep_request *r, const sweep *s, plan_images images)
{
    LWS_TRY(sweep_report_check(r->sort, images.shape));
    for (int i = 0; i < s->combination.count; i++)
        LWS_TRY(plan_check_cell(&s->cells[i], images));
    return LWS_OK;
}

/* What is finished is shown, however the rest has ended; that is what is returned. */
static lws_status run(lws_comm *comm, const lws_sweep_request *r, sweep *s)
{
    char message[2048];
    const lws_table_job job = {.folder = r->folder,
                               .count = s->combination.count,
                               .cells = s->cells,
                               .split = r->split,
                               .images = r->images,
                               .ranks_per_cell = r->ranks_per_cell,
                               .time_limit = r->options.time_limit};
    lws_status status = lws_table_run(comm, &job, s->state), shown = LWS_OK;
    snprintf(message, sizeof message, "%s", lws_message());
    if (lws_comm_rank(comm) == 0)
        shown = sweep_report(&job, &s->combination, s->state, r->sort);
    shown = lws_comm_agree(comm, shown);
    return status == LWS_OK ? shown : lws_fail(status, "%s", message);
}

lws_status lws_sweep(lws_comm *comm, const lws_sweep_request *request)
{
    plan_images images;
    int lock;
    bool is_new;
    sweep *s = calloc(1, sizeof *s);
    lws_status status = s ? prepare(request, s) : lws_fail(LWS_ERR_MEMORY, "out of memory for a sweep");
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK)
        status = plan_look_at_data(comm, &s->plan, &images);
    if (status == LWS_OK)
        status = lws_comm_agree(comm, lws_comm_rank(comm) == 0 ? check(request, s, images) : LWS_OK);
    if (status == LWS_OK)
        status = plan_settle(comm, request->folder, &s->plan, &lock, &is_new);
    if (status == LWS_OK) {
        status = run(comm, request, s);
        lws_folder_unlock(request->folder, lock);
    }
    if (s) {
        free(s->cells);
        free(s->state);
    }
    free(s);
    return status;
}
