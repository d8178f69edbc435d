/* The names that archives give to their files, as paths below one folder. */
#include "list.h"

#include <string.h>

bool lws_source_path(char *name)
{
    size_t length = 0; /* of what is made of it so far, in place, without a slash at its end */
    for (char *c = name; *c; c++)
        *c = *c == '\\' ? '/' : *c;
    for (const char *part = name; *part;) {
        size_t n = strcspn(part, "/");
        bool is_up = n == 2 && part[0] == '.' && part[1] == '.';
        if (is_up && length == 0)
            return false;
        if (is_up) {
            while (length > 0 && name[--length] != '/')
                ;
        } else if (n > 1 || (n == 1 && *part != '.')) {
            if (length > 0)
                name[length++] = '/';
            memmove(name + length, part, n);
            length += n;
        }
        part += n + (part[n] == '/');
    }
    name[length] = 0;
    return true;
}
