/* PBM, PGM and PPM, in digits and in binary, up to 16 bits a channel. They have no end mark: whether there are enough
 * values is found out on the way. */
#include "decoder.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { LARGEST = 65535, TOO_MANY = 1000000 /* digits of a number are not read on beyond this */ };

typedef struct pnm {
    const uint8_t *data;
    size_t bytes, at, width, height;
    unsigned channels, most; /* the value that is white; 0: one bit, of which 1 is black */
    bool is_plain;
    uint8_t *scaled; /* [most + 1] values to 0 … 255 */
} pnm;

/* ---- header ----------------------------------------------------------------------------------- */

static void skip_blanks(pnm *p)
{
    while (p->at < p->bytes && (isspace(p->data[p->at]) || p->data[p->at] == '#')) {
        if (p->data[p->at] == '#') {
            while (p->at < p->bytes && p->data[p->at] != '\n' && p->data[p->at] != '\r')
                p->at++;
        } else {
            p->at++;
        }
    }
}

/* The next number, past blanks and comments; -1 where there is none, or one of more digits than any has. */
static long number(pnm *p)
{
    long value = 0;
    skip_blanks(p);
    size_t first = p->at;
    for (; p->at < p->bytes && isdigit(p->data[p->at]) && value < TOO_MANY; p->at++)
        value = value * 10 + (p->data[p->at] - '0');
    return p->at == first || value >= TOO_MANY ? -1 : value;
}

static const char *read_header(pnm *p)
{
    if (p->bytes < 3)
        return "truncated PNM";
    int kind = p->data[1] - '1';
    p->at = 2;
    p->is_plain = kind < 3;
    p->channels = kind % 3 == 2 ? 3 : 1;
    long width = number(p), height = number(p), most = kind % 3 == 0 ? 0 : number(p);
    if (p->at >= p->bytes)
        return "truncated PNM";
    if (width < 1 || height < 1 || most < (kind % 3 == 0 ? 0 : 1) || most > LARGEST)
        return "damaged PNM (header)";
    p->width = (size_t)width;
    p->height = (size_t)height;
    p->most = (unsigned)most;
    p->at++; /* one blank */
    return NULL;
}

/* ---- pixels ----------------------------------------------------------------------------------- */

/* Values to bytes, rounded as Pillow rounds: a half to the even one. */
static lws_status make_scale(pnm *p)
{
    p->scaled = malloc((size_t)p->most + 1);
    if (!p->scaled)
        return lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    for (unsigned v = 0; v <= p->most; v++)
        p->scaled[v] = p->most ? (uint8_t)nearbyint((double)v / p->most * 255) : 0;
    return LWS_OK;
}

static const char *read_digits(pnm *p, uint8_t *to)
{
    for (size_t i = 0; i < p->width * p->height * p->channels; i++) {
        long value;
        if (p->most == 0) { /* bits need no blanks between them */
            skip_blanks(p);
            bool is_bit = p->at < p->bytes && (p->data[p->at] == '0' || p->data[p->at] == '1');
            value = is_bit ? p->data[p->at++] - '0' : -1;
        } else {
            value = number(p);
        }
        if (value < 0 && p->at >= p->bytes)
            return "truncated PNM";
        if (value < 0 || (p->most && value > (long)p->most))
            return "damaged PNM (a value that cannot be)";
        to[i] = p->most ? p->scaled[value] : value ? 0 : 255;
    }
    return NULL;
}

static const char *read_binary(const pnm *p, uint8_t *to)
{
    size_t count = p->width * p->height * p->channels, size = p->most > 255 ? 2 : 1, stride = (p->width + 7) / 8;
    const uint8_t *from = p->data + p->at;
    if ((p->most ? count * size : stride * p->height) > p->bytes - p->at)
        return "truncated PNM";
    for (size_t i = 0; i < count && !p->most; i++)
        to[i] = from[i / p->width * stride + i % p->width / 8] >> (7 - i % p->width % 8) & 1 ? 0 : 255;
    for (size_t i = 0; i < count && p->most; i++) {
        unsigned value = size == 2 ? (unsigned)from[2 * i] << 8 | from[2 * i + 1] : from[i];
        to[i] = p->scaled[value < p->most ? value : p->most];
    }
    return NULL;
}

/* In place: values [count, channels] at the beginning to RGB and padding [count, 4]. */
static void widen(uint8_t *pixels, size_t count, size_t channels)
{
    for (size_t i = count; i-- > 0;) {
        uint8_t red = pixels[i * channels], green = pixels[i * channels + (channels > 1 ? 1 : 0)];
        uint8_t blue = pixels[i * channels + channels - 1];
        pixels[4 * i] = red;
        pixels[4 * i + 1] = green;
        pixels[4 * i + 2] = blue;
        pixels[4 * i + 3] = 0xFF;
    }
}

static lws_status decode(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    pnm p = {.data = args->data, .bytes = args->bytes};
    const char *reason = read_header(&p);
    if (reason)
        return lws_fail(LWS_ERR_FORMAT, "%s", reason);
    LWS_TRY(lws_decode_choose(args, (int64_t)p.width, (int64_t)p.height, crop));
    LWS_TRY(lws_decode_room((int)p.width, (int)p.height, 4, out));
    lws_status status = make_scale(&p);
    if (status == LWS_OK)
        reason = p.is_plain ? read_digits(&p, out->pixels) : read_binary(&p, out->pixels);
    free(p.scaled);
    if (status != LWS_OK || reason)
        return lws_decode_refuse(out, reason);
    widen(out->pixels, p.width * p.height, p.channels);
    return LWS_OK;
}

const lws_decoder lws_decoder_pnm = {
    .formats = "PBM, PGM, PPM",
    .extensions = {"pbm", "pgm", "ppm", "pnm"},
    .signatures = {"P1", "P2", "P3", "P4", "P5", "P6"},
    .decode = decode,
};
