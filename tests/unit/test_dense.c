/* Dense layers and biases against the reference. */
#include "check.h"

#include "kernels/bias.h"
#include "kernels/dense.h"

#include <reference.h>

static const double tolerance = 1e-5; /* of the largest element */

static void dense_once(check_rng *r, int n, int in, int out)
{
    size_t nx = (size_t)n * (size_t)in, nw = (size_t)in * (size_t)out, ny = (size_t)n * (size_t)out;
    float *x = check_random_floats(r, nx, -1, 1), *w = check_random_floats(r, nw, -1, 1);
    float *dy = check_random_floats(r, ny, -1, 1), *dw = check_floats(nw);
    float *y = check_floats(ny), *dx = check_floats(nx);
    double *X = check_widen(x, nx), *W = check_widen(w, nw), *DY = check_widen(dy, ny);
    double *wanty = check_doubles(ny), *wantdx = check_doubles(nx), *wantdw = check_doubles(nw);
    ref_gemm(false, false, n, out, in, X, in, W, out, wanty, out);
    ref_gemm(false, true, n, in, out, DY, out, W, out, wantdx, in);
    ref_gemm(true, false, in, out, n, X, in, DY, out, wantdw, out);

    lws_dense_forward(n, in, out, x, w, y);
    lws_dense_backward_data(n, in, out, dy, w, dx);
    lws_dense_backward_weight(n, in, out, x, dy, dw);
    check_floats_near(y, wanty, ny, tolerance);
    check_floats_near(dx, wantdx, nx, tolerance);
    check_floats_near(dw, wantdw, nw, tolerance);

    check_free(x, nx), check_free(w, nw), check_free(dy, ny), check_free(dw, nw);
    check_free(y, ny), check_free(dx, nx), check_free(X, nx), check_free(W, nw);
    check_free(DY, ny), check_free(wanty, ny), check_free(wantdx, nx);
    check_free(wantdw, nw);
}

static void dense(void **state)
{
    (void)state;
    check_rng r = {31};
    for (int i = 0; i < 60; i++)
        dense_once(&r, check_int(&r, 1, 33), check_int(&r, 1, 90), check_int(&r, 1, 90));
    for (int i = 0; i < 40; i++) /* whole tiles */
        dense_once(&r, check_int(&r, 1, 40), 16 * check_int(&r, 1, 40), 16 * check_int(&r, 1, 12));
    dense_once(&r, 3, 2048, 16);
    dense_once(&r, 1, 1, 1);
    dense_once(&r, 64, 500, 128);
}

static void same_bits_on_threads(int n, int in, int out)
{
    check_rng r = {32};
    float *x = check_random_floats(&r, (size_t)n * in, -1, 1), *w = check_random_floats(&r, (size_t)in * out, -1, 1);
    float *dy = check_random_floats(&r, (size_t)n * out, -1, 1);
    float *y[4], *dx[4], *dw[4];
    int before = omp_get_max_threads();
    for (int threads = 1; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        y[threads] = check_floats((size_t)n * out);
        dx[threads] = check_floats((size_t)n * in);
        dw[threads] = check_floats((size_t)in * out);
        lws_dense_forward(n, in, out, x, w, y[threads]);
        lws_dense_backward_data(n, in, out, dy, w, dx[threads]);
        lws_dense_backward_weight(n, in, out, x, dy, dw[threads]);
        check_same_bits(y[threads], y[1], (size_t)n * out * sizeof(float));
        check_same_bits(dx[threads], dx[1], (size_t)n * in * sizeof(float));
        check_same_bits(dw[threads], dw[1], (size_t)in * out * sizeof(float));
    }
    for (int threads = 1; threads <= 3; threads++) {
        check_free(y[threads], (size_t)n * out);
        check_free(dx[threads], (size_t)n * in);
        check_free(dw[threads], (size_t)in * out);
    }
    omp_set_num_threads(before);
    check_free(x, (size_t)n * in), check_free(w, (size_t)in * out), check_free(dy, (size_t)n * out);
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    same_bits_on_threads(37, 301, 65);
    same_bits_on_threads(37, 304, 80);
}

static void bias(void **state)
{
    (void)state;
    check_rng r = {33};
    for (int i = 0; i < 100; i++) {
        int rows = check_int(&r, 1, 300), channels = check_int(&r, 1, 70);
        size_t n = (size_t)rows * (size_t)channels, nb = (size_t)channels;
        float *y = check_random_floats(&r, n, -1, 1), *b = check_random_floats(&r, nb, -1, 1);
        float *db = check_floats(nb);
        double *wanty = check_widen(y, n), *wantdb = check_doubles(nb);
        memset(wantdb, 0, nb * sizeof *wantdb);
        for (size_t k = 0; k < n; k++) {
            wantdb[k % nb] += y[k];
            wanty[k] += b[k % nb];
        }
        lws_bias_backward(rows, channels, y, db);
        lws_bias_forward(rows, channels, b, y);
        check_floats_near(db, wantdb, nb, 2e-7); /* one rounding of a sum in double */
        check_floats_near(y, wanty, n, 1e-7);
        check_free(y, n), check_free(b, nb), check_free(db, nb);
        check_free(wanty, n), check_free(wantdb, nb);
    }
}

/* A float sum of so many rows would be off by far more than a rounding. */
static void bias_sums_in_double(void **state)
{
    (void)state;
    enum { ROWS = 200000, CHANNELS = 2 };
    float *dy = check_floats(ROWS * CHANNELS), db[CHANNELS] = {0, 0};
    double want[CHANNELS] = {0};
    check_rng r = {34};
    for (size_t i = 0; i < ROWS * CHANNELS; i++) {
        dy[i] = (float)check_uniform(&r, 0, 1);
        want[i % CHANNELS] += dy[i];
    }
    int before = omp_get_max_threads();
    for (int threads = 1; threads <= 3; threads++) {
        float again[CHANNELS] = {0, 0};
        omp_set_num_threads(threads);
        lws_bias_backward(ROWS, CHANNELS, dy, again);
        check_floats_near(again, want, CHANNELS, 6e-8);
        if (threads == 1)
            memcpy(db, again, sizeof db);
        check_same_bits(again, db, sizeof db);
    }
    omp_set_num_threads(before);
    check_free(dy, ROWS * CHANNELS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(bias),
        cmocka_unit_test(bias_sums_in_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
