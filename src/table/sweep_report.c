/* The figures of all finished cells, ordered, as CSV and as a text. */
#include "sweep_report.h"

#include "cell.h"
#include "place.h"

#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "report/record.h"
#include <lwssim/metrics.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Figures besides the metrics of images, as test.json has them: those with an error first. */
static const char *const others[] = {"colour_slope", "colour_correlation", "kl", "mmd", "seconds"};
enum {
    OTHERS = sizeof others / sizeof *others,
    WITH_ERROR = LWS_METRICS + 2,
    FIGURES = LWS_METRICS + OTHERS,
};

/* Less is better of these. */
static const char *const least[] = {"mse", "delta_e", "kl", "mmd", "seconds"};

static const char *key_of(int figure)
{
    return figure < LWS_METRICS ? lws_metric_key[figure] : others[figure - LWS_METRICS];
}

typedef struct row {
    const lws_table_cell *cell;
    int number; /* of the cell */
    double mean[FIGURES], error[FIGURES];
    double rank; /* the least first; NaN last */
} row;

static int figure_of(const char *key)
{
    for (int i = 0; i < FIGURES; i++)
        if (strcmp(key_of(i), key) == 0)
            return i;
    return -1;
}

/* Whether images of this shape are large enough for it. Others may be missing for what the cells are. */
static bool is_of(int figure, lws_shape image)
{
    int side = image.h < image.w ? image.h : image.w;
    return figure >= LWS_METRICS || side >= lws_metric_min_side[figure];
}

lws_status sweep_report_check(const char *sort, lws_shape image)
{
    char list[512] = "";
    if (figure_of(sort) >= 0 && is_of(figure_of(sort), image))
        return LWS_OK;
    for (int i = 0; i < FIGURES; i++) {
        size_t used = strlen(list);
        if (is_of(i, image))
            snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", key_of(i));
    }
    return lws_fail(LWS_ERR_USAGE, "sweep: --sort %s: one of %s is wanted", sort, list);
}

static lws_status read_row(const lws_table_job *job, int number, int sort, row *r)
{
    char path[LWS_PATH];
    lws_record *record;
    *r = (row){.cell = &job->cells[number], .number = number};
    cell_path(job, r->cell, LWS_TABLE_FIGURES, path);
    LWS_TRY(lws_record_load(path, &record));
    for (int i = 0; i < FIGURES; i++) {
        r->mean[i] = r->error[i] = (double)NAN;
        const lws_record *object = lws_record_get_object(record, key_of(i));
        lws_record_get_number(object ? object : record, object ? "mean" : key_of(i), &r->mean[i]);
        if (object)
            lws_record_get_number(object, "standard_error", &r->error[i]);
    }
    lws_record_free(record);
    r->rank = -r->mean[sort];
    for (size_t i = 0; i < sizeof least / sizeof *least; i++)
        if (strcmp(least[i], key_of(sort)) == 0)
            r->rank = r->mean[sort];
    if (strcmp(key_of(sort), "colour_slope") == 0) /* of 1 the colours are kept */
        r->rank = fabs(r->mean[sort] - 1);
    return LWS_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const row *p = a, *q = b;
    if (isnan(p->rank) || isnan(q->rank) || p->rank == q->rank)
        return isnan(p->rank) == isnan(q->rank) ? p->number - q->number : isnan(p->rank) - isnan(q->rank);
    return p->rank < q->rank ? -1 : 1;
}

static lws_status save(const lws_table_job *job, const char *name, lws_text *text, bool prints)
{
    char path[LWS_PATH];
    size_t length;
    char *bytes = lws_text_take(text, &length);
    if (!bytes)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for the table of a sweep");
    snprintf(path, sizeof path, "%s/%s", job->folder, name);
    lws_status status = lws_output_write(path, bytes, length);
    if (prints)
        printf("%s", bytes);
    free(bytes);
    return status;
}

