/* Decoding by stb_image, which finds by itself which of its formats a file is of. */
#include "decoder.h"

#include <stb_image.h>
#include <string.h>

static lws_status failure(void)
{
    const char *reason = stbi_failure_reason();
    if (reason && strcmp(reason, "outofmem") == 0)
        return lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    return lws_fail(LWS_ERR_FORMAT, "cannot be decoded (%s)", reason ? reason : "no reason given");
}

lws_status lws_decode_stb(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    int width, height, in_file, bytes = (int)args->bytes;
    if (!stbi_info_from_memory(args->data, bytes, &width, &height, &in_file))
        return failure();
    LWS_TRY(lws_decode_choose(args, width, height, crop));
    uint8_t *pixels = stbi_load_from_memory(args->data, bytes, &width, &height, &in_file, 4);
    if (!pixels)
        return failure();
    *out = (lws_image){pixels, width, height, 4};
    if (memcmp(args->data, "BM", 2) != 0) /* whose fourth byte is no alpha unless masks say so */
        lws_decode_compose(args, out);
    return LWS_OK;
}
