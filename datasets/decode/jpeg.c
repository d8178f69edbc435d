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

enum { TEM = 1, SOF0 = 0xC0, SOF2 = 0xC2, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, SOF15 = 0xCF };
enum { RST0 = 0xD0, RST7 = 0xD7, EOI = 0xD9, SOS = 0xDA, APP1 = 0xE1 };
enum { SCANS = 100 }; /* at most: each goes over the whole image, and few bytes are enough for one */

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
    return NULL;
}

/* Moves *p to the next marker of a segment, past all that may stand before: entropy-coded data, restarts, fill bytes,
 * and stray ones as some programs leave them. 0 where there is none. */
static int find_marker(const uint8_t **p, const uint8_t *end)
{
    const uint8_t *at = *p;
    while ((at = memchr(at, 0xFF, (size_t)(end - at))) && end - at >= 2) {
        *p = at;
        if (at[1] != 0 && at[1] != TEM && at[1] != 0xFF && (at[1] < RST0 || at[1] > RST7))
            return at[1];
        at += at[1] == 0xFF ? 1 : 2;
    }
    return 0;
}

/* The bytes of the segment whose marker is at p, with the two of its length; 0 where it ends beyond the file. */
static size_t segment_length(const uint8_t *p, const uint8_t *end)
{
    size_t length = end - p < 4 ? 0 : (size_t)p[2] << 8 | p[3];
    return (size_t)(end - p) < length + 2 ? 0 : length;
}

static const char *scan(const uint8_t *data, size_t bytes)
{
    const uint8_t *p = data + 2, *end = data + bytes;
    bool have_frame = false;
    int scans = 0;
    if (bytes < 4)
        return truncated;
    for (;;) {
        int marker = find_marker(&p, end);
        if (marker == EOI)
            return scans ? NULL : "a JPEG without an image";
        size_t length = marker ? segment_length(p, end) : 0;
        if (length < 2)
            return marker && end - p >= 4 && p[2] == 0 && p[3] < 2 ? "damaged JPEG (segment length)" : truncated;
        const char *reason = is_frame(marker) ? check_frame(marker, p + 2, length) : NULL;
        if (reason)
            return reason;
        have_frame = have_frame || is_frame(marker);
        if (marker == SOS && !have_frame)
            return "damaged JPEG (a scan before the frame)";
        if (marker == SOS && ++scans > SCANS)
            return "a JPEG of more than 100 scans, which would take too long";
        p += length + 2;
    }
}

/* The first segment of EXIF before the image. */
static int orientation(const uint8_t *data, size_t bytes)
{
    const uint8_t *p = data + 2, *end = data + bytes;
    for (int marker; (marker = find_marker(&p, end)) != 0 && marker != SOS && marker != EOI;) {
        size_t length = segment_length(p, end);
        if (marker == APP1 && length > 8 && memcmp(p + 4, "Exif\0", 6) == 0)
            return lws_exif_orientation(p + 10, length - 8);
        p += length + 2;
    }
    return 1;
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
 * over, which some cameras write, that an application segment is odd, or that a scan's header says what only
 * progressive images have need of, as that of some phones does. */
static void take_message(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    bool is_harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_TOO_MUCH_DATA || code == JWRN_JFIF_MAJOR ||
                       code == JWRN_ADOBE_XFORM || code == JWRN_NOT_SEQUENTIAL;
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
    if (d->jpeg.num_components == 4)
        return JCS_CMYK;
    if (channels == 1 && d->jpeg.jpeg_color_space == JCS_GRAYSCALE)
        return JCS_GRAYSCALE;
    return channels == 3 ? JCS_RGB : JCS_EXT_RGBX;
}

/* In place: inks [count, 4], inverted as all programs write them after Adobe's, to padded RGB. */
static void inks_to_rgb(uint8_t *p, size_t count)
{
    for (uint8_t *end = p + 4 * count; p < end; p += 4) {
        for (int i = 0; i < 3; i++) {
            unsigned ink = (255u - p[i]) * p[3] + 128;
            p[i] = (uint8_t)(p[3] - ((ink + (ink >> 8)) >> 8));
        }
    }
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
    if (d->jpeg.out_color_space == JCS_CMYK)
        inks_to_rgb(d->pixels, (size_t)part.width * (size_t)part.height);
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
    .orientation = orientation,
    .decode = decode,
};
