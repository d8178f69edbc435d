/* Formats that are known and not read: so that their files are missed by name, not passed over. */
#include "decoder.h"

static const char *is_heic(const uint8_t *data, size_t bytes)
{
    (void)data, (void)bytes;
    return "a HEIC image, which is not read: convert it to JPEG or PNG";
}

static const char *is_avif(const uint8_t *data, size_t bytes)
{
    (void)data, (void)bytes;
    return "an AVIF image, which is not read: convert it to JPEG or PNG";
}

static const char *is_jxl(const uint8_t *data, size_t bytes)
{
    (void)data, (void)bytes;
    return "a JPEG XL image, which is not read: convert it to JPEG or PNG";
}

const lws_decoder lws_decoder_heic = {
    .extensions = {"heic", "heif"},
    .signatures = {"????ftypheic", "????ftypheix", "????ftypheim", "????ftyphevc", "????ftypmif1", "????ftypmsf1"},
    .scan = is_heic,
};

const lws_decoder lws_decoder_avif = {
    .extensions = {"avif"},
    .signatures = {"????ftypavif", "????ftypavis"},
    .scan = is_avif,
};

const lws_decoder lws_decoder_jxl = {
    .extensions = {"jxl"},
    .signatures = {"\xff\x0a", "???\x0cJXL \x0d\x0a\x87\x0a"},
    .scan = is_jxl,
};
