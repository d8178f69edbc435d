/* ms-ssim-3: against the metric of that name, the reference, other losses where it becomes one of them, and
 * differences; odd sides, small and negative means, and what it refuses. */
#include "loss_cases.h"

#include <lwssim/metrics.h>

static lws_loss_spec ms_ssim(const char *options)
{
    lws_loss_spec s;
    if (lws_loss_find("ms-ssim-3", options, &s) != LWS_OK)
        fail_msg("%s", lws_message());
    return s;
}

enum { SMOOTH, NOISE, INVERSE, FLAT, RANGE, PICTURES };

/* Structure at all scales, and another picture that is near it, unrelated, its inverse, flat, or far out of [0, 1]. */
static void pictures(check_rng *r, int h, int w, int c, int kind, float *x, float *y)
{
    for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++)
            for (int k = 0; k < c; k++) {
                int at = (i * w + j) * c + k;
                double v = .5 + .2 * sin(i / 3. + k) + .2 * cos((i - 2 * j) / 7.) + check_uniform(r, -.08, .08);
                x[at] = (float)v;
                y[at] = (float)(kind == SMOOTH  ? .9 * v + .05 + check_uniform(r, -.05, .05)
                                : kind == NOISE ? check_uniform(r, 0, 1)
                                : kind == RANGE ? 12 * v - 5
                                : kind == FLAT  ? .3
                                                : 1 - v);
            }
}

static void equals_the_metric(void **state)
{
    (void)state;
    static const int shape[][3] = {{44, 44, 1}, {44, 45, 3}, {46, 47, 4}, {64, 64, 3}, {61, 90, 2}};
    const lws_loss_spec spec = ms_ssim(NULL);
    check_rng r = {121};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (int equal = 0; equal < 2; equal++) {
            const int *s = shape[i];
            size_t n = (size_t)(s[0] * s[1] * s[2]);
            float *x = check_floats(n), *y = check_floats(n);
            double metric[LWS_METRICS];
            pictures(&r, s[0], s[1], s[2], SMOOTH, x, y);
            if (equal)
                memcpy(y, x, n * sizeof *y);
            assert_int_equal(lws_metrics_image(s[0], s[1], s[2], x, y, metric), LWS_OK);
            double value = evaluate(&spec, s[0], s[1], s[2], x, y, 1, NULL);
            check_near(value, 1 - metric[LWS_METRIC_MS_SSIM3], 1e-13);
            assert_true(equal ? value == 0 : value > .01 && value < .5);
            check_free(x, n), check_free(y, n);
        }
}

static void against_reference(void **state)
{
    (void)state;
    static const int shape[][3] = {{44, 44, 1}, {45, 44, 3}, {47, 46, 4}, {47, 53, 1}};
    check_rng r = {122};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (int kind = 0; kind < PICTURES; kind++) {
            const int *s = shape[i];
            size_t n = (size_t)(s[0] * s[1] * s[2]);
            float *x = check_floats(n), *y = check_floats(n);
            lws_loss_spec spec = ms_ssim(NULL);
            pictures(&r, s[0], s[1], s[2], kind, x, y);
            compare(&spec, s[0], s[1], s[2], x, y, gradient_tolerance);
            check_free(x, n), check_free(y, n);
        }
}

/* Exponents 0 and 1, which are no powers, and others; even and single-pixel windows; other constants. */
static void options(void **state)
{
    (void)state;
    static const char *const text[] = {
        "ms-ssim-window = 4\nms-ssim-weights = 1,1,1",
        "ms-ssim-window = 5\nms-ssim-weights = 0,1,0.25",
        "ms-ssim-window = 3\nms-ssim-weights = 4,0,2.5\nms-ssim-k1 = 0.5\nms-ssim-k2 = 0.2",
        "ms-ssim-window = 1\nms-ssim-weights = 1,1,0.5",
    };
    enum { H = 21, W = 26, C = 2, N = H * W * C };
    check_rng r = {123};
    float x[N], y[N];
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        for (int kind = 0; kind < PICTURES; kind++) {
            lws_loss_spec spec = ms_ssim(text[i]);
            pictures(&r, H, W, C, kind, x, y);
            compare(&spec, H, W, C, x, y, gradient_tolerance);
        }
}

