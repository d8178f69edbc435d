/* Decoding: good images of every format, and a reason for every bad one. */
#include "pictures.h"

#include <lwssim/image.h>

/* ---- good images ----------------------------------------------------------------------------- */

static lws_image decode(blob b, const char *name, int channels)
{
    lws_image image;
    lws_status status = lws_image_decode(b.data, b.size, name, channels, &image);
    if (status != LWS_OK)
        print_error("%s: %s\n", name, lws_message());
    assert_int_equal(status, LWS_OK);
    assert_int_equal(image.channels, channels);
    free(b.data);
    return image;
}

static void png_to_all_channels(void **state)
{
    (void)state;
    uint8_t *want = picture_pixels(31, 17, 3);
    lws_image rgb = decode(picture_png(31, 17, 3), "a.png", 3), padded = decode(picture_png(31, 17, 3), "a.png", 4),
              grey = decode(picture_png(31, 17, 3), "a.png", 1);
    assert_int_equal(rgb.width, 31);
    assert_int_equal(rgb.height, 17);
    check_same_bits(rgb.pixels, want, 31 * 17 * 3);
    for (int i = 0; i < 31 * 17; i++) {
        check_same_bits(padded.pixels + 4 * i, want + 3 * i, 3);
        double luma = .299 * want[3 * i] + .587 * want[3 * i + 1] + .114 * want[3 * i + 2];
        check_near(grey.pixels[i], luma, .51);
    }
    lws_image_free(&rgb);
    lws_image_free(&padded);
    lws_image_free(&grey);
    free(want);
}

static void drops_alpha(void **state)
{
    (void)state;
    blob b = {0};
    uint8_t rgba[2 * 4] = {10, 20, 30, 0, 40, 50, 60, 128};
    assert_true(stbi_write_png_to_func(picture_take, &b, 2, 1, 4, rgba, 8));
    lws_image image = decode(b, "a.png", 3);
    static const uint8_t want[] = {10, 20, 30, 40, 50, 60};
    check_same_bits(image.pixels, want, 6);
    lws_image_free(&image);
}

static void jpeg(void **state)
{
    (void)state;
    uint8_t *want = picture_pixels(70, 50, 1);
    lws_image image = decode(picture_jpeg(70, 50, 1), "a.jpg", 3);
    double error = 0;
    for (int i = 0; i < 70 * 50 * 3; i++)
        error += fabs((double)image.pixels[i] - want[i]) / (70 * 50 * 3);
    assert_true(error < 12);
    lws_image_free(&image);
    free(want);
}

static void other_formats(void **state)
{
    (void)state;
    uint8_t *p = picture_pixels(9, 6, 2);
    for (int format = 0; format < 3; format++) {
        blob b = {0};
        if (format == 0)
            assert_true(stbi_write_bmp_to_func(picture_take, &b, 9, 6, 3, p));
        else if (format == 1)
            assert_true(stbi_write_tga_to_func(picture_take, &b, 9, 6, 3, p));
        else {
            picture_take(&b, "P6\n9 6\n255\n", 11);
            picture_take(&b, p, 9 * 6 * 3);
        }
        lws_image image = decode(b, (const char *[]){"a.bmp", "a.TGA", "a.ppm"}[format], 3);
        check_same_bits(image.pixels, p, 9 * 6 * 3);
        lws_image_free(&image);
    }
    free(p);
    lws_image image = decode(picture_gif(1), "a.gif", 3);
    static const uint8_t want[] = {200, 100, 50};
    check_same_bits(image.pixels, want, 3);
    lws_image_free(&image);
}

