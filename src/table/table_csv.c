/* The table for spreadsheets: a line for each model and loss, three fields for each value. */
#include "formats.h"

#include <math.h>
#include <string.h>

static void add_number(lws_text *out, double value)
{
    if (isnan(value)) /* empty: there is none */
        lws_text_add(out, ",");
    else
        lws_text_add(out, ",%.10g", value);
}

char *table_csv(const table_document *d)
{
    lws_text out = {0};
    lws_text_add(&out, "model,loss,seeds");
    for (int v = 0; v < TABLE_VALUES; v++)
        lws_text_add(&out, ",%s,%s_error,%s_paper", table_columns[v].key, table_columns[v].key, table_columns[v].key);
    lws_text_add(&out, "\n");
    for (int k = 0; k < d->summary->count; k++) {
        const summary_row *row = &d->summary->row[k];
        lws_text_add_csv(&out, row->model);
        lws_text_add(&out, ",");
        lws_text_add_csv(&out, row->loss);
        lws_text_add(&out, ",%d", row->seeds);
        for (int v = 0; v < TABLE_VALUES; v++) {
            add_number(&out, row->value[v].mean);
            add_number(&out, row->value[v].error);
            add_number(&out, row->value[v].paper);
        }
        lws_text_add(&out, "\n");
    }
    return lws_text_take(&out, NULL);
}
