/* The first value that is not finite, wherever it stands. */
#include "check.h"

#include "kernels/finite.h"

#include <float.h>

static void finds_the_first(void **state)
{
    (void)state;
    enum { N = 10000 };
    static const float bad[] = {INFINITY, -INFINITY, NAN, -NAN};
    static const size_t places[] = {0, 1, 15, 16, 4095, 4096, 4097, 8191, N - 1};
    check_rng r = {1};
    float *x = check_random_floats(&r, N, -1, 1);
    x[3] = FLT_MAX, x[4] = -FLT_MAX, x[5] = FLT_TRUE_MIN, x[6] = -0.f;
    assert_int_equal(lws_first_not_finite(N, x), N);
    assert_int_equal(lws_first_not_finite(0, x), 0);
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        float kept = x[places[p]];
        x[places[p]] = bad[p % 4];
        assert_int_equal(lws_first_not_finite(N, x), places[p]);
        assert_int_equal(lws_first_not_finite(places[p], x), places[p]); /* reads no further */
        float last = x[N - 1];
        x[N - 1] = bad[(p + 1) % 4];
        assert_int_equal(lws_first_not_finite(N, x), places[p]);
        x[N - 1] = last;
        x[places[p]] = kept;
    }
    check_free(x, N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
