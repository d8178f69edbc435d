/* BMP, which has no end mark: whether there are as many bytes as the header promises. */
#include "decoder.h"

#include <stdbool.h>

static const char *scan(const uint8_t *data, size_t bytes)
{
    if (bytes < 30)
        return "truncated BMP";
    size_t start = lws_little_endian(data + 10, 4), header = lws_little_endian(data + 14, 4);
    bool is_old = header == 12; /* OS/2 */
    size_t width = is_old ? lws_little_endian(data + 18, 2) : lws_little_endian(data + 18, 4);
    size_t height = is_old ? lws_little_endian(data + 20, 2) : lws_little_endian(data + 22, 4);
    size_t bits = is_old ? lws_little_endian(data + 24, 2) : lws_little_endian(data + 28, 2);
    if (!is_old && height > 0x7fffffff)
        height = 0x100000000 - height; /* negative: top row first */
    if (width > 0xffff || height > 0xffff)
        return NULL; /* its size is a reason of its own */
    size_t row = (width * bits + 31) / 32 * 4;
    return start > bytes || row * height > bytes - start ? "truncated BMP" : NULL;
}

const lws_decoder lws_decoder_bmp = {
    .formats = "BMP",
    .extensions = {"bmp"},
    .signatures = {"BM"},
    .scan = scan,
    .decode = lws_decode_stb,
};
