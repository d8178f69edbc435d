/* TIFF: planes apart, tiles, both orders of bytes, and damage. Files are built entry by entry. */
#include "pictures.h"

#include "datasets/decode/image.h"

enum { WIDTH = 5, HEIGHT = 3, SHORT = 3, LONG = 4 };

typedef struct entry {
    uint16_t tag, type;
    uint32_t value;
} entry;

static void put(blob *b, uint32_t value, int bytes, bool is_big)
{
    uint8_t number[4];
    for (int i = 0; i < bytes; i++)
        number[is_big ? bytes - 1 - i : i] = (uint8_t)(value >> (8 * i));
    picture_take(b, number, bytes);
}

/* Header, the entries of one page, and then these pixels, at PIXELS. */
enum { PIXELS = 512 };

static blob tiff_of(const entry *entries, int count, const void *pixels, size_t bytes, bool is_big)
{
    blob b = {0};
    picture_take(&b, is_big ? "MM\0*" : "II*", 4);
    put(&b, 8, 4, is_big);
    put(&b, (uint32_t)count, 2, is_big);
    for (int i = 0; i < count; i++) {
        put(&b, entries[i].tag, 2, is_big);
        put(&b, entries[i].type, 2, is_big);
        put(&b, 1, 4, is_big);
        put(&b, entries[i].value, entries[i].type == SHORT ? 2 : 4, is_big);
        if (entries[i].type == SHORT)
            put(&b, 0, 2, is_big);
    }
    while (b.size < PIXELS)
        put(&b, 0, 1, is_big);
    picture_take(&b, (void *)(uintptr_t)pixels, (int)bytes);
    return b;
}

/* One strip of grey. */
static blob grey(int bits, uint32_t kind, const void *pixels, size_t bytes, bool is_big)
{
    const entry entries[] = {{256, SHORT, WIDTH}, {257, SHORT, HEIGHT}, {258, SHORT, (uint32_t)bits},
                             {259, SHORT, 1},     {262, SHORT, kind},   {273, LONG, PIXELS},
                             {277, SHORT, 1},     {278, SHORT, HEIGHT}, {279, LONG, (uint32_t)bytes}};
    return tiff_of(entries, 9, pixels, bytes, is_big);
}

static void gives(blob b, const uint8_t *want)
{
    lws_image image;
    lws_status status = lws_image_decode(b.data, b.size, "a.tif", 3, &image);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
    assert_true(image.width == WIDTH && image.height == HEIGHT);
    check_same_bits(image.pixels, want, WIDTH * HEIGHT * 3);
    lws_image_free(&image);
    free(b.data);
}

static void greys(void **state)
{
    (void)state;
    uint8_t pixels[WIDTH * HEIGHT], want[3 * WIDTH * HEIGHT], wide[2 * WIDTH * HEIGHT];
    for (int is_white_zero = 0; is_white_zero < 2; is_white_zero++) {
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            pixels[i] = (uint8_t)(i * 16);
            memset(want + 3 * i, is_white_zero ? 255 - i * 16 : i * 16, 3);
        }
        for (int is_big = 0; is_big < 2; is_big++) {
            gives(grey(8, is_white_zero ? 0 : 1, pixels, sizeof pixels, is_big), want);
            for (int i = 0; i < WIDTH * HEIGHT; i++) {
                wide[2 * i + !is_big] = pixels[i];
                wide[2 * i + is_big] = 0xee;
            }
            gives(grey(16, is_white_zero ? 0 : 1, wide, sizeof wide, is_big), want);
        }
    }
}

/* Red, green and blue each by themselves, in tiles of which most lies beyond the image. */
static void planes_in_tiles(void **state)
{
    (void)state;
    enum { TILE = 16 };
    static uint8_t pixels[12 + 3 * TILE * TILE];
    uint8_t want[WIDTH * HEIGHT * 3];
    blob numbers = {0};
    for (int c = 0; c < 3; c++)
        put(&numbers, (uint32_t)(PIXELS + 24 + c * TILE * TILE), 4, false);
    for (int c = 0; c < 3; c++)
        put(&numbers, TILE * TILE, 4, false);
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++) {
        want[i] = (uint8_t)(i * 5 + 1);
        pixels[i % 3 * TILE * TILE + i / 3 / WIDTH * TILE + i / 3 % WIDTH] = want[i];
    }
    const entry entries[] = {{256, SHORT, WIDTH}, {257, SHORT, HEIGHT}, {258, SHORT, 8},         {259, SHORT, 1},
                             {262, SHORT, 2},     {277, SHORT, 3},      {284, SHORT, 2},         {322, SHORT, TILE},
                             {323, SHORT, TILE},  {324, LONG, PIXELS},  {325, LONG, PIXELS + 12}};
    picture_take(&numbers, pixels, 3 * TILE * TILE);
    blob b = tiff_of(entries, 11, numbers.data, numbers.size, false);
    free(numbers.data);
    for (int i = 0; i < 2; i++) /* the last two have a value for each plane */
        b.data[10 + 12 * (9 + i) + 4] = 3;
    gives(b, want);
}

static void refused(blob b, const char *reason)
{
    lws_image image;
    lws_status status = lws_image_decode(b.data, b.size, "a.tif", 3, &image);
    if (status != LWS_ERR_FORMAT)
        print_error("expected '%s'\n", reason);
    assert_int_equal(status, LWS_ERR_FORMAT);
    assert_null(image.pixels);
    check_mentions(lws_message(), reason);
    free(b.data);
}

static void bad_ones(void **state)
{
    (void)state;
    uint8_t pixels[WIDTH * HEIGHT * 2] = {0};
    refused(picture_bytes("II*", 4), "damaged TIFF");
    refused(grey(4, 3, pixels, WIDTH * HEIGHT, false), "damaged TIFF"); /* a palette that is not there */
    refused(grey(12, 1, pixels, sizeof pixels, false), "unsupported kind");
    refused(grey(8, 9, pixels, WIDTH * HEIGHT, false), "unsupported kind");
    blob b = grey(8, 1, pixels, WIDTH * HEIGHT, false);
    b.size -= 4;
    refused(b, "damaged TIFF");
    b = grey(8, 1, pixels, WIDTH * HEIGHT, false);
    b.data[10 + 2] = LONG;
    memcpy(b.data + 10 + 8, "\xff\xff\xff\x7f", 4);
    refused(b, "more than 16384 a side");
}

/* Whatever bytes come, there is an image or a reason. Run under the sanitizers. */
static void arbitrary_damage(void **state)
{
    (void)state;
    check_rng r = {9};
    uint8_t pixels[WIDTH * HEIGHT] = {1, 2, 3};
    for (int round = 0; round < 2000; round++) {
        blob b = grey(8, 1, pixels, sizeof pixels, round % 2);
        for (int i = check_int(&r, 1, 4); i > 0; i--)
            b.data[check_int(&r, 4, 8 + 2 + 9 * 12)] = (uint8_t)check_int(&r, 0, round % 3 ? 255 : 9);
        lws_image image;
        lws_status status = lws_image_decode(b.data, b.size, "a.tif", 3, &image);
        assert_true(status == LWS_OK ? image.pixels != NULL : status == LWS_ERR_FORMAT && !image.pixels);
        lws_image_free(&image);
        free(b.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greys),
        cmocka_unit_test(planes_in_tiles),
        cmocka_unit_test(bad_ones),
        cmocka_unit_test(arbitrary_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
