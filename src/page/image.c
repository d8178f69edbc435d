/* Images to data URIs. */
#include "image.h"

#include "html.h"

#include "base/files.h"
#include "report/grid.h"
#include "report/picture.h"

#include <fcntl.h>
#include <stdlib.h>

enum { SIDE = 128 };

static void add_img(lws_text *out, const unsigned char *png, size_t bytes, lws_shape shape, const char *alt)
{
    lws_text_add(out, "<img alt=\"");
    html_text(out, alt);
    if (shape.w > 0)
        lws_text_add(out, "\" width=\"%d\" height=\"%d", shape.w, shape.h);
    lws_text_add(out, "\" src=\"data:image/png;base64,");
    html_base64(out, png, bytes);
    lws_text_add(out, "\">");
}

static bool takes(image_room *room, size_t bytes)
{
    size_t text = bytes / 3 * 4 + 160;
    bool fits = text <= room->left && !room->is_used_up;
    room->left -= fits ? text : 0;
    return fits;
}

/* Means of factor × factor pixels. */
static void shrink(const float *in, lws_shape from, int factor, lws_shape to, float *out)
{
    for (int y = 0; y < to.h; y++)
        for (int x = 0; x < to.w; x++)
            for (int k = 0; k < to.c; k++) {
                double sum = 0;
                for (int i = 0; i < factor * factor; i++)
                    sum += in[((size_t)(y * factor + i / factor) * from.w + x * factor + i % factor) * from.c + k];
                out[((size_t)y * to.w + x) * to.c + k] = (float)(sum / (factor * factor));
            }
}

void image_add(lws_text *out, image_room *room, lws_shape shape, const float *pixels, const char *alt)
{
    int larger = shape.h > shape.w ? shape.h : shape.w, smaller = shape.h > shape.w ? shape.w : shape.h, bytes = 0;
    int factor = (larger + SIDE - 1) / SIDE;
    factor = factor > smaller ? smaller : factor;
    lws_shape small = {shape.h / factor, shape.w / factor, shape.c};
    float *scratch = factor > 1 ? malloc(lws_shape_size(small) * sizeof *scratch) : NULL;
    if (scratch)
        shrink(pixels, shape, factor, small, scratch);
    unsigned char *png =
        factor == 1 || scratch ? lws_picture_png(small.h, small.w, small.c, scratch ? scratch : pixels, &bytes) : NULL;
    free(scratch);
    out->is_lossy |= !png;
    bool fits = png && takes(room, (size_t)bytes);
    room->is_used_up |= png && !fits; /* pictures of a kind are there up to one of them, not here and there */
    if (fits)
        add_img(out, png, (size_t)bytes, small, alt);
    else
        lws_text_add(out, "<span></span>");
    free(png);
}

bool image_add_file(lws_text *out, image_room *room, const char *path, const char *alt)
{
    lws_bytes bytes = {0};
    bool is_there =
        lws_grid_is_picture(path) && lws_file_read(AT_FDCWD, path, &bytes) == LWS_OK && takes(room, bytes.size);
    if (is_there)
        add_img(out, bytes.data, bytes.size, (lws_shape){0}, alt);
    lws_bytes_free(&bytes);
    return is_there;
}
