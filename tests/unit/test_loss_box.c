/* Losses over uniform windows, which go through the image in strips, all windows at once, and over Gaussian ones, a few
 * rows at a time: shapes that do not divide, windows in every combination, the same bits from every build and CPU. */
#include "loss_cases.h"

typedef struct windows {
    int count, side[LWS_LOSS_LEVELS];
} windows;

/* Sides that do not fit become 1, 2, … */
static lws_loss_spec with_windows(const windows *list, int most)
{
    lws_loss_spec s = plain_loss(LWS_LOSS_LWSSIM);
    s.levels = list->count;
    for (int i = 0; i < list->count; i++) {
        s.window[i] = list->side[i] <= most ? list->side[i] : i % most + 1;
        s.weight[i] = 1 + .25 * i;
    }
    return s;
}

static void shapes_and_windows(void **state)
{
    (void)state;
    static const int shape[][3] = {{17, 23, 3}, {23, 17, 1}, {18, 16, 4}, {40, 17, 2},
                                   {17, 65, 1}, {32, 64, 3}, {3, 5, 2}};
    static const windows lists[] = {
        {1, {17}},
        {2, {16, 1}},
        {5, {3, 5, 7, 9, 11}},
        {4, {4, 11, 4, 7}},
        {3, {17, 17, 2}},
        {16, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
        {16, {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}},
    };
    check_rng r = {121};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
        const int *s = shape[i];
        size_t n = (size_t)(s[0] * s[1] * s[2]);
        float *x = check_floats(n), *y = check_floats(n);
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
            lws_loss_spec spec = with_windows(&lists[k], s[0] < s[1] ? s[0] : s[1]);
            random_pair(&r, n, .5, x, y);
            compare(&spec, s[0], s[1], s[2], x, y, gradient_tolerance);
            spec.alpha = k % 2 ? 5 : 2.3;
            compare(&spec, s[0], s[1], s[2], x, y, gradient_tolerance);
            spec.gaussian = true;
            compare(&spec, s[0], s[1], s[2], x, y, gradient_tolerance);
        }
        check_free(x, n), check_free(y, n);
    }
}

static void largest_windows(void **state)
{
    (void)state;
    enum { SIDE = 256, N = SIDE * SIDE };
    static const windows list = {4, {3, 256, 31, 250}};
    lws_loss_spec spec = with_windows(&list, SIDE);
    check_rng r = {122};
    float *x = check_floats(N), *y = check_floats(N);
    random_pair(&r, N, .3, x, y);
    compare(&spec, SIDE, SIDE, 1, x, y, gradient_tolerance);
    check_free(x, N), check_free(y, N);
}

static uint64_t add_bytes(uint64_t digest, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        digest = (digest ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    return digest;
}

/* Value and gradient as one number (FNV-1a). */
static uint64_t digest(const lws_loss_spec *spec, int h, int w, int c)
{
    size_t n = (size_t)(h * w * c);
    float *x = check_floats(n), *y = check_floats(n), *dy = check_floats(n);
    ref_golden_pair(h, w, c, 5, x, y);
    double value = evaluate(spec, h, w, c, x, y, .125, dy);
    uint64_t result = add_bytes(14695981039346656037u, &value, sizeof value);
    result = add_bytes(result, dy, n * sizeof *dy);
    check_free(x, n), check_free(y, n), check_free(dy, n);
    return result;
}

/* The width of vectors differs between CPUs: each must give these. */
static void same_bits_everywhere(void **state)
{
    (void)state;
    static const windows list = {5, {3, 5, 8, 9, 11}};
    lws_loss_spec lwssim = with_windows(&list, 17), ssim = one_level(LWS_LOSS_SSIM, 7, 0);
    lws_loss_spec whole = with_exponents(lwssim, 11, 1, 1, 0), fraction = with_exponents(ssim, 3.7, 1, 1, 0);
    uint64_t got[] = {digest(&lwssim, 64, 64, 3), digest(&lwssim, 17, 23, 2), digest(&ssim, 19, 70, 1),
                      digest(&whole, 64, 64, 3), digest(&fraction, 64, 64, 3)};
    static const uint64_t want[] = {0x79d71d4090ac4406, 0xb9a900a6d794f87b, 0xfc4bcd2b075c6405, 0x5630afb91c4ebb03,
                                    0x371773efad349b9d};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (got[i] != want[i])
            fail_msg("case %zu: %#llx", i, (unsigned long long)got[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_and_windows),
        cmocka_unit_test(largest_windows),
        cmocka_unit_test(same_bits_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
