/* PNG: what lies in its chunks, from well-formed ones to those that want to be gigabytes. */
#include "pictures.h"

#include "datasets/decode/image.h"

#include <zlib.h>

/* ---- files ----------------------------------------------------------------------------------- */

static void add_chunk(blob *b, const char *type, const void *content, size_t size)
{
    uint8_t number[4];
    size_t start = b->size + 4;
    picture_big_endian(number, (uint32_t)size);
    picture_take(b, number, 4);
    picture_take(b, (void *)(uintptr_t)type, 4);
    picture_take(b, (void *)(uintptr_t)content, (int)size);
    picture_big_endian(number, picture_crc(b->data + start, size + 4));
    picture_take(b, number, 4);
}

/* The signature and the header of a picture of 4 x 2. */
static blob begin_png(int depth, int colour)
{
    blob b = {0};
    const uint8_t header[13] = {0, 0, 0, 4, 0, 0, 0, 2, (uint8_t)depth, (uint8_t)colour};
    picture_take(&b, "\x89PNG\r\n\x1a\n", 8);
    add_chunk(&b, "IHDR", header, sizeof header);
    return b;
}

/* Ends a PNG, with these rows, each behind its filter byte; the last byte of the stream is changed by `flip`. */
static void end_png(blob *b, const void *rows, size_t size, uint8_t flip)
{
    uLongf length = compressBound(size);
    uint8_t *packed = malloc(length);
    assert_non_null(packed);
    assert_int_equal(compress2(packed, &length, rows, size, 9), Z_OK);
    packed[length - 1] ^= flip;
    add_chunk(b, "IDAT", packed, length);
    add_chunk(b, "IEND", "", 0);
    free(packed);
}

/* ---- what comes of them ---------------------------------------------------------------------- */

static void gives(blob b, const uint8_t *background, const uint8_t *want)
{
    lws_image image;
    lws_crop all;
    lws_decode_args args = {b.data, b.size, "a.png", 3, NULL, NULL, background};
    lws_status status = lws_image_decode_part(&args, &image, &all);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
    assert_true(image.width == 4 && image.height == 2 && image.channels == 3);
    check_same_bits(image.pixels, want, 4 * 2 * 3);
    lws_image_free(&image);
    free(b.data);
}

static void refused(blob b, const char *reason)
{
    lws_image image;
    assert_int_equal(lws_image_decode(b.data, b.size, "a.png", 3, &image), LWS_ERR_FORMAT);
    assert_null(image.pixels);
    check_mentions(lws_message(), reason);
    free(b.data);
}

/* Memory that was used before must not show. */
static void index_past_the_palette(void **state)
{
    (void)state;
    static const uint8_t palette[] = {255, 0, 0, 0, 255, 0}, rows[] = {0, 0, 1, 2, 3, 0, 255, 1, 0, 128};
    static const uint8_t want[] = {255, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0, 0, 0};
    for (int i = 0; i < 6; i++) {
        uint8_t *dirt = malloc(1 << 16);
        assert_non_null(dirt);
        memset(dirt, 0x5a + i, 1 << 16);
        free(dirt);
        blob b = begin_png(8, 3);
        add_chunk(&b, "PLTE", palette, sizeof palette);
        end_png(&b, rows, sizeof rows, 0);
        gives(b, NULL, want);
    }
}

