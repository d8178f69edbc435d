/* From the bytes of a file to pixels: the table of decoders, and what is the same for all of them. */
#include "datasets/decode/image.h"

#include "decoder.h"

#include "base/files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- formats --------------------------------------------------------------------------------- */

/* One row a format, in the order in which messages name them. */
#define DECODERS(row)                                                                                                  \
    row(jpeg) row(png) row(gif) row(webp) row(tiff) row(bmp) row(tga) row(pnm) row(heic) row(avif) row(jxl)

#define DECLARE_ROW(name) extern const lws_decoder lws_decoder_##name;
DECODERS(DECLARE_ROW)

#define ADDRESS(name) &lws_decoder_##name,
static const lws_decoder *const decoders[] = {DECODERS(ADDRESS)};
enum { FORMATS = sizeof decoders / sizeof *decoders };

static bool has_extension(const lws_decoder *d, const char *name)
{
    const char *dot = strrchr(name, '.');
    bool has = false;
    for (int i = 0; dot && d->extensions[i]; i++)
        has = has || strcasecmp(dot + 1, d->extensions[i]) == 0;
    return has;
}

/* Question marks in a signature stand for any byte. */
static bool begins_with(const uint8_t *data, size_t bytes, const char *signature)
{
    size_t n = strlen(signature);
    bool fits = bytes >= n;
    for (size_t i = 0; fits && i < n; i++)
        fits = signature[i] == '?' || data[i] == (uint8_t)signature[i];
    return fits;
}

static bool has_signature(const lws_decoder *d, const void *data, size_t bytes)
{
    bool has = false;
    for (int i = 0; d->signatures[i]; i++)
        has = has || begins_with(data, bytes, d->signatures[i]);
    return has;
}

bool lws_image_is_name(const char *name)
{
    bool is_known = false;
    for (int i = 0; i < FORMATS; i++)
        is_known = is_known || (decoders[i]->formats && has_extension(decoders[i], name));
    return is_known;
}

bool lws_image_begins(const void *data, size_t bytes)
{
    bool does = false;
    for (int i = 0; i < FORMATS; i++)
        does = does || (decoders[i]->formats && has_signature(decoders[i], data, bytes));
    return does;
}

const char *lws_image_formats(char text[LWS_IMAGE_FORMATS])
{
    int at = 0;
    for (int i = 0; i < FORMATS && at < LWS_IMAGE_FORMATS; i++) {
        if (decoders[i]->formats)
            at += snprintf(text + at, (size_t)(LWS_IMAGE_FORMATS - at), "%s%s", i ? ", " : "", decoders[i]->formats);
    }
    return text;
}

/* The decoder for a file, by what is in it; by its name where no signature fits. NULL: none. */
static const lws_decoder *find(const lws_decode_args *args)
{
    for (int i = 0; i < FORMATS; i++) {
        if (has_signature(decoders[i], args->data, args->bytes))
            return decoders[i];
    }
    for (int i = 0; i < FORMATS; i++) {
        if (!decoders[i]->signatures[0] && has_extension(decoders[i], args->name))
            return decoders[i];
    }
    return NULL;
}

/* ---- channels -------------------------------------------------------------------------------- */

/* In place: padded RGB [count, 4] to luma [count], with the weights and the rounding of Pillow's "L". */
static void to_luma(uint8_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = pixels + 4 * i;
        pixels[i] = (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16);
    }
}

/* In place: padded RGB [count, 4] to RGB [count, 3]. */
static void to_rgb(uint8_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pixels[3 * i] = pixels[4 * i];
        pixels[3 * i + 1] = pixels[4 * i + 1];
        pixels[3 * i + 2] = pixels[4 * i + 2];
    }
}

static void convert(lws_image *image, int channels)
{
    size_t count = (size_t)image->width * (size_t)image->height;
    if (image->channels == 4 && channels == 1)
        to_luma(image->pixels, count);
    else if (image->channels == 4 && channels == 3)
        to_rgb(image->pixels, count);
    image->channels = channels;
}

/* ---- images ---------------------------------------------------------------------------------- */

lws_status lws_image_decode_part(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    char formats[LWS_IMAGE_FORMATS];
    *out = (lws_image){0};
    if (args->bytes == 0)
        return lws_fail(LWS_ERR_FORMAT, "empty file");
    if (args->bytes > INT_MAX)
        return lws_fail(LWS_ERR_FORMAT, "file of more than 2 GB");
    const lws_decoder *decoder = find(args);
    if (!decoder)
        return lws_fail(LWS_ERR_FORMAT, "not an image of a known format (%s)", lws_image_formats(formats));
    const char *reason = decoder->scan ? decoder->scan(args->data, args->bytes) : NULL;
    if (reason)
        return lws_fail(LWS_ERR_FORMAT, "%s", reason);
    int orientation = decoder->orientation ? decoder->orientation(args->data, args->bytes) : 1;
    LWS_TRY(orientation == 1 ? decoder->decode(args, out, crop)
                             : lws_decode_turned(decoder, orientation, args, out, crop));
    convert(out, args->channels);
    return LWS_OK;
}

lws_status lws_image_decode(const void *data, size_t bytes, const char *name, int channels, lws_image *out)
{
    lws_crop whole;
    return lws_image_decode_part(&(lws_decode_args){data, bytes, name, channels, NULL, NULL, NULL}, out, &whole);
}

void lws_image_free(lws_image *image)
{
    free(image->pixels);
    *image = (lws_image){0};
}

lws_status lws_image_read(const char *path, int channels, lws_image *out)
{
    lws_bytes bytes = {0};
    *out = (lws_image){0};
    lws_status status = lws_file_read(AT_FDCWD, path, &bytes);
    if (status == LWS_OK)
        status = lws_image_decode(bytes.data, bytes.size, path, channels, out);
    lws_bytes_free(&bytes);
    return status == LWS_OK ? LWS_OK : lws_fail(status, "%s: %s", path, lws_message());
}
