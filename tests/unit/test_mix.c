/* mix: against the reference, differences and values worked out by hand; images smaller than its windows, factors that
 * are negative, and what it refuses. */
#include "loss_cases.h"

static lws_loss_spec mix(const char *options)
{
    lws_loss_spec s;
    if (lws_loss_find("mix", options, &s) != LWS_OK)
        fail_msg("%s", lws_message());
    return s;
}

enum { NEAR, UNRELATED, INVERSE, FLAT, EQUAL, RANGE, PICTURES };

static void pictures(check_rng *r, size_t n, int kind, float *x, float *y)
{
    for (size_t i = 0; i < n; i++) {
        double v = check_uniform(r, .1, .9), other = check_uniform(r, 0, 1);
        x[i] = (float)v;
        y[i] = (float)(kind == NEAR        ? .8 * v + .2 * other
                       : kind == UNRELATED ? other
                       : kind == INVERSE   ? 1 - v
                       : kind == FLAT      ? .4
                       : kind == RANGE     ? 3 * other - 1
                                           : (double)x[i]);
    }
}

static void against_reference(void **state)
{
    (void)state;
    static const int shape[][3] = {{1, 1, 1}, {1, 9, 3}, {6, 2, 4}, {13, 19, 2}, {44, 47, 1}, {30, 17, 3}};
    const lws_loss_spec spec = mix(NULL);
    check_rng r = {131};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (int kind = 0; kind < PICTURES; kind++) {
            const int *s = shape[i];
            size_t n = (size_t)(s[0] * s[1] * s[2]);
            float *x = check_floats(n), *y = check_floats(n);
            pictures(&r, n, kind, x, y);
            compare(&spec, s[0], s[1], s[2], x, y, gradient_tolerance);
            check_free(x, n), check_free(y, n);
        }
}

/* The widest window first, in the middle, twice; one window; sixteen; either part alone; other constants. */
static void options(void **state)
{
    (void)state;
    static const char *const text[] = {
        "mix-sigmas = 4,1,2",
        "mix-sigmas = 1,3.5,3.5,0.7\nmix-reach = 1",
        "mix-sigmas = 2\nmix-alpha = 1",
        "mix-sigmas = 0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1,1.1,1.2,1.3,1.4,1.5,1.6\nmix-k2 = 0.5",
        "mix-alpha = 0",
        "mix-sigmas = 32,0.1\nmix-reach = 6\nmix-k1 = 0.5\nmix-alpha = 0.3",
    };
    enum { H = 17, W = 12, C = 2, N = H * W * C };
    check_rng r = {132};
    float x[N], y[N];
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        for (int kind = 0; kind < PICTURES; kind++) {
            lws_loss_spec spec = mix(text[i]);
            pictures(&r, N, kind, x, y);
            compare(&spec, H, W, C, x, y, gradient_tolerance);
        }
}

/* Differences in double of the reference, at every pixel; pixels that are equal stay so far from each other that none
 * passes the corner of |e|. */
static void against_differences(void **state)
{
    (void)state;
    enum { H = 11, W = 14, N = H * W };
    const double h = 1e-5;
    const lws_loss_spec spec = mix(NULL);
    check_rng r = {133};
    float x[N], y[N], dy[N];
    double want[N];
    for (int kind = NEAR; kind <= FLAT; kind++) {
        pictures(&r, N, kind, x, y);
        for (int i = 0; i < N; i++)
            y[i] += fabsf(y[i] - x[i]) < .001f ? .01f : 0;
        double *X = check_widen(x, N), *Y = check_widen(y, N);
        for (int i = 0; i < N; i++) {
            double at = Y[i];
            Y[i] = at + h;
            double up = ref_loss_value(&spec, H, W, 1, X, Y);
            Y[i] = at - h;
            want[i] = (up - ref_loss_value(&spec, H, W, 1, X, Y)) / (2 * h);
            Y[i] = at;
        }
        evaluate(&spec, H, W, 1, x, y, 1, dy);
        check_floats_near(dy, want, N, 3e-7);
        check_free(X, N), check_free(Y, N);
    }
}

/* Constants: contrast and structure are 1 in every window, also in those that the border cuts. */
static void constants(void **state)
{
    (void)state;
    enum { H = 20, W = 31, N = H * W };
    const lws_loss_spec spec = mix(NULL);
    float x[N], y[N], dy[N];
    double sum = 0;
    for (int i = 0; i < N; i++)
        x[i] = .25f, y[i] = .75f;
    double l = .3751 / .6251, dl = 2 * .5 / .6251 * (1 - .5 * .75 / .6251); /* 1 - l = e²/B1, by y */
    check_near(evaluate(&spec, H, W, 1, x, y, 1, dy), .84 * (1 - l) + .16 * .5, 1e-10);
    for (int i = 0; i < N; i++)
        sum += dy[i];
    check_near(sum, .84 * dl + .16, 1e-7); /* a step of all pixels together */
}

/* The absolute error alone: windows in the middle of a large image weigh its pixels alike, and its values add up to
 * 1. */