/* With one exponent alone it is 1 - c·s of the images, or SSIM of the images at a fourth of the sides. */
static void is_other_losses(void **state)
{
    (void)state;
    enum { SIDE = 48, SMALL = SIDE / 4, N = SIDE * SIDE, M = SMALL * SMALL };
    check_rng r = {124};
    float x[N], y[N], dy[N], got[N], small_x[M], small_y[M], small_dy[M];
    double want[N];
    pictures(&r, SIDE, SIDE, 1, SMOOTH, x, y);
    lws_loss_spec spec = ms_ssim("ms-ssim-weights = 1,0,0"), other = one_level(LWS_LOSS_LWSSIM, 11, 1.5);
    other = with_exponents(other, 0, 1, 1, 0);
    double value = evaluate(&other, SIDE, SIDE, 1, x, y, 1, dy);
    check_near(evaluate(&spec, SIDE, SIDE, 1, x, y, 1, got), value, 1e-13);
    for (int i = 0; i < N; i++)
        want[i] = dy[i];
    check_floats_near(got, want, N, 2 * gradient_tolerance);

    pictures(&r, SMALL, SMALL, 1, SMOOTH, small_x, small_y);
    for (int i = 0; i < N; i++) {
        int at = i / SIDE / 4 * SMALL + i % SIDE / 4;
        x[i] = small_x[at], y[i] = small_y[at];
    }
    spec = ms_ssim("ms-ssim-weights = 0,0,1");
    other = one_level(LWS_LOSS_SSIM, 11, 1.5);
    value = evaluate(&other, SMALL, SMALL, 1, small_x, small_y, 1, small_dy);
    check_near(evaluate(&spec, SIDE, SIDE, 1, x, y, 1, got), value, 1e-13);
    for (int i = 0; i < N; i++)
        want[i] = small_dy[i / SIDE / 4 * SMALL + i % SIDE / 4] / 16.;
    check_floats_near(got, want, N, 2 * gradient_tolerance);
}

/* Central differences of the library's own values, at some pixels, where halving meets odd sides. */
static void against_differences(void **state)
{
    (void)state;
    enum { H = 45, W = 47, C = 2, N = H * W * C };
    const float step = 0x1p-10f;
    const lws_loss_spec spec = ms_ssim(NULL);
    check_rng r = {125};
    float x[N], y[N], dy[N];
    for (int kind = 0; kind <= INVERSE; kind++) {
        double largest = 0;
        pictures(&r, H, W, C, kind, x, y);
        for (int i = 0; i < N; i++)
            y[i] = roundf(y[i] * 0x1p12f) * 0x1p-12f;
        evaluate(&spec, H, W, C, x, y, 1, dy);
        for (int i = 0; i < N; i++)
            largest = fmax(largest, fabs((double)dy[i]));
        for (int i = 0; i < N; i += i < 4 * C ? 1 : 97) {
            double difference[2]; /* of steps 1 and 2: Richardson's extrapolation is off by O(h^4) */
            for (int k = 0; k < 2; k++) {
                float at = y[i], h = step * (float)(k + 1);
                y[i] = at + h;
                double up = evaluate(&spec, H, W, C, x, y, 1, NULL);
                y[i] = at - h;
                difference[k] = (up - evaluate(&spec, H, W, C, x, y, 1, NULL)) / (2 * (double)h);
                y[i] = at;
            }
            check_near(dy[i], (4 * difference[0] - difference[1]) / 3, 1e-6 * largest);
        }
    }
}

/* An inverted picture has negative parts: their powers are lines that go on down, so the loss is above 1, and a step
 * down the gradient helps. */
