/* Reconstruction losses: against the reference, against differences, accuracy where it is hard, and
 * bits. Values that follow from the formulas by hand are in test_loss_known.c, errors in
 * test_loss_errors.c. */
#include "loss_cases.h"

enum { H = 12, W = 13, C = 2, N = H * W * C };

static void defaults(void **state)
{
    (void)state;
    lws_loss_spec s = plain_loss(LWS_LOSS_LWSSIM);
    assert_int_equal(s.kind, LWS_LOSS_LWSSIM);
    assert_int_equal(s.levels, 3);
    assert_int_equal(s.window[0], 3);
    assert_int_equal(s.window[1], 7);
    assert_int_equal(s.window[2], 11);
    for (int i = 0; i < 3; i++)
        check_near(s.weight[i], 1, 0);
    assert_false(s.gaussian);
    check_near(s.alpha, 1, 0);
    check_near(s.beta, 1, 0);
    check_near(s.gamma, 1, 0);
    check_near(s.k1, .01, 0);
    check_near(s.k2, .03, 0);
    assert_true(s.c3 == 0 || fabs(s.c3 - .00045) < 1e-18);
    s = lws_loss_defaults(LWS_LOSS_SSIM);
    assert_int_equal(s.kind, LWS_LOSS_SSIM);
    assert_int_equal(s.levels, 1);
    assert_int_equal(s.window[0], 11);
    assert_true(s.gaussian);
    assert_true(s.sigma == 0 || s.sigma == 1.5);
    assert_int_equal(lws_loss_defaults(LWS_LOSS_MSE).kind, LWS_LOSS_MSE);
}

static void against_reference(void **state)
{
    (void)state;
    static const double noise[] = {.02, .3, 1, 2}; /* 2: anti-correlated */
    lws_loss_spec cases[CASES];
    int count = loss_cases(cases);
    check_rng r = {81};
    float x[N], y[N];
    for (int k = 0; k < count; k++)
        for (int i = 0; i < 4; i++) {
            random_pair(&r, N, noise[i], x, y);
            compare(&cases[k], H, W, C, x, y, gradient_tolerance);
        }
}

static void every_shape_and_side(void **state)
{
    (void)state;
    static const int shape[][3] = {{1, 1, 1}, {1, 6, 3}, {7, 2, 2}, {9, 9, 1}, {8, 11, 5}, {16, 16, 3}};
    check_rng r = {82};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
        const int *s = shape[i];
        size_t n = (size_t)(s[0] * s[1] * s[2]);
        float *x = check_floats(n), *y = check_floats(n);
        random_pair(&r, n, .6, x, y);
        for (int side = 1; side <= s[0] && side <= s[1]; side++)
            for (int kind = 0; kind < 2; kind++) {
                lws_loss_kind which = kind ? LWS_LOSS_SSIM : LWS_LOSS_LWSSIM;
                lws_loss_spec box = one_level(which, side, 0), gauss = one_level(which, side, 1);
                compare(&box, s[0], s[1], s[2], x, y, gradient_tolerance);
                compare(&gauss, s[0], s[1], s[2], x, y, gradient_tolerance);
            }
        check_free(x, n), check_free(y, n);
    }
}

/* Central differences in double of the reference: they check the reference's gradient and the
 * library's. */
static void differences_of(const lws_loss_spec *spec, const float *x, const float *y)
{
    const double h = 1e-5;
    double *X = check_widen(x, N), *Y = check_widen(y, N);
    double *exact = check_doubles(N), *differences = check_doubles(N);
    float *dy = check_floats(N);
    ref_loss_gradient(spec, H, W, C, X, Y, exact);
    evaluate(spec, H, W, C, x, y, 1, dy);
    for (int i = 0; i < N; i++) {
        double at = Y[i];
        Y[i] = at + h;
        double up = ref_loss_value(spec, H, W, C, X, Y);
        Y[i] = at - h;
        differences[i] = (up - ref_loss_value(spec, H, W, C, X, Y)) / (2 * h);
        Y[i] = at;
    }
    check_doubles_near(exact, differences, N, 1e-7);
    check_floats_near(dy, differences, N, 1e-7 + 0x1p-24); /* and a rounding to float */
    check_free(X, N), check_free(Y, N), check_free(exact, N), check_free(differences, N);
    check_free(dy, N);
}

