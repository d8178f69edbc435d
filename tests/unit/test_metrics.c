/* Evaluation metrics against the reference, and what must hold for any images. Values of other
 * programs are in test_golden.c. */
#include "check.h"

#include <lwssim/metrics.h>

#include <reference.h>

static void measure(int h, int w, int c, const float *x, const float *y, double value[LWS_METRICS])
{
    for (int m = 0; m < LWS_METRICS; m++)
        value[m] = -12345; /* every one must be written */
    if (lws_metrics_image(h, w, c, x, y, value) != LWS_OK)
        fail_msg("%s", lws_message());
}

static void compare(int h, int w, int c, const float *x, const float *y)
{
    size_t n = (size_t)h * (size_t)w * (size_t)c;
    int side = h < w ? h : w;
    double *X = check_widen(x, n), *Y = check_widen(y, n), got[LWS_METRICS];
    measure(h, w, c, x, y, got);
    if (side >= 11)
        check_near(got[LWS_METRIC_SSIM_G11], ref_metric_ssim_g11(h, w, c, X, Y), 1e-12);
    else
        assert_true(isnan(got[LWS_METRIC_SSIM_G11]));
    if (side >= 7)
        check_near(got[LWS_METRIC_SSIM_U7], ref_metric_ssim_u7(h, w, c, X, Y), 1e-12);
    else
        assert_true(isnan(got[LWS_METRIC_SSIM_U7]));
    if (side < 44)
        assert_true(isnan(got[LWS_METRIC_MS_SSIM3]));
    else
        check_near(got[LWS_METRIC_MS_SSIM3], ref_metric_ms_ssim3(h, w, c, X, Y), 1e-12);
    double mse = ref_metric_mse(h, w, c, X, Y);
    check_near(got[LWS_METRIC_MSE], mse, 1e-12 * mse);
    check_near(got[LWS_METRIC_PSNR], ref_metric_psnr(h, w, c, X, Y), 1e-10);
    if (c == 3)
        check_near(got[LWS_METRIC_DELTA_E], ref_metric_delta_e(h, w, c, X, Y), 1e-9);
    else
        assert_true(isnan(got[LWS_METRIC_DELTA_E]));
    check_free(X, n), check_free(Y, n);
}

static void random_images(void **state)
{
    (void)state;
    static const int shape[][3] = {{64, 64, 3}, {44, 44, 1}, {48, 52, 3}, {45, 47, 2}, {43, 60, 1}, {11, 11, 3},
                                   {10, 12, 1}, {7, 7, 4},   {6, 9, 3},   {1, 1, 1},   {12, 31, 3}, {3, 200, 1}};
    check_rng r = {111};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (int k = 0; k < 3; k++) {
            const int *s = shape[i];
            size_t n = (size_t)(s[0] * s[1] * s[2]);
            float *x = check_random_floats(&r, n, 0, 1), *y = check_random_floats(&r, n, -.2, 1.2);
            for (size_t j = 0; j < n && k; j++) /* k: unrelated; like x, partly outside [0, 1]; closer */
                y[j] = x[j] + .2f / (float)(k * k) * (y[j] - .5f);
            compare(s[0], s[1], s[2], x, y);
            check_free(x, n), check_free(y, n);
        }
}

static void structured_images(void **state)
{
    (void)state;
    enum { SIDE = 64, N = SIDE * SIDE * 3 };
    float *x = check_floats(N), *y = check_floats(N);
    for (uint32_t seed = 1; seed <= 4; seed++) {
        ref_golden_pair(SIDE, SIDE, 3, seed, x, y);
        compare(SIDE, SIDE, 3, x, y);
    }
    for (int i = 0; i < N; i++)
        y[i] = 1 - x[i]; /* negative structure: the relu of MS-SSIM */
    compare(SIDE, SIDE, 3, x, y);
    double got[LWS_METRICS];
    measure(SIDE, SIDE, 3, x, y, got);
    check_near(got[LWS_METRIC_MS_SSIM3], 0, 0);
    assert_true(got[LWS_METRIC_SSIM_G11] < 0);
    check_free(x, N), check_free(y, N);
}

static void identical_images(void **state)
{
    (void)state;
    enum { SIDE = 44, N = SIDE * SIDE * 3 };
    check_rng r = {112};
    float *x = check_random_floats(&r, N, 0, 1);
    double got[LWS_METRICS];
    measure(SIDE, SIDE, 3, x, x, got);
    check_near(got[LWS_METRIC_SSIM_G11], 1, 1e-15);
    check_near(got[LWS_METRIC_SSIM_U7], 1, 1e-15);
    check_near(got[LWS_METRIC_MS_SSIM3], 1, 1e-15);
    check_near(got[LWS_METRIC_MSE], 0, 0);
    assert_true(isinf(got[LWS_METRIC_PSNR]) && got[LWS_METRIC_PSNR] > 0);
    for (int i = 0; i < N; i++)
        x[i] = .5f; /* flat as well */
    measure(SIDE, SIDE, 3, x, x, got);
    check_near(got[LWS_METRIC_SSIM_G11], 1, 1e-15);
    check_free(x, N);
}

