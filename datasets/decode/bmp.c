/* BMP of Windows and OS/2: palettes of 1, 4 and 8 bits, also run-length coded; 16, 24 and 32 bits in the orders of
 * colours that Pillow knows. It has no end mark, so whether there are enough bytes is found out on the way. */
#include "decoder.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PLAIN = 0, RLE8 = 1, RLE4 = 2, MASKS = 3 };

static const char truncated[] = "truncated BMP";

/* Where a pixel has its colours: the byte of each (red, green, blue, alpha; -1: none) of 24 and 32 bits; of 16 how wide
 * green is. */
typedef struct layout {
    size_t bits;
    uint32_t masks[4];
    signed char byte[4];
    int green_bits;
} layout;

static const layout layouts[] = {
    {16, {0x7c00, 0x3e0, 0x1f, 0}, {0}, 5}, /* the first of each width is that without masks */
    {16, {0xf800, 0x7e0, 0x1f, 0}, {0}, 6},
    {24, {0xff0000, 0xff00, 0xff, 0}, {2, 1, 0, -1}, 0},
    {32, {0xff0000, 0xff00, 0xff, 0}, {2, 1, 0, -1}, 0},
    {32, {0xff000000, 0xff0000, 0xff00, 0}, {3, 2, 1, -1}, 0},
    {32, {0xff000000, 0xff0000, 0xff00, 0xff}, {3, 2, 1, 0}, 0},
    {32, {0xff, 0xff00, 0xff0000, 0xff000000}, {0, 1, 2, 3}, 0},
    {32, {0xff0000, 0xff00, 0xff, 0xff000000}, {2, 1, 0, 3}, 0},
    {32, {0, 0, 0, 0}, {2, 1, 0, 3}, 0},
};

typedef struct bitmap {
    const uint8_t *data;
    size_t bytes, start, bits, coding;
    int64_t width, height;
    bool is_top_down;
    const layout *layout;    /* of 16 bits and more */
    uint8_t palette[256][4]; /* of less; black where the file has none */
} bitmap;

/* ---- header ----------------------------------------------------------------------------------- */

static const layout *find_layout(size_t bits, const uint32_t *masks)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        bool fits = layouts[i].bits == bits;
        for (int c = 0; masks && c < (bits == 32 ? 4 : 3); c++)
            fits = fits && layouts[i].masks[c] == masks[c];
        if (fits)
            return &layouts[i];
    }
    return NULL;
}

/* The masks of a header, which stand in it or behind it, where there is none for alpha. */
static const char *read_masks(bitmap *b, size_t header, size_t *end)
{
    uint32_t masks[4] = {0};
    int count = header >= 56 ? 4 : 3;
    *end = header == 40 ? *end + 12 : *end;
    if (14 + 40 + 4 * (size_t)count > b->bytes)
        return truncated;
    for (int c = 0; c < count; c++)
        masks[c] = (uint32_t)lws_little_endian(b->data + 54 + 4 * c, 4);
    b->layout = find_layout(b->bits, masks);
    return b->layout ? NULL : "a BMP with an unusual order of colours: convert it to PNG first";
}

static const char *read_palette(bitmap *b, size_t header, size_t count, size_t *end)
{
    size_t entry = header == 12 ? 3 : 4;
    count = count ? count : (size_t)1 << b->bits;
    if (count > 65536)
        return "damaged BMP (palette)";
    for (size_t i = 0; i < count && i < 256 && *end + (i + 1) * entry <= b->bytes; i++) {
        for (size_t c = 0; c < 3; c++)
            b->palette[i][c] = b->data[*end + i * entry + 2 - c];
    }
    *end += count * entry;
    return NULL;
}

static const char *read_header(bitmap *b)
{
    const uint8_t *d = b->data;
    if (b->bytes < 26)
        return truncated;
    size_t header = lws_little_endian(d + 14, 4), end = 14 + header, colours = 0;
    bool is_old = header == 12; /* OS/2 */
    if (!is_old && header != 40 && header != 52 && header != 56 && header != 64 && header != 108 && header != 124)
        return "damaged BMP (header)";
    if (end > b->bytes)
        return truncated;
    b->width = (int64_t)(is_old ? lws_little_endian(d + 18, 2) : lws_little_endian(d + 18, 4));
    b->height = (int64_t)(is_old ? lws_little_endian(d + 20, 2) : lws_little_endian(d + 22, 4));
    b->bits = is_old ? lws_little_endian(d + 24, 2) : lws_little_endian(d + 28, 2);
    b->is_top_down = !is_old && b->height > 0x7fffffff; /* negative */
    b->height = b->is_top_down ? 0x100000000 - b->height : b->height;
    if (!is_old) {
        b->coding = lws_little_endian(d + 30, 4);
        colours = lws_little_endian(d + 46, 4);
    }
    bool is_palette = b->bits == 1 || b->bits == 4 || b->bits == 8;
    b->layout = is_palette ? NULL : find_layout(b->bits, NULL);
    if (!is_palette && !b->layout)
        return "a BMP of an unsupported number of bits";
    if (b->coding > MASKS || (b->coding == RLE8 && b->bits != 8) || (b->coding == RLE4 && b->bits != 4) ||
        (b->coding == MASKS && is_palette))
        return "a BMP of an unsupported coding";
    const char *reason = is_palette           ? read_palette(b, header, colours, &end)
                         : b->coding == MASKS ? read_masks(b, header, &end)
                                              : NULL;
    b->start = lws_little_endian(d + 10, 4);
    b->start = b->start ? b->start : end;
    return reason;
}

