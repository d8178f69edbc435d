/* What reports are made of: escaped text, base64, round ticks, fewer points, pictures taken apart, directions of
 * codes. */
#include "check.h"
#include "scratch.h"

#include "axis.h"
#include "html.h"
#include "image.h"
#include "series.h"
#include "strip.h"
#include "view_internal.h"

#include "report/grid.h"
#include "report/record_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_text(const char *in, int most, const char *want)
{
    lws_text text = {0};
    html_text_short(&text, in, most);
    char *out = lws_text_take(&text, NULL);
    assert_string_equal(out, want);
    free(out);
}

static void texts(void **state)
{
    (void)state;
    check_text("<script>alert(\"1\" & '2')</script>", 1000,
               "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
    check_text("größe 漢 😀", 1000, "größe 漢 😀");
    check_text("a\x01\x7f\tb", 1000, "a\xef\xbf\xbd\xef\xbf\xbd\tb");
    check_text("\xff\xc3", 1000, "\xef\xbf\xbd\xef\xbf\xbd");                 /* no UTF-8; cut off */
    check_text("\xc0\xaf", 1000, "\xef\xbf\xbd\xef\xbf\xbd");                 /* an overlong '/' */
    check_text("\xed\xa0\x80", 1000, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
    check_text("äöüß", 4, "äöüß");
    check_text("äöüßx", 4, "äöü…");
    check_text(NULL, 4, "");
}

/* RFC 4648, section 10. */
static void base64(void **state)
{
    static const char *const pair[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"},
                                          {"\xff\xfe\xfb", "//77"}};
    (void)state;
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        lws_text text = {0};
        html_base64(&text, (const unsigned char *)pair[i][0], strlen(pair[i][0]));
        char *out = lws_text_take(&text, NULL);
        assert_string_equal(out, pair[i][1]);
        free(out);
    }
}

static void numbers(void **state)
{
    char text[HTML_NUMBER];
    (void)state;
    assert_string_equal(html_number(1308, text), "1308");
    assert_string_equal(html_number(.58107, text), "0.5811");
    assert_string_equal(html_number(12345.6, text), "12346");
    assert_string_equal(html_number(3.2e-5, text), "3.2e-05");
    assert_string_equal(html_number(-0.0, text), "0");
    assert_string_equal(html_number((double)NAN, text), "–");
    assert_string_equal(html_number(-(double)INFINITY, text), "–");
}

/* The axis holds the range, and not much more; its ticks are 1, 2 or 5 times a power of ten apart, or are such. */
static void axes(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        double low = pow(10, i % 13 - 6) * (1 + i % 7), high = low * (1 + pow(10, i % 11 - 4));
        bool is_log = i % 2;
        low = is_log || i % 3 ? low : -low;
        axis a = axis_make(low, high, 5, is_log);
        assert_true(a.low <= low * (1 + 1e-9 * (low > 0 ? 1 : -1)) && a.high >= high * (1 - 1e-9));
        assert_in_range(a.ticks, 2, 13);
        check_near(axis_place(&a, a.low), 0, 1e-12);
        check_near(axis_place(&a, a.high), 1, 1e-12);
        for (int k = 0; k < a.ticks; k++) {
            assert_true(a.tick[k] >= a.low * (a.low > 0 ? 1 - 1e-9 : 1 + 1e-9) && a.tick[k] <= a.high * (1 + 1e-9));
            double round = fabs(is_log ? a.tick[k] : a.tick[1] - a.tick[0]);
            double first = round / pow(10, floor(log10(round) + 1e-9));
            assert_true(fabs(first - 1) < 1e-6 || fabs(first - 2) < 1e-6 || fabs(first - 5) < 1e-6);
        }
    }
    char text[AXIS_LABEL];
    axis a = axis_make(.13, .58, 5, false);
    check_near(a.low, .1, 1e-15);
    check_near(a.high, .6, 1e-15);
    assert_string_equal(axis_label(&a, 1, text), "0.2");
    a = axis_make(3, 3, 5, false);
    assert_true(a.low < 3 && a.high > 3);
    a = axis_make(.002, 700, 5, true);
    assert_string_equal(axis_label(&a, a.ticks - 1, text), "1000");
    assert_string_equal(axis_label(&a, 0, text), "0.01");
    check_near(a.low, .002, 1e-12);
    check_near(a.high, 1000, 1e-9);
    assert_true(axis_suits_log(1, 20) && !axis_suits_log(1, 19) && !axis_suits_log(0, 100));
}

