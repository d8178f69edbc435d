/* Text by stb_easy_font: letters are rectangles of whole pixels. Its only state, the space between letters, is never
 * set. */
#include "report/text.h"

#include <stb_easy_font.h>
#include <string.h>

enum { LETTERS = 256, QUADS_OF_A_LETTER = 24 };

typedef struct corner { /* of a quad, as stb_easy_font writes it */
    float x, y, z;
    uint8_t colour[4];
} corner;

/* The first LETTERS - 1 characters, in ASCII. A character of several bytes is one. */
static void to_ascii(const char *text, char line[LETTERS])
{
    int n = 0;
    for (const char *at = text; *at && n < LETTERS - 1; at++)
        if ((*at & 0xc0) != 0x80) /* not the later bytes of a character in UTF-8 */
            line[n++] = (char)(*at >= ' ' && *at < 127 ? *at : '?');
    line[n] = 0;
}

int lws_text_width(const char *text, int scale)
{
    char line[LETTERS];
    to_ascii(text, line);
    return stb_easy_font_width(line) * scale;
}

static void fill(lws_canvas *canvas, int left, int top, int right, int bottom, uint8_t grey)
{
    for (int y = top < 0 ? 0 : top; y < bottom && y < canvas->height; y++)
        for (int x = left < 0 ? 0 : left; x < right && x < canvas->width; x++)
            memset(canvas->pixels + ((size_t)y * canvas->width + x) * canvas->channels, grey, (size_t)canvas->channels);
}

void lws_text_draw(lws_canvas *canvas, int left, int top, int scale, uint8_t grey, const char *text)
{
    char line[LETTERS];
    corner quad[QUADS_OF_A_LETTER][4];
    to_ascii(text, line);
    for (char *at = line; *at; at++) { /* letter by letter: a small buffer is enough */
        char letter[2] = {*at, 0}, kept = *at;
        int count = stb_easy_font_print(0, 0, letter, NULL, quad, sizeof quad);
        *at = 0;
        int x = left + stb_easy_font_width(line) * scale;
        *at = kept;
        for (int i = 0; i < count; i++)
            fill(canvas, x + (int)quad[i][0].x * scale, top + (int)quad[i][0].y * scale, x + (int)quad[i][2].x * scale,
                 top + (int)quad[i][2].y * scale, grey);
    }
}

void lws_text_draw_centred(lws_canvas *canvas, int middle, int top, int scale, int width, const char *text)
{
    while (scale > 1 && lws_text_width(text, scale) > width)
        scale--;
    lws_text_draw(canvas, middle - lws_text_width(text, scale) / 2, top, scale, 0, text);
}
