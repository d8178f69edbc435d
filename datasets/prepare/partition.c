/* Images dealt to splits: by the lines of a partition file, by chance, and down to a limit. */
#include "partition.h"

#include "partition_file.h"

#include "base/input.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- partition files ------------------------------------------------------------------------- */

static int has_name(const void *name, const void *row)
{
    return strcmp(name, ((const lws_partition_row *)row)->name);
}

static lws_partition_row *find_row(const lws_partition_rows *t, const char *name)
{
    return bsearch(name, t->rows, (size_t)t->count, sizeof *t->rows, has_name);
}

/* The row that names this image with all its folders, or else with fewer: "x/y/1.jpg", "y/1.jpg", "1.jpg". */
static lws_partition_row *find_path(const lws_partition_rows *t, const char *path)
{
    lws_partition_row *found = find_row(t, path);
    for (const char *slash = strchr(path, '/'); slash && !found; slash = strchr(slash + 1, '/'))
        found = find_row(t, slash + 1);
    return found;
}

static void assign_exactly(lws_partition_rows *t, const lws_source *source, lws_assignment *split,
                           lws_partition_report *report)
{
    for (int64_t i = 0; i < source->count; i++) {
        lws_partition_row *found = find_path(t, source->entries[i].name);
        split[i] = found ? found->split : LWS_SPLITS;
        if (found && found->used) {
            report->repeated_images++;
            lws_partition_show_repeated(report, source->entries[i].name);
        } else if (found) {
            found->used = true;
        }
    }
}

/* ---- names that fit but for folder or extension ---------------------------------------------- */

/* What is left of a name without folders and extension. */
typedef struct stem {
    const char *text;
    size_t length;
    int64_t index;
} stem;

static stem stem_of(const char *name, int64_t index)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name, *dot = strrchr(base, '.');
    return (stem){base, dot && dot > base ? (size_t)(dot - base) : strlen(base), index};
}

static int by_stem(const void *a, const void *b)
{
    const stem *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->length < y->length ? x->length : y->length);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* How many from `at` on have the same stem. */
static int64_t run_of(const stem *stems, int64_t at, int64_t count)
{
    int64_t n = 1;
    while (at + n < count && by_stem(&stems[at], &stems[at + n]) == 0)
        n++;
    return n;
}

/* A list of .jpg names serves for the same images as .png, and one with other folders, too: where a stem is that of one
 * row and of one image, it is clear what is meant. */
static void match_stems(lws_partition_rows *t, const stem *rows, const stem *images, int64_t count,
                        lws_assignment *split, lws_partition_report *report)
{
    for (int64_t r = 0, i = 0; r < t->count && i < count;) {
        int order = by_stem(&rows[r], &images[i]);
        if (order != 0) {
            r += order < 0;
            i += order > 0;
            continue;
        }
        int64_t alike_rows = run_of(rows, r, t->count), alike_images = run_of(images, i, count);
        lws_partition_row *row = &t->rows[rows[r].index];
        int64_t image = images[i].index;
        if (alike_rows == 1 && alike_images == 1 && split[image] == LWS_SPLITS) {
            split[image] = row->split;
            row->used = true;
            report->by_stem++;
        }
        r += alike_rows;
        i += alike_images;
    }
}

static lws_status assign_by_stem(lws_partition_rows *t, const lws_source *source, lws_assignment *split,
                                 lws_partition_report *report)
{
    stem *rows = calloc((size_t)t->count + 1, sizeof *rows);
    stem *images = calloc((size_t)source->count + 1, sizeof *images);
    lws_status status = LWS_OK;
    if (rows && images) {
        for (int64_t i = 0; i < t->count; i++)
            rows[i] = stem_of(t->rows[i].name, i);
        for (int64_t i = 0; i < source->count; i++)
            images[i] = stem_of(source->entries[i].name, i);
        qsort(rows, (size_t)t->count, sizeof *rows, by_stem);
        qsort(images, (size_t)source->count, sizeof *images, by_stem);
        match_stems(t, rows, images, source->count, split, report);
    } else {
        status = lws_fail(LWS_ERR_MEMORY, "out of memory comparing names with the partition file");
    }
    free(rows);
    free(images);
    return status;
}

/* ---- a whole list ------------------------------------------------------------------------------ */

static void note_rest(const lws_partition_rows *t, const lws_source *source, const lws_assignment *split,
                      lws_partition_report *report)
{
    for (int64_t i = 0; i < source->count; i++) {
        if (split[i] == LWS_SPLITS)
            lws_partition_show(report->unlisted_names, report->unlisted++, source->entries[i].name);
    }
    for (int64_t i = 0; i < t->count; i++) {
        if (!t->rows[i].used)
            lws_partition_show(report->absent_names, report->absent++, t->rows[i].name);
    }
}

lws_status lws_partition_read_text(const char *path, char *text, size_t length, const lws_source *source,
                                   lws_assignment *split, lws_partition_report *report)
{
    lws_partition_rows t = {0};
    *report = (lws_partition_report){0};
    lws_status status = lws_partition_parse(path, text, length, &t, report);
    if (status == LWS_OK) {
        assign_exactly(&t, source, split, report);
        status = assign_by_stem(&t, source, split, report);
    }
    if (status == LWS_OK)
        note_rest(&t, source, split, report);
    lws_partition_rows_free(&t);
    return status;
}

lws_status lws_partition_read(const char *path, const lws_source *source, lws_assignment *split,
                              lws_partition_report *report)
{
    char *text;
    size_t length;
    *report = (lws_partition_report){0};
    LWS_TRY(lws_input_read_text(path, "partition file", &text, &length));
    lws_status status = lws_partition_read_text(path, text, length, source, split, report);
    free(text);
    return status;
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