static void against_differences(void **state)
{
    (void)state;
    lws_loss_spec cases[CASES];
    int count = loss_cases(cases);
    check_rng r = {83};
    float x[N], y[N];
    for (int k = 0; k < count; k++) {
        random_pair(&r, N, k % 2 ? .4 : 1, x, y);
        differences_of(&cases[k], x, y);
    }
}

/* Close to convergence every term of the gradient is a small difference: 1e-2 down to the last bit
 * of a float. */
static void near_convergence(void **state)
{
    (void)state;
    check_rng r = {84};
    float x[N], y[N];
    for (int decade = -2; decade >= -8; decade--)
        for (int kind = 1; kind <= 2; kind++)
            for (int gaussian = 0; gaussian < 2; gaussian++) {
                lws_loss_spec s = one_level((lws_loss_kind)kind, 11, gaussian ? 1.5 : 0);
                random_pair(&r, N, pow(10, decade), x, y);
                y[0] = nextafterf(x[0], 2);
                compare(&s, H, W, C, x, y, gradient_tolerance);
            }
}

/* A bright patch with hardly any texture: variances of 1e-8 and less beside squares of 1. */
static void flat_bright_patches(void **state)
{
    (void)state;
    static const double texture[] = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
    check_rng r = {85};
    float x[N], y[N];
    for (size_t k = 0; k < sizeof texture / sizeof *texture; k++)
        for (int kind = 1; kind <= 2; kind++)
            for (int side = 3; side <= 11; side += 4) {
                lws_loss_spec s = one_level((lws_loss_kind)kind, side, 0);
                for (int i = 0; i < N; i++) {
                    x[i] = (float)(.97 + texture[k] * check_uniform(&r, -1, 1));
                    y[i] = (float)(.96 + texture[k] * check_uniform(&r, -1, 1));
                }
                compare(&s, H, W, C, x, y, gradient_tolerance);
            }
}

/* 64 × 64 × 3 with the defaults, as in training. */
static void full_size(void **state)
{
    (void)state;
    enum { SIDE = 64, PIXELS = SIDE * SIDE * 3 };
    float *x = check_floats(PIXELS), *y = check_floats(PIXELS);
    ref_golden_pair(SIDE, SIDE, 3, 5, x, y);
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_loss_spec s = lws_loss_defaults(kind);
        compare(&s, SIDE, SIDE, 3, x, y, gradient_tolerance);
    }
    check_free(x, PIXELS), check_free(y, PIXELS);
}

/* Images that leave [0, 1] have negative luminances, where the tangents are. */
static void outside_of_the_range(void **state)
{
    (void)state;
    static const double alpha[] = {0, .5, 1, 2, 3.7, 16, 64};
    check_rng r = {93};
    float x[N], y[N];
    for (int k = 0; k < 7 * 4; k++) {
        lws_loss_spec s = one_level(k % 2 ? LWS_LOSS_SSIM : LWS_LOSS_LWSSIM, 2, k / 2 % 2 ? .8 : 0);
        s = with_exponents(s, alpha[k / 4], 1, 1, 0);
        for (int i = 0; i < N; i++) {
            x[i] = (float)check_uniform(&r, -.3, 1.2);
            y[i] = (float)check_uniform(&r, -.3, 1.2);
        }
        compare(&s, H, W, C, x, y, gradient_tolerance);
    }
}

/* beta and gamma beside 1 take the general way, which knows nothing of the other one. */
static void both_ways_agree(void **state)
{
    (void)state;
    static const double alpha[] = {0, .5, 1, 2, 3.7, 16, 64};
    check_rng r = {94};
    float x[N], y[N], one_pass[N], general[N];
    for (int k = 0; k < 7 * 4; k++) {
        lws_loss_spec s = one_level(k % 2 ? LWS_LOSS_SSIM : LWS_LOSS_LWSSIM, 5, k / 2 % 2 ? 1.1 : 0);
        random_pair(&r, N, .3, x, y);
        s = with_exponents(s, alpha[k / 4], 1, 1, 0);
        double value = evaluate(&s, H, W, C, x, y, 1, one_pass);
        s.beta = s.gamma = nextafter(1, 2);
        check_near(evaluate(&s, H, W, C, x, y, 1, general), value, 1e-12);
        double *want = check_widen(general, N);
        check_floats_near(one_pass, want, N, 2 * gradient_tolerance);
        check_free(want, N);
    }
}

