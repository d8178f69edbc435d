/* Formats without an end mark: whether there are as many bytes as the header promises. */
#include "scan.h"

#include <ctype.h>
#include <stdbool.h>

static size_t little_endian(const uint8_t *p, int n)
{
    size_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

const char *lws_scan_bmp(const uint8_t *data, size_t bytes)
{
    if (bytes < 30)
        return "truncated BMP";
    size_t start = little_endian(data + 10, 4), header = little_endian(data + 14, 4);
    bool is_old = header == 12; /* OS/2 */
    size_t width = is_old ? little_endian(data + 18, 2) : little_endian(data + 18, 4);
    size_t height = is_old ? little_endian(data + 20, 2) : little_endian(data + 22, 4);
    size_t bits = is_old ? little_endian(data + 24, 2) : little_endian(data + 28, 2);
    if (!is_old && height > 0x7fffffff)
        height = 0x100000000 - height; /* negative: top row first */
    if (width > 0xffff || height > 0xffff)
        return NULL; /* its size is a reason of its own */
    size_t row = (width * bits + 31) / 32 * 4;
    return start > bytes || row * height > bytes - start ? "truncated BMP" : NULL;
}

/* Walks the packets of a run-length coded TGA; true where they hold `pixels` of them. */
static bool tga_packets(const uint8_t *p, const uint8_t *end, size_t pixels, size_t pixel_bytes)
{
    while (pixels > 0) {
        if (p >= end)
            return false;
        size_t count = (size_t)(*p & 127) + 1, need = *p & 128 ? pixel_bytes : count * pixel_bytes;
        p++;
        if ((size_t)(end - p) < need)
            return false;
        p += need;
        pixels -= count < pixels ? count : pixels;
    }
    return true;
}

const char *lws_scan_tga(const uint8_t *data, size_t bytes)
{
    static const char truncated[] = "truncated TGA";
    if (bytes < 18)
        return truncated;
    size_t map = data[1] ? little_endian(data + 5, 2) * ((data[7] + 7u) / 8) : 0;
    size_t start = 18 + (size_t)data[0] + map, pixel_bytes = (data[16] + 7u) / 8;
    size_t pixels = little_endian(data + 12, 2) * little_endian(data + 14, 2);
    if (start > bytes)
        return truncated;
    if (data[2] & 8)
        return tga_packets(data + start, data + bytes, pixels, pixel_bytes) ? NULL : truncated;
    return pixels * pixel_bytes > bytes - start ? truncated : NULL;
}

/* The next number of a PNM header, past blanks and comments; *at moves behind it. 0 where there is none, or one of more
 * digits than any size has: stb_image reads on, beyond what an int holds. */
static size_t pnm_number(const uint8_t *data, size_t bytes, size_t *at)
{
    size_t i = *at, value = 0;
    while (i < bytes && (isspace(data[i]) || data[i] == '#')) {
        if (data[i] == '#') {
            while (i < bytes && data[i] != '\n' && data[i] != '\r')
                i++;
        } else {
            i++;
        }
    }
    for (; i < bytes && isdigit(data[i]) && value < 1000000; i++)
        value = value * 10 + (size_t)(data[i] - '0');
    *at = i;
    return i < bytes && isdigit(data[i]) ? 0 : value;
}

const char *lws_scan_pnm(const uint8_t *data, size_t bytes)
{
    size_t at = 2, width = pnm_number(data, bytes, &at), height = pnm_number(data, bytes, &at);
    size_t most = pnm_number(data, bytes, &at), pixels = width * height * (data[1] == '6' ? 3 : 1);
    if (most > 255)
        return "16 bits a channel: convert it to 8 first";
    if (at >= bytes)
        return "truncated PNM";
    if (!width || !height || !most)
        return "damaged PNM (header)";
    if (most < 255) /* stb_image would not scale them */
        return "a PNM whose values do not go to 255: convert it first";
    return pixels > bytes - at - 1 ? "truncated PNM" : NULL;
}
