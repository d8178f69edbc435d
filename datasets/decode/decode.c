#include "datasets/decode/image.h"

#include "decode.h"
#include "base/files.h"
#include "scan.h"

#include <fcntl.h>
#include <limits.h>
#include <stb_image.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- formats --------------------------------------------------------------------------------- */

static bool has_extension(const char *name, const char *extension)
{
    const char *dot = strrchr(name, '.');
    return dot && strcasecmp(dot + 1, extension) == 0;
}

bool lws_image_is_name(const char *name)
{
    static const char *const known[] = {"jpg", "jpeg", "jpe", "png", "gif", "bmp", "tga", "pgm", "ppm", "pnm"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (has_extension(name, known[i]))
            return true;
    }
    return false;
}

static bool starts(const uint8_t *data, size_t bytes, const char *with, size_t n)
{
    return bytes >= n && memcmp(data, with, n) == 0;
}

static bool is_jpeg(const uint8_t *data, size_t bytes)
{
    return starts(data, bytes, "\xff\xd8\xff", 3);
}

/* NULL where the bytes look like an image that can be decoded whole; else the reason. stb_image
 * tries formats one after the other, TGA last, which takes nearly anything for an image: hence the
 * check of the signature. */
static const char *check_contents(const uint8_t *data, size_t bytes, const char *name)
{
    if (bytes == 0)
        return "empty file";
    if (bytes > INT_MAX)
        return "file of more than 2 GB";
    if (is_jpeg(data, bytes))
        return lws_scan_jpeg(data, bytes);
    if (starts(data, bytes, "\x89PNG\r\n\x1a\n", 8))
        return lws_scan_png(data, bytes);
    if (starts(data, bytes, "GIF87a", 6) || starts(data, bytes, "GIF89a", 6))
        return lws_scan_gif(data, bytes);
    if (starts(data, bytes, "BM", 2))
        return lws_scan_bmp(data, bytes);
    if (starts(data, bytes, "P5", 2) || starts(data, bytes, "P6", 2))
        return lws_scan_pnm(data, bytes);
    if (has_extension(name, "tga"))
        return lws_scan_tga(data, bytes);
    return "not an image of a known format (JPEG, PNG, GIF, BMP, TGA, PGM, PPM)";
}

/* ---- decoding -------------------------------------------------------------------------------- */

/* In place: padded RGB [count, 4] to luma [count], with the weights and the rounding of Pillow's
 * "L". */
static void to_luma(uint8_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = pixels + 4 * i;
        pixels[i] = (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16);
    }
}

/* In place: padded RGB [count, 4] to RGB [count, 3]. */
static void to_rgb(uint8_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pixels[3 * i] = pixels[4 * i];
        pixels[3 * i + 1] = pixels[4 * i + 1];
        pixels[3 * i + 2] = pixels[4 * i + 2];
    }
}

lws_status lws_decode_check_size(int64_t width, int64_t height)
{
    if (width < 1 || height < 1 || width > LWS_IMAGE_SIDE || height > LWS_IMAGE_SIDE ||
        width * height > LWS_IMAGE_PIXELS)
        return lws_fail(LWS_ERR_FORMAT, "%lld x %lld pixels: more than %d a side or %d million in all",
                        (long long)width, (long long)height, LWS_IMAGE_SIDE, LWS_IMAGE_PIXELS / 1000000);
    return LWS_OK;
}

lws_status lws_decode_whole(const void *user, int width, int height, lws_crop *crop)
{
    (void)user;
    *crop = (lws_crop){0, 0, width, height};
    return LWS_OK;
}

static lws_status stb_failure(void)
{
    const char *reason = stbi_failure_reason();
    if (reason && strcmp(reason, "outofmem") == 0)
        return lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    return lws_fail(LWS_ERR_FORMAT, "cannot be decoded (%s)", reason ? reason : "no reason given");
}

/* Formats other than JPEG, of which no part can be had; to 4 channels, stb_image's fastest. */
static lws_status decode_others(const uint8_t *data, size_t bytes, lws_image_choose *choose, const void *user,
                                lws_image *out, lws_crop *crop)
{
    int width, height, in_file;
    if (!stbi_info_from_memory(data, (int)bytes, &width, &height, &in_file))
        return stb_failure();
    LWS_TRY(lws_decode_check_size(width, height));
    LWS_TRY(choose(user, width, height, crop));
    uint8_t *pixels = stbi_load_from_memory(data, (int)bytes, &width, &height, &in_file, 4);
    if (!pixels)
        return stb_failure();
    *out = (lws_image){pixels, width, height, 4};
    return LWS_OK;
}

lws_status lws_image_decode_part(const void *data, size_t bytes, const char *name, int channels,
                                 lws_image_choose *choose, const void *user, lws_image *out, lws_crop *crop)
{
    *out = (lws_image){0};
    const char *reason = check_contents(data, bytes, name);
    if (reason)
        return lws_fail(LWS_ERR_FORMAT, "%s", reason);
    if (is_jpeg(data, bytes))
        LWS_TRY(lws_decode_jpeg(data, bytes, channels, choose, user, out, crop));
    else
        LWS_TRY(decode_others(data, bytes, choose, user, out, crop));
    if (out->channels == 4 && channels == 1)
        to_luma(out->pixels, (size_t)out->width * (size_t)out->height);
    else if (out->channels == 4 && channels == 3)
        to_rgb(out->pixels, (size_t)out->width * (size_t)out->height);
    out->channels = channels;
    return LWS_OK;
}

lws_status lws_image_decode(const void *data, size_t bytes, const char *name, int channels, lws_image *out)
{
    lws_crop whole;
    return lws_image_decode_part(data, bytes, name, channels, lws_decode_whole, NULL, out, &whole);
}

void lws_image_free(lws_image *image)
{
    free(image->pixels); /* stb_image's allocator is malloc, too */
    *image = (lws_image){0};
}

/* ---- files ----------------------------------------------------------------------------------- */

lws_status lws_image_read(const char *path, int channels, lws_image *out)
{
    lws_bytes bytes = {0};
    *out = (lws_image){0};
    lws_status status = lws_file_read(AT_FDCWD, path, &bytes);
    if (status == LWS_OK)
        status = lws_image_decode(bytes.data, bytes.size, path, channels, out);
    lws_bytes_free(&bytes);
    return status == LWS_OK ? LWS_OK : lws_fail(status, "%s: %s", path, lws_message());
}
