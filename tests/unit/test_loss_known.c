/* Losses at inputs for which the formulas can be worked out by hand, and under the symmetries they
 * must have. */
#include "loss_cases.h"

enum { SIDE = 16, N = SIDE * SIDE };

static const double C1 = .01 * .01, C2 = .03 * .03;

/* LWSSIM of a single level: the loss is 2 - LWSSIM. */
static double lwssim(int side, double sigma, const float *x, const float *y)
{
    lws_loss_spec s = one_level(LWS_LOSS_LWSSIM, side, sigma);
    return 2 - evaluate(&s, SIDE, SIDE, 1, x, y, 1, NULL);
}

static double ssim(int side, double sigma, const float *x, const float *y)
{
    lws_loss_spec s = one_level(LWS_LOSS_SSIM, side, sigma);
    return 1 - evaluate(&s, SIDE, SIDE, 1, x, y, 1, NULL);
}

static void fill(float *image, float value)
{
    for (int i = 0; i < N; i++)
        image[i] = value;
}

static void checkerboard(float *image, float even, float odd)
{
    for (int i = 0; i < N; i++)
        image[i] = (i / SIDE + i % SIDE) % 2 ? odd : even;
}

/* 1. y = x: the loss is 0 and so is every element of the gradient, exactly. */
static void equal_images(void **state)
{
    (void)state;
    lws_loss_spec cases[CASES];
    int count = loss_cases(cases);
    check_rng r = {101};
    float x[N], dy[N];
    for (int k = 0; k < count; k++) {
        const lws_loss_spec *s = &cases[k];
        bool roots = s->levels > 0 && (s->beta != s->gamma || s->c3 != 0);
        random_pair(&r, N, 0, x, dy);
        double value = evaluate(s, SIDE, SIDE, 1, x, x, 1, dy);
        if (roots) { /* σ is smoothed by 1e-12 against C3 of 4.5e-4 and more */
            check_near(value, 0, 1e-8);
            continue;
        }
        if (value != 0)
            fail_msg("case %d: a loss of %g", k, value);
        for (int i = 0; i < N; i++)
            check_near(dy[i], 0, 0);
    }
}

/* 2. Constants: the structure is 1, the luminance by hand. */
static void constant_images(void **state)
{
    (void)state;
    float x[N], y[N];
    /* a mean of squares that is off by some units in the last place is a variance, which counts
     * against C2 */
    const double rounding = 4 * 0x1p-52 / C2;
    for (int side = 1; side <= SIDE; side++)
        for (int gaussian = 0; gaussian < 2; gaussian++) {
            double sigma = gaussian * 1.5;
            fill(x, .25f), fill(y, .75f);
            check_near(lwssim(side, sigma, x, y), 1 + .3751 / .6251, rounding);
            check_near(lwssim(side, sigma, x, y), 1.600063989761638, rounding);
            check_near(ssim(side, sigma, x, y), .600063989761638, rounding);
            fill(x, 0), fill(y, 1);
            check_near(lwssim(side, sigma, x, y), 1 + C1 / (1 + C1), rounding);
            check_near(lwssim(side, sigma, x, y), 1.00009999, 1e-11);
            fill(y, 0);
            check_near(lwssim(side, sigma, x, y), 2, 0);
        }
}

static double with_alpha(lws_loss_kind kind, int side, double sigma, double alpha, const float *x, const float *y)
{
    lws_loss_spec s = with_exponents(one_level(kind, side, sigma), alpha, 1, 1, 0);
    return evaluate(&s, SIDE, SIDE, 1, x, y, 1, NULL);
}

