/* Cells are read: test.json and test.csv. */
#include "results.h"

#include "base/digest.h"
#include "base/folder.h"
#include "base/input.h"
#include "base/text.h"
#include "report/record.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- one line of test.csv ---------------------------------------------------------------------------------------- */

enum { NUMBERS = IMAGE_VALUES + COLOUR_SUMS };

/* The numbers at the end of a line (a name may hold commas); *name_end: where row and name end. False where they are
 * not all there. */
static bool read_numbers(const char *line, const char *end, double number[NUMBERS], const char **name_end)
{
    const char *at = end;
    for (int i = NUMBERS - 1; i >= 0; i--) {
        const char *stop = at;
        while (at > line && at[-1] != ',')
            at--;
        char *after;
        number[i] = strtod(at, &after);
        if (at == line || after != stop || after == at || isspace((unsigned char)*at))
            return false;
        at--; /* on the comma */
    }
    *name_end = at;
    return memchr(line, ',', (size_t)(at - line)) != NULL;
}

static lws_status read_line(cell_result *cell, int64_t row, const char *line, const char *end, lws_text *names)
{
    double number[NUMBERS];
    const char *name_end;
    if (!read_numbers(line, end, number, &name_end) || strtoll(line, NULL, 10) != row)
        return lws_fail(LWS_ERR_FORMAT,
                        "%s/test.csv:%lld is damaged: no row %lld with %d values. The same command "
                        "evaluates the cell again",
                        cell->folder, (long long)row + 2, (long long)row, NUMBERS);
    for (int v = 0; v < IMAGE_VALUES; v++)
        cell->value[v][row] = number[v];
    memcpy(cell->sums[row], number + IMAGE_VALUES, sizeof cell->sums[row]);
    lws_text_add_bytes(names, line, (size_t)(name_end + 1 - line));
    return LWS_OK;
}

static lws_status allocate(cell_result *cell)
{
    size_t n = (size_t)cell->images;
    bool is_there = (cell->sums = calloc(n + 1, sizeof *cell->sums)) != NULL;
    for (int v = 0; v < IMAGE_VALUES; v++)
        is_there &= (cell->value[v] = calloc(n + 1, sizeof(double))) != NULL;
    return is_there ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", cell->folder);
}

/* The end of a line: a line feed that is not in quotes, as it may be in a name. NULL: there is none. */
static const char *line_end(const char *at)
{
    bool is_quoted = false;
    for (; *at && (*at != '\n' || is_quoted); at++)
        is_quoted ^= *at == '"';
    return *at ? at : NULL;
}

static lws_status read_lines(cell_result *cell, const char *text, size_t length)
{
    const size_t heading = strlen(RESULTS_HEADING);
    int64_t lines = 0, row = 0;
    for (const char *at = text; (at = line_end(at)); at++)
        lines++;
    if (length <= heading || memcmp(text, RESULTS_HEADING "\n", heading + 1) != 0 || lines - 1 != cell->images ||
        text[length - 1] != '\n')
        return lws_fail(LWS_ERR_FORMAT,
                        "%s/test.csv is damaged: not the values of %lld images under \"%s\". The same "
                        "command evaluates the cell again",
                        cell->folder, (long long)cell->images, RESULTS_HEADING);
    LWS_TRY(allocate(cell));
    lws_text names = {0};
    lws_status status = LWS_OK;
    for (const char *at = text + heading + 1, *end; status == LWS_OK && row < cell->images; at = end + 1, row++) {
        end = line_end(at);
        status = read_line(cell, row, at, end, &names);
    }
    size_t bytes;
    char *all = lws_text_take(&names, &bytes);
    if (status == LWS_OK && !all)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", cell->folder);
    if (all)
        lws_digest(all, bytes, cell->digest);
    free(all);
    return status;
}

/* ---- a cell ------------------------------------------------------------------------------------------------------ */

static double number_or_nan(const lws_record *record, const char *key)
{
    double value = (double)NAN;
    lws_record_get_number(record, key, &value);
    return value;
}

static lws_status read_json(cell_result *cell, const char *path)
{
    lws_record *record;
    LWS_TRY(lws_record_load(path, &record));
    const char *model = lws_record_get_text(record, "model"), *loss = lws_record_get_text(record, "loss");
    double seed = number_or_nan(record, "seed"), images = number_or_nan(record, "images");
    bool is_whole = model && loss && strlen(model) < sizeof cell->model && strlen(loss) < sizeof cell->loss &&
                    fabs(seed) < 0x1p63 && images >= 1 && images < 0x1p40;
    if (is_whole) {
        strcpy(cell->model, model);
        strcpy(cell->loss, loss);
        cell->seed = (int64_t)seed;
        cell->images = (int64_t)images;
        cell->kl = number_or_nan(record, "kl");
        cell->mmd = number_or_nan(record, "mmd");
    }
    lws_record_free(record);
    return is_whole ? LWS_OK
                    : lws_fail(LWS_ERR_FORMAT,
                               "%s is damaged: it does not say which cell it is of. The same command "
                               "evaluates the cell again",
                               path);
}

