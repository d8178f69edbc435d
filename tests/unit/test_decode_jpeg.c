/* Parts of JPEGs: the same pixels as those of a whole decode that libjpeg does row by row, for every way to sample
 * chroma and to order the data; and damage is found wherever it is. */
#include "pictures.h"

#include "datasets/decode/image.h"

#include <jpeglib.h>

/* ---- making and decoding JPEGs by the book --------------------------------------------------------- */

typedef struct kind {
    const char *name;
    J_COLOR_SPACE colours; /* in the file */
    int h, v;              /* chroma: one sample for h × v pixels */
    bool is_progressive;
    const jpeg_scan_info *scans; /* NULL: the usual ones */
    int scan_count;
    int restart; /* every so many blocks; 0: never */
} kind;

static const jpeg_scan_info one_by_one[] = {{1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};

/* Progressive and never finished: decoders smooth what lies between the blocks. */
static const jpeg_scan_info coarse[] = {{3, {0, 1, 2}, 0, 0, 0, 0}};
static const jpeg_scan_info unrefined[] = {{3, {0, 1, 2}, 0, 0, 0, 1}, {1, {0}, 1, 5, 0, 2}};

static const kind kinds[] = {
    {.name = "4:4:4", .colours = JCS_YCbCr, .h = 1, .v = 1},
    {.name = "4:2:2", .colours = JCS_YCbCr, .h = 2, .v = 1},
    {.name = "4:2:0", .colours = JCS_YCbCr, .h = 2, .v = 2},
    {.name = "4:4:0", .colours = JCS_YCbCr, .h = 1, .v = 2},
    {.name = "4:1:1", .colours = JCS_YCbCr, .h = 4, .v = 1},
    {.name = "4:1:0", .colours = JCS_YCbCr, .h = 4, .v = 2},
    {.name = "grey", .colours = JCS_GRAYSCALE, .h = 1, .v = 1},
    {.name = "RGB", .colours = JCS_RGB, .h = 1, .v = 1},
    {.name = "4:2:0, restart markers", .colours = JCS_YCbCr, .h = 2, .v = 2, .restart = 3},
    {.name = "4:2:2, restart markers", .colours = JCS_YCbCr, .h = 2, .v = 1, .restart = 1},
    {.name = "4:2:0, progressive", .colours = JCS_YCbCr, .h = 2, .v = 2, .is_progressive = true},
    {.name = "4:2:2, progressive, restart markers",
     .colours = JCS_YCbCr,
     .h = 2,
     .v = 1,
     .is_progressive = true,
     .restart = 2},
    {.name = "4:4:4, progressive", .colours = JCS_YCbCr, .h = 1, .v = 1, .is_progressive = true},
    {.name = "grey, progressive", .colours = JCS_GRAYSCALE, .h = 1, .v = 1, .is_progressive = true},
    {.name = "4:2:0, a scan a channel", .colours = JCS_YCbCr, .h = 2, .v = 2, .scans = one_by_one, .scan_count = 3},
    {.name = "4:2:0, coarse", .colours = JCS_YCbCr, .h = 2, .v = 2, .scans = coarse, .scan_count = 1},
    {.name = "4:4:4, unrefined", .colours = JCS_YCbCr, .h = 1, .v = 1, .scans = unrefined, .scan_count = 2},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* Noise over gradients: neighbouring chroma samples differ, so that a missing one shows. */
static uint8_t *noisy(int width, int height, int seed)
{
    check_rng r = {(uint64_t)seed + 1};
    uint8_t *p = picture_pixels(width, height, seed);
    for (int i = 0; i < width * height * 3; i++)
        p[i] = (uint8_t)(p[i] / 2 + check_int(&r, 0, 127));
    return p;
}

static blob encode(const kind *k, int width, int height, int seed)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    uint8_t *pixels = noisy(width, height, seed);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, k->colours);
    jpeg_set_quality(&jpeg, 60 + seed % 40, TRUE);
    jpeg.comp_info[0].h_samp_factor = k->h;
    jpeg.comp_info[0].v_samp_factor = k->v;
    jpeg.restart_interval = (unsigned)k->restart;
    if (k->is_progressive)
        jpeg_simple_progression(&jpeg);
    if (k->scans) {
        jpeg.scan_info = k->scans;
        jpeg.num_scans = k->scan_count;
    }
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = pixels + (size_t)jpeg.next_scanline * (size_t)width * 3;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    blob b = picture_bytes(data, size);
    free(data);
    free(pixels);
    return b;
}

