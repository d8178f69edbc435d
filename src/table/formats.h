/* The forms in which a table is written, one a file: private to this folder. Not collective. */
#ifndef LWS_TABLE_FORMATS_H
#define LWS_TABLE_FORMATS_H

#include "claims.h"
#include "summary.h"

#include "base/text.h"

enum { TABLE_FIGURES = 32, TABLE_FIGURE_NAME = 80 };

/* What is written: all that there is to say. */
typedef struct table_document {
    const lws_table_names *names;
    const summary *summary;
    const claims *claims;
    int figures;
    char figure[TABLE_FIGURES][TABLE_FIGURE_NAME]; /* names of pictures beside the table */
} table_document;

/* The whole file, the caller frees it; NULL when out of memory. */
typedef char *table_writer(const table_document *d);
table_writer table_text, table_csv, table_tex, table_json;

/* X(name of the file, how each of its kind begins, writer). JSON is last: it names the pictures. */
#define TABLE_FORMATS(X)                                                                                               \
    X("table.txt", "lwssim: ", table_text)                                                                             \
    X("table.csv", "model,loss,seeds,", table_csv)                                                                     \
    X("table.tex", "% Written by lwssim", table_tex)                                                                   \
    X("table.json", "{\n\t\"title\":", table_json)

/* Of a model's penalty there is at most one: which, VALUE_KL or VALUE_MMD, of these rows [count]; TABLE_VALUES:
 * neither. */
table_value table_penalty(int count, const summary_row *row);

#endif
