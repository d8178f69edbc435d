/* Files of every format that Pillow writes decode to the pixels that Pillow reads: colours in their order, palettes,
 * grey, alpha on white, rows from the top, turned as their tag says, luma to the bit. */
#include "check.h"

#include "datasets/decode/image.h"

#include "decode_golden.h"

enum { CASES = sizeof golden_decode / sizeof *golden_decode };

static lws_image decode(const struct golden_decode *g, int channels)
{
    lws_image image;
    lws_status status = lws_image_decode(g->file, (size_t)g->bytes, g->name, channels, &image);
    if (status != LWS_OK)
        print_error("%s: %s\n", g->what, lws_message());
    assert_int_equal(status, LWS_OK);
    assert_int_equal(image.width, g->width);
    assert_int_equal(image.height, g->height);
    assert_int_equal(image.channels, channels);
    return image;
}

/* The pixels, of which `used` channels count. */
static void compare(const struct golden_decode *g, const lws_image *image, const uint8_t *want, int used)
{
    for (int i = 0; i < g->width * g->height; i++) {
        const uint8_t *have = image->pixels + i * image->channels;
        if (memcmp(have, want + i * used, (size_t)used) == 0)
            continue;
        print_error("%s, %d channels, pixel %d, %d: %d %d %d\n", g->what, image->channels, i % g->width, i / g->width,
                    have[0], used > 1 ? have[1] : 0, used > 1 ? have[2] : 0);
        fail();
    }
}

static void agrees_with_pillow(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        const struct golden_decode *g = &golden_decode[i];
        static const int channels[] = {1, 3, 4};
        for (int k = 0; k < 3; k++) {
            lws_image image = decode(g, channels[k]);
            compare(g, &image, channels[k] == 1 ? g->grey : g->rgb, channels[k] == 1 ? 1 : 3);
            lws_image_free(&image);
        }
    }
}

/* What a file is, is told by what is in it; only TGA, which has no signature, goes by its name. */
static void names_do_not_matter(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct golden_decode g = golden_decode[i];
        bool is_tga = strcmp(g.name, "a.tga") == 0;
        lws_image image;
        g.name = is_tga ? "a.jpg" : "a.tga";
        if (is_tga) {
            assert_int_equal(lws_image_decode(g.file, (size_t)g.bytes, g.name, 3, &image), LWS_ERR_FORMAT);
            check_mentions(lws_message(), "not an image of a known format");
            continue;
        }
        image = decode(&g, 3);
        compare(&g, &image, g.rgb, 3);
        lws_image_free(&image);
    }
}

static lws_status choose(const void *user, int width, int height, lws_crop *crop)
{
    *crop = *(const lws_crop *)user;
    assert_true(crop->left + crop->width <= width && crop->top + crop->height <= height);
    return LWS_OK;
}

/* A part of any format is where it is said to be. */
static void parts_are_found(void **state)
{
    (void)state;
    const lws_crop wanted = {1, 2, 4, 3};
    for (int i = 0; i < CASES; i++) {
        const struct golden_decode *g = &golden_decode[i];
        lws_image image;
        lws_crop at;
        assert_int_equal(
            lws_image_decode_part(&(lws_decode_args){g->file, (size_t)g->bytes, g->name, 3, choose, &wanted, NULL},
                                  &image, &at),
            LWS_OK);
        assert_true(at.width == wanted.width && at.height == wanted.height);
        for (int y = 0; y < at.height; y++)
            check_same_bits(image.pixels + ((at.top + y) * image.width + at.left) * 3,
                            g->rgb + ((wanted.top + y) * g->width + wanted.left) * 3, (size_t)(at.width * 3));
        lws_image_free(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_pillow),
        cmocka_unit_test(names_do_not_matter),
        cmocka_unit_test(parts_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
