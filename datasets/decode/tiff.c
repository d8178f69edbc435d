/* TIFF by libtiff: the first page, in grey, by a palette, in colours with or without alpha, or in four inks; strips and
 * tiles of any compression that libtiff knows. */
#include "decoder.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

/* ---- files in memory -------------------------------------------------------------------------- */

typedef struct reader {
    const uint8_t *data;
    size_t bytes, at;
    char reason[160]; /* the first that libtiff gave */
    TIFF *tiff;
    uint32_t width, height;
    uint16_t bits, samples, kind, planes, extra; /* of what the fourth sample is */
    uint8_t palette[256][3];
    uint8_t *raw; /* all rows as they are stored, [planes][height, stride] */
    size_t stride;
} reader;

static tmsize_t take_bytes(thandle_t user, void *to, tmsize_t count)
{
    reader *r = user;
    size_t left = r->at < r->bytes ? r->bytes - r->at : 0, n = (size_t)count < left ? (size_t)count : left;
    memcpy(to, r->data + (n ? r->at : 0), n);
    r->at += n;
    return (tmsize_t)n;
}

static tmsize_t give_bytes(thandle_t user, void *from, tmsize_t count)
{
    (void)user, (void)from, (void)count;
    return 0;
}

static toff_t seek(thandle_t user, toff_t to, int whence)
{
    reader *r = user;
    r->at = (size_t)to + (whence == SEEK_CUR ? r->at : whence == SEEK_END ? r->bytes : 0);
    return r->at;
}

static int no_close(thandle_t user)
{
    (void)user;
    return 0;
}

static toff_t size_of(thandle_t user)
{
    return ((reader *)user)->bytes;
}

static int note(TIFF *tiff, void *user, const char *module, const char *format, va_list values)
{
    reader *r = user;
    (void)tiff, (void)module;
    if (!r->reason[0])
        vsnprintf(r->reason, sizeof r->reason, format, values);
    return 1;
}

static int pass_over(TIFF *tiff, void *user, const char *module, const char *format, va_list values)
{
    (void)tiff, (void)user, (void)module, (void)format, (void)values;
    return 1;
}

static lws_status damaged(const reader *r)
{
    return lws_fail(LWS_ERR_FORMAT, "damaged TIFF (%s)", r->reason[0] ? r->reason : "no reason given");
}

static lws_status open_tiff(reader *r)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)LWS_IMAGE_PIXELS * 8);
    TIFFOpenOptionsSetErrorHandlerExtR(options, note, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, pass_over, r);
    r->tiff = TIFFClientOpenExt("", "rm", r, take_bytes, give_bytes, seek, no_close, size_of, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return r->tiff ? LWS_OK : damaged(r);
}

/* ---- header ----------------------------------------------------------------------------------- */

static bool is_read(const reader *r, uint16_t format)
{
    bool is_one = r->samples == 1 || (r->samples == 2 && r->bits == 8);
    bool is_depth = r->bits == 8 || r->bits == 16;
    if (format != SAMPLEFORMAT_UINT || (r->planes == PLANARCONFIG_SEPARATE && !is_depth))
        return false;
    switch (r->kind) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        return is_one && (is_depth || (r->samples == 1 && (r->bits == 1 || r->bits == 2 || r->bits == 4)));
    case PHOTOMETRIC_PALETTE:
        return r->samples == 1 && (r->bits == 1 || r->bits == 2 || r->bits == 4 || r->bits == 8);
    case PHOTOMETRIC_RGB:
        return (r->samples == 3 || r->samples == 4) && is_depth;
    case PHOTOMETRIC_SEPARATED:
        return r->samples == 4 && r->bits == 8;
    default:
        return false;
    }
}

static bool read_palette(reader *r)
{
    uint16_t *map[3];
    if (r->kind != PHOTOMETRIC_PALETTE)
        return true;
    if (!TIFFGetField(r->tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
        return false;
    for (int i = 0; i < 1 << r->bits; i++) {
        for (int c = 0; c < 3; c++)
            r->palette[i][c] = (uint8_t)(map[c][i] >> 8);
    }
    return true;
}

static lws_status read_header(reader *r)
{
    uint16_t format, coding, extras = 0, *extra = NULL;
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_IMAGEWIDTH, &r->width);
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_IMAGELENGTH, &r->height);
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_BITSPERSAMPLE, &r->bits);
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_SAMPLESPERPIXEL, &r->samples);
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_PLANARCONFIG, &r->planes);
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_COMPRESSION, &coding);
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_EXTRASAMPLES, &extras, &extra);
    if (!TIFFGetField(r->tiff, TIFFTAG_PHOTOMETRIC, &r->kind))
        return damaged(r);
    r->extra = extras ? extra[0] : EXTRASAMPLE_UNASSALPHA;
    if (coding == COMPRESSION_JPEG && r->kind == PHOTOMETRIC_YCBCR && r->planes == PLANARCONFIG_CONTIG) {
        TIFFSetField(r->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        r->kind = PHOTOMETRIC_RGB;
    }
    if (!is_read(r, format))
        return lws_fail(LWS_ERR_FORMAT, "a TIFF of an unsupported kind: convert it to PNG first");
    return read_palette(r) ? LWS_OK : damaged(r);
}

/* ---- rows ------------------------------------------------------------------------------------- */

static bool read_strips(reader *r, size_t plane)
{
    for (uint32_t y = 0; y < r->height; y++) {
        if (TIFFReadScanline(r->tiff, r->raw + (plane * r->height + y) * r->stride, y, (uint16_t)plane) < 0)
            return false;
    }
    return true;
}

