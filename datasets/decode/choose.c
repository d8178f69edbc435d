/* What is decided once an image's size is known: whether it is taken at all, which part of it, and room for it. */
#include "decoder.h"

#include <stdlib.h>

static lws_status check_size(int64_t width, int64_t height)
{
    if (width < 1 || height < 1 || width > LWS_IMAGE_SIDE || height > LWS_IMAGE_SIDE ||
        width * height > LWS_IMAGE_PIXELS)
        return lws_fail(LWS_ERR_FORMAT, "%lld x %lld pixels: more than %d a side or %d million in all",
                        (long long)width, (long long)height, LWS_IMAGE_SIDE, LWS_IMAGE_PIXELS / 1000000);
    return LWS_OK;
}

lws_status lws_decode_choose(const lws_decode_args *args, int64_t width, int64_t height, lws_crop *crop)
{
    LWS_TRY(check_size(width, height));
    *crop = (lws_crop){0, 0, (int)width, (int)height};
    return args->choose ? args->choose(args->user, (int)width, (int)height, crop) : LWS_OK;
}

lws_status lws_decode_refuse(lws_image *out, const char *reason)
{
    free(out->pixels);
    *out = (lws_image){0};
    return reason ? lws_fail(LWS_ERR_FORMAT, "%s", reason) : LWS_ERR_MEMORY;
}

lws_status lws_decode_room(int width, int height, int channels, lws_image *out)
{
    *out = (lws_image){calloc((size_t)width * (size_t)height, (size_t)channels), width, height, channels};
    return out->pixels ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
}
