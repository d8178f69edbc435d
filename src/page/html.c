/* Text is made fit for HTML: escapes, base64, numbers. */
#include "html.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *escape_of(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (c < 32 && c != '\n' && c != '\t') || c == 127 ? "\xef\xbf\xbd" : NULL;
    }
}

void html_text_short(lws_text *out, const char *text, int most)
{
    const unsigned char *s = (const unsigned char *)(text ? text : "");
    for (int left = most; *s; left--) {
        int n = lws_text_character((const char *)s);
        const char *escape = n == 0 ? "\xef\xbf\xbd" : n == 1 ? escape_of(*s) : NULL;
        n = n == 0 ? 1 : n;
        if (left == 1 && s[n]) {
            lws_text_add_bytes(out, "…", strlen("…"));
            return;
        }
        if (escape)
            lws_text_add_bytes(out, escape, strlen(escape));
        else
            lws_text_add_bytes(out, s, (size_t)n);
        s += n;
    }
}

void html_text(lws_text *out, const char *text)
{
    html_text_short(out, text, INT_MAX);
}

void html_base64(lws_text *out, const unsigned char *bytes, size_t count)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char quad[4];
    for (size_t i = 0; i < count; i += 3) {
        size_t n = count - i < 3 ? count - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= n > 2 ? bytes[i + 2] : 0;
        for (size_t k = 0; k < 4; k++)
            quad[k] = k <= n ? digit[bits >> (18 - 6 * k) & 63] : '=';
        lws_text_add_bytes(out, quad, 4);
    }
}

const char *html_number(double value, char text[HTML_NUMBER])
{
    if (!isfinite(value))
        snprintf(text, HTML_NUMBER, "–");
    else if (value == floor(value) && fabs(value) < 1e9)
        snprintf(text, HTML_NUMBER, "%.0f", value + 0.0);
    else
        snprintf(text, HTML_NUMBER, fabs(value) >= 1000 && fabs(value) < 1e7 ? "%.0f" : "%.4g", value);
    return text;
}
