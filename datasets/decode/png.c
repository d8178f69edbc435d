/* PNG by libpng, behind a walk over the chunks: their checksums, none missing and none of an animation. */
#include "decoder.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <png.h>
#include <string.h>
#include <zlib.h>

/* ---- chunks ----------------------------------------------------------------------------------- */

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_type(const uint8_t *chunk, const char *type)
{
    return memcmp(chunk + 4, type, 4) == 0;
}

static const char *scan(const uint8_t *data, size_t bytes)
{
    bool have_header = false, have_pixels = false;
    size_t at = 8; /* past the signature */
    while (bytes >= at && bytes - at >= 12) {
        const uint8_t *chunk = data + at;
        size_t length = big_endian(chunk);
        if (length > bytes - at - 12)
            return "truncated PNG";
        if (crc32(0, chunk + 4, (uInt)length + 4) != big_endian(chunk + 8 + length))
            return "damaged PNG (a checksum does not match)";
        if (is_type(chunk, "IHDR")) {
            if (length != 13)
                return "damaged PNG (header)";
            have_header = true;
        } else if (!have_header) {
            return "damaged PNG (header)";
        } else if (is_type(chunk, "acTL")) {
            return "an animated PNG";
        } else if (is_type(chunk, "IDAT")) {
            have_pixels = true;
        } else if (is_type(chunk, "IEND")) {
            return have_pixels ? NULL : "a PNG without an image";
        }
        at += length + 12;
    }
    return "truncated PNG";
}

/* The data of a chunk of EXIF. */
static int orientation(const uint8_t *data, size_t bytes)
{
    size_t at = 8;
    while (bytes - at >= 12 && !is_type(data + at, "IEND")) {
        size_t length = big_endian(data + at);
        if (is_type(data + at, "eXIf"))
            return lws_exif_orientation(data + at + 8, length);
        at += length + 12;
    }
    return 1;
}

/* ---- the state of one decoding ---------------------------------------------------------------- */

enum { SPARE = 1 << 16 }; /* bytes of pixel data that may be read for a row, beyond twice those that it has */

typedef struct reader {
    png_structp png;
    png_infop info;
    const uint8_t *data;
    size_t bytes, at, spare;
    bool lacks_memory;
    jmp_buf stop; /* libpng has no other way back from an error */
    lws_status status;
    lws_image image;
} reader;

static void give_up(png_structp png, const char *reason)
{
    reader *d = png_get_error_ptr(png);
    d->status = d->lacks_memory ? lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image")
                                : lws_fail(LWS_ERR_FORMAT, "damaged PNG (%s)", reason);
    longjmp(d->stop, 1);
}

/* Of pixel data libpng would go on after a warning, even where their checksum is wrong. That there are some bytes more
 * than the image needs is harmless. */
static void take_warning(png_structp png, const char *text)
{
    bool is_harmless =
        strstr(text, "Too much image data") || strstr(text, "Extra compressed data") || strstr(text, "Too many IDATs");
    if (strncmp(text, "IDAT: ", 6) == 0 && !is_harmless)
        give_up(png, text + 6);
}

static png_voidp take_memory(png_structp png, png_alloc_size_t bytes)
{
    reader *d = png_get_mem_ptr(png);
    void *memory = malloc(bytes);
    d->lacks_memory = d->lacks_memory || !memory;
    return memory;
}

static void give_memory(png_structp png, png_voidp memory)
{
    (void)png;
    free(memory);
}

/* The next bytes of the file. Pixel data that go on behind the last row can inflate to gigabytes, and libpng looks for
 * their end as it reads that row: no row is given many more bytes than it has. */
static void take_bytes(png_structp png, png_bytep to, size_t bytes)
{
    reader *d = png_get_io_ptr(png);
    if (bytes > d->bytes - d->at)
        png_error(png, "it ends too early");
    if (png_get_io_chunk_type(png) == 0x49444154) { /* IDAT */
        if (bytes > d->spare)
            png_error(png, "more pixel data than its size needs");
        d->spare -= bytes;
    }
    memcpy(to, d->data + d->at, bytes);
    d->at += bytes;
}

/* ---- decoding --------------------------------------------------------------------------------- */

/* The chunks that say nothing of the pixels as they are wanted here. */
static const png_byte idle[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME"
    "\0zTXt";

static void prepare(reader *d)
{
    png_structp png = d->png;
    png_set_read_fn(png, d, take_bytes);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, idle, (int)(sizeof idle / 5));
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE); /* the scan has looked */
    png_set_check_for_invalid_index(png, -1);                      /* black, as libpng clears the palette */
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);    /* lws_decode_choose says what is too large */
}

/* Any kind of PNG to RGB and alpha, of 16 bits the upper 8; returns whether the alpha counts. */
static bool expand(reader *d)
{
    bool is_transparent =
        png_get_color_type(d->png, d->info) & PNG_COLOR_MASK_ALPHA || png_get_valid(d->png, d->info, PNG_INFO_tRNS);
    png_set_expand(d->png);
    png_set_strip_16(d->png);
    png_set_gray_to_rgb(d->png);
    png_set_add_alpha(d->png, 0xFF, PNG_FILLER_AFTER);
    return is_transparent;
}

static lws_status decode_guarded(reader *d, const lws_decode_args *args, lws_crop *crop)
{
    if (setjmp(d->stop))
        return d->status;
    d->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, d, give_up, take_warning, d, take_memory, give_memory);
    d->info = d->png ? png_create_info_struct(d->png) : NULL;
    if (!d->info)
        return lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    prepare(d);
    png_read_info(d->png, d->info);
    png_uint_32 width = png_get_image_width(d->png, d->info), height = png_get_image_height(d->png, d->info);
    LWS_TRY(lws_decode_choose(args, width, height, crop));
    LWS_TRY(lws_decode_room((int)width, (int)height, 4, &d->image));
    bool is_transparent = expand(d);
    int passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    for (int pass = 0; pass < passes; pass++) {
        for (png_uint_32 y = 0; y < height; y++) {
            d->spare = SPARE + 16 * (size_t)width; /* twice 4 channels of 16 bits */
            png_read_row(d->png, d->image.pixels + (size_t)y * width * 4, NULL);
        }
    }
    png_read_end(d->png, NULL);
    if (is_transparent)
        lws_decode_compose(args, &d->image);
    return LWS_OK;
}

static lws_status decode(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    reader d = {.data = args->data, .bytes = args->bytes};
    lws_status status = decode_guarded(&d, args, crop);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    if (status == LWS_OK)
        *out = d.image;
    else
        free(d.image.pixels);
    return status;
}

const lws_decoder lws_decoder_png = {
    .formats = "PNG",
    .extensions = {"png"},
    .signatures = {"\x89PNG\r\n\x1a\n"},
    .scan = scan,
    .orientation = orientation,
    .decode = decode,
};
