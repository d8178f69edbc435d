/* Sliding-window means and their adjoints: against the double loop, adjoint to 1e-12, constants,
 * every side. */
#include "check.h"

#include "kernels/window.h"

#include <reference.h>

static const double tolerance = 1e-13; /* of the largest element; all is double */

static lws_window make(int side, double sigma)
{
    return sigma > 0 ? lws_window_gaussian(side, sigma) : lws_window_box(side);
}

static void compare(check_rng *r, int side, double sigma, int h, int w, int c)
{
    lws_window window = make(side, sigma);
    size_t n = (size_t)h * (size_t)w * (size_t)c;
    size_t m = (size_t)(h - side + 1) * (size_t)(w - side + 1) * (size_t)c;
    size_t scratch_size = lws_window_scratch(h, w, c);
    double *x = check_random_doubles(r, n, -1, 1), *u = check_random_doubles(r, m, -1, 1);
    double *scratch = check_doubles(scratch_size), *weight = check_doubles((size_t)side * (size_t)side);
    double *mean = check_doubles(m), *back = check_doubles(n);
    double *want_mean = check_doubles(m), *want_back = check_doubles(n);

    ref_window_weights(side, sigma, weight);
    ref_window_mean(side, weight, h, w, c, x, want_mean);
    ref_window_adjoint(side, weight, h, w, c, u, want_back);
    lws_window_mean(&window, h, w, c, x, mean, scratch);
    for (size_t i = 0; i < scratch_size; i++)
        scratch[i] = (double)NAN;
    lws_window_adjoint(&window, h, w, c, u, back, scratch);

    /* means of values up to 1 are compared with 1: with a wide window the largest mean is nearly 0
     */
    check_array_(NULL, mean, want_mean, m, 1, tolerance, "mean", __FILE__, __LINE__);
    check_array_(NULL, back, want_back, n, 1, tolerance, "adjoint", __FILE__, __LINE__);
    /* ⟨B x, u⟩ = ⟨x, Bᵀ u⟩ of the library's own results */
    double left = check_dot(mean, u, m), right = check_dot(x, back, n), size = 0;
    for (size_t i = 0; i < m; i++)
        size += fabs(mean[i] * u[i]);
    check_near(right, left, 1e-12 * fmax(size, 1));

    check_free(x, n), check_free(u, m), check_free(scratch, scratch_size);
    check_free(weight, (size_t)side * (size_t)side);
    check_free(mean, m), check_free(back, n), check_free(want_mean, m), check_free(want_back, n);
}

static void every_side(void **state)
{
    (void)state;
    static const int shape[][3] = {{16, 16, 3}, {13, 20, 1}, {21, 12, 2}, {1, 7, 3},
                                   {9, 1, 4},   {2, 2, 1},   {1, 1, 1},   {33, 34, 1}};
    check_rng r = {71};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
        const int *s = shape[i];
        int most = s[0] < s[1] ? s[0] : s[1];
        for (int side = 1; side <= most; side++) {
            compare(&r, side, 0, s[0], s[1], s[2]);
            compare(&r, side, 1.5, s[0], s[1], s[2]);
            compare(&r, side, side / 5., s[0], s[1], s[2]);
        }
    }
}

static void largest_side(void **state)
{
    (void)state;
    check_rng r = {72};
    compare(&r, LWS_WINDOW_MAX, 0, LWS_WINDOW_MAX + 1, LWS_WINDOW_MAX + 2, 1);
    compare(&r, LWS_WINDOW_MAX, 35, LWS_WINDOW_MAX, LWS_WINDOW_MAX, 1);
}

/* Weights: symmetric, positive, sum 1, and in Gaussian proportion. */
static void taps(void **state)
{
    (void)state;
    for (int side = 1; side <= 40; side++) {
        lws_window g = lws_window_gaussian(side, 2.5);
        double sum = 0;
        assert_int_equal(g.side, side);
        assert_false(g.box);
        for (int i = 0; i < side; i++) {
            sum += g.tap[i];
            assert_true(g.tap[i] > 0);
            check_near(g.tap[i], g.tap[side - 1 - i], 1e-16);
            double d = i - (side - 1) / 2., d0 = (side - 1) / 2.;
            check_near(g.tap[i] / g.tap[0], exp((d0 * d0 - d * d) / (2 * 2.5 * 2.5)), 1e-13 * g.tap[i] / g.tap[0]);
        }
        check_near(sum, 1, 1e-15);
        lws_window b = lws_window_box(side);
        assert_true(b.box);
        assert_int_equal(b.side, side);
    }
}

