/* Words of a list. */
#include "list.h"

#include <stdio.h>
#include <string.h>

bool list_next(const char **at, char separator, char *word, size_t size)
{
    const char *text = *at, *end;
    if (*text == 0)
        return false;
    end = strchr(text, separator);
    end = end ? end : text + strlen(text);
    *at = end + (*end != 0);
    while (text < end && *text == ' ')
        text++;
    while (end > text && end[-1] == ' ')
        end--;
    snprintf(word, size, "%.*s", (int)(end - text), text);
    return true;
}

bool list_has(const char *list, char separator, const char *word)
{
    char each[256];
    while (list_next(&list, separator, each, sizeof each))
        if (strcmp(each, word) == 0)
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
