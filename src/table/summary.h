/* The table: a row for each model and loss, a column for each value: private to this folder. Not collective. */
#ifndef LWS_TABLE_SUMMARY_H
#define LWS_TABLE_SUMMARY_H

#include "results.h"

#include "table/report_table.h"

#include <stdbool.h>

typedef enum better_side { BETTER_MORE, BETTER_LESS, BETTER_NEAR_ONE, BETTER_NEITHER } better_side;

typedef struct table_column {
    const char *key, *title; /* for files, for people */
    better_side better;
    int decimals;
} table_column;

extern const table_column table_columns[TABLE_VALUES];

typedef struct summary_value {
    double mean, error; /* NaN: none */
    double paper;       /* what the table shows of the paper beside it; NaN: nothing */
    bool is_best;       /* of this column, among the losses of the model */
} summary_value;

typedef struct summary_row {
    const char *model, *loss; /* of the names */
    int seeds;                /* finished cells */
    const cell_result *shown; /* the one of the least seed; NULL: none */
    summary_value value[TABLE_VALUES];
} summary_row;

typedef struct summary {
    int64_t images;
    int seeds_least, seeds_most; /* of rows that have any */
    int count;                   /* models * losses */
    summary_row *row;            /* the losses of the first model, then of the second, … */
} summary;

/* Means and standard errors: over seeds of the mean over images; with one seed, over images. The rows point into names
 * and results; free(row) is due. LWS_ERR_MEMORY; LWS_ERR_MISMATCH where no cell is of these models and losses. */
lws_status summary_make(const table_results *results, const lws_table_names *names, summary *out);

/* A model's name for people: "MMD-AE"; others as they are. */
const char *summary_model_title(const char *model);

#endif