static lws_status write_csv(const lws_table_job *job, const combination *c, int count, const row *rows)
{
    char value[LWS_CONFIG_TEXT];
    lws_text text = {0};
    lws_text_add(&text, "cell");
    for (int k = 0; k < c->keys; k++)
        lws_text_add(&text, ",%s", c->key[k].key);
    for (int i = 0; i < FIGURES; i++)
        lws_text_add(&text, i < WITH_ERROR ? ",%s,%s_error" : ",%s", key_of(i), key_of(i));
    for (int n = 0; n < count; n++) {
        lws_text_add(&text, "\n");
        lws_text_add_csv(&text, rows[n].cell->name);
        for (int k = 0; k < c->keys; k++) {
            combine_value(&c->key[k], combine_index(c, rows[n].number, k), value);
            lws_text_add(&text, ",");
            lws_text_add_csv(&text, value);
        }
        for (int i = 0; i < FIGURES; i++)
            if (i < WITH_ERROR)
                lws_text_add(&text, ",%.17g,%.17g", rows[n].mean[i], rows[n].error[i]);
            else
                lws_text_add(&text, ",%.17g", rows[n].mean[i]);
    }
    lws_text_add(&text, "\n");
    return save(job, "sweep.csv", &text, false);
}

/* Has any cell this figure? */
static bool is_there(int count, const row *rows, int figure)
{
    for (int n = 0; n < count; n++)
        if (!isnan(rows[n].mean[figure]))
            return true;
    return false;
}

static bool is_shown(int count, const row *rows, int figure)
{
    return strcmp(key_of(figure), "seconds") != 0 && is_there(count, rows, figure);
}

static void add_failures(lws_text *text, const lws_table_job *job, const lws_table_state *state)
{
    char message[1024];
    lws_status status;
    bool is_first = true;
    for (int i = 0; i < job->count; i++) {
        if (state[i] != LWS_TABLE_DIVERGED && state[i] != LWS_TABLE_BROKEN)
            continue;
        cell_look(job, &job->cells[i], &status, message, sizeof message);
        lws_text_add(text, "%s  %s: %s\n", is_first ? "\nfailed\n\n" : "", job->cells[i].name, message);
        is_first = false;
    }
}

static lws_status write_text(const lws_table_job *job, const lws_table_state *state, int count, const row *rows,
                             int sort)
{
    lws_text text = {0};
    int width = 4;
    for (int n = 0; n < count; n++)
        width = (int)strlen(rows[n].cell->name) > width ? (int)strlen(rows[n].cell->name) : width;
    bool is_sorted = is_there(count, rows, sort);
    lws_text_add(&text, "%d of %d cell%s, %s %s, %s; ± standard error over the images\n\n  %-*s", count, job->count,
                 lws_plural(job->count), is_sorted ? "by" : "none of which has", key_of(sort),
                 is_sorted ? "the best first" : "as they were varied", width, "cell");
    for (int i = 0; i < FIGURES; i++)
        if (is_shown(count, rows, i))
            lws_text_add(&text, i < WITH_ERROR ? "  %19s" : "  %10s", key_of(i));
    for (int n = 0; n < count; n++) {
        lws_text_add(&text, "\n  %-*s", width, rows[n].cell->name);
        for (int i = 0; i < FIGURES; i++)
            if (is_shown(count, rows, i) && i < WITH_ERROR)
                lws_text_add(&text, "  %9.5f ± %7.5f", rows[n].mean[i], rows[n].error[i]);
            else if (is_shown(count, rows, i))
                lws_text_add(&text, "  %10.5g", rows[n].mean[i]);
    }
    lws_text_add(&text, "\n");
    add_failures(&text, job, state);
    return save(job, "sweep.txt", &text, true);
}

lws_status sweep_report(const lws_table_job *job, const combination *c, const lws_table_state *state, const char *sort)
{
    int count = 0;
    lws_status status = LWS_OK;
    row *rows = malloc((size_t)(job->count + 1) * sizeof *rows);
    if (!rows)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for the table of a sweep");
    for (int i = 0; i < job->count && status == LWS_OK; i++)
        if (state[i] == LWS_TABLE_FINISHED)
            status = read_row(job, i, figure_of(sort), &rows[count++]);
    if (status == LWS_OK && count > 0) {
        qsort(rows, (size_t)count, sizeof *rows, compare_rows);
        status = write_csv(job, c, count, rows);
        if (status == LWS_OK)
            status = write_text(job, state, count, rows, figure_of(sort));
    }
    free(rows);
    return status;
}
