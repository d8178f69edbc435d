/* TGA, which has neither a signature nor an end mark: whether there are enough bytes is found out on the way. */
#include "decoder.h"

#include <stdbool.h>
#include <string.h>

enum { MAPPED = 1, COLOURS = 2, GREYS = 3, PACKED = 8 };

static const char truncated[] = "truncated TGA";

typedef struct targa {
    const uint8_t *data, *end;
    int width, height, kind; /* MAPPED, COLOURS, GREYS */
    size_t size;             /* bytes a pixel */
    bool is_packed, from_right, from_top;
    uint8_t map[256][4]; /* black where the file has none */
} targa;

/* ---- header ----------------------------------------------------------------------------------- */

/* A colour of 16, 24 or 32 bits. */
static void read_colour(const uint8_t *p, size_t size, uint8_t *to)
{
    if (size == 2) {
        unsigned v = p[0] | (unsigned)p[1] << 8;
        for (int c = 0; c < 3; c++)
            to[c] = (uint8_t)((v >> (10 - 5 * c) & 31) * 255 / 31);
        return;
    }
    for (int c = 0; c < 3; c++)
        to[c] = p[2 - c];
    to[3] = size == 4 ? p[3] : 0xFF;
}

/* The colour map, whose first entry need not be of number 0; *p moves behind it. */
static const char *read_map(targa *t, const uint8_t *header, const uint8_t **p)
{
    size_t first = lws_little_endian(header + 3, 2), count = lws_little_endian(header + 5, 2), size = header[7] / 8u;
    if (header[7] != 16 && header[7] != 24)
        return "a TGA of an unsupported kind";
    if ((size_t)(t->end - *p) < count * size)
        return truncated;
    for (size_t i = 0; i < count; i++, *p += size) {
        if (first + i < 256)
            read_colour(*p, size, t->map[first + i]);
    }
    return NULL;
}

static const char *read_header(targa *t)
{
    const uint8_t *d = t->data;
    if (t->end - d < 18)
        return truncated;
    t->kind = d[2] & ~PACKED;
    t->is_packed = d[2] & PACKED;
    t->width = (int)lws_little_endian(d + 12, 2);
    t->height = (int)lws_little_endian(d + 14, 2);
    t->size = d[16] / 8u;
    t->from_right = d[17] & 0x10;
    t->from_top = d[17] & 0x20;
    bool fits = t->kind == MAPPED    ? d[16] == 8 && d[1] == 1
                : t->kind == COLOURS ? d[16] == 16 || d[16] == 24 || d[16] == 32
                                     : t->kind == GREYS && (d[16] == 8 || d[16] == 16);
    if (!fits || d[1] > 1)
        return "a TGA of an unsupported kind";
    const uint8_t *p = d + 18;
    if (t->end - p < d[0])
        return truncated;
    p += d[0];
    const char *reason = d[1] ? read_map(t, d, &p) : NULL;
    t->data = p;
    return reason;
}

/* ---- pixels ----------------------------------------------------------------------------------- */

static void put(const targa *t, const lws_image *image, size_t i, const uint8_t *p)
{
    size_t width = (size_t)t->width, x = i % width, y = i / width;
    x = t->from_right ? width - 1 - x : x;
    y = t->from_top ? y : (size_t)t->height - 1 - y;
    uint8_t *to = image->pixels + (y * width + x) * 4;
    if (t->kind == MAPPED) {
        memcpy(to, t->map[*p], 3);
    } else if (t->kind == GREYS) {
        memset(to, *p, 3);
        to[3] = t->size == 2 ? p[1] : 0xFF;
    } else {
        read_colour(p, t->size, to);
    }
}

static const char *read_rows(const targa *t, const lws_image *image)
{
    size_t count = (size_t)t->width * (size_t)t->height;
    if (count * t->size > (size_t)(t->end - t->data))
        return truncated;
    for (size_t i = 0; i < count; i++)
        put(t, image, i, t->data + i * t->size);
    return NULL;
}

/* Packets: of one pixel many times, or of so many. */
static const char *read_packets(const targa *t, const lws_image *image)
{
    size_t count = (size_t)t->width * (size_t)t->height, i = 0;
    for (const uint8_t *p = t->data; i < count;) {
        if (p >= t->end)
            return truncated;
        bool is_run = *p & 128;
        size_t pixels = (*p++ & 127u) + 1, bytes = is_run ? t->size : pixels * t->size;
        if ((size_t)(t->end - p) < bytes)
            return truncated;
        for (size_t k = 0; k < pixels && i < count; k++, i++)
            put(t, image, i, is_run ? p : p + k * t->size);
        p += bytes;
    }
    return NULL;
}

static lws_status decode(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    const uint8_t *data = args->data;
    targa t = {.data = data, .end = data + args->bytes};
    const char *reason = read_header(&t);
    if (reason)
        return lws_fail(LWS_ERR_FORMAT, "%s", reason);
    LWS_TRY(lws_decode_choose(args, t.width, t.height, crop));
    LWS_TRY(lws_decode_room(t.width, t.height, 4, out));
    reason = t.is_packed ? read_packets(&t, out) : read_rows(&t, out);
    if (reason)
        return lws_decode_refuse(out, reason);
    if ((t.kind == COLOURS && t.size == 4) || (t.kind == GREYS && t.size == 2))
        lws_decode_compose(args, out);
    return LWS_OK;
}

const lws_decoder lws_decoder_tga = {
    .formats = "TGA",
    .extensions = {"tga"},
    /* no signature */
    .decode = decode,
};
