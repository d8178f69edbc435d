/* ReLU and sigmoid, forward and backward, in place and not, up to the ends of the float range. */
#include "check.h"

#include "kernels/activation.h"

#include <float.h>

enum { N = 1003 };

static void relu(void **state)
{
    (void)state;
    check_rng r = {41};
    float *x = check_random_floats(&r, N, -2, 2), *dy = check_random_floats(&r, N, -1, 1);
    float *y = check_floats(N), *dx = check_floats(N);
    x[0] = 0, x[1] = -FLT_MAX, x[2] = FLT_MAX, x[3] = FLT_MIN, x[4] = -FLT_MIN;
    lws_relu_forward(N, x, y);
    lws_relu_backward(N, y, dy, dx);
    for (int i = 0; i < N; i++) {
        check_near(y[i], x[i] > 0 ? x[i] : 0, 0);
        check_near(dx[i], x[i] > 0 ? dy[i] : 0, 0);
    }
    lws_relu_backward(N, y, dy, dy);
    check_same_bits(dy, dx, N * sizeof *dx);
    lws_relu_forward(N, x, x);
    check_same_bits(x, y, N * sizeof *y);
    check_free(x, N), check_free(dy, N), check_free(y, N), check_free(dx, N);
}

static void sigmoid(void **state)
{
    (void)state;
    check_rng r = {42};
    float *x = check_random_floats(&r, N, -20, 20), *dy = check_random_floats(&r, N, -1, 1);
    float *y = check_floats(N), *dx = check_floats(N);
    x[0] = 0, x[1] = -FLT_MAX, x[2] = FLT_MAX, x[3] = 90, x[4] = -90, x[5] = 16, x[6] = -16;
    lws_sigmoid_forward(N, x, y);
    lws_sigmoid_backward(N, y, dy, dx);
    for (int i = 0; i < N; i++) {
        double want = x[i] >= 0 ? 1 / (1 + exp(-(double)x[i])) : exp((double)x[i]) / (1 + exp((double)x[i]));
        assert_true(y[i] >= 0 && y[i] <= 1);
        check_near(y[i], want, 2e-7 * want + 1e-30); /* small values keep their digits */
        /* the backward pass has y alone to go by */
        check_near(dx[i], dy[i] * (double)y[i] * (1 - (double)y[i]), 1e-7);
    }
    check_near(y[0], .5, 0);
    check_near(y[1], 0, 0);
    check_near(y[2], 1, 0);
    lws_sigmoid_backward(N, y, dy, dy);
    check_same_bits(dy, dx, N * sizeof *dx);
    lws_sigmoid_forward(N, x, x);
    check_same_bits(x, y, N * sizeof *y);
    check_free(x, N), check_free(dy, N), check_free(y, N), check_free(dx, N);
}

/* The derivative of the forward pass itself, by differences wide enough for float. */
static void sigmoid_slope(void **state)
{
    (void)state;
    for (int i = -40; i <= 40; i++) {
        float at = (float)i / 8, one = 1, slope, y;
        double h = 1e-3, up = 1 / (1 + exp(-(at + h))), down = 1 / (1 + exp(-(at - h)));
        lws_sigmoid_forward(1, &at, &y);
        lws_sigmoid_backward(1, &y, &one, &slope);
        check_near(slope, (up - down) / (2 * h), 2e-7);
    }
}

/* A diverged run must see that it has. */
static void not_numbers(void **state)
{
    (void)state;
    float x[] = {NAN, -NAN, INFINITY, -INFINITY}, y[4];
    lws_sigmoid_forward(4, x, y);
    assert_true(isnan(y[0]) && isnan(y[1]));
    check_near(y[2], 1, 0);
    check_near(y[3], 0, 0);
    lws_relu_forward(4, x, y);
    assert_true(isnan(y[0]) && isnan(y[1]));
}

static void nothing_and_one(void **state)
{
    (void)state;
    float v = 3, guard = 7;
    lws_relu_forward(0, &v, &guard);
    lws_sigmoid_forward(0, &v, &guard);
    lws_relu_backward(0, &v, &v, &guard);
    lws_sigmoid_backward(0, &v, &v, &guard);
    check_near(guard, 7, 0);
    lws_relu_forward(1, &v, &guard);
    check_near(guard, 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relu),        cmocka_unit_test(sigmoid),         cmocka_unit_test(sigmoid_slope),
        cmocka_unit_test(not_numbers), cmocka_unit_test(nothing_and_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
