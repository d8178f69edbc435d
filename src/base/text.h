/* A text that is put together piece by piece. Where memory runs out, pieces are left out; the end tells. */
#ifndef LWSSIM_TEXT_H
#define LWSSIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lws_text {
    char *bytes; /* `length` of them, and a zero; NULL: none yet */
    size_t length, room;
    bool is_lossy;
} lws_text;

/* The end of a word of which there are so many: "1 image", "2 images". */
static inline const char *lws_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* Begin with {0}. */
void lws_text_add(lws_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void lws_text_add_bytes(lws_text *text, const void *bytes, size_t count);

/* A field of comma-separated values, in quotes only where it must be (RFC 4180). */
void lws_text_add_csv(lws_text *text, const char *value);

/* Bytes of the UTF-8 character that begins here; 0: none does (RFC 3629: no overlong forms, no surrogates; nor is one
 * that is no character or steers a terminal). */
int lws_text_character(const char *text);

/* A name of any bytes as UTF-8 that fits on a line: a byte that is none of a character, or steers a terminal, is \xHH,
 * and then a backslash is doubled; so is it in a name that has \x or a double one already, so that no two names become
 * one. Other names stay. malloc()ed; NULL when out of memory. */
char *lws_text_escaped(const char *name);

/* The whole text, ended by a zero that *length (may be NULL) does not count; the caller frees it. NULL where memory ran
 * out on the way. `text` is empty afterwards. */
char *lws_text_take(lws_text *text, size_t *length);

#endif
