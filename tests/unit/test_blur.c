/* Gaussian sums around pixels: against the double loop, their own adjoint, constants, every shape and radius. */
#include "check.h"

#include "kernels/blur.h"

static double gaussian(double sigma, int radius, int at)
{
    double sum = 0;
    for (int i = -radius; i <= radius; i++)
        sum += exp(-i * i / (2 * sigma * sigma));
    return exp(-at * at / (2 * sigma * sigma)) / sum;
}

/* out [w, h]: pixel by pixel over the pixels of the image alone. */
static void naive(double sigma, int radius, int h, int w, const double *x, double *out)
{
    for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++) {
            double sum = 0;
            for (int a = -radius; a <= radius; a++)
                for (int b = -radius; b <= radius; b++)
                    if (i + a >= 0 && i + a < h && j + b >= 0 && j + b < w)
                        sum += gaussian(sigma, radius, a) * gaussian(sigma, radius, b) * x[(i + a) * w + j + b];
            out[j * h + i] = sum;
        }
}

static void compare(check_rng *r, double sigma, int radius, int h, int w)
{
    lws_blur blur = lws_blur_gaussian(sigma, radius);
    size_t n = (size_t)h * (size_t)w;
    double *x = check_random_doubles(r, n, -1, 1), *u = check_random_doubles(r, n, -1, 1);
    double *got = check_doubles(n), *want = check_doubles(n), *back = check_doubles(n), *scratch = check_doubles(2 * n);
    naive(sigma, radius, h, w, x, want);
    lws_blur_sums(&blur, h, w, x, got, scratch);
    check_array_(NULL, got, want, n, 1, 1e-14, "sums", __FILE__, __LINE__);
    lws_blur_sums(&blur, w, h, u, back, scratch); /* ⟨T x, u⟩ = ⟨x, T u⟩ */
    check_near(check_dot(got, u, n), check_dot(x, back, n), 1e-12);
    memcpy(back, x, n * sizeof *back);
    lws_blur_sums(&blur, h, w, back, back, scratch); /* in place */
    check_same_bits(back, got, n * sizeof *got);
    for (size_t i = 0; i < n; i++)
        x[i] = 1;
    lws_blur_sums(&blur, h, w, x, got, scratch);
    lws_blur_inside(&blur, h, want);
    double *along_w = check_doubles((size_t)w);
    lws_blur_inside(&blur, w, along_w);
    for (int j = 0; j < w; j++)
        for (int i = 0; i < h; i++)
            check_near(got[j * h + i], want[i] * along_w[j], 1e-14);
    check_free(along_w, (size_t)w);
    check_free(x, n), check_free(u, n), check_free(got, n), check_free(want, n), check_free(back, n);
    check_free(scratch, 2 * n);
}

static void shapes_and_radii(void **state)
{
    (void)state;
    static const int shape[][2] = {{1, 1}, {1, 9}, {9, 1}, {8, 8}, {7, 13}, {17, 16}};
    check_rng r = {111};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (int radius = 0; radius <= 20; radius += radius < 9 ? 1 : 11)
            compare(&r, radius ? radius / 2.5 : .3, radius, shape[i][0], shape[i][1]);
    compare(&r, 60, LWS_BLUR_RADIUS, 3, 21);
}

/* A window that is inside weighs 1, and one that reaches over an end of the line less, on both ends alike. */
static void inside(void **state)
{
    (void)state;
    enum { N = 30, RADIUS = 6 };
    lws_blur blur = lws_blur_gaussian(2, RADIUS);
    double whole[N];
    lws_blur_inside(&blur, N, whole);
    for (int i = 0; i < N; i++) {
        double want = 0;
        for (int t = -RADIUS; t <= RADIUS; t++)
            want += i + t >= 0 && i + t < N ? gaussian(2, RADIUS, t) : 0;
        check_near(whole[i], want, 1e-15);
        check_near(whole[i], whole[N - 1 - i], 1e-15);
    }
    assert_true(whole[0] > .5 && whole[0] < .7 && whole[RADIUS] > 1 - 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_and_radii),
        cmocka_unit_test(inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
