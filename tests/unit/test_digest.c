/* Digests: those of the published algorithm, over every byte. */
#include "check.h"

#include "base/digest.h"

/* "Lwssim" over and over. */
static void fill(char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        text[i] = "Lwssim"[i % 6];
}

static void known_answers(void **state)
{
    (void)state;
    /* One length of each way that XXH3 has: 0, 1-3, 4-8, 9-16, 17-128, 129-240, blocks, and more than one of them. */
    static const struct {
        size_t bytes;
        const char *digest;
        uint64_t digest64;
    } cases[] = {
        {0, "99aa06d3014798d86001c324468d497f", 0x2d06800538d394c2},
        {2, "0615f25489ab91a06ee40d66afe3ac30", 0x6ee40d66afe3ac30},
        {7, "8ab78f491c4a8597ef465faf083c1267", 0x0190eb8de0b93bf9},
        {13, "cf8e10e1e7bf0c2dfbb38a00cea8c740", 0x002431633cd663c7},
        {100, "f35cf9060c4407ff4b5f22ada1e65811", 0x5f8799a473b535e1},
        {200, "c166390517cc41350ce4ea64242d7647", 0x72239358e2f80243},
        {1000, "eb1b4fbe0a530223680e8700c902ce0f", 0x680e8700c902ce0f},
        {12288, "3e6ffdad191baf250ef0f65366c82c7b", 0x0ef0f65366c82c7b},
        {100000, "70db80d48ca42d05561c01d7241c919e", 0x561c01d7241c919e},
    };
    static char text[100000];
    char digest[LWS_DIGEST_TEXT];
    fill(text, sizeof text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lws_digest(text, cases[i].bytes, digest);
        assert_string_equal(digest, cases[i].digest);
        assert_true(lws_digest64(text, cases[i].bytes) == cases[i].digest64);
    }
}

static void every_byte_counts(void **state)
{
    (void)state;
    enum { BYTES = 12288 };
    static char text[BYTES];
    char before[LWS_DIGEST_TEXT], after[LWS_DIGEST_TEXT];
    fill(text, BYTES);
    lws_digest(text, BYTES, before);
    uint64_t before64 = lws_digest64(text, BYTES);
    for (size_t i = 0; i < BYTES; i++) {
        text[i] ^= (char)(1 << (i % 8));
        lws_digest(text, BYTES, after);
        assert_string_not_equal(after, before);
        assert_true(lws_digest64(text, BYTES) != before64);
        text[i] ^= (char)(1 << (i % 8));
    }
}

/* The sum of the bits as whole numbers, of a length that no vector divides; any flipped bit changes it. */
static void sums_of_bits(void **state)
{
    (void)state;
    static float values[1000];
    check_rng r = {3};
    for (size_t n = 0; n < 1000; n = n < 40 ? n + 1 : n + 97) {
        uint32_t want = 0;
        for (size_t i = 0; i < n; i++) {
            uint32_t bits = (uint32_t)check_next(&r);
            memcpy(&values[i], &bits, sizeof bits);
            assert_int_equal(lws_bits(values[i]), bits);
            want += bits;
        }
        assert_int_equal(lws_bit_sum(n, values), want);
        for (int flip = 0; n && flip < 64; flip++) {
            size_t at = check_next(&r) % n;
            uint32_t bits = lws_bits(values[at]) ^ (uint32_t)1 << (flip % 32);
            float before = values[at];
            memcpy(&values[at], &bits, sizeof bits);
            assert_int_not_equal(lws_bit_sum(n, values), want);
            values[at] = before;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(sums_of_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
