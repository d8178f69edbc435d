/* Texts that grow; once memory has run out they stay as they are and say so. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for so many more bytes and a zero. */
static bool make_room(lws_text *text, size_t count)
{
    size_t need = text->length + count + 1;
    if (text->is_lossy || need <= text->room)
        return !text->is_lossy;
    char *grown = realloc(text->bytes, 2 * need);
    text->is_lossy = !grown;
    if (grown) {
        text->bytes = grown;
        text->room = 2 * need;
    }
    return grown != NULL;
}

void lws_text_add(lws_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int count = vsnprintf(NULL, 0, format, args);
    if (count >= 0 && make_room(text, (size_t)count)) {
        vsnprintf(text->bytes + text->length, (size_t)count + 1, format, again);
        text->length += (size_t)count;
    }
    text->is_lossy |= count < 0;
    va_end(again);
    va_end(args);
}

void lws_text_add_bytes(lws_text *text, const void *bytes, size_t count)
{
    if (count == 0 || !make_room(text, count))
        return;
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
}

void lws_text_add_csv(lws_text *text, const char *value)
{
    if (!strpbrk(value, ",\"\r\n")) {
        lws_text_add(text, "%s", value);
        return;
    }
    lws_text_add(text, "\"");
    for (const char *at = value; *at; at++)
        lws_text_add(text, *at == '"' ? "\"\"" : "%c", *at);
    lws_text_add(text, "\"");
}

char *lws_text_take(lws_text *text, size_t *length)
{
    lws_text_add(text, "%s", ""); /* so that there is one */
    char *bytes = text->is_lossy ? NULL : text->bytes;
    if (bytes)
        bytes[text->length] = 0;
    else
        free(text->bytes);
    if (length)
        *length = bytes ? text->length : 0;
    *text = (lws_text){0};
    return bytes;
}
