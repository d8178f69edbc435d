/* TGA, which has neither a signature nor an end mark: whether there are as many bytes as the header promises. */
#include "decoder.h"

#include <stdbool.h>

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

static const char *scan(const uint8_t *data, size_t bytes)
{
    static const char truncated[] = "truncated TGA";
    if (bytes < 18)
        return truncated;
    size_t map = data[1] ? lws_little_endian(data + 5, 2) * ((data[7] + 7u) / 8) : 0;
    size_t start = 18 + (size_t)data[0] + map, pixel_bytes = (data[16] + 7u) / 8;
    size_t pixels = lws_little_endian(data + 12, 2) * lws_little_endian(data + 14, 2);
    if (start > bytes)
        return truncated;
    if (data[2] & 8)
        return tga_packets(data + start, data + bytes, pixels, pixel_bytes) ? NULL : truncated;
    return pixels * pixel_bytes > bytes - start ? truncated : NULL;
}

const lws_decoder lws_decoder_tga = {
    .formats = "TGA",
    .extensions = {"tga"},
    /* no signature */
    .scan = scan,
    .decode = lws_decode_stb,
};
