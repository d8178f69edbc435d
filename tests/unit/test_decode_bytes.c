/* Images written byte by byte, of what the writers of other tests do not write: what they are is worked out by hand. */
#include "pictures.h"

#include "datasets/decode/image.h"

typedef struct example {
    const char *what, *name;
    const void *file;
    size_t bytes;
    int width, height;
    const uint8_t *want; /* RGB */
} example;

#define FILE_OF(text) text, sizeof(text) - 1
#define RED 255, 0, 0
#define BLUE 0, 0, 255
#define WHITE 255, 255, 255
#define BLACK 0, 0, 0

/* The headers of a BMP: where its pixels begin, size, bits, coding, colours. */
#define BMP(start, width, height, bits, coding, colours)                                                               \
    "BM\0\0\0\0\0\0\0\0" start "\0\0\0\x28\0\0\0" width height "\1\0" bits "\0" coding                                 \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" colours "\0\0\0\0\0\0\0"
#define TWO "\2\0\0\0"
#define RED_BLUE "\0\0\xff\0\xff\0\0\0"
#define TGA(map, kind, first, count, depth, width, height, bits, flags)                                                \
    "\0" map kind first "\0" count "\0" depth "\0\0\0\0" width "\0" height "\0" bits flags
#define GIF(width, height, colours) "GIF89a" width "\0" height "\0" colours

static const example examples[] = {
    {"BMP, top row first", "a.bmp",
     FILE_OF(BMP("\x3e", TWO, "\xfe\xff\xff\xff", "\10", "\0", "\2") RED_BLUE "\0\0\0\0\1\0\0\0"), 2, 2,
     (const uint8_t[]){RED, RED, BLUE, RED}},
    {"BMP, no data offset", "a.bmp", FILE_OF(BMP("\0", TWO, TWO, "\10", "\0", "\2") RED_BLUE "\0\0\0\0\1\0\0\0"), 2, 2,
     (const uint8_t[]){BLUE, RED, RED, RED}},
    {"BMP, indices past the palette", "a.bmp",
     FILE_OF(BMP("\x3e", TWO, TWO, "\10", "\0", "\2") RED_BLUE "\0\2\0\0\xff\1\0\0"), 2, 2,
     (const uint8_t[]){BLACK, BLUE, RED, BLACK}},
    {"BMP, runs of 8 bits", "a.bmp",
     FILE_OF(BMP("\x3e", "\3\0\0\0", TWO, "\10", "\1", "\2") RED_BLUE "\2\1\0\0\0\3\0\1\0\0\0\1"), 3, 2,
     (const uint8_t[]){RED, BLUE, RED, BLUE, BLUE, RED}},
    {"BMP, runs of 4 bits", "a.bmp",
     FILE_OF(BMP("\x3e", "\3\0\0\0", TWO, "\4", "\2", "\2") RED_BLUE "\3\x10\0\0\0\3\x11\0\0\1"), 3, 2,
     (const uint8_t[]){BLUE, BLUE, RED, BLUE, RED, BLUE}},
    {"BMP, a jump", "a.bmp", FILE_OF(BMP("\x3e", "\3\0\0\0", TWO, "\10", "\1", "\2") RED_BLUE "\0\2\1\1\2\1\0\1"), 3, 2,
     (const uint8_t[]){RED, BLUE, BLUE, RED, RED, RED}},
    {"BMP, 5, 6 and 5 bits", "a.bmp",
     FILE_OF(BMP("\x42", TWO, "\1\0\0\0", "\x10", "\3", "\0") "\0\xf8\0\0\xe0\7\0\0\x1f\0\0\0\0\xf8\x41\0"), 2, 1,
     (const uint8_t[]){RED, 0, 8, 8}},
    {"TGA, from the right", "a.tga", FILE_OF(TGA("\0", "\3", "\0", "\0", "\0", "\3", "\1", "\10", "\x10") "\1\2\3"), 3,
     1, (const uint8_t[]){3, 3, 3, 2, 2, 2, 1, 1, 1}},
    {"TGA, from the right above", "a.tga", FILE_OF(TGA("\0", "\3", "\0", "\0", "\0", "\1", "\2", "\10", "\x30") "\1\2"),
     1, 2, (const uint8_t[]){1, 1, 1, 2, 2, 2}},
    {"TGA, a map that begins at 5", "a.tga",
     FILE_OF(TGA("\1", "\1", "\5", "\2", "\x18", "\4", "\1", "\10", "\0") "\0\0\xff\xff\0\0\5\6\4\7"), 4, 1,
     (const uint8_t[]){RED, BLUE, BLACK, BLACK}},
    {"TGA, a packet over the end of a row", "a.tga",
     FILE_OF(TGA("\0", "\13", "\0", "\0", "\0", "\2", "\2", "\10", "\x20") "\x82\7\0\x9"), 2, 2,
     (const uint8_t[]){7, 7, 7, 7, 7, 7, 7, 7, 7, 9, 9, 9}},
    {"PBM in digits", "a.pbm", FILE_OF("P1 3 1 #note\n01 0"), 3, 1, (const uint8_t[]){WHITE, BLACK, WHITE}},
    {"PBM", "a.pbm", FILE_OF("P4 9 1\n\x40\x80"), 9, 1,
     (const uint8_t[]){WHITE, BLACK, WHITE, WHITE, WHITE, WHITE, WHITE, WHITE, BLACK}},
    {"PGM in digits", "a.pgm", FILE_OF("P2 3 1 9 0 5 9"), 3, 1, (const uint8_t[]){BLACK, 142, 142, 142, WHITE}},
    {"PPM in digits", "a.ppm", FILE_OF("P3 1 2 255 1 2 3\n4 #5\n5 6"), 1, 2, (const uint8_t[]){1, 2, 3, 4, 5, 6}},
    {"PGM, up to 3", "a.pgm", FILE_OF("P5 4 1 3\n\0\1\2\11"), 4, 1,
     (const uint8_t[]){BLACK, 85, 85, 85, 170, 170, 170, WHITE}},
    {"PPM, 16 bits", "a.ppm", FILE_OF("P6 1 1 65535\n\1\0\x80\0\xff\xff"), 1, 1, (const uint8_t[]){1, 128, 255}},
    {"GIF, no trailer", "a.gif", FILE_OF(GIF("\1", "\1", "\x80\0\0") "\xff\0\0\0\0\xff,\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"),
     1, 1, (const uint8_t[]){RED}},
    {"GIF, smaller than its screen", "a.gif",
     FILE_OF(GIF("\2", "\1", "\x80\1\0") "\xff\0\0\0\0\xff,\1\0\0\0\1\0\1\0\0\2\2\x4c\1\0;"), 2, 1,
     (const uint8_t[]){RED, BLUE}},
    {"GIF, transparent where it is free", "a.gif",
     FILE_OF(GIF("\2", "\1", "\x80\1\0") "\xff\0\0\0\0\xff!\xf9\4\1\0\0\0\0,\1\0\0\0\1\0\1\0\0\2\2\x4c\1\0;"), 2, 1,
     (const uint8_t[]){WHITE, BLUE}},
};

