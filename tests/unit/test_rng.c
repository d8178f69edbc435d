/* Counter-based random numbers: the published vectors, statistics, independence of keys,
 * permutations. */
#include "check.h"

#include "base/rng.h"

#include <reference.h>

/* Known answers of Random123 for philox4x32-10. The first two do not depend on how index and stream
 * make up the counter; the third does. */
static void published_vectors(void **state)
{
    (void)state;
    static const struct {
        lws_rng_key key;
        uint64_t index;
        uint32_t want[4];
    } cases[] = {
        {{{0, 0}, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{{~0u, ~0u}, ~(uint64_t)0}, ~(uint64_t)0, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{{0xa4093822, 0x299f31d0}, 0x0370734413198a2e},
         0x85a308d3243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t bits[4];
        lws_rng_bits(cases[i].key, cases[i].index, bits);
        check_same_bits(bits, cases[i].want, sizeof bits);
    }
}

static void agrees_with_reference(void **state)
{
    (void)state;
    check_rng r = {1};
    for (int i = 0; i < 1000; i++) {
        uint64_t index = check_next(&r), key = check_next(&r), stream = check_next(&r);
        lws_rng_key k = {{(uint32_t)key, (uint32_t)(key >> 32)}, stream};
        uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
        uint32_t got[4], want[4];
        lws_rng_bits(k, index, got);
        ref_philox(counter, k.key, want);
        check_same_bits(got, want, sizeof got);
    }
}

/* These numbers are for ever: runs, datasets and checkpoints depend on them. A change here is not a
 * test to update but a break of every seed in use. */
static void frozen_values(void **state)
{
    (void)state;
    uint32_t bits[4];
    static const uint32_t want[4] = {0x041a02ad, 0x77b19af2, 0x32ecb839, 0xd21522cd};
    lws_rng_key key = lws_rng(42, LWS_RNG_LATENT, 7);
    lws_rng_bits(key, 123456789012, bits);
    check_same_bits(bits, want, sizeof bits);
    check_near(lws_rng_uniform(key, 5), 0x1.f3c1fe7330c44p-3, 0);
    check_near(lws_rng_normal(key, 5), 0.5341681614439191, 1e-14); /* libm may differ in the last bit */
    static const uint64_t order[8] = {413, 470, 987, 353, 385, 477, 889, 348};
    for (uint64_t i = 0; i < 8; i++)
        assert_int_equal(lws_rng_permute(lws_rng(42, LWS_RNG_SHUFFLE, 3), 1000, i), order[i]);
}

/* Every part of the key matters, and no two of these streams give the same bits. */
static void keys_are_distinct(void **state)
{
    (void)state;
    enum { SEEDS = 20, PURPOSES = 7, STREAMS = 5, ALL = SEEDS * PURPOSES * STREAMS };
    static uint32_t seen[ALL][4];
    int count = 0;
    for (int seed = 0; seed < SEEDS; seed++)
        for (int purpose = 1; purpose <= PURPOSES; purpose++)
            for (int stream = 0; stream < STREAMS; stream++)
                lws_rng_bits(lws_rng((uint64_t)seed, (lws_rng_purpose)purpose, (uint64_t)stream), 0, seen[count++]);
    for (int i = 0; i < ALL; i++)
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(seen[i], seen[j], sizeof seen[i]);
}

static void uniform_is_uniform(void **state)
{
    (void)state;
    enum { N = 1 << 16, BINS = 64 };
    lws_rng_key key = lws_rng(1, LWS_RNG_INIT, 0);
    double sum = 0, squares = 0, chi = 0;
    int bin[BINS] = {0};
    for (int i = 0; i < N; i++) {
        double u = lws_rng_uniform(key, (uint64_t)i);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
        bin[(int)(u * BINS)]++;
    }
    for (int i = 0; i < BINS; i++)
        chi += (bin[i] - (double)N / BINS) * (bin[i] - (double)N / BINS) / ((double)N / BINS);
    /* 5 standard deviations each way; the numbers are fixed, so this passes always or never */
    check_near(sum / N, .5, 5 * sqrt(1. / 12 / N));
    check_near(squares / N, 1. / 3, 5 * sqrt(4. / 45 / N));
    check_near(chi, BINS - 1, 5 * sqrt(2. * (BINS - 1)));
}

static void uniform_has_53_bits(void **state)
{
    (void)state;
    lws_rng_key key = lws_rng(2, LWS_RNG_INIT, 0);
    uint64_t ones = 0, zeros = 0;
    for (uint64_t i = 0; i < 200; i++) {
        double u = lws_rng_uniform(key, i) * 0x1p53;
        assert_true(u == floor(u));
        ones |= (uint64_t)u;
        zeros |= ~(uint64_t)u;
    }
    assert_int_equal(ones, ((uint64_t)1 << 53) - 1); /* each bit was seen set … */
    assert_int_equal(zeros, ~(uint64_t)0);           /* … and clear */
}

static void normal_is_normal(void **state)
{
    (void)state;
    enum { N = 1 << 16 };
    lws_rng_key key = lws_rng(3, LWS_RNG_PRIOR, 9);
    double moment[5] = {0}, lag = 0, last = 0;
    int beyond = 0;
    for (int i = 0; i < N; i++) {
        double z = lws_rng_normal(key, (uint64_t)i), power = z;
        assert_true(isfinite(z));
        for (int k = 1; k <= 4; k++, power *= z)
            moment[k] += power / N;
        lag += z * last / N;
        last = z;
        beyond += fabs(z) > 1.959963984540054;
    }
    check_near(moment[1], 0, 5 * sqrt(1. / N));
    check_near(moment[2], 1, 5 * sqrt(2. / N));
    check_near(moment[3], 0, 5 * sqrt(15. / N));
    check_near(moment[4], 3, 5 * sqrt(96. / N));
    check_near(lag, 0, 5 * sqrt(1. / N));
    check_near(beyond / (double)N, .05, 5 * sqrt(.05 * .95 / N));
}

/* Neighbouring streams, seeds and purposes are uncorrelated. */
static void streams_are_independent(void **state)
{
    (void)state;
    enum { N = 1 << 14 };
    lws_rng_key a = lws_rng(10, LWS_RNG_LATENT, 100);
    lws_rng_key b[3] = {lws_rng(10, LWS_RNG_LATENT, 101), lws_rng(11, LWS_RNG_LATENT, 100),
                        lws_rng(10, LWS_RNG_PRIOR, 100)};
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        for (uint64_t i = 0; i < N; i++)
            sum += lws_rng_normal(a, i) * lws_rng_normal(b[k], i);
        check_near(sum / N, 0, 5 * sqrt(1. / N));
    }
}

static void permute_one(uint64_t n, uint64_t seed)
{
    lws_rng_key key = lws_rng(seed, LWS_RNG_SHUFFLE, seed);
    char *seen = calloc(n, 1);
    assert_non_null(seen);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t to = lws_rng_permute(key, n, i);
        assert_true(to < n);
        assert_false(seen[to]);
        seen[to] = 1;
    }
    free(seen);
}