/* From one pixel to a box, sides even and odd, up to the whole image. */
static void extreme_deviations(void **state)
{
    (void)state;
    static const double sigma[] = {1e-3, .3, 50, 1e6};
    static const int side[] = {1, 2, 11, 12};
    check_rng r = {95};
    float x[N], y[N];
    for (int k = 0; k < 4 * 4; k++) {
        lws_loss_spec s = one_level(LWS_LOSS_LWSSIM, side[k % 4], sigma[k / 4]);
        random_pair(&r, N, .5, x, y);
        compare(&s, H, W, C, x, y, gradient_tolerance);
    }
}

/* Several levels are the weighted mean of single ones. */
static void levels_add_up(void **state)
{
    (void)state;
    check_rng r = {86};
    float x[N], y[N], dy[N], one[N];
    double sum[N] = {0}, value = 0;
    random_pair(&r, N, .5, x, y);
    lws_loss_spec s = plain_loss(LWS_LOSS_LWSSIM);
    s.levels = 5;
    for (int i = 0; i < 5; i++) {
        s.window[i] = 2 * i + 1;
        s.weight[i] = i == 2 ? 0 : .3 * i + .1;
        lws_loss_spec level = one_level(LWS_LOSS_LWSSIM, s.window[i], 0);
        value += s.weight[i] / 5 * evaluate(&level, H, W, C, x, y, 1, one);
        for (int k = 0; k < N; k++)
            sum[k] += s.weight[i] / 5 * one[k];
    }
    check_near(evaluate(&s, H, W, C, x, y, 1, dy), value, value_tolerance);
    check_floats_near(dy, sum, N, 5 * gradient_tolerance);
}

/* scale multiplies the gradient and nothing else; a power of two exactly. */
static void scale(void **state)
{
    (void)state;
    lws_loss_spec cases[CASES];
    int count = loss_cases(cases);
    check_rng r = {87};
    float x[N], y[N], one[N], scaled[N];
    for (int k = 0; k < count; k++) {
        random_pair(&r, N, .5, x, y);
        double value = evaluate(&cases[k], H, W, C, x, y, 1, one);
        check_near(evaluate(&cases[k], H, W, C, x, y, .125, scaled), value, 0);
        for (int i = 0; i < N; i++)
            check_near(scaled[i], one[i] * .125, 0);
        evaluate(&cases[k], H, W, C, x, y, -100. / 37, scaled);
        double want[N];
        for (int i = 0; i < N; i++)
            want[i] = one[i] * -100. / 37;
        check_floats_near(scaled, want, N, 2 * gradient_tolerance);
        check_near(evaluate(&cases[k], H, W, C, x, y, 1, NULL), value, 0); /* value alone */
    }
}

/* An image has the same bits alone, at any place of a batch, and for any number of threads. */
static void batches_and_threads_do_not_change_bits(void **state)
{
    (void)state;
    enum { BATCH = 7 };
    lws_loss_spec cases[CASES];
    int count = loss_cases(cases), before = omp_get_max_threads();
    check_rng r = {88};
    float x[BATCH * N], y[BATCH * N], dy[BATCH * N], one[N];
    for (int k = 0; k < count; k++) {
        random_pair(&r, BATCH * N, .5, x, y);
        for (int threads = 1; threads <= 3; threads++) {
            double value[BATCH];
            lws_loss *loss;
            omp_set_num_threads(threads);
            assert_int_equal(lws_loss_create(&cases[k], H, W, C, &loss), LWS_OK);
            for (int i = 0; i < BATCH * N; i++)
                dy[i] = NAN; /* must be overwritten */
            assert_int_equal(lws_loss_eval(loss, BATCH, x, y, .7, value, dy), LWS_OK);
            lws_loss_destroy(loss);
            omp_set_num_threads(1);
            for (int i = 0; i < BATCH; i++) {
                double alone = evaluate(&cases[k], H, W, C, x + i * N, y + i * N, .7, one);
                check_same_bits(&value[i], &alone, sizeof alone);
                check_same_bits(dy + i * N, one, sizeof one);
            }
        }
    }
    omp_set_num_threads(before);
}

