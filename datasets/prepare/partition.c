/* Images dealt to splits: by the lines of a partition file, by chance, and down to a limit. */
#include "partition.h"

#include "base/input.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- partition files ------------------------------------------------------------------------- */

typedef struct row {
    char *name;
    int64_t line;
    lws_assignment split;
    bool used;
} row;

typedef struct table {
    row *rows; /* sorted by name, then line, without repetitions */
    int64_t count, capacity;
} table;

static void table_free(table *t)
{
    for (int64_t i = 0; i < t->count; i++)
        free(t->rows[i].name);
    free(t->rows);
}

static lws_status table_add(table *t, const char *name, size_t length, int split, int64_t line)
{
    if (t->count == t->capacity) {
        int64_t capacity = t->capacity * 2 + 1024;
        row *grown = realloc(t->rows, (size_t)capacity * sizeof *grown);
        if (!grown)
            return lws_fail(LWS_ERR_MEMORY, "out of memory reading the partition file");
        t->rows = grown;
        t->capacity = capacity;
    }
    char *copy = strndup(name, length);
    if (!copy)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading the partition file");
    t->rows[t->count++] = (row){copy, line, (lws_assignment)split, false};
    return LWS_OK;
}

/* A name may contain blanks: the split is what stands after the last one. */
static lws_status parse_line(table *t, const char *path, int64_t number, char *line)
{
    static const char blanks[] = " \t\r\n";
    char *start = line + strspn(line, blanks), *end = start + strlen(start);
    while (end > start && strchr(blanks, end[-1]))
        *--end = 0;
    if (end == start)
        return LWS_OK;
    char *name_end = end - 1;
    if (*name_end < '0' || *name_end > '2' || name_end - start < 2 || !strchr(blanks, name_end[-1]))
        return lws_fail(LWS_ERR_FORMAT, "%s:%lld: '%.80s' is not of the form NAME 0|1|2 (train, valid, test)", path,
                        (long long)number, start);
    int split = *name_end - '0';
    while (name_end > start && strchr(blanks, name_end[-1]))
        name_end--;
    return table_add(t, start, (size_t)(name_end - start), split, number);
}

static lws_status read_rows(table *t, const char *path)
{
    char *text;
    size_t length;
    LWS_TRY(lws_input_read_text(path, "partition file", &text, &length));
    lws_status status = LWS_OK;
    char *line = text;
    for (int64_t n = 1; status == LWS_OK && line < text + length; n++) {
        char *end = line + strcspn(line, "\n");
        bool is_last = *end == 0;
        *end = 0;
        status = parse_line(t, path, n, line);
        line = end + !is_last;
    }
    free(text);
    return status;
}