/* Values by hand: constants .25 and .75, and a known error. */
static void by_hand(void **state)
{
    (void)state;
    enum { SIDE = 44, N = SIDE * SIDE };
    float x[N], y[N];
    double got[LWS_METRICS];
    for (int i = 0; i < N; i++)
        x[i] = .25f, y[i] = .75f;
    measure(SIDE, SIDE, 1, x, y, got);
    check_near(got[LWS_METRIC_SSIM_G11], .3751 / .6251, 1e-13);
    check_near(got[LWS_METRIC_SSIM_U7], .3751 / .6251, 1e-13);
    check_near(got[LWS_METRIC_MS_SSIM3], pow(.3751 / .6251, .475971), 1e-13);
    check_near(got[LWS_METRIC_MSE], .25, 0);
    check_near(got[LWS_METRIC_PSNR], 10 * log10(4), 1e-13);
    for (int i = 0; i < N; i++)
        x[i] = i % 2 ? 1.f : 0.f, y[i] = i % 2 ? 7.f : -3.f; /* clipped, the two are the same */
    measure(SIDE, SIDE, 1, x, y, got);
    check_near(got[LWS_METRIC_MSE], 0, 0);
    check_near(got[LWS_METRIC_SSIM_G11], 1, 1e-15);
    x[0] = 1.f / 512; /* would vanish if anything were quantised to bytes */
    measure(SIDE, SIDE, 1, x, y, got);
    check_near(got[LWS_METRIC_MSE], 0x1p-18 / N, 1e-20);
}

static void refuses_not_finite(void **state)
{
    (void)state;
    enum { SIDE = 12, N = SIDE * SIDE };
    const float bad[] = {NAN, INFINITY, -INFINITY};
    check_rng r = {113};
    float *x = check_random_floats(&r, N, 0, 1), *y = check_random_floats(&r, N, 0, 1);
    double got[LWS_METRICS];
    for (int k = 0; k < 18; k++) {
        float *at = (k % 2 ? x : y) + (k / 2 % 3) * (N - 1) / 2, good = *at;
        *at = bad[k / 6];
        assert_int_equal(lws_metrics_image(SIDE, SIDE, 1, x, y, got), LWS_ERR_NUMERIC);
        *at = good;
    }
    measure(SIDE, SIDE, 1, x, y, got);
    check_free(x, N), check_free(y, N);
}

static void names(void **state)
{
    (void)state;
    static const int side[LWS_METRICS] = {11, 7, 44, 1, 1, 1};
    assert_string_equal(lws_metric_title[LWS_METRIC_SSIM_G11], "SSIM-G11");
    assert_string_equal(lws_metric_key[LWS_METRIC_SSIM_G11], "ssim_g11");
    for (int m = 0; m < LWS_METRICS; m++) {
        assert_int_equal(lws_metric_min_side[m], side[m]);
        assert_true(lws_metric_title[m][0] && lws_metric_key[m][0]);
        for (int k = 0; k < m; k++) {
            assert_string_not_equal(lws_metric_key[m], lws_metric_key[k]);
            assert_string_not_equal(lws_metric_title[m], lws_metric_title[k]);
        }
    }
}

static void many_threads_at_once(void **state)
{
    (void)state;
    enum { SIDE = 48, N = SIDE * SIDE * 3, CALLS = 8 };
    float *x = check_floats(N), *y = check_floats(N);
    double alone[LWS_METRICS], got[CALLS][LWS_METRICS];
    int failures = 0;
    ref_golden_pair(SIDE, SIDE, 3, 9, x, y);
    measure(SIDE, SIDE, 3, x, y, alone);
#pragma omp parallel for num_threads(3) reduction(+ : failures)
    for (int i = 0; i < CALLS; i++)
        failures += lws_metrics_image(SIDE, SIDE, 3, x, y, got[i]) != LWS_OK;
    assert_int_equal(failures, 0);
    for (int i = 0; i < CALLS; i++)
        check_same_bits(got[i], alone, sizeof alone);
    check_free(x, N), check_free(y, N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(random_images),
        cmocka_unit_test(structured_images),
        cmocka_unit_test(identical_images),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(refuses_not_finite),
        cmocka_unit_test(many_threads_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
