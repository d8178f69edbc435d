/* All that is made of finished cells, one after the other. */
#include "table/report_table.h"

#include "figure.h"
#include "formats.h"

#include "base/folder.h"
#include "base/input.h"
#include "base/log.h"
#include "base/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct form {
    const char *file, *begins;
    table_writer *write;
} form;

static const form forms[] = {
#define FORM_(file, begins, write) {file, begins, write},
    TABLE_FORMATS(FORM_)
#undef FORM_
};
enum { FORMS = sizeof forms / sizeof *forms };

static lws_status write_form(const char *folder, const form *f, const table_document *d)
{
    char path[LWS_PATH];
    if (snprintf(path, sizeof path, "%s/%s", folder, f->file) >= (int)sizeof path)
        return lws_fail(LWS_ERR_IO, "the path of %s is too long", folder);
    if (access(path, F_OK) == 0 && !lws_input_begins(path, f->begins, strlen(f->begins))) {
        lws_warn("%s is no table of lwssim: it stays, and none is written there", path);
        return LWS_OK;
    }
    char *text = f->write(d);
    if (!text)
        return lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", path);
    lws_status status = lws_output_write(path, text, strlen(text));
    free(text);
    return status;
}

lws_status lws_table_report(const char *folder, const lws_table_names *names)
{
    table_results results;
    summary rows = {0};
    claims all = {0};
    table_document *d = calloc(1, sizeof *d);
    if (!d)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a table");
    lws_status status = results_read(folder, &results);
    if (status == LWS_OK)
        status = summary_make(&results, names, &rows);
    if (status == LWS_OK)
        status = claims_make(&results, names, &all);
    d->names = names;
    d->summary = &rows;
    d->claims = &all;
    for (int k = 0; status == LWS_OK && k < FORMS; k++) {
        if (k == FORMS - 1) /* which names the pictures */
            status = figure_make(folder, d);
        if (status == LWS_OK)
            status = write_form(folder, &forms[k], d);
    }
    free(rows.row);
    free(all.item);
    results_free(&results);
    free(d);
    return status;
}