/* ---- pixels ----------------------------------------------------------------------------------- */

static uint8_t *row_of(const bitmap *b, const lws_image *image, int64_t y)
{
    return image->pixels + (size_t)(b->is_top_down ? y : b->height - 1 - y) * (size_t)b->width * 4;
}

static void read_pixel(const bitmap *b, const uint8_t *row, size_t x, uint8_t *to)
{
    if (!b->layout) {
        size_t bit = x * b->bits, index = row[bit / 8] >> (8 - b->bits - bit % 8) & ((1u << b->bits) - 1);
        memcpy(to, b->palette[index], 3);
    } else if (b->bits == 16) {
        unsigned v = row[2 * x] | (unsigned)row[2 * x + 1] << 8, most = (1u << b->layout->green_bits) - 1;
        to[0] = (uint8_t)((v >> (5 + b->layout->green_bits) & 31) * 255 / 31);
        to[1] = (uint8_t)((v >> 5 & most) * 255 / most);
        to[2] = (uint8_t)((v & 31) * 255 / 31);
    } else {
        const uint8_t *p = row + x * b->bits / 8;
        for (int c = 0; c < 4; c++)
            to[c] = b->layout->byte[c] >= 0 ? p[b->layout->byte[c]] : 0xFF;
    }
}

static const char *read_rows(const bitmap *b, const lws_image *image)
{
    size_t stride = ((size_t)b->width * b->bits + 31) / 32 * 4;
    if (b->start > b->bytes || stride * (size_t)b->height > b->bytes - b->start)
        return truncated;
    for (int64_t y = 0; y < b->height; y++) {
        uint8_t *to = row_of(b, image, y);
        for (size_t x = 0; x < (size_t)b->width; x++)
            read_pixel(b, b->data + b->start + (size_t)y * stride, x, to + 4 * x);
    }
    return NULL;
}

/* ---- run-length coding ------------------------------------------------------------------------- */

typedef struct runs {
    const bitmap *b;
    const lws_image *image;
    size_t at; /* in the file */
    int64_t x, y;
} runs;

/* One pixel more in this row; what goes beyond it is dropped. */
static void put(runs *r, unsigned index)
{
    if (r->x < r->b->width && r->y < r->b->height)
        memcpy(row_of(r->b, r->image, r->y) + 4 * r->x++, r->b->palette[index], 3);
}

static void put_run(runs *r, const uint8_t *p, unsigned count, bool is_literal)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned byte = !is_literal ? *p : r->b->coding == RLE4 ? p[i / 2] : p[i];
        put(r, r->b->coding == RLE8 ? byte : i % 2 ? byte & 15 : byte >> 4);
    }
}

/* What follows a zero: the end of a row (0), a jump (2), or so many pixels one by one. */
static bool do_escape(runs *r, unsigned code)
{
    size_t left = r->b->bytes - r->at, length = code == 2 ? 2 : r->b->coding == RLE4 ? (code + 1) / 2 : code;
    const uint8_t *p = r->b->data + r->at;
    if (code == 0) {
        r->x = 0;
        r->y++;
        return true;
    }
    if (left < length)
        return false;
    if (code == 2) {
        r->x += p[0];
        r->y += p[1];
    } else {
        put_run(r, p, code, true);
    }
    r->at += length;
    r->at += code > 2 && length % 2 && r->at < r->b->bytes;
    return true;
}

/* Pixels that are jumped over are of index 0. The end may only be marked where the last row is complete. */
static const char *read_runs(const bitmap *b, const lws_image *image)
{
    runs r = {b, image, b->start, 0, 0};
    for (int64_t i = 0; i < b->width * b->height; i++)
        memcpy(image->pixels + 4 * i, b->palette[0], 3);
    while (r.y < b->height - 1 || (r.y == b->height - 1 && r.x < b->width)) {
        if (r.at > b->bytes || b->bytes - r.at < 2)
            return truncated;
        unsigned count = b->data[r.at], code = b->data[r.at + 1];
        r.at += 2;
        if (count)
            put_run(&r, b->data + r.at - 1, count, false);
        else if (code == 1 || !do_escape(&r, code))
            return truncated;
    }
    return NULL;
}

static lws_status decode(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    bitmap b = {.data = args->data, .bytes = args->bytes};
    const char *reason = read_header(&b);
    if (reason)
        return lws_fail(LWS_ERR_FORMAT, "%s", reason);
    LWS_TRY(lws_decode_choose(args, b.width, b.height, crop));
    LWS_TRY(lws_decode_room((int)b.width, (int)b.height, 4, out));
    reason = b.coding == RLE8 || b.coding == RLE4 ? read_runs(&b, out) : read_rows(&b, out);
    if (reason)
        return lws_decode_refuse(out, reason);
    if (b.layout && b.bits == 32 && b.layout->byte[3] >= 0)
        lws_decode_compose(args, out);
    return LWS_OK;
}

const lws_decoder lws_decoder_bmp = {
    .formats = "BMP",
    .extensions = {"bmp"},
    .signatures = {"BM"},
    .decode = decode,
};
