/* JPEG by libjpeg-turbo, which decodes only what the wanted part of an image needs: the entropy-coded data is read to
 * its end, for damage in any of it spoils the image, but transforms, upsampling and colours are computed for that part.
 */
#include "decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <jerror.h>

#ifndef LIBJPEG_TURBO_VERSION_NUMBER
#error "this libjpeg is not libjpeg-turbo, which alone decodes parts of images"
#endif

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr handler;
    jmp_buf stop; /* libjpeg has no other way back from an error */
    lws_status status;
    uint8_t *pixels;
} decoder;

/* ---- errors ---------------------------------------------------------------------------------- */

static void give_up(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    char reason[JMSG_LENGTH_MAX];
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY) {
        d->status = lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    } else {
        jpeg->err->format_message(jpeg, reason);
        d->status = lws_fail(LWS_ERR_FORMAT, "damaged JPEG (%s)", reason);
    }
    longjmp(d->stop, 1);
}

/* After a warning (a negative level) libjpeg would go on, with pixels made up. Those let pass say that bytes were
 * left over, which some cameras write, or that an application segment is odd. */
static void take_message(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    bool is_harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_TOO_MUCH_DATA || code == JWRN_JFIF_MAJOR ||
                       code == JWRN_ADOBE_XFORM;
    if (level < 0 && !is_harmless)
        give_up(jpeg);
}

static void say_nothing(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* ---- decoding -------------------------------------------------------------------------------- */

static int pixel_bytes(const decoder *d)
{
    return d->jpeg.out_color_space == JCS_GRAYSCALE ? 1 : d->jpeg.out_color_space == JCS_RGB ? 3 : 4;
}

static J_COLOR_SPACE colours(const decoder *d, int channels)
{
    if (channels == 1 && d->jpeg.jpeg_color_space == JCS_GRAYSCALE)
        return JCS_GRAYSCALE;
    return channels == 3 ? JCS_RGB : JCS_EXT_RGBX;
}

/* Narrows decoding to the part `crop` and the columns that its chroma is interpolated from; returns what remains. An
 * image in progressive coding that was never finished is smoothed over the borders of blocks, which libjpeg gets right
 * for whole images alone. */
static lws_crop narrow(decoder *d, const lws_crop *crop)
{
    enum { CONTEXT = 4 }; /* pixels; a chroma sample covers up to four, and one beside each is read */
    int whole = (int)d->jpeg.output_width, end = crop->left + crop->width + CONTEXT;
    if (d->jpeg.progressive_mode)
        return (lws_crop){0, 0, whole, (int)d->jpeg.output_height};
    JDIMENSION first = (JDIMENSION)(crop->left > CONTEXT ? crop->left - CONTEXT : 0);
    JDIMENSION width = (JDIMENSION)(end < whole ? end : whole) - first;
    if ((int)width < whole)
        jpeg_crop_scanline(&d->jpeg, &first, &width); /* widens it to whole blocks */
    return (lws_crop){(int)first, crop->top, (int)width, crop->height};
}

static void read_rows(decoder *d, uint8_t *to, size_t stride, int rows)
{
    for (int y = 0; y < rows; y++) {
        JSAMPROW row = to + (size_t)y * stride;
        jpeg_read_scanlines(&d->jpeg, &row, 1);
    }
}

/* The rows of the part; then the rest, which is read without being decoded. */
static lws_status decode_rows(decoder *d, lws_crop *crop, lws_image *out)
{
    lws_crop part = narrow(d, crop);
    size_t stride = (size_t)part.width * (size_t)pixel_bytes(d);
    int below = (int)d->jpeg.output_height - part.top - part.height;
    d->pixels = malloc(stride * ((size_t)part.height + 1));
    if (!d->pixels)
        return lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    if (part.top > 0)
        jpeg_skip_scanlines(&d->jpeg, (JDIMENSION)part.top);
    read_rows(d, d->pixels, stride, part.height);
    if (below > 1) /* skipping to the very end would not look at the data */
        jpeg_skip_scanlines(&d->jpeg, (JDIMENSION)below - 1);
    if (below > 0)
        read_rows(d, d->pixels + stride * (size_t)part.height, stride, 1);
    jpeg_finish_decompress(&d->jpeg);
    crop->left -= part.left;
    crop->top -= part.top;
    *out = (lws_image){d->pixels, part.width, part.height, pixel_bytes(d)};
    return LWS_OK;
}

static lws_status decode(decoder *d, const uint8_t *data, size_t bytes, int channels, lws_image_choose *choose,
                         const void *user, lws_image *out, lws_crop *crop)
{
    if (setjmp(d->stop))
        return d->status;
    jpeg_create_decompress(&d->jpeg);
    jpeg_mem_src(&d->jpeg, data, bytes);
    jpeg_read_header(&d->jpeg, TRUE);
    LWS_TRY(lws_decode_check_size(d->jpeg.image_width, d->jpeg.image_height));
    LWS_TRY(choose(user, (int)d->jpeg.image_width, (int)d->jpeg.image_height, crop));
    d->jpeg.out_color_space = colours(d, channels);
    jpeg_start_decompress(&d->jpeg);
    return decode_rows(d, crop, out);
}

lws_status lws_decode_jpeg(const uint8_t *data, size_t bytes, int channels, lws_image_choose *choose, const void *user,
                           lws_image *out, lws_crop *crop)
{
    decoder d = {.pixels = NULL};
    d.jpeg.err = jpeg_std_error(&d.handler);
    d.jpeg.client_data = &d;
    d.handler.error_exit = give_up;
    d.handler.emit_message = take_message;
    d.handler.output_message = say_nothing;
    lws_status status = decode(&d, data, bytes, channels, choose, user, out, crop);
    jpeg_destroy_decompress(&d.jpeg);
    if (status != LWS_OK)
        free(d.pixels);
    return status;
}
