/* JPEG (8 bits, baseline or progressive) by libjpeg-turbo, which decodes only what the wanted part of an image needs:
 * the entropy-coded data is read to its end, for damage in any of it spoils the image, but transforms, upsampling and
 * colours are computed for that part. */
#include "decoder.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <jerror.h>
#include <string.h>

#ifndef LIBJPEG_TURBO_VERSION_NUMBER
#error "this libjpeg is not libjpeg-turbo, which alone decodes parts of images"
#endif

/* ---- markers and segments --------------------------------------------------------------------- */

static const char truncated[] = "truncated JPEG";

enum { SOF0 = 0xC0, SOF2 = 0xC2, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, SOF15 = 0xCF, EOI = 0xD9, SOS = 0xDA };

static bool is_frame(int marker)
{
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

static const char *check_frame(int marker, const uint8_t *segment, size_t bytes)
{
    if (bytes < 8)
        return "damaged JPEG (frame header)";
    if (marker > SOF2)
        return "a JPEG of an unsupported kind (lossless, hierarchical or arithmetic coding)";
    if (segment[2] != 8)
        return "a JPEG with other than 8 bits a channel";
    if (segment[7] == 4)
        return "CMYK colours: convert it to RGB first";
    return NULL;
}

/* The first byte of a marker (0xFF) at or after `p` in entropy-coded data, past stuffed zeros and restarts. */
static const uint8_t *skip_scan(const uint8_t *p, const uint8_t *end)
{
    while ((p = memchr(p, 0xFF, (size_t)(end - p))) && end - p >= 2) {
        if (p[1] != 0 && p[1] != 0xFF && (p[1] < 0xD0 || p[1] > 0xD7))
            return p;
        p += p[1] == 0xFF ? 1 : 2;
    }
    return NULL;
}

static const char *scan(const uint8_t *data, size_t bytes)
{
    const uint8_t *p = data + 2, *end = data + bytes;
    bool have_frame = false, have_scan = false;
    if (bytes < 4)
        return truncated;
    for (;;) {
        while (end - p >= 2 && p[0] == 0xFF && p[1] == 0xFF)
            p++; /* fill bytes */
        if (end - p < 2)
            return truncated;
        if (p[0] != 0xFF)
            return "damaged JPEG (no marker where one must stand)";
        int marker = p[1];
        if (marker == EOI)
            return have_scan ? NULL : "a JPEG without an image";
        if (end - p < 4)
            return truncated;
        size_t length = (size_t)p[2] << 8 | p[3];
        if (length < 2)
            return "damaged JPEG (segment length)";
        if ((size_t)(end - p) < length + 2)
            return truncated;
        const char *reason = is_frame(marker) ? check_frame(marker, p + 2, length) : NULL;
        if (reason)
            return reason;
        have_frame = have_frame || is_frame(marker);
        p += length + 2;
        if (marker == SOS) {
            if (!have_frame)
                return "damaged JPEG (a scan before the frame)";
            have_scan = true;
            p = skip_scan(p, end);
            if (!p)
                return truncated;
        }
    }
}

/* ---- the state of one decoding ---------------------------------------------------------------- */

typedef struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr handler;
    jmp_buf stop; /* libjpeg has no other way back from an error */
    lws_status status;
    uint8_t *pixels;
} reader;

/* ---- errors ---------------------------------------------------------------------------------- */

static void give_up(j_common_ptr jpeg)
{
    reader *d = jpeg->client_data;
    char reason[JMSG_LENGTH_MAX];
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY) {
        d->status = lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    } else {
        jpeg->err->format_message(jpeg, reason);
        d->status = lws_fail(LWS_ERR_FORMAT, "damaged JPEG (%s)", reason);
    }
    longjmp(d->stop, 1);
}

/* After a warning (a negative level) libjpeg would go on, with pixels made up. Those let pass say that bytes were left
 * over, which some cameras write, or that an application segment is odd. */
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

static int pixel_bytes(const reader *d)
{
    return d->jpeg.out_color_space == JCS_GRAYSCALE ? 1 : d->jpeg.out_color_space == JCS_RGB ? 3 : 4;
}

static J_COLOR_SPACE colours(const reader *d, int channels)
{
    if (channels == 1 && d->jpeg.jpeg_color_space == JCS_GRAYSCALE)
        return JCS_GRAYSCALE;
    return channels == 3 ? JCS_RGB : JCS_EXT_RGBX;
}

/* Narrows decoding to the part `crop` and the columns that its chroma is interpolated from; returns what remains. An
 * image in progressive coding that was never finished is smoothed over the borders of blocks, which libjpeg gets right
 * for whole images alone. */
static lws_crop narrow(reader *d, const lws_crop *crop)
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

static void read_rows(reader *d, uint8_t *to, size_t stride, int rows)
{
    for (int y = 0; y < rows; y++) {
        JSAMPROW row = to + (size_t)y * stride;
        jpeg_read_scanlines(&d->jpeg, &row, 1);
    }
}

/* The rows of the part; then the rest, which is read without being decoded. */
static lws_status decode_rows(reader *d, lws_crop *crop, lws_image *out)
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

static lws_status decode_guarded(reader *d, const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    if (setjmp(d->stop))
        return d->status;
    jpeg_create_decompress(&d->jpeg);
    jpeg_mem_src(&d->jpeg, args->data, args->bytes);
    jpeg_read_header(&d->jpeg, TRUE);
    LWS_TRY(lws_decode_choose(args, d->jpeg.image_width, d->jpeg.image_height, crop));
    d->jpeg.out_color_space = colours(d, args->channels);
    jpeg_start_decompress(&d->jpeg);
    return decode_rows(d, crop, out);
}

static lws_status decode(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    reader d = {.pixels = NULL};
    d.jpeg.err = jpeg_std_error(&d.handler);
    d.jpeg.client_data = &d;
    d.handler.error_exit = give_up;
    d.handler.emit_message = take_message;
    d.handler.output_message = say_nothing;
    lws_status status = decode_guarded(&d, args, out, crop);
    jpeg_destroy_decompress(&d.jpeg);
    if (status != LWS_OK)
        free(d.pixels);
    return status;
}

const lws_decoder lws_decoder_jpeg = {
    .formats = "JPEG",
    .extensions = {"jpg", "jpeg", "jpe"},
    .signatures = {"\xff\xd8\xff"},
    .scan = scan,
    .decode = decode,
};
