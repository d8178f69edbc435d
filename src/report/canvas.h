/* A picture that is put together from images and lines of text, and becomes a PNG. */
#ifndef LWSSIM_CANVAS_H
#define LWSSIM_CANVAS_H

#include <lwssim/status.h>

#include <stddef.h>
#include <stdint.h>

typedef struct lws_canvas {
    int width, height, channels; /* channels 1 or 3 */
    uint8_t *pixels;             /* [height, width, channels] */
} lws_canvas;

/* A white one; free with lws_canvas_free(). Sizes > 0. LWS_ERR_MEMORY; LWS_ERR_USAGE where it has 2^30 bytes or more.
 * Not collective. */
lws_status lws_canvas_make(int width, int height, int channels, lws_canvas *out);
void lws_canvas_free(lws_canvas *canvas);

/* By how much images of h × w pixels are enlarged: to about 128 a side. Not collective. */
int lws_canvas_factor(int h, int w);

/* Draws an image float [h, w, canvas->channels], clipped to [0, 1] and `factor` times as large, with its upper left
 * corner at (left, top). It must lie within the canvas. Not collective. */
void lws_canvas_image(lws_canvas *canvas, int left, int top, int h, int w, int factor, const float *image);

/* Writes the PNG, which appears whole or not at all. LWS_ERR_IO, LWS_ERR_MEMORY. Not collective. */
lws_status lws_canvas_write(const lws_canvas *canvas, const char *path);

#endif