enum { EXAMPLES = sizeof examples / sizeof *examples };

static void come_out(void **state)
{
    (void)state;
    for (int i = 0; i < EXAMPLES; i++) {
        const example *e = &examples[i];
        blob exact = {malloc(e->bytes), e->bytes}; /* so that a sanitizer sees what is read beyond */
        lws_image image;
        assert_non_null(exact.data);
        memcpy(exact.data, e->file, e->bytes);
        lws_status status = lws_image_decode(exact.data, exact.size, e->name, 3, &image);
        if (status != LWS_OK || image.width != e->width || image.height != e->height ||
            memcmp(image.pixels, e->want, (size_t)(e->width * e->height * 3)) != 0) {
            print_error("%s: %s\n", e->what, status == LWS_OK ? "other pixels" : lws_message());
            fail();
        }
        lws_image_free(&image);
        free(exact.data);
    }
}

/* Cut anywhere, each is refused, or was whole without what is missing. (No number here has two digits at the end.) */
static void cut(void **state)
{
    (void)state;
    for (int i = 0; i < EXAMPLES; i++) {
        const example *e = &examples[i];
        for (size_t size = 1; size < e->bytes; size++) {
            uint8_t *part = malloc(size);
            lws_image image;
            assert_non_null(part);
            memcpy(part, e->file, size);
            lws_status status = lws_image_decode(part, size, e->name, 3, &image);
            if (status == LWS_OK)
                check_same_bits(image.pixels, e->want, (size_t)(e->width * e->height * 3));
            else
                assert_int_equal(status, LWS_ERR_FORMAT);
            lws_image_free(&image);
            free(part);
        }
    }
}

static void bad_ones(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const void *file;
        size_t bytes;
        const char *reason;
    } bad[] = {
        {"a.gif", FILE_OF(GIF("\1", "\1", "\x80\0\0") "\xff\0\0\0\0\xff,\0\0\0\0\1\0\1\0\0\2\0;"), "damaged GIF"},
        {"a.bmp", FILE_OF(BMP("\x3e", TWO, TWO, "\10", "\1", "\2") RED_BLUE "\2\1\0\1\0\0\0\0"), "truncated BMP"},
        {"a.bmp", FILE_OF(BMP("\x3e", TWO, TWO, "\3", "\0", "\2") RED_BLUE "\2\1\0\1\0\0\0\0"), "number of bits"},
        {"a.tga", FILE_OF(TGA("\1", "\1", "\0", "\2", "\x8", "\1", "\1", "\10", "\0") "\1\2\0"), "unsupported kind"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lws_image image;
        assert_int_equal(lws_image_decode(bad[i].file, bad[i].bytes, bad[i].name, 3, &image), LWS_ERR_FORMAT);
        check_mentions(lws_message(), bad[i].reason);
        assert_null(image.pixels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(come_out), cmocka_unit_test(cut), cmocka_unit_test(bad_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