/* Alpha, a transparent colour and a transparent entry of a palette lie on white, or on what is asked for. */
static void transparency(void **state)
{
    (void)state;
    static const uint8_t rows[] = {0, 10, 20, 30, 0,  40, 50, 60, 128, 1, 2, 3, 255, 0, 0, 0, 1,
                                   0, 9,  9,  9,  64, 9,  9,  9,  255, 9, 9, 9, 0,   9, 9, 9, 254};
    static const uint8_t white[] = {255, 255, 255, 147, 152, 157, 1,   2,   3,   254, 254, 254,
                                    193, 193, 193, 9,   9,   9,   255, 255, 255, 10,  10,  10};
    static const uint8_t blue[] = {0, 0, 200, 20, 25, 130, 1, 2, 3, 0, 0, 199, 2, 2, 152, 9, 9, 9, 0, 0, 200, 9, 9, 10};
    blob b = begin_png(8, 6);
    end_png(&b, rows, sizeof rows, 0);
    gives(b, NULL, white);
    b = begin_png(8, 6);
    end_png(&b, rows, sizeof rows, 0);
    gives(b, (const uint8_t[]){0, 0, 200}, blue);
    static const uint8_t grey[] = {0, 7, 8, 7, 9, 0, 8, 8, 8, 7};
    static const uint8_t shown[] = {255, 255, 255, 8, 8, 8, 255, 255, 255, 9,   9,   9,
                                    8,   8,   8,   8, 8, 8, 8,   8,   8,   255, 255, 255};
    b = begin_png(8, 0);
    add_chunk(&b, "tRNS", "\0\7", 2);
    end_png(&b, grey, sizeof grey, 0);
    gives(b, NULL, shown);
    static const uint8_t palette[] = {10, 20, 30, 1, 2, 3}, index[] = {0, 0, 1, 1, 1, 0, 1, 1, 1, 1};
    b = begin_png(8, 3);
    add_chunk(&b, "PLTE", palette, sizeof palette);
    add_chunk(&b, "tRNS", "\0", 1);
    end_png(&b, index, sizeof index, 0);
    gives(b, NULL, (const uint8_t[]){255, 255, 255, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3});
}

/* Of 16 bits the upper eight, as Pillow takes them of colours. */
static void sixteen_bits(void **state)
{
    (void)state;
    static const uint8_t rows[] = {0, 1, 255, 2, 0, 255, 255, 128, 127, 0, 0, 0, 0, 255, 9, 9, 200, 200};
    static const uint8_t want[] = {1, 1, 1, 2, 2, 2, 255, 255, 255, 128, 128, 128,
                                   0, 0, 0, 0, 0, 0, 9,   9,   9,   200, 200, 200};
    blob b = begin_png(16, 0);
    end_png(&b, rows, sizeof rows, 0);
    gives(b, NULL, want);
}

static void wrong_checksum_of_the_pixels(void **state)
{
    (void)state;
    static const uint8_t rows[10] = {0};
    blob b = begin_png(8, 0);
    end_png(&b, rows, sizeof rows, 1);
    refused(b, "incorrect data check");
}

/* Some bytes more than the size needs are let pass; gigabytes are refused before they are there. */
static void more_than_its_size(void **state)
{
    (void)state;
    static const uint8_t few[100] = {0}, black[4 * 2 * 3] = {0};
    blob b = begin_png(8, 0);
    end_png(&b, few, sizeof few, 0);
    gives(b, NULL, black);
    size_t many = (size_t)200 << 20;
    uint8_t *zeros = calloc(many, 1);
    assert_non_null(zeros);
    b = begin_png(8, 0);
    end_png(&b, zeros, many, 0);
    free(zeros);
    refused(b, "more pixel data than its size needs");
    b = begin_png(8, 0);
    end_png(&b, few, 9, 0);
    refused(b, "Not enough image data");
}

/* The texts of a PNG are not unpacked, and what is wrong with them or with its colour profile is of no matter. */
static void texts_and_profiles(void **state)
{
    (void)state;
    static const uint8_t rows[10] = {0}, black[4 * 2 * 3] = {0};
    blob b = begin_png(8, 0);
    add_chunk(&b, "zTXt", "a\0\0no stream", 12);
    add_chunk(&b, "iCCP", "b\0\0nor this", 11);
    add_chunk(&b, "gAMA", "\0\0\0\1", 4);
    end_png(&b, rows, sizeof rows, 0);
    gives(b, NULL, black);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_past_the_palette), cmocka_unit_test(transparency),
        cmocka_unit_test(sixteen_bits),           cmocka_unit_test(wrong_checksum_of_the_pixels),
        cmocka_unit_test(more_than_its_size),     cmocka_unit_test(texts_and_profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
