/* Bytes that others have named things by, made fit for people and for files that hold UTF-8 alone. */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int lws_text_character(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    if (n <= 1)
        return n;
    uint32_t code = s[0] & (0xffU >> (n + 1));
    for (int i = 1; i < n; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        code = code << 6 | (s[i] & 63U);
    }
    bool is_valid = code >= least[n] && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) &&
                    (code & 0xfffe) != 0xfffe && !(code >= 0x80 && code < 0xa0) && !(code >= 0xfdd0 && code <= 0xfdef);
    return is_valid ? n : 0;
}

/* Is there a byte that cannot stay, or what an escaped name would have in it? */
static bool must_change(const char *name)
{
    bool must = strstr(name, "\\x") || strstr(name, "\\\\");
    for (int n; *name && !must; name += n) {
        n = lws_text_character(name);
        must = n == 0 || (unsigned char)*name < 0x20 || *name == 0x7f;
    }
    return must;
}

char *lws_text_escaped(const char *name)
{
    static const char digits[] = "0123456789abcdef";
    if (!must_change(name))
        return strdup(name);
    char *escaped = malloc(4 * strlen(name) + 1), *to = escaped;
    if (!escaped)
        return NULL;
    while (*name) {
        unsigned char c = (unsigned char)*name;
        int n = lws_text_character(name);
        if (n == 0 || c < 0x20 || c == 0x7f) {
            memcpy(to, (char[]){'\\', 'x', digits[c >> 4], digits[c & 15]}, 4);
            to += 4;
            name++;
            continue;
        }
        if (c == '\\')
            *to++ = '\\';
        memcpy(to, name, (size_t)n);
        to += n;
        name += n;
    }
    *to = 0;
    return escaped;
}
