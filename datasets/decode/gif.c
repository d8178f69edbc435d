/* GIF: blocks of a single frame, up to the trailer. */
#include "decoder.h"

static const char truncated[] = "truncated GIF";

/* Past the sub-blocks at `at`, each a length byte and so many bytes, up to and with the empty one; 0 when the data end
 * before. */
static size_t skip_blocks(const uint8_t *data, size_t bytes, size_t at)
{
    while (at < bytes) {
        size_t length = data[at];
        at += length + 1;
        if (length == 0)
            return at;
    }
    return 0;
}

static size_t colour_table(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static const char *scan(const uint8_t *data, size_t bytes)
{
    int frames = 0;
    if (bytes < 13)
        return truncated;
    size_t at = 13 + colour_table(data[10]);
    while (at < bytes) {
        switch (data[at]) {
        case 0x3B: /* trailer */
            return frames ? NULL : "a GIF without an image";
        case 0x21: /* extension */
            at = skip_blocks(data, bytes, at + 2);
            break;
        case 0x2C: /* image */
            if (++frames > 1)
                return "an animated GIF";
            if (bytes - at < 11)
                return truncated;
            at = skip_blocks(data, bytes, at + 11 + colour_table(data[at + 9]));
            break;
        default:
            return "damaged GIF";
        }
        if (at == 0)
            return truncated;
    }
    return truncated;
}

const lws_decoder lws_decoder_gif = {
    .formats = "GIF",
    .extensions = {"gif"},
    .signatures = {"GIF87a", "GIF89a"},
    .scan = scan,
    .decode = lws_decode_stb,
};
