/* Text that goes into HTML and SVG, numbers for people, bytes as text: private to this folder. */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H

#include "base/text.h"

#include <stddef.h>

/* Adds text as content or as the value of a quoted attribute: what has a meaning in HTML is escaped; control characters
 * and bytes that are no UTF-8 become U+FFFD. NULL: nothing. */
void html_text(lws_text *out, const char *text);

/* The same for at most `most` characters, the last of them "…" where there are more. */
void html_text_short(lws_text *out, const char *text, int most);

/* Adds bytes in base64 (RFC 4648, with padding). */
void html_base64(lws_text *out, const unsigned char *bytes, size_t count);

/* A number in about four digits: "1635", "0.5811", "3.2e-05"; "–" for what is not finite. Returns text. */
enum { HTML_NUMBER = 32 };
const char *html_number(double value, char text[HTML_NUMBER]);

#endif
