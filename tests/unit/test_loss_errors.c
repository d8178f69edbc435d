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
        REFUSED(kind, k1, 1, "k1");
        REFUSED(kind, k1, nan, "k1");
        REFUSED(kind, k2, 0, "k2");
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
        cmocka_unit_test(refuses_wrong_constants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