/* Of many points few, in order, with the first, the last and the only peak; a gap stays one. */
static void thinning(void **state)
{
    series s = {0};
    point out[100];
    (void)state;
    for (int i = 0; i < 5000; i++)
        assert_true(series_add(&s, i, i == 3333 ? 99 : i >= 1000 && i < 1500 ? (double)NAN : sin(i)));
    int n = series_thin(&s, 100, out), peaks = 0, gaps = 0;
    assert_in_range(n, 80, 100);
    for (int i = 0; i < n; i++) {
        peaks += out[i].y == 99;
        gaps += isnan(out[i].y);
        assert_true(i == 0 || out[i].x > out[i - 1].x);
    }
    assert_int_equal(peaks, 1);
    assert_in_range(gaps, 1, 6);
    assert_true(out[0].x == 0 && out[n - 1].x == 4999);
    n = series_thin(&s, 20, out); /* means */
    assert_int_equal(n, 20);
    for (int i = 1; i + 1 < n; i++)
        assert_true(isnan(out[i].y) || fabs(out[i].y) < .5);
    s.count = 7;
    assert_int_equal(series_thin(&s, 100, out), 7);
    assert_true(out[6].y == s.at[6].y);
    series_free(&s);
}

/* What report/grid.h draws is taken apart to the same pixels, whatever the factor was. */
static void strips(void **state)
{
    static const int side[] = {16, 43, 64, 128, 150};
    const char *path = path_of("%s/strip.png", (const char *)*state);
    for (size_t k = 0; k < sizeof side / sizeof *side; k++) {
        size_t image = (size_t)side[k] * side[k] * 3;
        float *pixels = malloc(6 * image * sizeof *pixels);
        const float *cell[6];
        for (size_t i = 0; i < 6 * image; i++)
            pixels[i] = (float)((i * 2654435761u >> 7) % 256) / 255;
        for (int i = 0; i < 6; i++)
            cell[i] = pixels + (size_t)i * image;
        assert_int_equal(lws_grid_write(path, side[k], side[k], 3, 2, 3, cell), LWS_OK);
        strip s;
        assert_int_equal(strip_read(path, &s), LWS_OK);
        assert_int_equal(s.columns, 3);
        assert_int_equal(s.shape.h, side[k]);
        for (size_t i = 0; i < 6 * image; i++)
            assert_true(s.pixels[i] == pixels[i]);
        strip_free(&s);
        assert_int_equal(lws_grid_write(path, side[k], side[k], 3, 3, 2, cell), LWS_OK);
        assert_int_equal(strip_read(path, &s), LWS_ERR_FORMAT); /* three rows */
        free(pixels);
    }
}

/* Codes of known directions: deviations 5, 3 and .1 along a turned frame. */
static void directions(void **state)
{
    enum { N = 400, LATENT = 6 };
    float codes[N * LATENT];
    double direction[6 * LATENT], spread[6], mean[LATENT], c = cos(.7), s = sin(.7);
    (void)state;
    for (int i = 0; i < N; i++) {
        double a = 5 * sqrt(2) * cos(2 * M_PI * i / N), b = 3 * sqrt(2) * sin(2 * M_PI * i / N);
        float *code = codes + (size_t)i * LATENT;
        memset(code, 0, LATENT * sizeof *code);
        code[1] = (float)(c * a - s * b + 2);
        code[4] = (float)(s * a + c * b);
        code[5] = (float)(i % 2 ? .1 : -.1);
    }
    int count = view_directions(N, LATENT, codes, 6, direction, spread, mean);
    assert_in_range(count, 3, 6);
    check_near(spread[0], 5 * sqrt(N / (N - 1.0)), 1e-4);
    check_near(spread[1], 3 * sqrt(N / (N - 1.0)), 1e-4);
    check_near(fabs(c * direction[1] + s * direction[4]), 1, 1e-6);
    check_near(fabs(c * direction[LATENT + 4] - s * direction[LATENT + 1]), 1, 1e-6);
    check_near(mean[1], 2, 1e-5);
    memset(codes, 0, sizeof codes); /* none vary */
    assert_int_equal(view_directions(N, LATENT, codes, 6, direction, spread, mean), 0);
    assert_int_equal(view_directions(1, LATENT, codes, 6, direction, spread, mean), 0);
}