/* The mean of a constant image is that constant, to the last bit for values a sum of 121 keeps
 * exact. */
static void constants(void **state)
{
    (void)state;
    enum { H = 19, W = 23, C = 3 };
    static const double value[] = {0, 1, .5, .25, -.75, 3};
    double x[H * W * C], out[H * W * C];
    size_t size = lws_window_scratch(H, W, C);
    double *scratch = check_doubles(size);
    for (size_t k = 0; k < sizeof value / sizeof *value; k++)
        for (int side = 1; side <= H; side++) {
            for (int i = 0; i < H * W * C; i++)
                x[i] = value[k];
            lws_window box = lws_window_box(side), gauss = lws_window_gaussian(side, 1.5);
            lws_window_mean(&box, H, W, C, x, out, scratch);
            for (int i = 0; i < (H - side + 1) * (W - side + 1) * C; i++)
                check_near(out[i], value[k], 2.3e-16 * fabs(value[k]));
            lws_window_mean(&gauss, H, W, C, x, out, scratch);
            for (int i = 0; i < (H - side + 1) * (W - side + 1) * C; i++)
                check_near(out[i], value[k], 1e-15 * fabs(value[k]));
        }
    check_free(scratch, size);
}

/* Sides that are powers of two divide exactly: then the constant comes back to the last bit, and so
 * does an image of whole numbers. */
static void exact_sums(void **state)
{
    (void)state;
    enum { H = 33, W = 17 };
    check_rng r = {73};
    double x[H * W], out[H * W], want[H * W], weight[16 * 16];
    size_t size = lws_window_scratch(H, W, 1);
    double *scratch = check_doubles(size);
    for (int i = 0; i < H * W; i++)
        x[i] = check_int(&r, -1000, 1000);
    for (int side = 1; side <= 16; side *= 2) {
        lws_window box = lws_window_box(side);
        size_t m = (size_t)(H - side + 1) * (size_t)(W - side + 1);
        ref_window_weights(side, 0, weight);
        ref_window_mean(side, weight, H, W, 1, x, want);
        lws_window_mean(&box, H, W, 1, x, out, scratch);
        check_doubles_near(out, want, m, 0);
    }
    check_free(scratch, size);
}

/* A large value outside a window leaves no trace in it: running sums that add and take away would.
 */
static void no_residue(void **state)
{
    (void)state;
    enum { H = 12, W = 40 };
    double x[H * W], out[H * W];
    size_t size = lws_window_scratch(H, W, 1);
    double *scratch = check_doubles(size);
    for (int side = 1; side <= 11; side++) {
        for (int i = 0; i < H * W; i++)
            x[i] = i % W == 0 ? 1e15 : 1e-3;
        lws_window box = lws_window_box(side);
        lws_window_mean(&box, H, W, 1, x, out, scratch);
        for (int i = 0; i < H - side + 1; i++)
            for (int j = 1; j < W - side + 1; j++)
                check_near(out[i * (W - side + 1) + j], 1e-3, 1e-15);
    }
    check_free(scratch, size);
}

/* Channels do not mix: each comes out with the bits it has alone. */
static void channels_are_independent(void **state)
{
    (void)state;
    enum { H = 14, W = 11, C = 3 };
    check_rng r = {74};
    double *x = check_random_doubles(&r, H * W * C, 0, 1), plane[H * W], one[H * W], all[H * W * C];
    size_t size = lws_window_scratch(H, W, C);
    double *scratch = check_doubles(size);
    for (int side = 1; side <= W; side++)
        for (int gaussian = 0; gaussian < 2; gaussian++) {
            lws_window window = make(side, gaussian);
            int m = (H - side + 1) * (W - side + 1);
            lws_window_mean(&window, H, W, C, x, all, scratch);
            for (int ch = 0; ch < C; ch++) {
                for (int i = 0; i < H * W; i++)
                    plane[i] = x[i * C + ch];
                lws_window_mean(&window, H, W, 1, plane, one, scratch);
                for (int i = 0; i < m; i++)
                    check_near(all[i * C + ch], one[i], 1e-15);
            }
        }
    check_free(x, H * W * C);
    check_free(scratch, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taps),
        cmocka_unit_test(every_side),
        cmocka_unit_test(largest_side),
        cmocka_unit_test(constants),
        cmocka_unit_test(exact_sums),
        cmocka_unit_test(no_residue),
        cmocka_unit_test(channels_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
