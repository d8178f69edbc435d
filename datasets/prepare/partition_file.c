/* A partition file's text to rows: names, splits, and what is said twice. */
#include "partition_file.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* From `from` to before `to`. */
typedef struct field {
    char *from, *to;
} field;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_separator(char c)
{
    return is_blank(c) || c == ',' || c == ';';
}

static field trimmed(field f, bool is_cut(char c))
{
    while (f.from < f.to && is_cut(*f.from))
        f.from++;
    while (f.to > f.from && is_cut(f.to[-1]))
        f.to--;
    return f;
}

static field unquoted(field f)
{
    bool is_quoted = f.to - f.from > 2 && *f.from == '"' && f.to[-1] == '"';
    return is_quoted ? (field){f.from + 1, f.to - 1} : f;
}

/* Two fields of a line at its last separator: a name may have blanks and commas in it. False: there is none. */
static bool divide(field line, field *name, field *split)
{
    char *at = line.to;
    while (at > line.from && !is_separator(at[-1]))
        at--;
    *split = unquoted((field){at, line.to});
    field before = {line.from, at};
    while (before.to > before.from && is_separator(before.to[-1]))
        before.to--;
    *name = unquoted(before);
    return name->to > name->from;
}

static bool is_word(field f)
{
    bool good = f.to - f.from >= 3;
    for (char *c = f.from; c < f.to && good; c++)
        good = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || *c == ' ';
    return good;
}

/* A name's folders as the listing of images has them: other systems' backslashes are slashes. */
static void make_path(field *name)
{
    for (char *c = name->from; c < name->to; c++)
        *c = *c == '\\' ? '/' : *c;
    while (name->to - name->from > 2 && name->from[0] == '.' && name->from[1] == '/')
        name->from += 2;
}

static lws_status add_row(lws_partition_rows *t, field name, int split, int64_t line)
{
    if (t->count == t->capacity) {
        int64_t capacity = t->capacity * 2 + 1024;
        lws_partition_row *grown = realloc(t->rows, (size_t)capacity * sizeof *grown);
        if (!grown)
            return lws_fail(LWS_ERR_MEMORY, "out of memory reading the partition file");
        t->rows = grown;
        t->capacity = capacity;
    }
    *name.to = 0;                             /* a separator, a quote or the end of the line, which is read already */
    char *copy = lws_text_escaped(name.from); /* as the names of images are */
    if (!copy)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading the partition file");
    t->rows[t->count++] = (lws_partition_row){copy, line, (lws_assignment)split, false};
    return LWS_OK;
}

static lws_status parse_line(lws_partition_rows *t, const char *path, int64_t number, field line, bool is_first)
{
    field name = line, split = line;
    bool has_both = divide(line, &name, &split);
    if (has_both && is_first && is_word(name) && is_word(split))
        return LWS_OK; /* "image_id,partition" */
    if (!has_both || split.to - split.from != 1 || *split.from < '0' || *split.from > '2')
        return lws_fail(LWS_ERR_FORMAT, "%s:%lld: '%.*s' is not of the form NAME 0|1|2 (train, valid, test)", path,
                        (long long)number, (int)(line.to - line.from < 80 ? line.to - line.from : 80), line.from);
    make_path(&name);
    return add_row(t, name, *split.from - '0', number);
}

static lws_status parse_lines(lws_partition_rows *t, const char *path, char *text, size_t length)
{
    char *at = text, *end = text + length;
    bool is_first = true;
    for (int64_t n = 1; at < end; n++) {
        size_t bytes = strcspn(at, "\r\n");
        field line = trimmed((field){at, at + bytes}, is_blank);
        at += bytes;
        at += at < end && at[0] == '\r' && at[1] == '\n' ? 2 : 1;
        if (line.from == line.to)
            continue;
        LWS_TRY(parse_line(t, path, n, line, is_first));
        is_first = false;
    }
    return LWS_OK;
}

static int by_name(const void *a, const void *b)
{
    const lws_partition_row *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static lws_status drop_repetitions(lws_partition_rows *t, const char *path, lws_partition_report *report)
{
    int64_t kept = 0, all = t->count;
    lws_status status = LWS_OK;
    for (int64_t i = 0; i < all; i++) {
        lws_partition_row *before = kept ? &t->rows[kept - 1] : NULL, *here = &t->rows[i];
        if (!before || strcmp(before->name, here->name) != 0) {
            t->rows[kept++] = *here;
            continue;
        }
        if (before->split != here->split && status == LWS_OK)
            status = lws_fail(LWS_ERR_FORMAT, "%s:%lld: %s is put into another split than on line %lld", path,
                              (long long)here->line, here->name, (long long)before->line);
        report->repeated_lines++;
        lws_partition_show_repeated(report, here->name);
        free(here->name);
    }
    t->count = kept;
    return status;
}

lws_status lws_partition_parse(const char *path, char *text, size_t length, lws_partition_rows *t,
                               lws_partition_report *report)
{
    LWS_TRY(parse_lines(t, path, text, length));
    if (t->count == 0)
        return lws_fail(LWS_ERR_FORMAT, "the partition file %s is empty", path);
    qsort(t->rows, (size_t)t->count, sizeof *t->rows, by_name);
    report->lines = t->count;
    return drop_repetitions(t, path, report);
}

void lws_partition_rows_free(lws_partition_rows *t)
{
    for (int64_t i = 0; i < t->count; i++)
        free(t->rows[i].name);
    free(t->rows);
    *t = (lws_partition_rows){0};
}
