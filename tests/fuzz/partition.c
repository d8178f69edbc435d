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

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* Cuts blanks and quotes off both ends. */
static void unwrap(const char **from, const char **to)
{
    if (*to - *from > 2 && **from == '"' && (*to)[-1] == '"') {
        ++*from;
        --*to;
    }
}

static bool is_word(const char *from, const char *to)
{
    bool good = to - from >= 3;
    for (; from < to; from++)
        good = good && (is_one_of(*from & ~0x20, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") || is_one_of(*from, "_ "));
    return good;
}

/* The name as images have theirs; malloc()ed. */
static char *name_of(const char *from, const char *to)
{
    char *name = strndup(from, (size_t)(to - from));
    FUZZ_CHECK(name);
    for (char *c = name; *c; c++)
        *c = *c == '\\' ? '/' : *c;
    while (strlen(name) > 2 && strncmp(name, "./", 2) == 0)
        memmove(name, name + 2, strlen(name) - 1);
    return name;
}

/* NAME and split of one line; 0: nothing in it, -1: malformed, -2: a header, if it comes first. */
static int read_line(const char *from, const char *to, line *l)
{
    while (from < to && is_one_of(*from, " \t"))
        from++;
    while (from < to && is_one_of(to[-1], " \t"))
        to--;
    if (from == to)
        return 0;
    const char *second = to, *second_end = to;
    while (second > from && !is_one_of(second[-1], " \t,;"))
        second--;
    const char *end = second;
    while (end > from && is_one_of(end[-1], " \t,;"))
        end--;
    unwrap(&second, &second_end);
    unwrap(&from, &end);
    if (from == end)
        return -1;
    if (is_word(from, end) && is_word(second, second_end))
        return -2;
    if (second_end - second != 1 || !is_one_of(*second, "012"))
        return -1;
    *l = (line){name_of(from, end), *second - '0'};
    return 1;
}

/* -1: the file is refused; else how many lines. The names are the caller's. */
static int read_lines(const char *text, size_t size, line *lines)
{
    int count = 0;
    bool bad = false, is_first = true;
    for (const char *at = text, *end = text + size; at < end && !bad && count < LINES;) {
        const char *stop = at;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        int found = read_line(at, stop, &lines[count]);
        bad = found == -1 || (found == -2 && !is_first);
        is_first = is_first && found == 0;
        count += found > 0;
        at = stop + 1; /* between CR and LF there is one more line, which is empty */
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

/* Does `name` stand at the end of `path`, from the beginning of a folder's name on? */
static bool is_end(const char *name, const char *path)
{
    size_t n = strlen(name), all = strlen(path);
    return n <= all && strcmp(path + all - n, name) == 0 && (n == all || path[all - n - 1] == '/');
}

/* The line that names the image by most of its path; -1: none. The last of several, which are alike. */
static int line_for(const line *lines, int count, const char *image)
{
    int best = -1;
    for (int i = 0; i < count; i++) {
        if (is_end(lines[i].name, image) && (best < 0 || strlen(lines[i].name) >= strlen(lines[best].name)))
            best = i;
    }
    return best;
}

static bool same_stem(const char *a, const char *b)
{
    const char *x = strrchr(a, '/'), *y = strrchr(b, '/');
    a = x ? x + 1 : a;
    b = y ? y + 1 : b;
    const char *p = strrchr(a, '.'), *q = strrchr(b, '.');
    size_t n = p && p > a ? (size_t)(p - a) : strlen(a), m = q && q > b ? (size_t)(q - b) : strlen(b);
    return n == m && memcmp(a, b, n) == 0;
}

/* The line that is for no image by its path, and has the stem of this image as no other line and image have; -1. */
static int stem_line_for(const line *lines, int count, int image)
{
    int found = -1, images = 0;
    for (int k = 0; k < NAMES; k++)
        images += same_stem(names[k], names[image]);
    for (int i = 0; i < count && images == 1; i++) {
        if (!same_stem(lines[i].name, names[image]) || (found >= 0 && strcmp(lines[found].name, lines[i].name) == 0))
            continue;
        if (found >= 0)
            return -1;
        found = i;
    }
    for (int k = 0; k < NAMES && found >= 0; k++) {
        int by_path = line_for(lines, count, names[k]);
        if (by_path >= 0 && strcmp(lines[by_path].name, lines[found].name) == 0)
            return -1;
    }
    return found;
}

static void check(const line *lines, int count, const lws_assignment *split, const lws_partition_report *report)
{
    int64_t repeated = 0, absent = 0, unlisted = 0, images = 0, stems = 0;
    int of[NAMES];
    for (int k = 0; k < NAMES; k++) {
        bool by_path = (of[k] = line_for(lines, count, names[k])) >= 0;
        of[k] = by_path ? of[k] : stem_line_for(lines, count, k);
        stems += !by_path && of[k] >= 0;
        FUZZ_CHECK(split[k] == (of[k] < 0 ? LWS_SPLITS : lines[of[k]].split));
        unlisted += of[k] < 0;
        bool twice = false;
        for (int j = 0; j < k && of[k] >= 0; j++)
            twice = twice || (of[j] >= 0 && strcmp(lines[of[j]].name, lines[of[k]].name) == 0);
        images += twice;
    }
    for (int i = 0; i < count; i++) {
        bool before = false, there = false;
        for (int k = 0; k < i; k++)
            before = before || strcmp(lines[i].name, lines[k].name) == 0;
        for (int k = 0; k < NAMES; k++)
            there = there || (of[k] >= 0 && strcmp(lines[of[k]].name, lines[i].name) == 0);
        repeated += before;
        absent += !before && !there;
    }
    FUZZ_CHECK(report->lines == count && report->repeated_lines == repeated && report->by_stem == stems);
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
