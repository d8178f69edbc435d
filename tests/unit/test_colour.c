/* Colours of images against textbook formulas, at values worked out by hand, and by what must hold for any. */
#include "check.h"

#include "ciede2000.h"

#include "loss/colour.h"

#include <reference.h>

/* ---- CIEDE2000 --------------------------------------------------------------------------------------------------- */

static double difference(const double x[3], const double y[3])
{
    lab_colours a = {{x[0]}, {x[1]}, {x[2]}}, b = {{y[0]}, {y[1]}, {y[2]}};
    double result = -1;
    ciede2000(1, &a, &b, &result);
    return result;
}

static void lab(void **state)
{
    (void)state;
    check_rng r = {501};
    for (int i = 0; i < 3000; i++) {
        double rgb[LAB_MOST * 3], want[3];
        int n = check_int(&r, 1, LAB_MOST);
        lab_colours got;
        for (int k = 0; k < 3 * n; k++) /* also the dark end, where both curves are straight, and the corners */
            rgb[k] = i % 3 == 0   ? check_uniform(&r, 0, 1)
                     : i % 3 == 1 ? check_uniform(&r, 0, .06)
                                  : check_int(&r, 0, 1);
        lab_of_rgb(n, rgb, &got);
        for (int k = 0; k < n; k++) {
            ref_lab(rgb + 3 * k, want);
            check_near(got.l[k], want[0], 1e-10);
            check_near(got.a[k], want[1], 1e-10);
            check_near(got.b[k], want[2], 1e-10);
        }
    }
}

static void outside_of_range(void **state)
{
    (void)state;
    lab_colours got, want;
    lab_of_rgb(2, (double[]){-1, 2, .5, 1.0001, -1e-9, 7}, &got);
    lab_of_rgb(2, (double[]){0, 1, .5, 1, 0, 1}, &want);
    check_same_bits(got.l, want.l, 2 * sizeof(double));
    check_same_bits(got.a, want.a, 2 * sizeof(double));
    check_same_bits(got.b, want.b, 2 * sizeof(double));
}

static void random_colours(void **state)
{
    (void)state;
    static const double spread[] = {1e-3, 1, 12, 60};
    check_rng r = {502};
    for (int i = 0; i < 40000; i++) {
        double s = spread[i % 4], x[3], y[3];
        for (int k = 0; k < 3; k++) {
            x[k] = k ? check_uniform(&r, -s, s) : check_uniform(&r, 0, 100);
            y[k] = k ? check_uniform(&r, -s, s) : check_uniform(&r, 0, 100);
            if (i % 8 > 5 && k)
                y[k] = x[k] + .01 * y[k]; /* close by */
        }
        check_near(difference(x, y), ref_ciede2000(x, y), 1e-7);
    }
}

/* Every branch of the formula: hues on all sides of 0, 180 and 275 degrees, greys, and differences of more than half a
 * circle to either side. */
static void every_hue(void **state)
{
    (void)state;
    static const double chroma[] = {0, .7, 20, 55};
    const double degree = 3.14159265358979323846 / 180;
    for (int i = 0; i < 360; i += 7) {
        for (int k = 1; k < 360; k += 7) {
            if (abs(i - k) == 180) /* on the edge the reference is at the mercy of its arcus tangent */
                continue;
            for (int c = 0; c < 16; c++) {
                double p = chroma[c % 4], q = chroma[c / 4];
                double x[3] = {40, p * cos(i * degree), p * sin(i * degree)};
                double y[3] = {70, q * cos(k * degree), q * sin(k * degree)};
                check_near(difference(x, y), ref_ciede2000(x, y),
                           1e-6); /* the hues are not of integers once a is stretched */
            }
        }
    }
}

