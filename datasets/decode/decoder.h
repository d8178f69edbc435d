/* What the decoders of image.h share. Pixels are malloc()ed. */
#ifndef LWSSIM_DECODE_H
#define LWSSIM_DECODE_H

#include "datasets/decode/image.h"

/* Whether images of this size are accepted. LWS_ERR_FORMAT. */
lws_status lws_decode_check_size(int64_t width, int64_t height);

/* The whole image, for a caller that wants no part of it; an lws_image_choose. */
lws_status lws_decode_whole(const void *user, int width, int height, lws_crop *crop);

/* A JPEG that lws_scan_jpeg has found fit: as lws_image_decode_part, to 1, 3 or 4 channels where `channels` is 3 or 4,
 * and to 1 or 4 (out->channels tells) where it is 1. */
lws_status lws_decode_jpeg(const uint8_t *data, size_t bytes, int channels, lws_image_choose *choose, const void *user,
                           lws_image *out, lws_crop *crop);

#endif
