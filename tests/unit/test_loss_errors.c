/* What the losses refuse, and what the message says about it. */
#include "loss_cases.h"

enum { H = 12, W = 13, C = 2, N = H * W * C };

static void refuses_not_finite(void **state)
{
    (void)state;
    enum { BATCH = 3 };
    static const int place[] = {0, N / 2, N - 1, N, 2 * N - 1, BATCH * N - 1};
    const float bad[] = {NAN, INFINITY, -INFINITY};
    check_rng r = {91};
    float x[BATCH * N], y[BATCH * N], dy[BATCH * N], first[BATCH * N];
    double value[BATCH];
    random_pair(&r, BATCH * N, .5, x, y);
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_loss_spec s = small_loss(kind);
        lws_loss *loss;
        assert_int_equal(lws_loss_create(&s, H, W, C, &loss), LWS_OK);
        assert_int_equal(lws_loss_eval(loss, BATCH, x, y, 1, value, first), LWS_OK);
        for (int k = 0; k < 36; k++) {
            float *at = (k % 2 ? x : y) + place[k / 2 % 6], good = *at;
            *at = bad[k / 12];
            assert_int_equal(lws_loss_eval(loss, BATCH, x, y, 1, value, k % 3 ? dy : NULL), LWS_ERR_NUMERIC);
            assert_true(lws_message()[0] != 0);
            *at = good;
        }
        /* nothing of it stays behind */
        assert_int_equal(lws_loss_eval(loss, BATCH, x, y, 1, value, dy), LWS_OK);
        check_same_bits(dy, first, sizeof dy);
        lws_loss_destroy(loss);
    }
}

static void refused(lws_loss_spec spec, int h, int w, int c, const char *field)
{
    lws_loss *loss = NULL;
    if (lws_loss_create(&spec, h, w, c, &loss) != LWS_ERR_USAGE)
        fail_msg("a wrong %s was accepted", field);
    check_mentions(lws_message(), field);
}

#define REFUSED(kind, field, bad, name)                                                                                \
    do {                                                                                                               \
        lws_loss_spec spec_ = plain_loss(kind);                                                                        \
        spec_.field = (bad);                                                                                           \
        refused(spec_, H, W, C, name);                                                                                 \
    } while (0)

static void refuses_wrong_windows_and_weights(void **state)
{
    (void)state;
    const double nan = (double)NAN;
    for (int kind = 1; kind <= 2; kind++) {
        REFUSED(kind, window[0], 13, "window"); /* wider than high */
        REFUSED(kind, window[0], 0, "window");
        REFUSED(kind, window[0], -3, "window");
    }
    REFUSED(LWS_LOSS_LWSSIM, window[2], 13, "window");
    REFUSED(LWS_LOSS_LWSSIM, levels, 0, "window");
    REFUSED(LWS_LOSS_LWSSIM, levels, -1, "window");
    REFUSED(LWS_LOSS_LWSSIM, levels, LWS_LOSS_LEVELS + 1, "window");
    REFUSED(LWS_LOSS_SSIM, levels, 2, "window");
    REFUSED(LWS_LOSS_LWSSIM, weight[1], -1e-9, "weight");
    REFUSED(LWS_LOSS_LWSSIM, weight[1], nan, "weight");
    REFUSED(LWS_LOSS_LWSSIM, weight[1], (double)INFINITY, "weight");
    lws_loss_spec none = plain_loss(LWS_LOSS_LWSSIM);
    none.weight[0] = none.weight[1] = none.weight[2] = 0;
    refused(none, H, W, C, "weight");
    none.luminance_apart = true;
    refused(none, H, W, C, "weight");
    none.luminance_weight[2] = -1;
    refused(none, H, W, C, "weight of luminance");
    REFUSED(LWS_LOSS_SSIM, sigma, -1, "sigma");
    REFUSED(LWS_LOSS_SSIM, sigma, nan, "sigma");
    /* a Gaussian longer than its table of taps; the box has no such table, but no such image either
     */
    refused(one_level(LWS_LOSS_SSIM, 300, 50), 300, 300, 1, "window");
}

/* A loss by name and options, of images of H × W. */
static lws_status created(const char *name, const char *options, int h, int w)
{
    lws_loss_spec spec;
    lws_loss *loss = NULL;
    if (lws_loss_find(name, options, &spec) != LWS_OK)
        fail_msg("%s", lws_message());
    lws_status status = lws_loss_create(&spec, h, w, 1, &loss);
    lws_loss_destroy(loss);
    return status;
}

