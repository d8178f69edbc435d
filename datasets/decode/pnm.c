/* PGM and PPM in binary, which have no end mark: whether there are as many bytes as the header promises. */
#include "decoder.h"

#include <ctype.h>

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

static const char *scan(const uint8_t *data, size_t bytes)
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

const lws_decoder lws_decoder_pnm = {
    .formats = "PGM, PPM",
    .extensions = {"pgm", "ppm", "pnm"},
    .signatures = {"P5", "P6"},
    .scan = scan,
    .decode = lws_decode_stb,
};