/* More threads at evaluation than at creation, and a batch far larger than either. */
static void more_threads_than_planned(void **state)
{
    (void)state;
    enum { BATCH = 11 };
    int before = omp_get_max_threads();
    check_rng r = {89};
    float x[BATCH * N], y[BATCH * N], dy[2][BATCH * N];
    double value[2][BATCH];
    random_pair(&r, BATCH * N, .5, x, y);
    lws_loss_spec s = plain_loss(LWS_LOSS_LWSSIM);
    lws_loss *loss;
    omp_set_num_threads(1);
    assert_int_equal(lws_loss_create(&s, H, W, C, &loss), LWS_OK);
    assert_int_equal(lws_loss_eval(loss, BATCH, x, y, 1, value[0], dy[0]), LWS_OK);
    omp_set_num_threads(4);
    assert_int_equal(lws_loss_eval(loss, BATCH, x, y, 1, value[1], dy[1]), LWS_OK);
    omp_set_num_threads(before);
    check_same_bits(value[1], value[0], sizeof value[0]);
    check_same_bits(dy[1], dy[0], sizeof dy[0]);
    assert_int_equal(lws_loss_eval(loss, 0, x, y, 1, value[0], dy[0]), LWS_OK);
    lws_loss_destroy(loss);
}

/* Flat, black, white, equal, inverse and huge images: any exponent, finite values and gradients. */
static void degenerate_inputs_stay_finite(void **state)
{
    (void)state;
    enum { KINDS = 9 };
    lws_loss_spec cases[CASES];
    int count = loss_cases(cases);
    check_rng r = {90};
    float image[KINDS][N], dy[N];
    for (int i = 0; i < N; i++) {
        int checker = (i / C / W + i / C % W) % 2;
        image[0][i] = 0;
        image[1][i] = 1;
        image[2][i] = .3f;
        image[3][i] = (float)checker;
        image[4][i] = (float)(1 - checker);
        image[5][i] = (float)check_uniform(&r, 0, 1);
        image[6][i] = 1 - image[5][i];
        image[7][i] = -5; /* outside [0, 1] is accepted */
        image[8][i] = checker ? 1e15f : -1e15f;
    }
    for (int k = 0; k < count; k++)
        for (int a = 0; a < KINDS; a++)
            for (int b = 0; b < KINDS; b++) {
                double value = evaluate(&cases[k], H, W, C, image[a], image[b], 1, dy);
                if (!isfinite(value))
                    fail_msg("case %d, images %d and %d: value %g", k, a, b, value);
                for (int i = 0; i < N; i++)
                    if (!isfinite(dy[i]))
                        fail_msg("case %d, images %d and %d: gradient[%d] = %g", k, a, b, i, dy[i]);
            }
}

static void mse_ignores_the_rest(void **state)
{
    (void)state;
    lws_loss_spec s = {.kind = LWS_LOSS_MSE, .levels = -1, .alpha = -1, .k1 = (double)NAN};
    check_rng r = {92};
    float x[N], y[N];
    random_pair(&r, N, 1, x, y);
    compare(&s, H, W, C, x, y, gradient_tolerance);
    lws_loss_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(against_differences),
        cmocka_unit_test(against_reference),
        cmocka_unit_test(every_shape_and_side),
        cmocka_unit_test(near_convergence),
        cmocka_unit_test(flat_bright_patches),
        cmocka_unit_test(full_size),
        cmocka_unit_test(outside_of_the_range),
        cmocka_unit_test(both_ways_agree),
        cmocka_unit_test(extreme_deviations),
        cmocka_unit_test(levels_add_up),
        cmocka_unit_test(scale),
        cmocka_unit_test(batches_and_threads_do_not_change_bits),
        cmocka_unit_test(more_threads_than_planned),
        cmocka_unit_test(degenerate_inputs_stay_finite),
        cmocka_unit_test(mse_ignores_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
