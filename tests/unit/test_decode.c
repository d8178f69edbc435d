/* Decoding: good images of every format, and a reason for every bad one. */
#include "pictures.h"

#include "datasets/decode/image.h"

#include "datasets/decode/decoder.h"

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

static void composes_alpha(void **state)
{
    (void)state;
    blob b = {0};
    uint8_t rgba[2 * 4] = {10, 20, 30, 0, 40, 50, 60, 128};
    assert_true(stbi_write_png_to_func(picture_take, &b, 2, 1, 4, rgba, 8));
    lws_image image = decode(b, "a.png", 3);
    static const uint8_t want[] = {255, 255, 255, 147, 152, 157}; /* on white */
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

/* Extra bytes behind the first `mark` of a JPEG, or before its end mark where `at_end`. */
static blob jpeg_with(const void *extra, int size, bool at_end)
{
    blob plain = picture_jpeg(40, 40, 4), odd = {0};
    size_t at = at_end ? plain.size - 2 : 2;
    picture_take(&odd, plain.data, (int)at);
    picture_take(&odd, (void *)extra, size);
    picture_take(&odd, plain.data + at, (int)(plain.size - at));
    free(plain.data);
    return odd;
}

/* What some cameras and programs write, and what says nothing about the pixels. */
static void jpeg_harmless_oddities(void **state)
{
    (void)state;
    static const uint8_t left_over[] = {1, 2, 3, 0xFF, 0, 4};
    static const uint8_t adobe[] = {0xFF, 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 9};
    static const uint8_t stray[] = {0xFF, 0xE1, 0, 8, 'E', 'x', 'i', 'f', 0, 0, 0, 1, 2, 0xFF, 0, 3};
    lws_image want = decode(picture_jpeg(40, 40, 4), "a.jpg", 3);
    blob newer = picture_jpeg(40, 40, 4);
    assert_memory_equal(newer.data + 6, "JFIF", 5);
    newer.data[11] = 2; /* a version of JFIF that there is not */
    blob odd[] = {jpeg_with(left_over, sizeof left_over, true), jpeg_with(adobe, sizeof adobe, false),
                  jpeg_with(stray, sizeof stray, false), newer};
    for (int i = 0; i < 4; i++) {
        lws_image image = decode(odd[i], "a.jpg", 3);
        assert_true(image.width == 40 && image.height == 40);
        check_same_bits(image.pixels, want.pixels, 40 * 40 * 3);
        lws_image_free(&image);
    }
    lws_image_free(&want);
}

static void old_gif(void **state)
{
    (void)state;
    blob b = picture_gif(1);
    b.data[4] = '7';
    lws_image image = decode(b, "a.gif", 3);
    assert_int_equal(image.pixels[0], 200);
    lws_image_free(&image);
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
    for (size_t size = 6; size < whole.size - 1; size++)
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
    refused(picture_bytes("RIFF\10\0\0\0WEBPVP8 ", 16), "a.jpg", "damaged WebP (header)");
    refused(picture_bytes("RIFF\11\0\0\0WEBPVP8 ", 16), "a.jpg", "truncated WebP");
    refused(picture_bytes("RIFF\10\0\0\0WAVEfmt ", 16), "a.webp", "not an image");
    refused(picture_bytes("\0\0\0\x1c"
                          "ftypheic",
                          12),
            "a.jpg", "a HEIC image, which is not read");
    refused(picture_bytes("\0\0\0\x1c"
                          "ftypavif",
                          12),
            "a.jpg", "an AVIF image, which is not read");
    refused(picture_bytes("\xff\x0a....", 6), "a.jpg", "a JPEG XL image, which is not read");
    refused(picture_bytes("\0\0\0\x0cJXL \x0d\x0a\x87\x0a", 12), "a.jpg", "a JPEG XL image, which is not read");
    refused(picture_gif(0), "a.gif", "without an image");
}

static void unsupported_images(void **state)
{
    (void)state;
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

/* Up to the largest size, and not beyond it. */
static void size_limits(void **state)
{
    (void)state;
    static const struct {
        int64_t width, height;
        bool fits;
    } cases[] = {{16384, 1, true},   {1, 16384, true},    {16385, 1, false},   {1, 16385, false},
                 {8000, 8000, true}, {8000, 8001, false}, {16000, 4000, true}, {0, 5, false},
                 {5, 0, false},      {-1, 5, false},      {1, 1, true},        {1ll << 33, 1ll << 33, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lws_crop crop;
        lws_status status = lws_decode_choose(&(lws_decode_args){0}, cases[i].width, cases[i].height, &crop);
        assert_int_equal(status, cases[i].fits ? LWS_OK : LWS_ERR_FORMAT);
        if (cases[i].fits)
            assert_true(crop.left == 0 && crop.top == 0 && crop.width == cases[i].width &&
                        crop.height == cases[i].height);
    }
    lws_image image; /* told by the size alone */
    assert_int_equal(lws_image_decode("P5", (size_t)INT32_MAX + 1, "a.pgm", 1, &image), LWS_ERR_FORMAT);
    assert_string_equal(lws_message(), "file of more than 2 GB");
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
    blob whole = picture_png(4, 4, 1);
    for (size_t i = 12; i < whole.size; i++) { /* any byte but those of a chunk's length, which tell of other bytes */
        bool is_length = i - 33 < 4 || i >= whole.size - 12;
        for (int bit = 0; bit < 8 && !is_length; bit++) {
            b = picture_bytes(whole.data, whole.size);
            b.data[i] ^= (uint8_t)(1 << bit);
            refused(b, "a.png", "checksum");
        }
    }
    free(whole.data);
}

/* A chunk before the end with this type, four bytes of content and the right checksum. */
static blob png_with_chunk(const char *type)
{
    blob plain = picture_png(20, 20, 1), b = {0};
    uint8_t chunk[16] = {0, 0, 0, 4};
    memcpy(chunk + 4, type, 4);
    picture_big_endian(chunk + 12, picture_crc(chunk + 4, 8));
    picture_take(&b, plain.data, 33);
    picture_take(&b, chunk, 16);
    picture_take(&b, plain.data + 33, (int)plain.size - 33);
    free(plain.data);
    return b;
}

static void chunks_of_png(void **state)
{
    (void)state;
    refused(png_with_chunk("acTL"), "a.png", "an animated PNG");
    lws_image image = decode(png_with_chunk("teXt"), "a.png", 3), plain = decode(picture_png(20, 20, 1), "a.png", 3);
    check_same_bits(image.pixels, plain.pixels, 20 * 20 * 3);
    lws_image_free(&image);
    lws_image_free(&plain);
    blob b = picture_png(20, 20, 1);
    memcpy(b.data + 12, "IHDX", 4);
    picture_big_endian(b.data + 29, picture_crc(b.data + 12, 17));
    refused(b, "a.png", "damaged PNG (header)");
    b = picture_png(20, 20, 1);
    memmove(b.data + 33, b.data + b.size - 12, 12); /* its end follows the header */
    b.size = 45;
    refused(b, "a.png", "a PNG without an image");
}

static void headers_of_pnm(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } cases[] = {{"P5\n0 3\n255\nabcdef", "damaged PNM (header)"},
                 {"P5\n0 20000000000000\n255\nabcdef", "damaged PNM (header)"},
                 {"P5\n20000000000000 1\n255\nabcdef", "damaged PNM (header)"},
                 {"P5 #\r20000000000000 1\n255\nabcdef", "damaged PNM (header)"}, /* what ends a comment */
                 {"P5\nx 3\n255\nabcdef", "damaged PNM (header)"},
                 {"P5\n2 3\n0\nabcdef", "damaged PNM (header)"},
                 {"P5\n2 3\n256\nabcdefabcde", "truncated PNM"},
                 {"P5\n2 3\n65536\nabcdefabcdef", "damaged PNM (header)"},
                 {"P2\n2 1\n9\n1 10 ", "a value that cannot be"},
                 {"P2\n2 1\n9\n1 x ", "a value that cannot be"},
                 {"P2\n2 1\n9\n1 ", "truncated PNM"},
                 {"P1\n2 1\n12 ", "a value that cannot be"},
                 {"P4\n9 2\nabc", "truncated PNM"},
                 {"P5\n2 3\n255", "truncated PNM"},
                 {"P5\n2 3\n255\nabcde", "truncated PNM"},
                 {"P6\n2 1\n255\nabcde", "truncated PNM"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(picture_bytes(cases[i].text, strlen(cases[i].text)), "a.pgm", cases[i].reason);
    static const char odd[] = "P5#one\n # two\n\t2\r\n#three\n3#four\n255\nabcdef";
    lws_image image = decode(picture_bytes(odd, sizeof odd - 1), "a.pgm", 1);
    check_same_bits(image.pixels, "abcdef", 6);
    lws_image_free(&image);
}

static void segments_of_jpeg(void **state)
{
    (void)state;
    refused(picture_bytes("\xff\xd8\xff\xe0\0\1zz\xff\xd9", 10), "a.jpg", "damaged JPEG (segment length)");
    refused(picture_bytes("\xff\xd8\xff\xc0\0\7\10\0\1\0\1\xff\xd9", 13), "a.jpg", "frame header");
    refused(picture_bytes("\xff\xd8\xff\xda\0\2\xff\xd9", 8), "a.jpg", "a scan before the frame");
    blob b = picture_jpeg(16, 16, 1);
    uint8_t *frame = memmem(b.data, b.size, "\xff\xc0", 2);
    frame[4] = 12;
    refused(b, "a.jpg", "other than 8 bits");
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

/* What people are told of formats is what there are decoders for. */
static void names_formats(void **state)
{
    (void)state;
    char text[LWS_IMAGE_FORMATS];
    assert_string_equal(lws_image_formats(text), "JPEG, PNG, GIF, WebP, TIFF, BMP, TGA, PBM, PGM, PPM");
    refused(picture_bytes("This is a text.", 15), "a.jpg",
            "not an image of a known format (JPEG, PNG, GIF, WebP, TIFF, BMP, TGA, PBM, PGM, PPM)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_to_all_channels),
        cmocka_unit_test(composes_alpha),
        cmocka_unit_test(jpeg),
        cmocka_unit_test(other_formats),
        cmocka_unit_test(jpeg_oddities),
        cmocka_unit_test(jpeg_harmless_oddities),
        cmocka_unit_test(old_gif),
        cmocka_unit_test(truncated_files),
        cmocka_unit_test(no_images),
        cmocka_unit_test(unsupported_images),
        cmocka_unit_test(size_limits),
        cmocka_unit_test(absurd_sizes),
        cmocka_unit_test(wrong_checksum_in_png),
        cmocka_unit_test(chunks_of_png),
        cmocka_unit_test(segments_of_jpeg),
        cmocka_unit_test(headers_of_pnm),
        cmocka_unit_test(arbitrary_damage),
        scratch_test(reads_files),
        cmocka_unit_test(knows_names),
        cmocka_unit_test(names_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