/* The same with exponents; black against white is below the hundredth from which on powers are tangents. */
static void constant_images_with_exponents(void **state)
{
    (void)state;
    static const double alpha[] = {.003, .5, 1.5, 2, 3, 3.7, 5, 8, 16, 31.25, 63, 64};
    float x[N], y[N];
    const double rounding = 4 * 0x1p-52 / C2, l = .3751 / .6251, dark = C1 / (1 + C1);
    for (size_t k = 0; k < sizeof alpha / sizeof *alpha; k++)
        for (int side = 1; side <= SIDE; side += 5)
            for (int gaussian = 0; gaussian < 2; gaussian++) {
                double sigma = gaussian * 1.5, a = alpha[k];
                double tangent = pow(.01, a) + a * pow(.01, a - 1) * (dark - .01);
                fill(x, .25f), fill(y, .75f);
                check_near(with_alpha(LWS_LOSS_LWSSIM, side, sigma, a, x, y), 1 - pow(l, a), rounding);
                check_near(with_alpha(LWS_LOSS_SSIM, side, sigma, a, x, y), 1 - pow(l, a), rounding);
                fill(x, 0), fill(y, 1);
                check_near(with_alpha(LWS_LOSS_LWSSIM, side, sigma, a, x, y), 1 - tangent, rounding);
                fill(y, 0);
                check_near(with_alpha(LWS_LOSS_LWSSIM, side, sigma, a, x, y), 0, 0);
            }
}

/* A small shift, whose 1 - l^alpha is close to alpha (1 - l): no digit may be lost. Where alpha is small, some are. */
static void small_shifts_keep_their_digits(void **state)
{
    (void)state;
    static const double alpha[] = {.5, 1.5, 2, 3.7, 7, 16, 40.5, 64}, shift[] = {0x1p-3, 0x1p-8, 0x1p-16, 0x1p-22};
    float x[N], y[N];
    for (size_t k = 0; k < sizeof alpha / sizeof *alpha; k++)
        for (size_t i = 0; i < sizeof shift / sizeof *shift; i++) {
            fill(x, .5f), fill(y, (float)(.5 + shift[i]));
            double u = shift[i] * shift[i] / (.25 + (.5 + shift[i]) * (.5 + shift[i]) + C1);
            double want = -expm1(alpha[k] * log1p(-u));
            check_near(with_alpha(LWS_LOSS_LWSSIM, 1, 0, alpha[k], x, y), want, 4e-13 * want);
        }
}

/* 3. A checkerboard against its inverse: equal means, opposite structure. */
static void inverse_checkerboard(void **state)
{
    (void)state;
    float x[N], y[N];
    checkerboard(x, 0, 1), checkerboard(y, 1, 0);
    for (int side = 2; side <= SIDE; side += 2) {
        check_near(lwssim(side, 0, x, y), 1 + (C2 - .5) / (C2 + .5), 1e-14);
        check_near(lwssim(side, 0, x, y), .003593531643, 1e-12);
        check_near(ssim(side, 0, x, y), (C2 - .5) / (C2 + .5), 1e-14);
    }
}

/* 4. Half the contrast. */
static void half_contrast(void **state)
{
    (void)state;
    float x[N], y[N];
    checkerboard(x, 0, 1), checkerboard(y, .25f, .75f);
    for (int side = 2; side <= SIDE; side += 2) {
        check_near(lwssim(side, 0, x, y), 1.8005743458838546, 1e-14);
        check_near(ssim(side, 0, x, y), .8005743458838546, 1e-14);
    }
}

/* 5. y = x + d changes the luminance alone: 1 - l = d²/(μx² + μy² + C1), also where d is tiny. */
static void shifted(void **state)
{
    (void)state;
    static const double shift[] = {.25, 0x1p-5, -0x1p-7, 0x1p-12};
    float x[N], y[N];
    double weight[SIDE * SIDE], mean[N], X[N];
    check_rng r = {102};
    for (size_t k = 0; k < sizeof shift / sizeof *shift; k++)
        for (int side = 1; side <= SIDE; side += 3) {
            double want = 0;
            for (int i = 0; i < N; i++) {
                x[i] = (float)check_int(&r, 16, 128) / 256;
                y[i] = (float)(x[i] + shift[k]); /* exact */
                X[i] = x[i];
            }
            int m = (SIDE - side + 1) * (SIDE - side + 1);
            ref_window_weights(side, 0, weight);
            ref_window_mean(side, weight, SIDE, SIDE, 1, X, mean);
            for (int i = 0; i < m; i++) {
                double other = mean[i] + shift[k];
                want += shift[k] * shift[k] / (mean[i] * mean[i] + other * other + C1) / m;
            }
            lws_loss_spec s = one_level(LWS_LOSS_LWSSIM, side, 0);
            check_near(evaluate(&s, SIDE, SIDE, 1, x, y, 1, NULL), want, 1e-9 * want);
        }
}