/* Opposite hues, exactly: the mean hue is that of the mean of their angles in [0, 360°), whichever comes first. */
static void opposite_hues(void **state)
{
    (void)state;
    static const double axis[][2] = {{3, 0}, {-3, 0}, {0, 3}, {0, -3}};
    for (int i = 0; i < 4; i++) {
        double x[3] = {50, axis[i][0], axis[i][1]}, y[3] = {50, -2 * axis[i][0], -2 * axis[i][1]};
        check_near(difference(x, y), ref_ciede2000(x, y), 1e-10);
    }
    double x[3] = {50, 2.5, -.001}, y[3] = {50, -2.5, .001}, left[3] = {50, -2.5, .0011}, right[3] = {50, -2.5, .0009};
    check_near(difference(x, y), difference(x, right), 1e-3); /* as if a little less than half a circle lay between */
    assert_true(difference(x, left) > difference(x, y) + .03);
    check_near(difference(y, x), difference(x, y), 1e-12);
}

static void difference_of_images(void **state)
{
    (void)state;
    enum { N = 3 * 150 };
    check_rng r = {503};
    double x[N], y[N];
    for (int pixels = 1; pixels <= N / 3; pixels += 7) { /* not all a number of whole blocks */
        for (int i = 0; i < N; i++)
            x[i] = check_uniform(&r, 0, 1), y[i] = check_uniform(&r, -.2, 1.2);
        check_near(lws_colour_difference((size_t)pixels, x, y), ref_metric_delta_e(1, pixels, 3, x, y), 1e-8);
        check_near(lws_colour_difference((size_t)pixels, x, x), 0, 0);
    }
    for (int i = 0; i < N; i++)
        x[i] = 0, y[i] = 1; /* black and white: L of 0 and 100, so S_L is 1 and the rest is next to nothing */
    check_near(lws_colour_difference(N / 3, x, y), 100, 1e-3);
}

/* ---- opponent colours -------------------------------------------------------------------------------------------- */

enum { PIXELS = 400, VALUES = 3 * PIXELS };

static void random_pair(check_rng *r, float *x, float *y)
{
    for (int i = 0; i < VALUES; i++) {
        x[i] = (float)check_uniform(r, 0, 1);
        y[i] = .6f * x[i] + (float)check_uniform(r, -.3, .7);
    }
}

static void pooled(void **state)
{
    (void)state;
    check_rng r = {504};
    for (int images = 1; images <= 4; images++) {
        float x[4 * VALUES], y[4 * VALUES];
        double slope, correlation;
        lws_colour_sums sums = {0}, last;
        for (int i = 0; i < images; i++) {
            random_pair(&r, x + i * VALUES, y + i * VALUES);
            last = lws_colour_of(PIXELS, 3, x + i * VALUES, y + i * VALUES);
            sums = lws_colour_plus(sums, last);
        }
        size_t pixels = (size_t)images * PIXELS;
        double *X = check_widen(x, 3 * pixels), *Y = check_widen(y, 3 * pixels);
        ref_colour(pixels, X, Y, &slope, &correlation);
        check_near(sums.n, 2. * (double)pixels, 0);
        check_near(lws_colour_slope(&sums), slope, 1e-12);
        check_near(lws_colour_correlation(&sums), correlation, 1e-12);
        if (images > 1) { /* all but the last image */
            sums = lws_colour_minus(sums, last);
            ref_colour(pixels - PIXELS, X, Y, &slope, &correlation);
            check_near(lws_colour_slope(&sums), slope, 1e-12);
            check_near(lws_colour_correlation(&sums), correlation, 1e-12);
        }
        check_free(X, 3 * pixels), check_free(Y, 3 * pixels);
    }
}

/* Every pixel of x seen as its grey value and its distance from it, which is scaled, and all of it shifted. */
static lws_colour_sums recoloured(const float *x, float scale, float shift)
{
    float y[VALUES];
    for (int i = 0; i < VALUES; i++) {
        const float *p = x + i / 3 * 3;
        float grey = (p[0] + p[1] + p[2]) / 3;
        y[i] = grey + scale * (x[i] - grey) + shift;
    }
    return lws_colour_of(PIXELS, 3, x, y);
}

