/* WebP by libwebp, which checks all; the scan finds what moves and what is cut. */
#include "decoder.h"

#include <string.h>
#include <webp/decode.h>

/* The chunk of this type in a file that `scan` has found fit, and how many bytes it has; NULL where there is none. */
static const uint8_t *find_chunk(const uint8_t *data, size_t bytes, const char *type, size_t *length)
{
    for (size_t at = 12; at < bytes && bytes - at >= 8; at += 8 + *length + (*length & 1)) {
        *length = lws_little_endian(data + at + 4, 4);
        if (*length > bytes - at - 8)
            return NULL;
        if (memcmp(data + at, type, 4) == 0)
            return data + at + 8;
    }
    return NULL;
}

static const char *scan(const uint8_t *data, size_t bytes)
{
    WebPBitstreamFeatures features;
    if (bytes < 12 || lws_little_endian(data + 4, 4) > bytes - 8)
        return "truncated WebP";
    if (WebPGetFeatures(data, bytes, &features) != VP8_STATUS_OK)
        return "damaged WebP (header)";
    return features.has_animation ? "an animated WebP" : NULL;
}

static int orientation(const uint8_t *data, size_t bytes)
{
    size_t length;
    const uint8_t *exif = find_chunk(data, bytes, "EXIF", &length);
    size_t mark = exif && length > 6 && memcmp(exif, "Exif\0", 6) == 0 ? 6 : 0; /* which some programs put before */
    return exif ? lws_exif_orientation(exif + mark, length - mark) : 1;
}

static lws_status decode(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(args->data, args->bytes, &features) != VP8_STATUS_OK)
        return lws_fail(LWS_ERR_FORMAT, "damaged WebP (header)");
    LWS_TRY(lws_decode_choose(args, features.width, features.height, crop));
    LWS_TRY(lws_decode_room(features.width, features.height, 4, out));
    int stride = features.width * 4;
    size_t size = (size_t)stride * (size_t)features.height;
    if (!WebPDecodeRGBAInto(args->data, args->bytes, out->pixels, size, stride))
        return lws_decode_refuse(out, "damaged WebP");
    if (features.has_alpha)
        lws_decode_compose(args, out);
    return LWS_OK;
}

const lws_decoder lws_decoder_webp = {
    .formats = "WebP",
    .extensions = {"webp"},
    .signatures = {"RIFF????WEBP"},
    .scan = scan,
    .orientation = orientation,
    .decode = decode,
};
