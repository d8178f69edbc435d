/* Grids of images, enlarged where they are small, as one picture. */
#include "report/grid.h"

#include "png.h"

#include "base/input.h"
#include "base/output.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, SIDE = 128 }; /* pixels between images; side of an enlarged image, about */

static void place(const float *image, int h, int w, int c, int factor, uint8_t *out, size_t stride)
{
    for (int y = 0; y < h * factor; y++) {
        for (int x = 0; x < w * factor; x++) {
            const float *pixel = image + ((size_t)(y / factor) * w + x / factor) * c;
            for (int k = 0; k < c; k++)
                out[(size_t)y * stride + (size_t)x * c + k] = (uint8_t)lrintf(fminf(fmaxf(pixel[k], 0), 1) * 255);
        }
    }
}

/* Frees the pixels. */
static lws_status write_png(const char *path, uint8_t *pixels, size_t stride, int width, int height, int c)
{
    int png_bytes;
    unsigned char *png = png_encode(pixels, (int)stride, width, height, c, &png_bytes);
    lws_status status = png ? lws_output_write(path, png, (size_t)png_bytes)
                            : lws_fail(LWS_ERR_MEMORY, "out of memory drawing %s", path);
    free(png);
    free(pixels);
    return status;
}

lws_status lws_grid_write(const char *path, int h, int w, int c, int rows, int columns, const float *const *image)
{
    int side = h > w ? h : w, factor = side < SIDE ? SIDE / side : 1;
    int width = columns * (w * factor + GAP) + GAP, height = rows * (h * factor + GAP) + GAP;
    size_t stride = (size_t)width * c, bytes = stride * height;
    uint8_t *pixels = malloc(bytes);
    if (!pixels)
        return lws_fail(LWS_ERR_MEMORY, "out of memory drawing %s", path);
    memset(pixels, 255, bytes);
    for (int r = 0; r < rows; r++) {
        for (int k = 0; k < columns; k++) {
            size_t top = GAP + (size_t)r * (h * factor + GAP), left = GAP + (size_t)k * (w * factor + GAP);
            place(image[r * columns + k], h, w, c, factor, pixels + top * stride + left * c, stride);
        }
    }
    return write_png(path, pixels, stride, width, height, c);
}

lws_status lws_picture_write(const char *path, int h, int w, int c, const float *image)
{
    size_t stride = (size_t)w * (size_t)c;
    uint8_t *pixels = malloc(stride * (size_t)h);
    if (!pixels)
        return lws_fail(LWS_ERR_MEMORY, "out of memory drawing %s", path);
    place(image, h, w, c, 1, pixels, stride);
    return write_png(path, pixels, stride, w, h, c);
}

bool lws_grid_is_picture(const char *path)
{
    return lws_input_begins(path, "\211PNG\r\n\032\n", 8);
}