static void negative_means(void **state)
{
    (void)state;
    enum { SIDE = 44, N = SIDE * SIDE };
    const lws_loss_spec spec = ms_ssim(NULL);
    check_rng r = {126};
    float x[N], y[N], dy[N], better[N];
    pictures(&r, SIDE, SIDE, 1, INVERSE, x, y);
    double value = evaluate(&spec, SIDE, SIDE, 1, x, y, 1, dy), squares = 0;
    for (int i = 0; i < N; i++) {
        better[i] = y[i] - 1e-4f * dy[i];
        squares += (double)dy[i] * (double)dy[i];
    }
    assert_true(squares > 0);
    assert_true(evaluate(&spec, SIDE, SIDE, 1, x, better, 1, NULL) < value);
}

/* Flips of even sides, and channels that change places, change no value and move the gradient along. */
static void flips(void **state)
{
    (void)state;
    enum { H = 44, W = 48, C = 2, N = H * W * C };
    const lws_loss_spec spec = ms_ssim(NULL);
    check_rng r = {127};
    float x[N], y[N], dy[N], fx[N], fy[N], got[N];
    double want[N];
    pictures(&r, H, W, C, SMOOTH, x, y);
    double value = evaluate(&spec, H, W, C, x, y, 1, dy);
    for (int i = 0; i < N; i++)
        fx[i] = x[N - 1 - i], fy[i] = y[N - 1 - i], want[i] = dy[N - 1 - i];
    check_near(evaluate(&spec, H, W, C, fx, fy, 1, got), value, 1e-13);
    check_floats_near(got, want, N, 2 * gradient_tolerance);
}

static void refused(const char *option_text, int h, int w, const char *part)
{
    lws_loss_spec spec;
    lws_loss *loss = NULL;
    lws_status status = lws_loss_find("ms-ssim-3", option_text, &spec);
    if (status == LWS_OK)
        status = lws_loss_create(&spec, h, w, 3, &loss);
    assert_int_equal(status, LWS_ERR_USAGE);
    assert_null(loss);
    check_mentions(lws_message(), part);
}

static void refuses(void **state)
{
    (void)state;
    refused(NULL, 43, 64, "needs images of 44 pixels a side");
    refused(NULL, 64, 43, "these are 43 × 64");
    refused(NULL, 16, 16, "ms-ssim-window");
    refused("ms-ssim-window = 12", 47, 47, "needs images of 48 pixels a side");
    refused("ms-ssim-window = 0", 64, 64, "ms-ssim-window");
    refused("ms-ssim-weights = 1,1", 64, 64, "2 values for 3 scales");
    refused("ms-ssim-weights = 1,1,1,1", 64, 64, "4 values for 3 scales");
    refused("ms-ssim-weights = 1,1,-0.1", 64, 64, "ms-ssim-weights");
    refused("ms-ssim-k1 = 0", 64, 64, "ms-ssim-k1");
    refused("ms-ssim-k2 = 1", 64, 64, "ms-ssim-k2");
    refused("k1 = 0.1", 64, 64, "k1");                 /* which is SSIM's */
    lws_loss_spec spec = {.kind = ms_ssim(NULL).kind}; /* options that nobody set */
    lws_loss *loss = NULL;
    assert_int_equal(lws_loss_create(&spec, 64, 64, 3, &loss), LWS_ERR_USAGE);
    for (int i = 0; i < LWS_LOSS_OWN; i++)
        spec.own[i] = (double)NAN;
    assert_int_equal(lws_loss_create(&spec, 64, 64, 3, &loss), LWS_ERR_USAGE);
    assert_null(loss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_metric),
        cmocka_unit_test(against_reference),
        cmocka_unit_test(options),
        cmocka_unit_test(is_other_losses),
        cmocka_unit_test(against_differences),
        cmocka_unit_test(negative_means),
        cmocka_unit_test(flips),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