/* What has no gradient anywhere, and what is a little more than that. */
static void refuses_constant_losses(void **state)
{
    (void)state;
    static const struct {
        const char *name, *constant, *mentions, *other; /* other: is taken */
    } cases[] = {
        {"ms-ssim-3", "ms-ssim-weights = 0,0,0", "ms-ssim-weights", "ms-ssim-weights = 0,0.1,0"},
        {"ms-ssim-3", "ms-ssim-window = 1\nms-ssim-weights = 1,1,0", "ms-ssim-weights",
         "ms-ssim-window = 1\nms-ssim-weights = 0,0,1"},
        {"lwssim", "windows = 3,7\nwindow-weights = 0", "window-weights", "windows = 3,7\nwindow-weights = 0,1"},
        {"lwssim", "windows = 3\nwindow-weights = 0\nluminance-weights = 0", "window-weights",
         "windows = 3\nwindow-weights = 0\nluminance-weights = 1"},
        {"lwssim", "windows = 1,1\nluminance-weights = 0", "window", "windows = 1,2\nluminance-weights = 0"},
        {"lwssim", "windows = 3\nwindow-weights = 0\nluminance-weights = 1\nalpha = 0", "alpha",
         "windows = 3\nwindow-weights = 0.5\nluminance-weights = 1\nalpha = 0"},
        {"lwssim", "windows = 3\nalpha = 0\nbeta = 0\ngamma = 0", "alpha", "windows = 3\nalpha = 0\nbeta = 0"},
        {"lwssim-coarsest", "windows = 3,7,5\nwindow-weights = 0\nluminance-weights = 1,0,1", "luminance-weights",
         "windows = 3,7,5\nwindow-weights = 0\nluminance-weights = 0,1,0"},
        {"lwssim-coarsest", "windows = 1,7\nwindow-weights = 1,0", "window-weights",
         "windows = 2,7\nwindow-weights = 1,0"},
        {"lwssim-product", "windows = 3,7\nwindow-weights = 0\nluminance-weights = 1", "window-weights",
         "windows = 1,7\nwindow-weights = 1,0\nluminance-weights = 0"},
        {"lwssim-product", "windows = 1\nalpha = 0", "alpha", "windows = 1\nalpha = 0.1"},
        {"lwssim-product-coarsest", "windows = 3,7\nwindow-weights = 0\nluminance-weights = 1,0", "window-weights",
         "windows = 3,7\nwindow-weights = 0,1"},
        {"lwssim-product-coarsest", "windows = 1,7\nwindow-weights = 1,0", "window-weights",
         "windows = 1,7\nwindow-weights = 1,0.1"},
        {"ssim", "ssim-window = 1\nalpha = 0", "alpha", "ssim-window = 2\nalpha = 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int side = strcmp(cases[i].name, "ms-ssim-3") == 0 ? 44 : 12;
        if (created(cases[i].name, cases[i].constant, side, side) != LWS_ERR_USAGE)
            fail_msg("%s was accepted: %s", cases[i].name, cases[i].constant);
        check_mentions(lws_message(), cases[i].mentions);
        if (created(cases[i].name, cases[i].other, side, side) != LWS_OK)
            fail_msg("%s, %s: %s", cases[i].name, cases[i].other, lws_message());
    }
}

/* At the least constants that are accepted black windows are compared as others are, alone and beside bright ones, by
 * every way of computing. */
static void black_windows_at_the_least_constants(void **state)
{
    (void)state;
    static const char *const names[] = {"ssim", "lwssim", "lwssim-product", "lwssim-coarsest",
                                        "lwssim-product-coarsest"};
    static const char *const options[] = {"windows = 3,5\nk2 = 1e-9",
                                          "windows = 5,3\nwindow-shape = gaussian\nalpha = 2",
                                          "windows = 3,5\nbeta = 2\ngamma = 2\nssim-shape = uniform"};
    float x[N] = {0}, y[N] = {0}, dy[N], none[N] = {0};
    for (int k = 0; k < 15; k++) {
        lws_loss_spec s;
        char text[256];
        snprintf(text, sizeof text, "ssim-window = 5\nk1 = 1e-9\n%s", options[k / 5]);
        assert_int_equal(lws_loss_find(names[k % 5], text, &s), LWS_OK);
        memset(x, 0, sizeof x), memset(y, 0, sizeof y);
        check_near(evaluate(&s, H, W, C, x, y, 1, dy), 0, 0);
        check_same_bits(dy, none, sizeof dy);
        check_rng r = {92};
        for (int i = 0; i < N; i++)
            if (i / C % W < 6) {
                x[i] = (float)check_uniform(&r, .2, 1);
                y[i] = (float)check_uniform(&r, .2, 1);
            }
        compare(&s, H, W, C, x, y, 1e-6);
    }
}

static void refuses_wrong_constants(void **state)
{
    (void)state;
    const double nan = (double)NAN;
    for (int kind = 1; kind <= 2; kind++) {
        REFUSED(kind, alpha, -.01, "alpha");
        REFUSED(kind, alpha, 64.01, "alpha");
        REFUSED(kind, alpha, nan, "alpha");
        REFUSED(kind, beta, -.01, "beta");
        REFUSED(kind, beta, 64.01, "beta");
        REFUSED(kind, beta, nan, "beta");
        REFUSED(kind, gamma, -.01, "gamma");
        REFUSED(kind, gamma, 64.01, "gamma");
        REFUSED(kind, gamma, nan, "gamma");
        REFUSED(kind, k1, 0, "k1");
        REFUSED(kind, k1, 9e-10, "k1");
        REFUSED(kind, k1, 1e-170, "k1");
        REFUSED(kind, k1, 1, "k1");
        REFUSED(kind, k1, nan, "k1");
        REFUSED(kind, k2, 0, "k2");
        REFUSED(kind, k2, 9e-10, "k2");
        REFUSED(kind, k2, 1, "k2");
        REFUSED(kind, k2, nan, "k2");
        REFUSED(kind, c3, -.1, "c3");
        REFUSED(kind, c3, 1, "c3");
        REFUSED(kind, c3, nan, "c3");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_not_finite),
        cmocka_unit_test(refuses_wrong_windows_and_weights),
        cmocka_unit_test(refuses_constant_losses),
        cmocka_unit_test(refuses_wrong_constants),
        cmocka_unit_test(black_windows_at_the_least_constants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