/* Fill bytes before markers, restart markers and bytes after the end are in order. */
static void jpeg_oddities(void **state)
{
    (void)state;
    blob plain = picture_jpeg(40, 40, 4), odd = {0};
    picture_take(&odd, plain.data, 2);
    picture_take(&odd, "\xff\xff\xff", 3);
    picture_take(&odd,
                 "\xfe\x00\x07"
                 "note!",
                 8);
    picture_take(&odd, plain.data + 2, (int)plain.size - 2);
    picture_take(&odd, "rubbish", 7);
    lws_image a = decode(plain, "a.jpg", 3), b = decode(odd, "b.jpg", 3);
    check_same_bits(a.pixels, b.pixels, 40 * 40 * 3);
    lws_image_free(&a);
    lws_image_free(&b);
}

/* ---- bad images ------------------------------------------------------------------------------ */

static void refused(blob b, const char *name, const char *reason)
{
    lws_image image;
    lws_status status = lws_image_decode(b.data, b.size, name, 3, &image);
    if (status != LWS_ERR_FORMAT)
        print_error("expected '%s'\n", reason);
    assert_int_equal(status, LWS_ERR_FORMAT);
    assert_null(image.pixels);
    check_mentions(lws_message(), reason);
    free(b.data);
}

static void truncated_files(void **state)
{
    (void)state;
    blob whole = picture_jpeg(100, 80, 1);
    for (size_t size = 3; size < whole.size; size += 1 + whole.size / 50)
        refused(picture_bytes(whole.data, size), "a.jpg", "truncated JPEG");
    refused(picture_bytes(whole.data, whole.size - 1), "a.jpg", "truncated JPEG");
    free(whole.data);
    whole = picture_png(100, 80, 1);
    for (size_t size = 8; size < whole.size; size += 1 + whole.size / 50)
        refused(picture_bytes(whole.data, size), "a.png", "truncated PNG");
    free(whole.data);
    whole = picture_gif(1);
    for (size_t size = 6; size < whole.size; size++)
        refused(picture_bytes(whole.data, size), "a.gif", "truncated GIF");
    free(whole.data);
    refused(picture_bytes("P5\n4 4\n255\n123456789012345", 26), "a.pgm", "truncated");
    uint8_t *p = picture_pixels(9, 6, 2);
    for (int format = 0; format < 3; format++) {
        whole = (blob){0};
        stbi_write_tga_with_rle = format;
        assert_true(format < 2 ? stbi_write_tga_to_func(picture_take, &whole, 9, 6, 3, p)
                               : stbi_write_bmp_to_func(picture_take, &whole, 9, 6, 3, p));
        for (size_t size = 2; size < whole.size; size++)
            refused(picture_bytes(whole.data, size), format < 2 ? "a.tga" : "a.bmp", "truncated");
        free(whole.data);
    }
    free(p);
}

static void no_images(void **state)
{
    (void)state;
    refused(picture_bytes("", 0), "a.jpg", "empty file");
    refused(picture_bytes("This is a text.", 15), "a.jpg", "not an image");
    refused(picture_bytes("<html><body>404</body></html>", 29), "a.png", "not an image");
    refused(picture_bytes("\xff\xd8\xff\xd9", 4), "a.jpg", "without an image");
    refused(picture_bytes("RIFF\0\0\0\0WEBPVP8 ", 16), "a.jpg", "not an image");
    refused(picture_gif(0), "a.gif", "without an image");
}

static void unsupported_images(void **state)
{
    (void)state;
    refused(picture_cmyk(), "a.jpg", "CMYK");
    refused(picture_png_header(20, 20, 16), "a.png", "16 bits");
    refused(picture_bytes("P6\n1 1\n65535\n123456", 19), "a.ppm", "16 bits");
    refused(picture_gif(2), "a.gif", "animated");
    blob b = picture_jpeg(16, 16, 1);
    for (size_t i = 0; i + 5 < b.size; i++) {
        if (b.data[i] == 0xFF && b.data[i + 1] == 0xC0) {
            b.data[i + 1] = 0xC9; /* arithmetic coding */
            break;
        }
    }
    refused(b, "a.jpg", "unsupported kind");
}