static void identities(void **state)
{
    (void)state;
    check_rng r = {505};
    float x[VALUES];
    for (int i = 0; i < VALUES; i++) /* nothing is clipped below */
        x[i] = (float)check_uniform(&r, .2, .8);
    lws_colour_sums same = lws_colour_of(PIXELS, 3, x, x);
    check_near(lws_colour_slope(&same), 1, 1e-15);
    check_near(lws_colour_correlation(&same), 1, 1e-15);
    for (int i = 0; i <= 4; i++) {
        lws_colour_sums s = recoloured(x, (float)i / 4, i % 2 ? .1f : -.1f);
        check_near(lws_colour_slope(&s), i / 4., 1e-6);
        if (i > 0)
            check_near(lws_colour_correlation(&s), 1, 1e-6);
    }
    lws_colour_sums inverse = recoloured(x, -.5f, 0);
    check_near(lws_colour_slope(&inverse), -.5, 1e-6);
    check_near(lws_colour_correlation(&inverse), -1, 1e-6);
}

/* Two pixels: red against grey, green against grey: opponent values 1, .5, −1, .5 and 0; means .25 and 0. */
static void by_hand(void **state)
{
    (void)state;
    static const float x[] = {1, 0, 0, 0, 1, 0}, y[] = {.5f, 0, 0, 3, 3, 3};
    lws_colour_sums s = lws_colour_of(2, 3, x, y); /* of y: .5, .25, 0, 0 */
    check_near(s.n, 4, 0);
    check_near(s.o, 1, 0);
    check_near(s.r, .75, 0);
    check_near(s.oo, 2.5, 0);
    check_near(s.ro, .625, 0);
    check_near(s.rr, .3125, 0);
    check_near(lws_colour_slope(&s), (.625 - .75 / 4) / (2.5 - 1. / 4), 1e-15);
    check_near(lws_colour_correlation(&s), .4375 / sqrt(2.25 * (.3125 - .5625 / 4)), 1e-15);
    double shift[3];
    lws_colour_shift(2, 3, x, y, shift); /* clipped: .5 and 1 */
    check_near(shift[0], (-.5 + 1) / 2, 0);
    check_near(shift[1], 0, 0);
    check_near(shift[2], .5, 0);
    lws_colour_shift(6, 1, x, y, shift);
    check_near(shift[0], (-.5 + 1 + 0 + 1) / 6, 1e-16);
}

static void no_colour(void **state)
{
    (void)state;
    float grey[VALUES], colour[VALUES];
    check_rng r = {506};
    random_pair(&r, colour, grey);
    for (int i = 0; i < VALUES; i++)
        grey[i] = grey[i / 3 * 3];
    lws_colour_sums s = lws_colour_of(PIXELS, 3, grey, colour);
    assert_true(isnan(lws_colour_slope(&s)) && isnan(lws_colour_correlation(&s)));
    s = lws_colour_of(PIXELS, 3, colour, grey);
    check_near(lws_colour_slope(&s), 0, 0);
    assert_true(isnan(lws_colour_correlation(&s)));
    for (int i = 0; i < VALUES;
         i++) /* all of one colour, whose opponent values are equal, and whose sums are not exact */
        grey[i] = i % 3 == 2 ? 0 : (i % 3 == 0 ? 3 : 1) * 3355443 * 0x1p-25f;
    s = lws_colour_of(PIXELS, 3, grey, colour);
    assert_true(isnan(lws_colour_slope(&s)));
    s = lws_colour_of(PIXELS, 1, grey, colour);
    check_near(s.n, 0, 0);
    assert_true(isnan(lws_colour_slope(&s)) && isnan(lws_colour_correlation(&s)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lab),       cmocka_unit_test(outside_of_range), cmocka_unit_test(random_colours),
        cmocka_unit_test(every_hue), cmocka_unit_test(opposite_hues),    cmocka_unit_test(difference_of_images),
        cmocka_unit_test(pooled),    cmocka_unit_test(identities),       cmocka_unit_test(by_hand),
        cmocka_unit_test(no_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