static void absolute_error(void **state)
{
    (void)state;
    enum { SIDE = 64, N = SIDE * SIDE };
    const lws_loss_spec spec = mix("mix-alpha = 0\nmix-sigmas = 1,2");
    float x[N] = {0}, y[N], dy[N];
    double sum = 0;
    for (int i = 0; i < N; i++)
        y[i] = i % 3 == 0 ? 0 : i % 3 == 1 ? .5f : -.5f;
    evaluate(&spec, SIDE, SIDE, 1, x, y, 1, dy);
    for (int i = 0; i < N; i++) {
        int row = i / SIDE, column = i % SIDE;
        if (i % 3 == 0)
            check_near(dy[i], 0, 0);
        else if (row >= 12 && row < SIDE - 12 && column >= 12 && column < SIDE - 12)
            check_near(dy[i], (i % 3 == 1 ? 1. : -1.) / N, 1e-10);
        assert_true(fabsf(dy[i]) < 1.6f / N); /* a corner weighs more, as windows that are cut are heavier inside */
    }
    for (int i = 0; i < N; i++)
        y[i] = .125f;
    check_near(evaluate(&spec, SIDE, SIDE, 1, x, y, 1, dy), .125, 1e-15);
    for (int i = 0; i < N; i++)
        sum += dy[i];
    check_near(sum, 1, 1e-6);
}

/* An inverted texture of half the contrast under two windows: the product of two negative factors, each -.8, is
 * positive, as no power is taken. With one, the loss is 1 - l·c·s above 1. */
static void negative_factors(void **state)
{
    (void)state;
    enum { SIDE = 24, N = SIDE * SIDE };
    lws_loss_spec one = mix("mix-sigmas = 3\nmix-alpha = 1"), two = mix("mix-sigmas = 3,3\nmix-alpha = 1");
    float x[N], y[N], dy[2][N];
    for (int i = 0; i < N; i++) {
        x[i] = (i / SIDE + i % SIDE) % 2 ? .9f : .1f;
        y[i] = .75f - .5f * x[i];
    }
    double single = evaluate(&one, SIDE, SIDE, 1, x, y, 1, dy[0]), both = evaluate(&two, SIDE, SIDE, 1, x, y, 1, dy[1]);
    assert_true(single > 1.7 && single < 1.9 && both > .3 && both < .5);
    for (int i = 0; i < N; i++) /* 1 - t² grows where 1 - t falls */
        assert_true(dy[0][i] * dy[1][i] < 0);
}

/* The order of windows is that of factors: no more than roundings. */
static void order(void **state)
{
    (void)state;
    enum { H = 25, W = 21, N = H * W };
    lws_loss_spec up = mix(NULL), down = mix("mix-sigmas = 8,4,2,1,0.5");
    check_rng r = {134};
    float x[N], y[N], dy[N], other[N];
    double want[N];
    pictures(&r, N, UNRELATED, x, y);
    double value = evaluate(&up, H, W, 1, x, y, 1, dy);
    check_near(evaluate(&down, H, W, 1, x, y, 1, other), value, 1e-14);
    for (int i = 0; i < N; i++)
        want[i] = dy[i];
    check_floats_near(other, want, N, gradient_tolerance);
}

static void refused(const char *option_text, const char *part)
{
    lws_loss_spec spec;
    assert_int_equal(lws_loss_find("mix", option_text, &spec), LWS_ERR_USAGE);
    check_mentions(lws_message(), part);
}

static void refuses(void **state)
{
    (void)state;
    refused("mix-sigmas = 0.09", "mix-sigmas");
    refused("mix-sigmas = 1,33", "mix-sigmas");
    refused("mix-sigmas = 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "mix-sigmas");
    refused("mix-reach = 0.9", "mix-reach");
    refused("mix-alpha = 1.01", "mix-alpha");
    refused("mix-k1 = 0", "mix-k1");
    refused("mix-k2 = 1", "mix-k2");
    refused("alpha = 1", "alpha");                 /* which is LWSSIM's */
    lws_loss_spec spec = {.kind = mix(NULL).kind}; /* options that nobody set */
    lws_loss *loss = NULL;
    assert_int_equal(lws_loss_create(&spec, 8, 8, 1, &loss), LWS_ERR_USAGE);
    check_mentions(lws_message(), "mix-sigmas");
    for (int i = 0; i < LWS_LOSS_OWN; i++) {
        spec = mix(NULL);
        if (spec.own[i] == 0) /* the number of windows is not a double, and unused ones are 0 */
            continue;
        spec.own[i] = (double)NAN;
        assert_int_equal(lws_loss_create(&spec, 8, 8, 1, &loss), LWS_ERR_USAGE);
        assert_null(loss);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_reference),
        cmocka_unit_test(options),
        cmocka_unit_test(against_differences),
        cmocka_unit_test(constants),
        cmocka_unit_test(absolute_error),
        cmocka_unit_test(negative_factors),
        cmocka_unit_test(order),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