/* RGB [height, width, 3] of the whole image. */
static uint8_t *decode_by_the_book(blob b, int width, int height)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint8_t *pixels = malloc((size_t)width * (size_t)height * 3);
    assert_non_null(pixels);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, b.data, b.size);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg);
    assert_true((int)jpeg.output_width == width && (int)jpeg.output_height == height);
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = pixels + (size_t)jpeg.output_scanline * (size_t)width * 3;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return pixels;
}

/* ---- parts ----------------------------------------------------------------------------------------- */

static lws_status choose(const void *user, int width, int height, lws_crop *crop)
{
    *crop = *(const lws_crop *)user;
    assert_true(crop->left + crop->width <= width && crop->top + crop->height <= height);
    return LWS_OK;
}

static uint8_t luma(const uint8_t *p)
{
    return (uint8_t)((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 32768) / 65536);
}

/* Does this part have the pixels of the whole image? */
static bool part_is_right(blob b, const uint8_t *whole, int width, lws_crop wanted, int channels)
{
    lws_image image;
    lws_crop at;
    lws_status status = lws_image_decode_part(
        &(lws_decode_args){b.data, b.size, "a.jpg", channels, choose, &wanted, NULL}, &image, &at);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
    assert_int_equal(image.channels, channels);
    assert_true(at.width == wanted.width && at.height == wanted.height && at.left >= 0 && at.top >= 0);
    assert_true(at.left + at.width <= image.width && at.top + at.height <= image.height);
    bool same = true;
    for (int y = 0; y < at.height; y++) {
        for (int x = 0; x < at.width; x++) {
            const uint8_t *want = whole + ((wanted.top + y) * width + wanted.left + x) * 3;
            const uint8_t *have = image.pixels + ((at.top + y) * image.width + at.left + x) * channels;
            same = same && (channels == 1 ? have[0] == luma(want) : memcmp(have, want, 3) == 0);
        }
    }
    lws_image_free(&image);
    return same;
}

static void check_parts(const kind *k, int width, int height, int seed, int parts)
{
    check_rng r = {(uint64_t)seed};
    blob b = encode(k, width, height, seed);
    uint8_t *whole = decode_by_the_book(b, width, height);
    for (int i = 0; i < parts; i++) {
        lws_crop crop = {0, 0, width, height};
        if (i > 0) {
            crop.width = check_int(&r, 1, width);
            crop.height = check_int(&r, 1, height);
            crop.left = check_int(&r, 0, width - crop.width);
            crop.top = check_int(&r, 0, height - crop.height);
        }
        int channels = (int[]){4, 3, 1}[i % 3];
        if (!part_is_right(b, whole, width, crop, channels)) {
            print_error("%s, %d x %d: the part of %d x %d from %d, %d on differs, %d channels\n", k->name, width,
                        height, crop.width, crop.height, crop.left, crop.top, channels);
            fail();
        }
    }
    free(whole);
    free(b.data);
}

static void parts_of_odd_images(void **state)
{
    (void)state;
    check_rng r = {3};
    for (int i = 0; i < KINDS; i++) {
        for (int round = 0; round < 12; round++)
            check_parts(&kinds[i], check_int(&r, 1, 130), check_int(&r, 1, 130), 16 * i + round, 25);
    }
}