static void permute_is_a_permutation(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 130; n++)
        for (uint64_t seed = 0; seed < 3; seed++)
            permute_one(n, seed);
    static const uint64_t sizes[] = {255, 256, 257, 1023, 1024, 1025, 4096, 4097, 16384, 40001};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        permute_one(sizes[i], i);
}

/* Sizes at which an intermediate shift could overflow. */
static void permute_reaches_far(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {(uint64_t)1 << 32, ((uint64_t)1 << 32) + 1, (uint64_t)1 << 62,
                                     ((uint64_t)1 << 62) + 1, ~(uint64_t)0};
    lws_rng_key key = lws_rng(4, LWS_RNG_SHUFFLE, 0);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint64_t n = sizes[k], low = 0;
        for (uint64_t i = 0; i < 200; i++) {
            uint64_t to = lws_rng_permute(key, n, n - 1 - i);
            assert_true(to < n);
            low += to < n / 2;
        }
        assert_in_range(low, 60, 140); /* both halves are reached */
    }
}

/* Where element 0 goes, and whether 1 stays behind 0, over many keys. */
static void permute_is_fair(void **state)
{
    (void)state;
    enum { N = 10, KEYS = 20000 };
    int place[N] = {0}, in_order = 0;
    for (uint64_t epoch = 0; epoch < KEYS; epoch++) {
        lws_rng_key key = lws_rng(5, LWS_RNG_SHUFFLE, epoch);
        uint64_t zero = lws_rng_permute(key, N, 0), one = lws_rng_permute(key, N, 1);
        place[zero]++;
        in_order += zero < one;
    }
    double chi = 0;
    for (int i = 0; i < N; i++)
        chi += (place[i] - KEYS / (double)N) * (place[i] - KEYS / (double)N) / (KEYS / (double)N);
    check_near(chi, N - 1, 5 * sqrt(2. * (N - 1)));
    check_near(in_order / (double)KEYS, .5, 5 * sqrt(.25 / KEYS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(agrees_with_reference),
        cmocka_unit_test(frozen_values),
        cmocka_unit_test(keys_are_distinct),
        cmocka_unit_test(uniform_is_uniform),
        cmocka_unit_test(uniform_has_53_bits),
        cmocka_unit_test(normal_is_normal),
        cmocka_unit_test(streams_are_independent),
        cmocka_unit_test(permute_is_a_permutation),
        cmocka_unit_test(permute_reaches_far),
        cmocka_unit_test(permute_is_fair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
