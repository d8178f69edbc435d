/* PNG: chunks with checksums, none missing and none of an animation. */
#include "decoder.h"

#include <stdbool.h>
#include <string.h>

/* The CRC of PNG and zip, four bits at a time: the table is small enough to be written out. */
static uint32_t crc32(const uint8_t *p, size_t bytes)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffff;
    for (; bytes; bytes--, p++) {
        crc = table[(crc ^ *p) & 15] ^ (crc >> 4);
        crc = table[(crc ^ (*p >> 4)) & 15] ^ (crc >> 4);
    }
    return ~crc;
}

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
        if (crc32(chunk + 4, length + 4) != big_endian(chunk + 8 + length))
            return "damaged PNG (a checksum does not match)";
        if (is_type(chunk, "IHDR")) {
            if (length != 13)
                return "damaged PNG (header)";
            if (chunk[8 + 8] == 16)
                return "16 bits a channel: convert it to 8 first";
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

const lws_decoder lws_decoder_png = {
    .formats = "PNG",
    .extensions = {"png"},
    .signatures = {"\x89PNG\r\n\x1a\n"},
    .scan = scan,
    .decode = lws_decode_stb,
};