/* Every first row and column of a part, up to beyond two blocks of the coarsest sampling. */
static void every_offset(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        int width = 93, height = 83;
        blob b = encode(&kinds[i], width, height, i);
        uint8_t *whole = decode_by_the_book(b, width, height);
        for (int offset = 0; offset < 70; offset++) {
            lws_crop across = {offset, 5, 7, 70}, down = {5, offset, 70, 7};
            if (!part_is_right(b, whole, width, across, 4) || !part_is_right(b, whole, width, down, 4)) {
                print_error("%s: parts at %d differ\n", kinds[i].name, offset);
                fail();
            }
        }
        free(whole);
        free(b.data);
    }
}

/* ---- what phones and printers write ------------------------------------------------------------------ */

static uint8_t *encode_inks(int width, int height, J_COLOR_SPACE space, blob *b)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    check_rng r = {7};
    size_t bytes = (size_t)width * (size_t)height * 4;
    uint8_t *inks = malloc(bytes);
    assert_non_null(inks);
    for (size_t i = 0; i < bytes; i++)
        inks[i] = (uint8_t)(i / 3 + (size_t)check_int(&r, 0, 20));
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = 4;
    jpeg.in_color_space = JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, space);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = inks + (size_t)jpeg.next_scanline * (size_t)width * 4;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *b = picture_bytes(data, size);
    free(data);
    return inks;
}

/* Four inks, as they are and with three of them as luma and chroma: stored inverted, so a value is how little there is
 * of one. The paper is seen through colour and black. */
static void inks(void **state)
{
    (void)state;
    int width = 61, height = 40;
    for (int i = 0; i < 2; i++) {
        blob b;
        uint8_t *stored = encode_inks(width, height, i ? JCS_YCCK : JCS_CMYK, &b);
        lws_image whole;
        assert_int_equal(lws_image_decode(b.data, b.size, "a.jpg", 3, &whole), LWS_OK);
        double error = 0;
        for (int k = 0; k < width * height * 3; k++) {
            const uint8_t *p = stored + k / 3 * 4;
            error += fabs(p[k % 3] * p[3] / 255. - whole.pixels[k]) / (width * height * 3);
        }
        assert_true(error < 12);
        for (int channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1)
            assert_true(part_is_right(b, whole.pixels, width, (lws_crop){17, 11, 30, 20}, channels));
        lws_image_free(&whole);
        free(stored);
        free(b.data);
    }
}

static void scan_header_of_zeros(void **state)
{
    (void)state;
    blob b = encode(&kinds[0], 40, 30, 1);
    uint8_t *whole = decode_by_the_book(b, 40, 30), *header = memmem(b.data, b.size, "\xff\xda", 2);
    assert_int_equal(header[header[3]], 63); /* the last coefficient; "0, 0" says that there is one only */
    header[header[3]] = 0;
    assert_true(part_is_right(b, whole, 40, (lws_crop){0, 0, 40, 30}, 3));
    free(whole);
    free(b.data);
}

/* A scan of a few bytes costs as much as one of the whole image. */
static void scans_without_number(void **state)
{
    (void)state;
    static const kind plain = {.name = "progressive", .colours = JCS_YCbCr, .h = 1, .v = 1, .is_progressive = true};
    blob b = encode(&plain, 16, 16, 1);
    uint8_t *last = NULL, *end = b.data + b.size;
    for (uint8_t *p = b.data; (p = memmem(p, (size_t)(end - p), "\xff\xda", 2)) != NULL; p++)
        last = p;
    assert_non_null(last);
    size_t size = (size_t)(end - 2 - last);
    for (int repeats = 80; repeats <= 120; repeats += 40) {
        blob many = {0};
        lws_image image;
        picture_take(&many, b.data, (int)(b.size - 2 - size));
        for (int i = 0; i < repeats; i++)
            picture_take(&many, last, (int)size);
        picture_take(&many, "\xff\xd9", 2);
        assert_int_equal(lws_image_decode(many.data, many.size, "a.jpg", 3, &image), LWS_ERR_FORMAT);
        check_mentions(lws_message(), repeats > 100 ? "more than 100 scans" : "damaged JPEG");
        free(many.data);
    }
    free(b.data);
}

