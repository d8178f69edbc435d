/* The specifications and image pairs over which the loss tests run. */
#ifndef LWS_LOSS_CASES_H
#define LWS_LOSS_CASES_H

#include "check.h"

#include <lwssim/loss.h>

#include <reference.h>

/* A loss with nothing measured in it: for LWSSIM uniform windows 3, 7, 11, weights 1, and SSIM's constants. */
CHECK_UNUSED static lws_loss_spec plain_loss(lws_loss_kind kind)
{
    lws_loss_spec s = lws_loss_defaults(kind);
    if (kind == LWS_LOSS_LWSSIM)
        assert_int_equal(lws_loss_find("lwssim", "windows = 3,7,11", &s), LWS_OK);
    return s;
}

/* One level with uniform window `side`, or one Gaussian one where sigma > 0. */
CHECK_UNUSED static lws_loss_spec one_level(lws_loss_kind kind, int side, double sigma)
{
    lws_loss_spec s = plain_loss(kind);
    s.levels = 1;
    s.window[0] = side;
    s.weight[0] = 1;
    s.gaussian = sigma > 0;
    s.sigma = sigma;
    return s;
}

CHECK_UNUSED static lws_loss_spec with_exponents(lws_loss_spec s, double alpha, double beta, double gamma, double c3)
{
    s.alpha = alpha;
    s.beta = beta;
    s.gamma = gamma;
    s.c3 = c3;
    return s;
}

/* A loss as it is by default, but with windows that fit into images of 12 pixels a side. */
CHECK_UNUSED static lws_loss_spec small_loss(lws_loss_kind kind)
{
    lws_loss_spec s = lws_loss_defaults(kind);
    if (strcmp(lws_loss_name(kind), "ms-ssim-3") == 0)
        assert_int_equal(lws_loss_find("ms-ssim-3", "ms-ssim-window = 3", &s), LWS_OK);
    return s;
}

enum {
    KINDS_MAX = 16,
    EXPONENTS = 22,
    APART = 6,
    ABLATION = 9,
    CASES = 2 * 2 * EXPONENTS + KINDS_MAX + 3 + APART + ABLATION
};

/* Weights of luminance apart from those of the rest, by every way of computing them, 0 among them. */
CHECK_UNUSED static int apart_cases(lws_loss_spec *cases)
{
    static const double alpha[APART] = {1, 2, 3.7, 0, 1.5, 8}, beta[APART] = {1, 1, 1, 1, 2, .5};
    for (int k = 0; k < APART; k++) {
        lws_loss_spec s = with_exponents(plain_loss(LWS_LOSS_LWSSIM), alpha[k], beta[k], beta[k], 0);
        s.levels = 5, s.window[0] = 1, s.window[1] = 4, s.window[3] = 2, s.window[4] = 11;
        s.luminance_apart = true;
        s.luminance_weight[0] = 3, s.luminance_weight[1] = 0, s.luminance_weight[2] = .5;
        s.luminance_weight[3] = 1.25, s.luminance_weight[4] = 2;
        s.weight[0] = .5, s.weight[1] = 2, s.weight[2] = 0, s.weight[3] = 1.25, s.weight[4] = .75;
        s.gaussian = k % 2;
        s.k1 = .5; /* differences see no more of a dark pixel by itself */
        cases[k] = s;
    }
    return APART;
}

/* What lies between LWSSIM and a multi-scale SSIM. */
CHECK_UNUSED static int ablation_cases(lws_loss_spec *cases)
{
    static const char *const name[3] = {"lwssim-product", "lwssim-coarsest", "lwssim-product-coarsest"};
    static const char *const options[3] = {"alpha = 1.7", "window-shape = gaussian\nalpha = 2\nluminance-weights = 4",
                                           "window-weights = 2,0,1,3,1\nbeta = 2\ngamma = 1.5\nalpha = 0"};
    for (int k = 0; k < ABLATION; k++) {
        char text[256];
        snprintf(text, sizeof text, "windows = 4,9,1,9,2\nk1 = 0.5\n%s", options[k / 3]);
        if (lws_loss_find(name[k % 3], text, &cases[k]) != LWS_OK)
            fail_msg("%s", lws_message());
    }
    return ABLATION;
}