static bool read_tiles(reader *r, size_t plane)
{
    uint32_t width = 0, height = 0;
    TIFFGetField(r->tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(r->tiff, TIFFTAG_TILELENGTH, &height);
    size_t row = (size_t)TIFFTileRowSize(r->tiff), size = (size_t)TIFFTileSize(r->tiff);
    bool good = width && height && row && width <= LWS_IMAGE_SIDE && height <= LWS_IMAGE_SIDE && size >= row * height;
    uint8_t *tile = good ? calloc(size, 1) : NULL;
    good = tile != NULL;
    for (uint32_t y = 0; good && y < r->height; y += height) {
        for (uint32_t x = 0; good && x < r->width; x += width) {
            size_t at = x / width * row, length = row < r->stride - at ? row : r->stride - at;
            good = TIFFReadTile(r->tiff, tile, x, y, 0, (uint16_t)plane) >= 0;
            for (uint32_t i = 0; good && i < height && y + i < r->height; i++)
                memcpy(r->raw + (plane * r->height + y + i) * r->stride + at, tile + i * row, length);
        }
    }
    free(tile);
    return good;
}

static lws_status read_rows(reader *r)
{
    size_t planes = r->planes == PLANARCONFIG_SEPARATE ? r->samples : 1;
    r->stride = (size_t)TIFFScanlineSize(r->tiff);
    size_t least = ((size_t)r->width * r->bits * (planes > 1 ? 1 : r->samples) + 7) / 8;
    if (r->stride < least || r->stride > 16 * (size_t)LWS_IMAGE_SIDE)
        return damaged(r);
    r->raw = calloc(planes * r->height, r->stride);
    if (!r->raw)
        return lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    for (size_t plane = 0; plane < planes; plane++) {
        if (!(TIFFIsTiled(r->tiff) ? read_tiles(r, plane) : read_strips(r, plane)))
            return damaged(r);
    }
    return LWS_OK;
}

/* ---- pixels ----------------------------------------------------------------------------------- */

/* A sample; of 16 bits the upper 8. */
static uint8_t sample(const reader *r, uint32_t x, uint32_t y, size_t c)
{
    bool is_apart = r->planes == PLANARCONFIG_SEPARATE;
    const uint8_t *row = r->raw + ((is_apart ? c * r->height : 0) + y) * r->stride;
    size_t i = is_apart ? x : (size_t)x * r->samples + c, bit = i * r->bits;
    uint16_t wide;
    if (r->bits == 16) {
        memcpy(&wide, row + 2 * i, 2);
        return (uint8_t)(wide >> 8);
    }
    return row[bit / 8] >> (8 - r->bits - bit % 8) & ((1u << r->bits) - 1);
}

static uint8_t over_255(unsigned product)
{
    product += 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

static void read_colours(const reader *r, uint32_t x, uint32_t y, uint8_t *to)
{
    uint8_t black = r->kind == PHOTOMETRIC_SEPARATED ? sample(r, x, y, 3) : 0;
    for (size_t c = 0; c < 3; c++)
        to[c] = sample(r, x, y, c);
    if (r->kind == PHOTOMETRIC_SEPARATED) {
        for (int c = 0; c < 3; c++)
            to[c] = (uint8_t)(255 - black - over_255(to[c] * (255u - black)));
        return;
    }
    to[3] = r->samples == 4 && r->extra != EXTRASAMPLE_UNSPECIFIED ? sample(r, x, y, 3) : 255;
    for (int c = 0; c < 3 && r->extra == EXTRASAMPLE_ASSOCALPHA && to[3] < 255; c++) {
        unsigned value = to[3] ? to[c] * 255u / to[3] : 0; /* as it was before it was multiplied */
        to[c] = (uint8_t)(value > 255 ? 255 : value);
    }
}

static void read_pixel(const reader *r, uint32_t x, uint32_t y, uint8_t *to)
{
    unsigned most = r->bits >= 8 ? 255 : (1u << r->bits) - 1;
    to[3] = 255;
    if (r->kind == PHOTOMETRIC_PALETTE) {
        memcpy(to, r->palette[sample(r, x, y, 0)], 3);
    } else if (r->kind == PHOTOMETRIC_MINISBLACK || r->kind == PHOTOMETRIC_MINISWHITE) {
        unsigned grey = sample(r, x, y, 0) * 255u / most;
        memset(to, (int)(r->kind == PHOTOMETRIC_MINISWHITE ? 255 - grey : grey), 3);
        to[3] = r->samples == 2 ? sample(r, x, y, 1) : 255;
    } else {
        read_colours(r, x, y, to);
    }
}

static lws_status read_image(reader *r, const lws_decode_args *args, lws_image *image, lws_crop *crop)
{
    LWS_TRY(open_tiff(r));
    LWS_TRY(read_header(r));
    LWS_TRY(lws_decode_choose(args, r->width, r->height, crop));
    LWS_TRY(read_rows(r));
    LWS_TRY(lws_decode_room((int)r->width, (int)r->height, 4, image));
    uint8_t *to = image->pixels;
    for (uint32_t y = 0; y < r->height; y++) {
        for (uint32_t x = 0; x < r->width; x++, to += 4)
            read_pixel(r, x, y, to);
    }
    lws_decode_compose(args, image);
    return LWS_OK;
}

static lws_status decode(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    reader r = {.data = args->data, .bytes = args->bytes};
    lws_image image = {0};
    lws_status status = read_image(&r, args, &image, crop);
    if (r.tiff)
        TIFFClose(r.tiff);
    free(r.raw);
    if (status == LWS_OK)
        *out = image;
    else
        free(image.pixels);
    return status;
}

const lws_decoder lws_decoder_tiff = {
    .formats = "TIFF",
    .extensions = {"tif", "tiff"},
    .signatures = {"II*", "MM?*", "II+", "MM?+"},
    .orientation = lws_exif_orientation, /* EXIF data are a TIFF */
    .decode = decode,
};
