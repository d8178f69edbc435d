/* The table for programs. */
#include "formats.h"

#include "report/record.h"

#include <math.h>

static void add_row(lws_record *table, const summary_row *row)
{
    lws_record *entry = lws_record_item(table, "rows");
    lws_record_text(entry, "model", row->model);
    lws_record_text(entry, "loss", row->loss);
    lws_record_number(entry, "seeds", row->seeds);
    lws_record *values = lws_record_object(entry, "values");
    for (int v = 0; v < TABLE_VALUES; v++) {
        const summary_value *from = &row->value[v];
        lws_record *value = lws_record_object(values, table_columns[v].key);
        lws_record_number(value, "mean", from->mean);
        lws_record_number(value, "error", from->error);
        lws_record_number(value, "paper", from->paper);
        lws_record_number(value, "best", from->is_best);
    }
}

static void add_claim(lws_record *table, const claim *c)
{
    static const char *const paper[] = {"", "yes", "no"};
    lws_record *entry = lws_record_item(table, "claims");
    lws_record_text(entry, "model", c->model);
    lws_record_text(entry, "text", c->text);
    lws_record_number(entry, "seeds", c->seeds);
    lws_record_number(entry, "difference", c->difference);
    lws_record_number(entry, "low", c->low);
    lws_record_number(entry, "high", c->high);
    lws_record_number(entry, "p", c->p);
    lws_record_text(entry, "verdict", claim_verdict_text[c->verdict]);
    lws_record_text(entry, "paper", paper[c->paper]);
}

char *table_json(const table_document *d)
{
    const lws_table_names *names = d->names;
    const char *figure[TABLE_FIGURES];
    for (int k = 0; k < d->figures; k++)
        figure[k] = d->figure[k];
    lws_record *table = lws_record_new();
    lws_record_text(table, "title", names->title);
    lws_record_texts(table, "models", names->models, names->model);
    lws_record_texts(table, "losses", names->losses, names->loss);
    lws_record_number(table, "images", (double)d->summary->images);
    for (int k = 0; k < d->summary->count; k++)
        add_row(table, &d->summary->row[k]);
    if (d->claims->count == 0)
        lws_record_texts(table, "claims", 0, NULL);
    for (int k = 0; k < d->claims->count; k++)
        add_claim(table, &d->claims->item[k]);
    lws_record_texts(table, "figures", d->figures, figure);
    lws_record_text(table, "command", names->command);
    lws_record_text(table, "machine", names->machine);
    lws_record_number(table, "seconds", names->seconds >= 0 ? names->seconds : (double)NAN);
    char *text = lws_record_print(table, true);
    lws_record_free(table);
    return text;
}