/* Both structural losses, both window shapes, all kinds of exponents; then every loss, and several levels. For images
 * of 12 pixels a side up. */
CHECK_UNUSED static int loss_cases(lws_loss_spec cases[CASES])
{
    static const double exponent[EXPONENTS][4] = {
        {1, 1, 1, 0},   {2, 2, 2, 0},    {.5, .5, .5, 0}, {0, 0, 2, 0}, {0, 1, 1, 0},    {1, 0, 0, 0},
        {1, 0, 1, 0},   {1, 1, 0, 0},    {3, 2, .5, 0},   {4, 4, 4, 0}, {1, 1, 1, .002}, {1.7, .3, 2.2, 0},
        {1, 2, 2, .01}, {.003, 1, 1, 0}, {.5, 1, 1, 0},   {2, 1, 1, 0}, {3.7, 1, 1, 0},  {7, 1, 1, 0},
        {16, 1, 1, 0},  {63.3, 1, 1, 0}, {64, 1, 1, 0},   {3, 6, 9, 0},
    };
    int n = 0;
    for (int kind = 0; kind < 2; kind++)
        for (int gaussian = 0; gaussian < 2; gaussian++)
            for (int k = 0; k < EXPONENTS; k++) {
                lws_loss_spec s =
                    one_level(kind ? LWS_LOSS_SSIM : LWS_LOSS_LWSSIM, gaussian ? 7 : 4, gaussian ? 1.2 : 0);
                const double *e = exponent[k];
                cases[n++] = with_exponents(s, e[0], e[1], e[2], e[3]);
            }
    assert_true(lws_loss_count() <= KINDS_MAX);
    for (int kind = 0; kind < lws_loss_count(); kind++)
        cases[n++] = small_loss(kind);
    lws_loss_spec s = plain_loss(LWS_LOSS_LWSSIM);
    s.weight[0] = .5, s.weight[1] = 0, s.weight[2] = 3;
    cases[n++] = s;
    s.gaussian = true; /* sigma in proportion to the side */
    s.k1 = .05, s.k2 = .2;
    cases[n++] = s;
    s.levels = 4, s.window[3] = 1, s.weight[3] = 1, s.gaussian = false;
    cases[n++] = with_exponents(s, 1.5, .5, .75, 0);
    n += apart_cases(cases + n);
    n += ablation_cases(cases + n);
    return n;
}

/* An original and a reconstruction at distance `noise`: 0 equal, 1 unrelated. */
CHECK_UNUSED static void random_pair(check_rng *r, size_t n, double noise, float *x, float *y)
{
    for (size_t i = 0; i < n; i++) {
        double a = check_uniform(r, 0, 1), b = check_uniform(r, 0, 1);
        x[i] = (float)a;
        y[i] = (float)(a + noise * (b - a));
    }
}

/* The library's value of one pair; the gradient where dy is not NULL. */
CHECK_UNUSED static double evaluate(const lws_loss_spec *spec, int h, int w, int c, const float *x, const float *y,
                                    double scale, float *dy)
{
    lws_loss *loss = NULL;
    double value = (double)NAN;
    if (lws_loss_create(spec, h, w, c, &loss) != LWS_OK)
        fail_msg("%s", lws_message());
    if (lws_loss_eval(loss, 1, x, y, scale, &value, dy) != LWS_OK)
        fail_msg("%s", lws_message());
    lws_loss_destroy(loss);
    return value;
}

/* Inputs and gradients are floats, all between is double: a gradient is off by one rounding. */
static const double gradient_tolerance = 7e-8; /* of the largest element */
static const double value_tolerance = 1e-12;

/* Value and gradient of one image against the reference. */
CHECK_UNUSED static void compare(const lws_loss_spec *spec, int h, int w, int c, const float *x, const float *y,
                                 double tolerance)
{
    size_t n = (size_t)h * (size_t)w * (size_t)c;
    double *X = check_widen(x, n), *Y = check_widen(y, n), *want = check_doubles(n);
    float *dy = check_floats(n);
    double value = ref_loss_gradient(spec, h, w, c, X, Y, want);
    check_near(evaluate(spec, h, w, c, x, y, 1, dy), value, value_tolerance);
    check_floats_near(dy, want, n, tolerance);
    check_free(X, n), check_free(Y, n), check_free(want, n), check_free(dy, n);
}

#endif
