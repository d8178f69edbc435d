/* Pictures are taken apart. */
#include "strip.h"

#include "datasets/decode/image.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, FACTOR_MOST = 128 }; /* as report/grid.c has them */

/* Whether blocks of factor × factor pixels are each of one colour, in the image that begins at (left, top). */
static bool is_enlarged(const lws_image *p, int left, int top, int side, int factor)
{
    size_t c = (size_t)p->channels;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            const uint8_t *at = p->pixels + ((size_t)(top + y) * p->width + left + x) * c;
            const uint8_t *first =
                p->pixels + ((size_t)(top + y / factor * factor) * p->width + left + x / factor * factor) * c;
            if (memcmp(at, first, c) != 0)
                return false;
        }
    return true;
}

/* The factor of the enlargement: the largest that holds for all images. */
static int factor_of(const lws_image *p, int side, int columns)
{
    for (int factor = FACTOR_MOST; factor > 1; factor--) {
        bool holds = side % factor == 0;
        for (int i = 0; i < 2 * columns && holds; i++)
            holds = is_enlarged(p, GAP + i % columns * (side + GAP), GAP + i / columns * (side + GAP), side, factor);
        if (holds)
            return factor;
    }
    return 1;
}

static lws_status take_apart(const lws_image *p, const char *path, strip *s)
{
    int side = (p->height - GAP) / 2 - GAP;
    if (side < 1 || p->height != 2 * (side + GAP) + GAP || p->width < side + 2 * GAP ||
        (p->width - GAP) % (side + GAP) != 0)
        return lws_fail(LWS_ERR_FORMAT, "%s is no picture of square originals above their reconstructions", path);
    s->columns = (p->width - GAP) / (side + GAP);
    int factor = factor_of(p, side, s->columns), small = side / factor;
    s->shape = (lws_shape){small, small, p->channels};
    size_t image = lws_shape_size(s->shape), c = (size_t)p->channels;
    s->pixels = malloc(2 * (size_t)s->columns * image * sizeof *s->pixels);
    if (!s->pixels)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", path);
    for (int i = 0; i < 2 * s->columns; i++)
        for (size_t k = 0; k < image; k++) {
            size_t pixel = k / c, y = pixel / (size_t)small * (size_t)factor,
                   x = pixel % (size_t)small * (size_t)factor;
            size_t top = (size_t)(GAP + i / s->columns * (side + GAP)),
                   left = (size_t)(GAP + i % s->columns * (side + GAP));
            s->pixels[(size_t)i * image + k] =
                (float)p->pixels[((top + y) * (size_t)p->width + left + x) * c + k % c] / 255;
        }
    return LWS_OK;
}

lws_status strip_read(const char *path, strip *s)
{
    lws_image picture;
    *s = (strip){0};
    LWS_TRY(lws_image_read(path, 3, &picture));
    lws_status status = take_apart(&picture, path, s);
    lws_image_free(&picture);
    return status;
}

void strip_free(strip *s)
{
    free(s->pixels);
    s->pixels = NULL;
}