/* ---- damage ---------------------------------------------------------------------------------------- */

static lws_status refuse_all(const void *user, int width, int height, lws_crop *crop)
{
    (void)user, (void)crop;
    return lws_fail(LWS_ERR_USAGE, "not %d x %d", width, height);
}

static void passes_on_the_refusal(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        blob b = format ? picture_png(31, 17, 1) : picture_jpeg(31, 17, 1);
        lws_image image;
        lws_crop crop;
        assert_int_equal(
            lws_image_decode_part(&(lws_decode_args){b.data, b.size, "a", 3, refuse_all, NULL, NULL}, &image, &crop),
            LWS_ERR_USAGE);
        assert_string_equal(lws_message(), "not 31 x 17");
        assert_null(image.pixels);
        free(b.data);
    }
}

/* Half of the data of a scan cut out: the file ends in order, its picture does not. */
static blob without_middle(blob b)
{
    size_t start = b.size / 2, end = b.size - 2;
    while (b.data[start - 1] == 0xFF)
        start--;
    memmove(b.data + start, b.data + end, b.size - end);
    b.size -= end - start;
    return b;
}

static void missing_data(void **state)
{
    (void)state;
    const lws_crop upper = {20, 4, 30, 20};
    for (int i = 0; i < KINDS; i++) {
        blob b = without_middle(encode(&kinds[i], 120, 160, i));
        lws_image image;
        lws_crop crop;
        lws_status status =
            lws_image_decode_part(&(lws_decode_args){b.data, b.size, "a", 3, choose, &upper, NULL}, &image, &crop);
        if (status != LWS_ERR_FORMAT)
            print_error("%s: data missing below the part passes\n", kinds[i].name);
        assert_int_equal(status, LWS_ERR_FORMAT);
        assert_null(image.pixels);
        check_mentions(lws_message(), "damaged JPEG");
        free(b.data);
    }
}

static lws_status choose_corner(const void *user, int width, int height, lws_crop *crop)
{
    (void)user;
    *crop = (lws_crop){width / 7, height / 6, width / 20 + 1, height / 15 + 1};
    return LWS_OK;
}

/* Whatever bytes come, there is the part or a reason, and nothing is printed. Run under the sanitizers. */
static void arbitrary_damage(void **state)
{
    (void)state;
    check_rng r = {5};
    int good = 0, rounds = 900;
    for (int round = 0; round < rounds; round++) {
        blob b = encode(&kinds[round % KINDS], 61, 47, round);
        for (int i = check_int(&r, 1, 4); i > 0; i--)
            b.data[check_int(&r, 0, (int)b.size - 1)] = (uint8_t)check_next(&r);
        lws_image image;
        lws_crop crop;
        bool is_whole = round % 2;
        lws_status status =
            is_whole ? lws_image_decode(b.data, b.size, "a.jpg", 3, &image)
                     : lws_image_decode_part(&(lws_decode_args){b.data, b.size, "a.jpg", 3, choose_corner, NULL, NULL},
                                             &image, &crop);
        if (status == LWS_OK)
            assert_true(image.pixels && (is_whole || crop.left + crop.width <= image.width));
        else
            assert_true(status == LWS_ERR_FORMAT && lws_message()[0] && !image.pixels);
        good += status == LWS_OK;
        lws_image_free(&image);
        free(b.data);
    }
    assert_in_range(good, 1, rounds - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_odd_images),   cmocka_unit_test(every_offset),
        cmocka_unit_test(passes_on_the_refusal), cmocka_unit_test(missing_data),
        cmocka_unit_test(arbitrary_damage),      cmocka_unit_test(inks),
        cmocka_unit_test(scan_header_of_zeros),  cmocka_unit_test(scans_without_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