static int by_name(const void *a, const void *b)
{
    const row *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void show(char **names, int64_t at, const char *name)
{
    if (at < LWS_PARTITION_SHOWN)
        names[at] = strdup(name); /* where memory is short, the report shows fewer */
}

static void show_repeated(lws_partition_report *report, const char *name)
{
    show(report->repeated_names, report->repeated_shown, name);
    if (report->repeated_shown < LWS_PARTITION_SHOWN)
        report->repeated_shown++;
}

static lws_status drop_repetitions(table *t, const char *path, lws_partition_report *report)
{
    int64_t kept = 0, all = t->count;
    lws_status status = LWS_OK;
    for (int64_t i = 0; i < all; i++) {
        row *before = kept ? &t->rows[kept - 1] : NULL, *here = &t->rows[i];
        if (!before || strcmp(before->name, here->name) != 0) {
            t->rows[kept++] = *here;
            continue;
        }
        if (before->split != here->split && status == LWS_OK)
            status = lws_fail(LWS_ERR_FORMAT, "%s:%lld: %s is put into another split than on line %lld", path,
                              (long long)here->line, here->name, (long long)before->line);
        report->repeated_lines++;
        show_repeated(report, here->name);
        free(here->name);
    }
    t->count = kept;
    return status;
}

static void assign(table *t, const lws_source *source, lws_assignment *split, lws_partition_report *report)
{
    for (int64_t i = 0; i < source->count; i++) {
        const char *name = source->entries[i].name, *slash = strrchr(name, '/');
        row key = {.name = (char *)(slash ? slash + 1 : name)};
        row *found = NULL;
        for (int64_t low = 0, high = t->count; low < high && !found;) {
            int64_t middle = low + (high - low) / 2;
            int order = strcmp(key.name, t->rows[middle].name);
            if (order == 0)
                found = &t->rows[middle];
            else if (order < 0)
                high = middle;
            else
                low = middle + 1;
        }
        split[i] = found ? found->split : LWS_SPLITS;
        if (!found) {
            show(report->unlisted_names, report->unlisted++, name);
        } else if (found->used) {
            report->repeated_images++;
            show_repeated(report, name);
        } else {
            found->used = true;
        }
    }
    for (int64_t i = 0; i < t->count; i++) {
        if (!t->rows[i].used)
            show(report->absent_names, report->absent++, t->rows[i].name);
    }
}

lws_status lws_partition_read(const char *path, const lws_source *source, lws_assignment *split,
                              lws_partition_report *report)
{
    table t = {0};
    *report = (lws_partition_report){0};
    lws_status status = read_rows(&t, path);
    if (status == LWS_OK && t.count == 0)
        status = lws_fail(LWS_ERR_FORMAT, "the partition file %s is empty", path);
    if (status == LWS_OK) {
        qsort(t.rows, (size_t)t.count, sizeof *t.rows, by_name);
        report->lines = t.count;
        status = drop_repetitions(&t, path, report);
    }
    if (status == LWS_OK)
        assign(&t, source, split, report);
    table_free(&t);
    return status;
}

void lws_partition_report_free(lws_partition_report *report)
{
    for (int i = 0; i < LWS_PARTITION_SHOWN; i++) {
        free(report->absent_names[i]);
        free(report->unlisted_names[i]);
        free(report->repeated_names[i]);
    }
    *report = (lws_partition_report){0};
}

/* ---- fractions ------------------------------------------------------------------------------- */

void lws_partition_random(uint64_t seed, int64_t count, const double fraction[LWS_SPLITS], lws_assignment *split)
{
    int64_t valid = llround(fraction[LWS_VALID] * (double)count);
    int64_t test = llround(fraction[LWS_TEST] * (double)count);
    valid = valid > count ? count : valid;
    test = test > count - valid ? count - valid : test;
    lws_rng_key key = lws_rng(seed, LWS_RNG_SPLIT, 0);
    for (int64_t i = 0; i < count; i++) {
        int64_t place = (int64_t)lws_rng_permute(key, (uint64_t)count, (uint64_t)i);
        split[i] = place < valid ? LWS_VALID : place < valid + test ? LWS_TEST : LWS_TRAIN;
    }
}

/* ---- counts ---------------------------------------------------------------------------------- */

void lws_partition_count(int64_t count, const lws_assignment *split, int64_t in_split[LWS_SPLITS])
{
    int64_t n[LWS_SPLITS + 1] = {0};
    for (int64_t i = 0; i < count; i++)
        n[split[i]]++;
    memcpy(in_split, n, LWS_SPLITS * sizeof *n);
}

void lws_partition_limit(int64_t count, int64_t limit, lws_assignment *split)
{
    int64_t in_split[LWS_SPLITS], keep[LWS_SPLITS];
    lws_partition_count(count, split, in_split);
    int64_t all = in_split[LWS_TRAIN] + in_split[LWS_VALID] + in_split[LWS_TEST];
    if (limit <= 0 || limit >= all)
        return;
    keep[LWS_VALID] = llround((double)limit * (double)in_split[LWS_VALID] / (double)all);
    keep[LWS_TEST] = llround((double)limit * (double)in_split[LWS_TEST] / (double)all);
    if (keep[LWS_TEST] > limit - keep[LWS_VALID])
        keep[LWS_TEST] = limit - keep[LWS_VALID];
    keep[LWS_TRAIN] = limit - keep[LWS_VALID] - keep[LWS_TEST];
    for (int64_t i = 0; i < count; i++) {
        if (split[i] < LWS_SPLITS && --keep[split[i]] < 0)
            split[i] = LWS_SPLITS;
    }
}
