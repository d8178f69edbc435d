/* Image files of any content: whatever comes, there are pixels or a reason; a part has the pixels of the whole; and
 * what is decoded can be resized. Input: how to decode it (4 bytes), then the file. */
#include "fuzz.h"

#include "datasets/decode/image.h"

enum { PIXELS = 1 << 16 }; /* at most: larger ones take time and show nothing more */

typedef struct wish {
    unsigned left, top, width, height; /* in 1/16 of the image */
    bool is_whole;
} wish;

static lws_status choose(const void *user, int width, int height, lws_crop *crop)
{
    const wish *w = user;
    FUZZ_CHECK(width > 0 && height > 0 && width <= LWS_IMAGE_SIDE && height <= LWS_IMAGE_SIDE);
    if ((int64_t)width * height > PIXELS)
        return lws_fail(LWS_ERR_USAGE, "too large for this test");
    *crop = (lws_crop){0, 0, width, height};
    if (w->is_whole)
        return LWS_OK;
    crop->left = (int)(w->left * (unsigned)(width - 1) / 16);
    crop->top = (int)(w->top * (unsigned)(height - 1) / 16);
    crop->width = 1 + (int)(w->width * (unsigned)(width - crop->left - 1) / 15);
    crop->height = 1 + (int)(w->height * (unsigned)(height - crop->top - 1) / 15);
    return LWS_OK;
}

static uint32_t crc(const uint8_t *p, size_t n) /* of PNG, bit by bit */
{
    uint32_t c = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
    }
    return ~c;
}

/* Puts the right checksum behind every chunk of a PNG: only then does damage reach what lies behind the check. */
static void repair_png(uint8_t *data, size_t size)
{
    size_t at = 8;
    while (size >= at && size - at >= 12) {
        uint8_t *chunk = data + at;
        size_t length = (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 | (size_t)chunk[2] << 8 | chunk[3];
        if (length > size - at - 12)
            return;
        uint32_t c = crc(chunk + 4, length + 4);
        for (int i = 0; i < 4; i++)
            chunk[8 + length + (size_t)i] = (uint8_t)(c >> (24 - 8 * i));
        at += length + 12;
    }
}

static void check_inside(const lws_image *image, const lws_crop *crop, int channels)
{
    FUZZ_CHECK(image->pixels && image->channels == channels);
    FUZZ_CHECK(crop->left >= 0 && crop->top >= 0 && crop->width > 0 && crop->height > 0);
    FUZZ_CHECK(crop->left + crop->width <= image->width && crop->top + crop->height <= image->height);
}

static void compare(const lws_image *part, const lws_crop *at, const lws_image *whole, const lws_crop *chosen)
{
    int channels = part->channels, used = channels == 4 ? 3 : channels; /* the fourth is padding */
    for (int y = 0; y < at->height; y++) {
        for (int x = 0; x < at->width; x++) {
            const uint8_t *p = part->pixels + ((at->top + y) * part->width + at->left + x) * channels;
            const uint8_t *q = whole->pixels + ((chosen->top + y) * whole->width + chosen->left + x) * channels;
            FUZZ_CHECK(memcmp(p, q, (size_t)used) == 0);
        }
    }
}

static void resize(const lws_image *image, lws_crop crop, unsigned how)
{
    static lws_resizer *resizer;
    uint8_t out[32 * 32 * 3];
    int width = 1 + (int)(how >> 1 & 31), height = 1 + (int)(how >> 4 & 31);
    resizer = resizer ? resizer : lws_resizer_create();
    FUZZ_CHECK(resizer);
    FUZZ_CHECK(lws_image_resize(resizer, image, crop, how & 1 ? LWS_FILTER_AREA : LWS_FILTER_LANCZOS, width, height,
                                out) == LWS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    static const int channels_of[] = {1, 3, 4, 3};
    int channels = channels_of[data[0] & 3];
    const char *name = data[0] & 4 ? "a.tga" : "a.png";
    wish part = {data[1] & 15, data[1] >> 4, data[2] & 15, data[2] >> 4, false}, all = {.is_whole = true};
    lws_image image, whole;
    lws_crop at, chosen, everything;
    uint8_t *file = malloc(size - 4 + 1);
    FUZZ_CHECK(file);
    memcpy(file, data + 4, size - 4);
    if (!(data[0] & 8))
        repair_png(file, size - 4);
    lws_decode_args some = {file, size - 4, name, channels, choose, &part, NULL}, every = some;
    every.user = &all;
    lws_status status = lws_image_decode_part(&some, &image, &at);
    if (status == LWS_OK) {
        check_inside(&image, &at, channels);
        FUZZ_CHECK(lws_image_decode_part(&every, &whole, &everything) == LWS_OK);
        check_inside(&whole, &everything, channels);
        FUZZ_CHECK(choose(&part, whole.width, whole.height, &chosen) == LWS_OK);
        FUZZ_CHECK(chosen.width == at.width && chosen.height == at.height);
        compare(&image, &at, &whole, &chosen);
        resize(&image, at, data[3]);
        lws_image_free(&whole);
    } else {
        fuzz_failed_well(status);
        FUZZ_CHECK(!image.pixels);
    }
    lws_image_free(&image);
    free(file);
    return 0;
}
