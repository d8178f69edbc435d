/* Pixels of a picture: images placed on white, and the PNG of it. */
#include "report/canvas.h"

#include "png.h"

#include "base/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 128 }; /* of an enlarged image, about */

lws_status lws_canvas_make(int width, int height, int channels, lws_canvas *out)
{
    size_t bytes = (size_t)width * (size_t)height * (size_t)channels;
    *out = (lws_canvas){width, height, channels, NULL};
    if (bytes >= (size_t)1 << 30)
        return lws_fail(LWS_ERR_USAGE, "a picture of %d × %d pixels is too large", width, height);
    out->pixels = malloc(bytes);
    if (!out->pixels)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a picture of %d × %d pixels", width, height);
    memset(out->pixels, 255, bytes);
    return LWS_OK;
}

void lws_canvas_free(lws_canvas *canvas)
{
    free(canvas->pixels);
    *canvas = (lws_canvas){0};
}

int lws_canvas_factor(int h, int w)
{
    int side = h > w ? h : w;
    return side < SIDE ? SIDE / side : 1;
}

void lws_canvas_image(lws_canvas *canvas, int left, int top, int h, int w, int factor, const float *image)
{
    int c = canvas->channels;
    for (int y = 0; y < h * factor; y++) {
        uint8_t *out = canvas->pixels + ((size_t)(top + y) * (size_t)canvas->width + (size_t)left) * (size_t)c;
        for (int x = 0; x < w * factor; x++) {
            const float *pixel = image + ((size_t)(y / factor) * w + x / factor) * c;
            for (int k = 0; k < c; k++)
                *out++ = (uint8_t)lrintf(fminf(fmaxf(pixel[k], 0), 1) * 255);
        }
    }
}

lws_status lws_canvas_write(const lws_canvas *canvas, const char *path)
{
    int bytes;
    unsigned char *png = png_encode(canvas->pixels, canvas->width * canvas->channels, canvas->width, canvas->height,
                                    canvas->channels, &bytes);
    lws_status status =
        png ? lws_output_write(path, png, (size_t)bytes) : lws_fail(LWS_ERR_MEMORY, "out of memory drawing %s", path);
    free(png);
    return status;
}
