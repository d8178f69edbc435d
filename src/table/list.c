/* Words of a list. */
#include "list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n\v\f"

bool list_next(const char **at, char separator, char *word, size_t size)
{
    const char *text = *at, *end;
    if (*text == 0)
        return false;
    end = strchr(text, separator);
    end = end ? end : text + strlen(text);
    *at = end + (*end != 0);
    while (text < end && strchr(BLANKS, *text))
        text++;
    while (end > text && strchr(BLANKS, end[-1]))
        end--;
    snprintf(word, size, "%.*s", (int)(end - text), text);
    return true;
}

static bool is_whole(const char *word, long long *number)
{
    char *end;
    errno = 0;
    *number = strtoll(word, &end, 10);
    return end != word && !*end && !errno;
}

static bool is_same(const char *a, const char *b)
{
    long long p, q;
    return strcmp(a, b) == 0 || (is_whole(a, &p) && is_whole(b, &q) && p == q);
}

bool list_has(const char *list, char separator, const char *word)
{
    char each[256];
    while (list_next(&list, separator, each, sizeof each))
        if (is_same(each, word))
            return true;
    return false;
}

bool list_add(char *list, size_t size, char separator, const char *word)
{
    size_t used = strlen(list);
    if (list_has(list, separator, word))
        return true;
    if (used + strlen(word) + 2 > size)
        return false;
    if (used > 0)
        list[used++] = separator;
    strcpy(list + used, word);
    return true;
}