/* Sums against two passes. */
static void colours(void **state)
{
    double o[50], r[50], mean_o = 0, mean_r = 0, oo = 0, cross = 0, rr = 0;
    view_colour k = {0};
    (void)state;
    for (int i = 0; i < 50; i++) {
        o[i] = sin(i * 1.3);
        r[i] = .4 * o[i] + .2 * cos(i * 2.1) + .1;
        mean_o += o[i] / 50;
        mean_r += r[i] / 50;
        k.sums.n++, k.sums.o += o[i], k.sums.r += r[i];
        k.sums.oo += o[i] * o[i], k.sums.ro += o[i] * r[i], k.sums.rr += r[i] * r[i];
    }
    for (int i = 0; i < 50; i++) {
        oo += (o[i] - mean_o) * (o[i] - mean_o);
        cross += (o[i] - mean_o) * (r[i] - mean_r);
        rr += (r[i] - mean_r) * (r[i] - mean_r);
    }
    check_near(lws_colour_slope(&k.sums), cross / oo, 1e-12);
    check_near(lws_colour_correlation(&k.sums), cross / sqrt(oo * rr), 1e-12);
}

/* Pictures stand in the page while there is room; one that does not fit leaves its place, and no other follows. */
static void room(void **state)
{
    float pixels[300 * 200 * 3] = {0};
    image_room left = {.left = 2000};
    lws_text text = {0};
    (void)state;
    image_add(&text, &left, (lws_shape){300, 200, 3}, pixels, "a <b>"); /* made smaller: 100 × 66 */
    char *out = lws_text_take(&text, NULL);
    assert_non_null(
        strstr(out, "<img alt=\"a &lt;b&gt;\" width=\"66\" height=\"100\" src=\"data:image/png;base64,iVBOR"));
    assert_true(strlen(out) <= 2000 - left.left && !left.is_used_up);
    free(out);
    left.left = 100;
    for (int i = 0; i < 2; i++) {
        image_add(&text, &left, (lws_shape){4, 4, 3}, pixels, "");
        out = lws_text_take(&text, NULL);
        assert_string_equal(out, "<span></span>");
        assert_true(left.is_used_up && left.left == 100);
        free(out);
        left.left = 100;
    }
}

static void records(void **state)
{
    static const char *const bad[] = {"", "{", "[1]", "{}x", "{\"a\":1} {}", "null"};
    static const char good[] = "{\"a\":[1,\"x\",{\"b\":null}],\"c\":2} \n";
    double number;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(lws_record_parse(bad[i], strlen(bad[i])));
    lws_record *record = lws_record_parse(good, sizeof good - 1);
    assert_non_null(record);
    const lws_record *list = lws_record_first(record), *value = lws_record_first(list);
    assert_string_equal(lws_record_key(list), "a");
    assert_true(lws_record_value_number(value, &number) && number == 1);
    assert_string_equal(lws_record_value_text(lws_record_next(value)), "x");
    assert_string_equal(lws_record_key(lws_record_first(lws_record_next(lws_record_next(value)))), "b");
    assert_string_equal(lws_record_key(lws_record_next(list)), "c");
    assert_null(lws_record_next(lws_record_next(list)));
    assert_null(lws_record_first(value));
    assert_null(lws_record_get(NULL, "a"));
    lws_record_free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),      cmocka_unit_test(base64),
        cmocka_unit_test(numbers),    cmocka_unit_test(axes),
        cmocka_unit_test(thinning),   cmocka_unit_test_setup_teardown(strips, scratch_make, scratch_remove),
        cmocka_unit_test(directions), cmocka_unit_test(colours),
        cmocka_unit_test(records),    cmocka_unit_test(room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