/* 7. One pixel a window has no structure; one window takes the whole image. */
static void smallest_and_largest_window(void **state)
{
    (void)state;
    check_rng r = {103};
    float x[N], y[N];
    double X[N], Y[N], mean_l = 0;
    random_pair(&r, N, 1, x, y);
    for (int i = 0; i < N; i++) {
        X[i] = x[i], Y[i] = y[i];
        mean_l += (2 * X[i] * Y[i] + C1) / (X[i] * X[i] + Y[i] * Y[i] + C1) / N;
    }
    check_near(lwssim(1, 0, x, y), 1 + mean_l, 1e-13);
    check_near(lwssim(1, 1.5, x, y), 1 + mean_l, 1e-13);
    check_near(ssim(1, 0, x, y), mean_l, 1e-13);

    double mx = 0, my = 0, vx = 0, vy = 0, vxy = 0;
    for (int i = 0; i < N; i++)
        mx += X[i] / N, my += Y[i] / N;
    for (int i = 0; i < N; i++) {
        vx += (X[i] - mx) * (X[i] - mx) / N;
        vy += (Y[i] - my) * (Y[i] - my) / N;
        vxy += (X[i] - mx) * (Y[i] - my) / N;
    }
    double l = (2 * mx * my + C1) / (mx * mx + my * my + C1);
    double cs = (2 * vxy + C2) / (vx + vy + C2);
    check_near(lwssim(SIDE, 0, x, y), l + cs, 1e-13);
    check_near(ssim(SIDE, 0, x, y), l * cs, 1e-13);
}

/* 6. Moves of the pixels under which a loss must not change and its gradient must move along. */
typedef enum move { FLIP_ROWS, FLIP_COLUMNS, TRANSPOSE, ROTATE_CHANNELS, MOVES } move;

enum { H = 12, W = 13, C = 3, PIXELS = H * W * C };

static void apply(move which, const float *in, float *out)
{
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++)
            for (int c = 0; c < C; c++) {
                int to = (i * W + j) * C + c;
                if (which == FLIP_ROWS)
                    to = ((H - 1 - i) * W + j) * C + c;
                if (which == FLIP_COLUMNS)
                    to = (i * W + W - 1 - j) * C + c;
                if (which == TRANSPOSE)
                    to = (j * H + i) * C + c;
                if (which == ROTATE_CHANNELS)
                    to = (i * W + j) * C + (c + 1) % C;
                out[to] = in[(i * W + j) * C + c];
            }
}

static void moves(void **state)
{
    (void)state;
    lws_loss_spec cases[CASES];
    int count = loss_cases(cases);
    check_rng r = {104};
    float x[PIXELS], y[PIXELS], dy[PIXELS], mx[PIXELS], my[PIXELS], moved[PIXELS], got[PIXELS];
    for (int k = 0; k < count; k++) {
        random_pair(&r, PIXELS, .8, x, y);
        double value = evaluate(&cases[k], H, W, C, x, y, 1, dy);
        for (int which = 0; which < MOVES; which++) {
            double want[PIXELS];
            if (which == FLIP_COLUMNS && strcmp(lws_loss_name(cases[k].kind), "ms-ssim-3") == 0)
                continue; /* halving 13 columns begins with a zero at one end */
            int h = which == TRANSPOSE ? W : H, w = which == TRANSPOSE ? H : W;
            apply((move)which, x, mx), apply((move)which, y, my), apply((move)which, dy, moved);
            for (int i = 0; i < PIXELS; i++)
                want[i] = moved[i];
            check_near(evaluate(&cases[k], h, w, C, mx, my, 1, got), value, 1e-13);
            check_floats_near(got, want, PIXELS, 0x1p-23); /* one rounding each */
        }
    }
}

