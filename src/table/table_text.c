/* The table for a terminal or a mail: 100 columns at most, but for long names. */
#include "formats.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL = 12, SEEDS = 5, COLUMNS = VALUE_KL + 1 }; /* KL and MMD share the last column */

static const int widths[COLUMNS] = {10, 9, 11, 9, 8, 9, 9, 9, 9}; /* with the mark behind, in all 100 */

table_value table_penalty(int count, const summary_row *row)
{
    for (int k = 0; k < count; k++)
        for (table_value v = VALUE_KL; v <= VALUE_MMD; v++)
            if (!isnan(row[k].value[v].mean))
                return v;
    return TABLE_VALUES;
}

/* A dash is one character and three bytes. */
static void add_cell(lws_text *out, int column, const char *cell, char mark)
{
    int shown = strcmp(cell, "–") == 0 ? 1 : (int)strlen(cell);
    int blank = widths[column] - 1 - shown;
    lws_text_add(out, "%*s%s%c", blank > 0 ? blank : 0, "", cell, mark);
}

static void add_number(lws_text *out, int column, double value, int decimals, char mark)
{
    char cell[64];
    snprintf(cell, sizeof cell, "%.*f", decimals, value);
    add_cell(out, column, isnan(value) ? "–" : cell, mark);
}

static void end_line(lws_text *out)
{
    while (out->length > 0 && out->bytes && out->bytes[out->length - 1] == ' ')
        out->length--;
    lws_text_add(out, "\n");
}

/* The value that stands in column c; penalty: in the last. */
static table_value in_column(int c, table_value penalty)
{
    return c < VALUE_KL ? (table_value)c : penalty == TABLE_VALUES ? VALUE_KL : penalty;
}

static void add_label(lws_text *out, const char *label, int seeds)
{
    if (strlen(label) + 2 >= LABEL) /* a line of its own */
        lws_text_add(out, "  %s\n%*s", label, LABEL, "");
    else
        lws_text_add(out, "  %-*s", LABEL - 2, label);
    if (seeds >= 0)
        lws_text_add(out, "%*d", SEEDS, seeds);
    else
        lws_text_add(out, "%*s", SEEDS, "");
}

static void add_row(lws_text *out, const summary_row *row, table_value penalty)
{
    bool has_paper = false, has_error = false;
    add_label(out, row->loss, row->seeds);
    for (int c = 0; c < COLUMNS; c++) {
        table_value which = in_column(c, penalty);
        const summary_value *v = &row->value[which];
        has_paper |= !isnan(v->paper);
        has_error |= !isnan(v->error);
        add_number(out, c, v->mean, table_columns[which].decimals, v->is_best ? '*' : ' ');
    }
    end_line(out);
    if (has_error) {
        add_label(out, "  ±", -1);
        lws_text_add(out, " "); /* the two bytes of ± are one character */
    }
    for (int c = 0; has_error && c < COLUMNS; c++) {
        table_value which = in_column(c, penalty);
        if (isnan(row->value[which].error))
            add_cell(out, c, "", ' ');
        else
            add_number(out, c, row->value[which].error, table_columns[which].decimals + 1, ' ');
    }
    if (has_error)
        end_line(out);
    if (has_paper)
        add_label(out, "  paper", -1);
    for (int c = 0; has_paper && c < COLUMNS; c++) {
        table_value which = in_column(c, penalty);
        if (isnan(row->value[which].paper))
            add_cell(out, c, "", ' ');
        else
            add_number(out, c, row->value[which].paper, which == VALUE_MSE ? 4 : 2, ' ');
    }
    if (has_paper)
        end_line(out);
}

static void add_table(lws_text *out, const table_document *d)
{
    lws_text_add(out, "%*s%*s", LABEL, "", SEEDS, "seeds");
    for (int c = 0; c < COLUMNS; c++)
        add_cell(out, c, c < VALUE_KL ? table_columns[c].title : "KL/MMD", ' ');
    end_line(out);
    for (int m = 0; m < d->names->models; m++) {
        const summary_row *row = &d->summary->row[m * d->names->losses];
        lws_text_add(out, "%s\n", summary_model_title(d->names->model[m]));
        for (int k = 0; k < d->names->losses; k++)
            add_row(out, &row[k], table_penalty(d->names->losses, row));
    }
}

static void add_notes(lws_text *out, const table_document *d)
{
    const summary *s = d->summary;
    lws_text_add(out, "\nMeans over %lld test image%s; ± is the standard error ", (long long)s->images,
                 lws_plural(s->images));
    if (s->seeds_most == 1)
        lws_text_add(out, "over images: one seed, so training variance is not covered.\n");
    else if (s->seeds_least > 1)
        lws_text_add(out, "over seeds of the mean over images.\n");
    else
        lws_text_add(out, "over seeds of the mean over images,\nwith one seed over images.\n");
    lws_text_add(out,
                 "*: best of the model. slope, corr.: of opponent colours. paper: its Table 1, on other images.\n");
}

static void add_claims(lws_text *out, const table_document *d)
{
    static const char *const paper[] = {"", "yes", "no"};
    const claims *all = d->claims;
    if (all->count == 0)
        return;
    lws_text_add(out, "\n%-8s%-28s%11s%22s%10s  %-10s %s\n", "", "claim", "difference", "95 % interval", "p", "",
                 "paper");
    for (int k = 0; k < all->count; k++) {
        const claim *c = &all->item[k];
        char interval[64], p[32];
        int decimals = table_columns[c->which].decimals;
        snprintf(interval, sizeof interval, "%.*f … %.*f", decimals, c->low, decimals, c->high);
        snprintf(p, sizeof p, c->p < .0001 ? "< .0001" : "%.4f", c->p);
        lws_text_add(out, "%-8s%-28s%11.*f%24s%10s  %-10s %s", summary_model_title(c->model), c->text, decimals,
                     c->difference, interval, p, claim_verdict_text[c->verdict], paper[c->paper]);
        end_line(out);
    }
    lws_text_add(out,
                 "\nPaired over images and seeds. p two-sided, by Holm for all %d claims; intervals each by itself.\n",
                 all->count);
    for (int k = 0; k < all->count; k++) {
        if (all->item[k].seeds == 1) {
            lws_text_add(out, "With one seed a claim is tested for these trainings alone: training variance is "
                              "not covered.\n");
            break;
        }
    }
}

char *table_text(const table_document *d)
{
    lws_text out = {0};
    lws_text_add(&out, "lwssim: %s\n\n", d->names->title);
    add_table(&out, d);
    add_notes(&out, d);
    add_claims(&out, d);
    if (d->names->command[0] || d->names->machine[0])
        lws_text_add(&out, "\n");
    if (d->names->command[0])
        lws_text_add(&out, "command: %s\n", d->names->command);
    if (d->names->machine[0])
        lws_text_add(&out, "machine: %s\n", d->names->machine);
    if (d->names->seconds >= 0)
        lws_text_add(&out, "time: %s\n", lws_duration(d->names->seconds));
    return lws_text_take(&out, NULL);
}
