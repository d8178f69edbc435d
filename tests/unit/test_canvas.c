/* Pictures of images and text: what is placed where, and letters pixel by pixel. */
#include "scratch.h"

#include "report/canvas.h"
#include "report/text.h"

#include <stb_easy_font.h>

static bool is_dark(const lws_canvas *c, int x, int y)
{
    return c->pixels[((size_t)y * c->width + x) * c->channels] == 0;
}

/* The letters of "I" and "-" as anybody can see them: a bar down and a bar across. */
static void letters_by_eye(void **state)
{
    (void)state;
    lws_canvas c;
    assert_int_equal(lws_canvas_make(40, 20, 3, &c), LWS_OK);
    lws_text_draw(&c, 3, 2, 1, 0, "-");
    int across = 0, down = 0;
    for (int y = 0; y < 20; y++) {
        int row = 0;
        for (int x = 0; x < 40; x++)
            row += is_dark(&c, x, y);
        across = row > across ? row : across;
        down += row > 0;
    }
    assert_in_range(across, 3, 6);
    assert_int_equal(down, 1);
    lws_canvas_free(&c);
}

/* All that the font draws of a line at once is drawn, each of its pixels as a square, and nothing else. */
static void lines_pixel_by_pixel(void **state)
{
    (void)state;
    static const char text[] = "lwssim: SSIM-G11 0.697 (kg|@Wg)";
    static float quads[2000][4][4];
    int count = stb_easy_font_print(0, 0, (char *)text, NULL, quads, sizeof quads);
    assert_in_range(count, 50, 1999);
    for (int scale = 1; scale <= 3; scale++) {
        lws_canvas c;
        assert_int_equal(lws_canvas_make(800, 60, scale == 2 ? 3 : 1, &c), LWS_OK);
        lws_text_draw(&c, 5, 4, scale, 0, text);
        for (int y = 0; y < 60; y++) {
            for (int x = 0; x < 800; x++) {
                bool want = false;
                double fx = (x - 5 + .5) / scale, fy = (y - 4 + .5) / scale;
                for (int q = 0; q < count && !want; q++)
                    want = fx > quads[q][0][0] && fx < quads[q][2][0] && fy > quads[q][0][1] && fy < quads[q][2][1];
                assert_int_equal(is_dark(&c, x, y), want);
                if (want) /* within the line */
                    assert_true(fx < lws_text_width(text, 1) && fy < LWS_TEXT_HEIGHT);
            }
        }
        lws_canvas_free(&c);
        assert_int_equal(lws_text_width(text, scale), scale * stb_easy_font_width((char *)text));
    }
}

/* Text that begins left of and above the picture shows what is within it, as on a larger picture. */
static void text_is_cut_off(void **state)
{
    (void)state;
    static const char text[] = "SSIM and more";
    lws_canvas small, large;
    assert_int_equal(lws_canvas_make(70, 20, 1, &small), LWS_OK);
    assert_int_equal(lws_canvas_make(200, 60, 1, &large), LWS_OK);
    lws_text_draw(&small, -15, -4, 2, 0, text);
    lws_text_draw(&large, 20 - 15, 10 - 4, 2, 0, text);
    int dark = 0;
    for (int y = 0; y < 20; y++) {
        for (int x = 0; x < 70; x++) {
            assert_int_equal(is_dark(&small, x, y), is_dark(&large, 20 + x, 10 + y));
            dark += is_dark(&small, x, y);
        }
    }
    assert_true(dark > 100);
    lws_canvas_free(&small);
    lws_canvas_free(&large);
}

/* What is not ASCII is one '?' a character; what lies outside is cut off; centred text is centred, and made to fit. */
static void odd_texts(void **state)
{
    (void)state;
    lws_canvas a, b;
    assert_int_equal(lws_canvas_make(60, 24, 3, &a), LWS_OK);
    assert_int_equal(lws_canvas_make(60, 24, 3, &b), LWS_OK);
    lws_text_draw(&a, 1, 1, 1, 0, "aé–z");
    lws_text_draw(&b, 1, 1, 1, 0, "a??z");
    check_same_bits(a.pixels, b.pixels, 60 * 24 * 3);
    lws_text_draw(&a, -20, -3, 3, 128, "a line that is too long for it, and begins outside");
    lws_text_draw(&a, 50, 18, 3, 128, "corner");
    lws_canvas_free(&a);
    lws_canvas_free(&b);
    assert_int_equal(lws_canvas_make(200, 30, 1, &a), LWS_OK);
    lws_text_draw_centred(&a, 100, 0, 2, 300, "HIH"); /* which is nearly as wide on both sides */
    int left = 200, right = 0;
    for (int x = 0; x < 200; x++) {
        for (int y = 0; y < 30; y++) {
            if (is_dark(&a, x, y)) {
                left = x < left ? x : left;
                right = x > right ? x : right;
            }
        }
    }
    assert_true(abs((left + right) / 2 - 100) <= 3);
    assert_true(right - left >= lws_text_width("HIH", 2) - 6);
    lws_canvas_free(&a);
    assert_int_equal(lws_canvas_make(200, 30, 1, &a), LWS_OK);
    lws_text_draw_centred(&a, 100, 0, 2, lws_text_width("HIH", 2) - 1, "HIH");
    for (int y = LWS_TEXT_HEIGHT; y < 30; y++)
        for (int x = 0; x < 200; x++)
            assert_false(is_dark(&a, x, y));
    lws_canvas_free(&a);
}

static void sizes(void **state)
{
    lws_canvas c;
    assert_int_equal(lws_canvas_make(1 << 16, 1 << 15, 1, &c), LWS_ERR_USAGE);
    check_mentions(lws_message(), "too large");
    assert_int_equal(lws_canvas_make(3, 2, 3, &c), LWS_OK);
    for (int i = 0; i < 18; i++)
        assert_int_equal(c.pixels[i], 255);
    lws_canvas_image(&c, 1, 0, 1, 1, 2, (const float[]){.5f, -1, 2});
    static const uint8_t want[18] = {255, 255, 255, 128, 0, 255, 128, 0, 255, 255, 255, 255, 128, 0, 255, 128, 0, 255};
    check_same_bits(c.pixels, want, sizeof want);
    assert_int_equal(lws_canvas_write(&c, path_of("%s/none/a.png", (char *)*state)), LWS_ERR_IO);
    lws_canvas_free(&c);
    assert_int_equal(lws_canvas_factor(64, 64), 2);
    assert_int_equal(lws_canvas_factor(16, 40), 3);
    assert_int_equal(lws_canvas_factor(200, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_by_eye),
        cmocka_unit_test(lines_pixel_by_pixel),
        cmocka_unit_test(text_is_cut_off),
        cmocka_unit_test(odd_texts),
        scratch_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
