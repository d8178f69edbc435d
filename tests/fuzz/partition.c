/* Partition files of any content, against a reading of the same text that is as plain as can be: which split each image
 * is in, what is missing and what is there twice. Input: a byte for the images' names, then the file. */
#include "fuzz.h"

#include "datasets/decode/image.h"

#include "datasets/prepare/partition.h"

enum { NAMES = 6, LINES = 4096 };

/* As a listing gives them: in byte order, some with a folder, two with the same base name. */
static char *const names[NAMES] = {"a", "a/b", "b", "b/c d", "c.jpg", "d/\xc3\xa9"};

typedef struct line {
    char *name;
    int split;
} line;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* NAME and split of one line; 0: an empty line, -1: malformed. */
static int read_line(const char *from, const char *to, line *l)
{
    while (from < to && is_blank(*from))
        from++;
    while (from < to && is_blank(to[-1]))
        to--;
    if (from == to)
        return 0;
    int split = to[-1] - '0';
    const char *end = to - 1;
    while (end > from && is_blank(end[-1]))
        end--;
    if (split < 0 || split > 2 || end == from || end == to - 1)
        return -1;
    *l = (line){strndup(from, (size_t)(end - from)), split};
    FUZZ_CHECK(l->name);
    return 1;
}

/* -1: the file is refused; else how many lines. The names are the caller's. */
static int read_lines(const char *text, size_t size, line *lines)
{
    int count = 0;
    bool bad = false;
    for (const char *at = text, *end = text + size; at < end && !bad && count < LINES;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        int found = read_line(at, stop, &lines[count]);
        bad = found < 0;
        count += found > 0;
        at = stop + 1;
    }
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            bad = bad || (strcmp(lines[i].name, lines[k].name) == 0 && lines[i].split != lines[k].split);
    if (!bad && count > 0)
        return count;
    for (int i = 0; i < count; i++)
        free(lines[i].name);
    return -1;
}

static const char *base(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static void check(const line *lines, int count, const lws_assignment *split, const lws_partition_report *report)
{
    int64_t repeated = 0, absent = 0, unlisted = 0, images = 0;
    for (int i = 0; i < count; i++) {
        bool before = false, there = false;
        for (int k = 0; k < i; k++)
            before = before || strcmp(lines[i].name, lines[k].name) == 0;
        for (int k = 0; k < NAMES; k++)
            there = there || strcmp(lines[i].name, base(names[k])) == 0;
        repeated += before;
        absent += !before && !there;
    }
    for (int k = 0; k < NAMES; k++) {
        int want = LWS_SPLITS;
        bool twice = false;
        for (int i = 0; i < count; i++)
            want = strcmp(lines[i].name, base(names[k])) == 0 ? lines[i].split : want;
        for (int j = 0; j < k; j++)
            twice = twice || strcmp(base(names[j]), base(names[k])) == 0;
        FUZZ_CHECK(split[k] == want);
        unlisted += want == LWS_SPLITS;
        images += want != LWS_SPLITS && twice;
    }
    FUZZ_CHECK(report->lines == count && report->repeated_lines == repeated);
    FUZZ_CHECK(report->absent == absent && report->unlisted == unlisted && report->repeated_images == images);
}

/* A file that is no text is refused before it is read; a byte order mark is none of its names. */
static bool is_text(const uint8_t **data, size_t *size)
{
    if (*size >= 2 && (memcmp(*data, "\xff\xfe", 2) == 0 || memcmp(*data, "\xfe\xff", 2) == 0))
        return false;
    if (*size >= 3 && memcmp(*data, "\xef\xbb\xbf", 3) == 0) {
        *data += 3;
        *size -= 3;
    }
    return !memchr(*data, 0, *size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static line lines[LINES];
    char path[32];
    lws_source_entry entries[NAMES] = {{0}};
    lws_source source = {.entries = entries, .count = NAMES};
    lws_assignment split[NAMES];
    lws_partition_report report;
    for (int i = 0; i < NAMES; i++)
        entries[i].name = names[i];
    int fd = fuzz_memory_file(data, size, path);
    lws_status status = lws_partition_read(path, &source, split, &report);
    int count = is_text(&data, &size) ? read_lines((const char *)data, size, lines) : -1;
    FUZZ_CHECK((status == LWS_OK) == (count >= 0));
    if (status == LWS_OK)
        check(lines, count, split, &report);
    else
        FUZZ_CHECK(status == LWS_ERR_FORMAT && strstr(lws_message(), path));
    for (int i = 0; i < count; i++)
        free(lines[i].name);
    lws_partition_report_free(&report);
    close(fd);
    return 0;
}