/* The value is symmetric in x and y, whatever the exponents. */
static void symmetric(void **state)
{
    (void)state;
    lws_loss_spec cases[CASES];
    int count = loss_cases(cases);
    check_rng r = {105};
    float x[PIXELS], y[PIXELS];
    for (int k = 0; k < count; k++) {
        random_pair(&r, PIXELS, .8, x, y);
        check_near(evaluate(&cases[k], H, W, C, y, x, 1, NULL), evaluate(&cases[k], H, W, C, x, y, 1, NULL), 1e-13);
    }
}

/* Nothing is better than equal, and nothing is worse than the bounds of l and c·s allow. */
static void bounds(void **state)
{
    (void)state;
    check_rng r = {106};
    float x[N], y[N];
    for (int i = 0; i < 50; i++) {
        random_pair(&r, N, i % 2 ? 2 : 1, x, y);
        for (int side = 1; side <= SIDE; side += 5) {
            double value = lwssim(side, 0, x, y);
            assert_true(value <= 2 && value >= -1);
            value = ssim(side, 0, x, y);
            assert_true(value <= 1 && value >= -1);
        }
    }
}

/* The point of LWSSIM: where the structure is wrong (c·s < 0), SSIM pushes a too bright image to be
 * brighter still; LWSSIM pushes it down. */
static void luminance_gradient_keeps_its_sign(void **state)
{
    (void)state;
    float x[N], y[N], dy[N];
    checkerboard(x, .2f, .4f), checkerboard(y, .6f, .4f);
    for (int kind = 1; kind <= 2; kind++) {
        lws_loss_spec s = one_level((lws_loss_kind)kind, 4, 0);
        double sum = 0;
        evaluate(&s, SIDE, SIDE, 1, x, y, 1, dy);
        for (int i = 0; i < N; i++)
            sum += dy[i]; /* the derivative with respect to brightness */
        if (kind == LWS_LOSS_LWSSIM)
            assert_true(sum > .1);
        else
            assert_true(sum < -.1);
    }
}

/* MAE: the mean of distances, whose gradient is a sign over the number of values: 0 where images agree. */
static void absolute_error(void **state)
{
    (void)state;
    float x[N], y[N], dy[N];
    lws_loss_spec s;
    assert_int_equal(lws_loss_find("mae", NULL, &s), LWS_OK);
    fill(x, .25f), fill(y, .75f);
    check_near(evaluate(&s, SIDE, SIDE, 1, x, y, 1, dy), .5, 0);
    for (int i = 0; i < N; i++)
        check_near(dy[i], 1. / N, 0);
    check_near(evaluate(&s, SIDE, SIDE, 1, y, x, -3, dy), .5, 0);
    for (int i = 0; i < N; i++)
        check_near(dy[i], 3. / N, 0);
    fill(y, .25f);
    y[7] = 1, y[200] = 0, y[201] = nextafterf(.25f, 0);
    check_near(evaluate(&s, SIDE, SIDE, 1, x, y, 2, dy), (.75 + .25 + 0x1p-26) / N, 1e-18);
    for (int i = 0; i < N; i++)
        check_near(dy[i], i == 7 ? 2. / N : i == 200 || i == 201 ? -2. / N : 0, 0);
    check_near(evaluate(&s, SIDE, 8, 2, x, y, 2, NULL), (.75 + .25 + 0x1p-26) / N, 1e-18); /* channels count alike */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_images),
        cmocka_unit_test(constant_images),
        cmocka_unit_test(constant_images_with_exponents),
        cmocka_unit_test(small_shifts_keep_their_digits),
        cmocka_unit_test(inverse_checkerboard),
        cmocka_unit_test(half_contrast),
        cmocka_unit_test(shifted),
        cmocka_unit_test(smallest_and_largest_window),
        cmocka_unit_test(moves),
        cmocka_unit_test(symmetric),
        cmocka_unit_test(bounds),
        cmocka_unit_test(luminance_gradient_keeps_its_sign),
        cmocka_unit_test(absolute_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
