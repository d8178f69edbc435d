/* Lines of text on a picture, in a small font of fixed pixels. */
#ifndef LWSSIM_REPORT_TEXT_H
#define LWSSIM_REPORT_TEXT_H

#include "report/canvas.h"

enum { LWS_TEXT_HEIGHT = 12 }; /* pixels of a line at scale 1, with what hangs below it */

/* Pixels that a line is wide. ASCII; other characters show as '?'. Not collective. */
int lws_text_width(const char *text, int scale);

/* Draws a line with its upper left corner at (left, top), enlarged by a whole factor, in a grey from 0 (black) to 255.
 * What lies outside of the canvas is cut off. Not collective. */
void lws_text_draw(lws_canvas *canvas, int left, int top, int scale, uint8_t grey, const char *text);

/* The same, its middle at `middle`, at the largest scale from `scale` down to 1 at which it is no wider than `width`.
 * */
void lws_text_draw_centred(lws_canvas *canvas, int middle, int top, int scale, int width, const char *text);

#endif