/* Refused by the header, before memory is taken for the pixels. */
static void absurd_sizes(void **state)
{
    (void)state;
    refused(picture_png_header(20000, 20, 8), "a.png", "");
    refused(picture_png_header(12000, 12000, 8), "a.png", "64 million");
    refused(picture_png_header(0x7fffffff, 0x7fffffff, 8), "a.png", "");
    refused(picture_png_header(0, 20, 8), "a.png", "");
}

static void wrong_checksum_in_png(void **state)
{
    (void)state;
    blob b = picture_png(30, 30, 1);
    b.data[b.size / 2] ^= 4;
    refused(b, "a.png", "checksum");
}

/* Whatever bytes come, there is an image or a reason. Run under the sanitizers. */
static void arbitrary_damage(void **state)
{
    (void)state;
    check_rng r = {8};
    for (int round = 0; round < 600; round++) {
        blob b = round % 3 == 0   ? picture_jpeg(33, 21, round)
                 : round % 3 == 1 ? picture_png(33, 21, round)
                                  : picture_gif(1);
        const char *name = "a";
        if (round % 7 == 0) {
            uint8_t *p = picture_pixels(9, 6, round);
            b.size = 0;
            name = "a.tga";
            assert_true(round % 2 ? stbi_write_tga_to_func(picture_take, &b, 9, 6, 3, p)
                                  : stbi_write_bmp_to_func(picture_take, &b, 9, 6, 3, p));
            free(p);
        }
        for (int i = check_int(&r, 1, 6); i > 0; i--)
            b.data[check_int(&r, 0, (int)b.size - 1)] = (uint8_t)check_next(&r);
        lws_image image;
        lws_status status = lws_image_decode(b.data, b.size, name, 3, &image);
        if (status == LWS_OK)
            assert_true(image.pixels && image.width > 0 && image.height > 0);
        else
            assert_true(status == LWS_ERR_FORMAT && lws_message()[0]);
        lws_image_free(&image);
        free(b.data);
    }
}

/* ---- files and names ------------------------------------------------------------------------- */

static void reads_files(void **state)
{
    char *path = path_of("%s/a.png", (char *)*state);
    lws_image image;
    picture_save(path, picture_png(12, 11, 1));
    assert_int_equal(lws_image_read(path, 3, &image), LWS_OK);
    assert_int_equal(image.height, 11);
    lws_image_free(&image);
    file_text(path, "no");
    assert_int_equal(lws_image_read(path, 3, &image), LWS_ERR_FORMAT);
    check_mentions(lws_message(), path);
    remove(path);
    assert_int_equal(lws_image_read(path, 3, &image), LWS_ERR_IO);
    check_mentions(lws_message(), path);
    check_mentions(lws_message(), "No such file");
    assert_int_equal(lws_image_read(*state, 3, &image), LWS_ERR_IO);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(lws_image_read(path, 3, &image), LWS_ERR_IO); /* and does not wait for a writer */
}

static void knows_names(void **state)
{
    (void)state;
    assert_true(lws_image_is_name("a.jpg") && lws_image_is_name("b/c.JPEG") && lws_image_is_name("x.y.Png"));
    assert_false(lws_image_is_name("a.txt") || lws_image_is_name("jpg") || lws_image_is_name("a.jpg.bak") ||
                 lws_image_is_name(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_to_all_channels),
        cmocka_unit_test(drops_alpha),
        cmocka_unit_test(jpeg),
        cmocka_unit_test(other_formats),
        cmocka_unit_test(jpeg_oddities),
        cmocka_unit_test(truncated_files),
        cmocka_unit_test(no_images),
        cmocka_unit_test(unsupported_images),
        cmocka_unit_test(absurd_sizes),
        cmocka_unit_test(wrong_checksum_in_png),
        cmocka_unit_test(arbitrary_damage),
        scratch_test(reads_files),
        cmocka_unit_test(knows_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