static lws_status read_cell(cell_result *cell, const char *json)
{
    char path[LWS_PATH];
    char *text;
    size_t length;
    LWS_TRY(read_json(cell, json));
    snprintf(path, sizeof path, "%s/test.csv", cell->folder);
    LWS_TRY(lws_input_read_text(path, "table of values", &text, &length));
    lws_status status = read_lines(cell, text, length);
    free(text);
    return status;
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static lws_status add_folder(void *user, const char *folder, const char *name)
{
    table_results *r = user;
    char path[LWS_PATH];
    if (snprintf(path, sizeof path, "%s/%s/test.json", folder, name) >= (int)sizeof path)
        return lws_fail(LWS_ERR_IO, "the path of %s/%s is too long", folder, name);
    if (access(path, F_OK) != 0)
        return LWS_OK;
    cell_result *grown = realloc(r->cell, ((size_t)r->count + 1) * sizeof *grown);
    char *kept = grown ? strndup(path, strlen(path) - strlen("/test.json")) : NULL;
    r->cell = grown ? grown : r->cell;
    if (!kept)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading the cells of %s", folder);
    r->cell[r->count++] = (cell_result){.folder = kept};
    return LWS_OK;
}

static int by_folder(const void *a, const void *b)
{
    return strcmp(((const cell_result *)a)->folder, ((const cell_result *)b)->folder);
}

/* Holds the cell against those before it. */
static lws_status compare(const table_results *r, int k)
{
    const cell_result *cell = &r->cell[k], *first = &r->cell[0];
    const cell_result *twin = results_find(r, cell->model, cell->loss, cell->seed);
    if (twin != cell)
        return lws_fail(LWS_ERR_MISMATCH, "%s and %s are both of model %s, loss %s, seed %lld: remove one",
                        twin->folder, cell->folder, cell->model, cell->loss, (long long)cell->seed);
    if (strcmp(cell->digest, first->digest) != 0)
        return lws_fail(LWS_ERR_MISMATCH,
                        "%s and %s were not evaluated on the same images (%lld and %lld): remove one, "
                        "and run the table again",
                        first->folder, cell->folder, (long long)first->images, (long long)cell->images);
    return LWS_OK;
}

lws_status results_read(const char *folder, table_results *out)
{
    char cells[LWS_PATH], json[LWS_PATH];
    *out = (table_results){0};
    if (snprintf(cells, sizeof cells, "%s/cells", folder) >= (int)sizeof cells)
        return lws_fail(LWS_ERR_IO, "the path of %s is too long", folder);
    LWS_TRY(lws_folder_each(cells, add_folder, out));
    if (out->count > 0)
        qsort(out->cell, (size_t)out->count, sizeof *out->cell, by_folder);
    for (int k = 0; k < out->count; k++) {
        snprintf(json, sizeof json, "%s/test.json", out->cell[k].folder);
        LWS_TRY(read_cell(&out->cell[k], json));
        LWS_TRY(compare(out, k));
    }
    return LWS_OK;
}

void results_free(table_results *results)
{
    for (int k = 0; k < results->count; k++) {
        free(results->cell[k].folder);
        free(results->cell[k].sums);
        for (int v = 0; v < IMAGE_VALUES; v++)
            free(results->cell[k].value[v]);
    }
    free(results->cell);
    *results = (table_results){0};
}

const cell_result *results_find(const table_results *results, const char *model, const char *loss, int64_t seed)
{
    for (int k = 0; k < results->count; k++) {
        const cell_result *cell = &results->cell[k];
        if (cell->seed == seed && strcmp(cell->model, model) == 0 && strcmp(cell->loss, loss) == 0)
            return cell;
    }
    return NULL;
}

/* ---- colour ------------------------------------------------------------------------------------------------------ */

static double colour_figure(const double s[COLOUR_SUMS], table_value which)
{
    double n = s[SUM_N], oo = s[SUM_OO] - s[SUM_O] * s[SUM_O] / n, rr = s[SUM_RR] - s[SUM_R] * s[SUM_R] / n;
    double both = s[SUM_OR] - s[SUM_O] * s[SUM_R] / n;
    if (!(n > 0 && oo > 0))
        return (double)NAN;
    if (which == VALUE_SLOPE)
        return both / oo;
    return rr > 0 ? both / sqrt(oo * rr) : (double)NAN;
}

void results_colour_values(const cell_result *cell, table_value which, double *value)
{
    double all[COLOUR_SUMS] = {0}, n = (double)cell->images, mean = 0;
    for (int64_t i = 0; i < cell->images; i++)
        for (int k = 0; k < COLOUR_SUMS; k++)
            all[k] += cell->sums[i][k];
    for (int64_t i = 0; i < cell->images; i++) {
        double others[COLOUR_SUMS];
        for (int k = 0; k < COLOUR_SUMS; k++)
            others[k] = all[k] - cell->sums[i][k];
        value[i] = -(n - 1) * colour_figure(others, which);
        mean += value[i] / n;
    }
    double off = colour_figure(all, which) - mean; /* so that the mean is the figure itself */
    for (int64_t i = 0; i < cell->images; i++)
        value[i] += off;
}
