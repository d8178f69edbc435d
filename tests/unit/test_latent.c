/* KL divergence and MMD: against the reference, the reference against differences, and the
 * partition over ranks. */
#include "check.h"

#include <lwssim/latent.h>

#include <reference.h>

static void kl_against_reference(void **state)
{
    (void)state;
    check_rng r = {121};
    for (int k = 0; k < 50; k++) {
        int n = check_int(&r, 1, 9), latent = check_int(&r, 1, 70);
        size_t row = 2 * (size_t)latent, size = (size_t)n * row;
        float *head = check_random_floats(&r, size, -3, 3);
        float *dhead = check_random_floats(&r, size, -1, 1);
        double *H = check_widen(head, size), *want = check_widen(dhead, size);
        double *grad = check_doubles(row), *value = check_doubles((size_t)n);
        double scale = check_uniform(&r, .01, 2);
        lws_kl(n, latent, head, scale, value, dhead);
        for (size_t i = 0; i < (size_t)n; i++) {
            double kl = ref_kl(latent, H + i * row, grad);
            check_near(value[i], kl, 1e-13 * fmax(kl, 1));
            for (size_t j = 0; j < row; j++)
                want[i * row + j] += scale * grad[j]; /* added to */
        }
        check_floats_near(dhead, want, size, 2e-7);
        check_free(head, size), check_free(dhead, size), check_free(H, size);
        check_free(want, size), check_free(grad, row), check_free(value, (size_t)n);
    }
}

static void kl_by_hand(void **state)
{
    (void)state;
    float head[4] = {0, 0, 0, 0}, dhead[4] = {0};
    double value;
    lws_kl(1, 2, head, 1, &value, dhead);
    check_near(value, 0, 0);
    for (int i = 0; i < 4; i++)
        check_near(dhead[i], 0, 0);
    head[0] = 3, head[1] = -4; /* |mu|² / 2 */
    lws_kl(1, 2, head, 1, &value, dhead);
    check_near(value, 12.5, 1e-14);
    check_near(dhead[0], 3, 1e-6);
    check_near(dhead[1], -4, 1e-6);
    /* close to the prior: the value is logvar²/4 + …, far below what 1 + lv - exp(lv) keeps in
     * float */
    head[0] = head[1] = head[3] = 0, head[2] = 0x1p-10;
    lws_kl(1, 2, head, 1, &value, dhead);
    check_near(value, (exp(0x1p-10) - 1 - 0x1p-10) / 2, 1e-15);
}

static double *random_codes(check_rng *r, size_t n, double spread, float **narrow)
{
    *narrow = check_floats(n);
    for (size_t i = 0; i < n; i++) /* sum of uniforms: near enough to a normal */
        (*narrow)[i] = (float)(spread * (check_uniform(r, -1, 1) + check_uniform(r, -1, 1) + check_uniform(r, -1, 1)));
    return check_widen(*narrow, n);
}

static void mmd_against_reference(void **state)
{
    (void)state;
    check_rng r = {122};
    for (int k = 0; k < 40; k++) {
        int total = check_int(&r, 2, 40), latent = check_int(&r, 1, 33);
        double sigma = check_uniform(&r, .5, 2), scale = check_uniform(&r, .1, 5);
        size_t n = (size_t)total * (size_t)latent;
        float *codes, *prior, *dcode = check_random_floats(&r, n, -.01, .01);
        double *C = random_codes(&r, n, check_uniform(&r, .2, 3), &codes);
        double *P = random_codes(&r, n, sigma, &prior);
        double *want = check_widen(dcode, n), *grad = check_doubles(n);
        double value = ref_mmd(total, latent, sigma, C, P, grad);
        for (size_t i = 0; i < n; i++)
            want[i] += scale * grad[i];
        /* seven kernels of up to 1 are summed and subtracted */
        check_near(lws_mmd(total, latent, sigma, codes, prior, 0, total, scale, dcode), value, 1e-13);
        check_floats_near(dcode, want, n, 2e-7);
        check_free(C, n), check_free(P, n), check_free(want, n), check_free(grad, n);
        check_free(codes, n), check_free(prior, n), check_free(dcode, n);
    }
}

/* Gradients of a range are the slices of the whole, to the last bit, and n = 0 touches nothing. */
static void mmd_partition(void **state)
{
    (void)state;
    enum { TOTAL = 23, LATENT = 7, N = TOTAL * LATENT };
    check_rng r = {123};
    float *codes, *prior, *whole = check_floats(N), *parts = check_floats(N);
    double *C = random_codes(&r, N, 1, &codes), *P = random_codes(&r, N, 1, &prior);
    memset(whole, 0, N * sizeof(float));
    double value = lws_mmd(TOTAL, LATENT, 1, codes, prior, 0, TOTAL, 2, whole);
    for (int ranks = 1; ranks <= 5; ranks++) {
        memset(parts, 0, N * sizeof(float));
        for (int k = 0; k < ranks; k++) {
            int first = TOTAL * k / ranks, last = TOTAL * (k + 1) / ranks;
            double same = lws_mmd(TOTAL, LATENT, 1, codes, prior, first, last - first, 2, parts + first * LATENT);
            check_same_bits(&same, &value, sizeof value);
        }
        check_same_bits(parts, whole, N * sizeof(float));
    }
    double same = lws_mmd(TOTAL, LATENT, 1, codes, prior, 5, 0, 2, NULL);
    check_same_bits(&same, &value, sizeof value);
    check_free(C, N), check_free(P, N), check_free(codes, N), check_free(prior, N);
    check_free(whole, N), check_free(parts, N);
}

static void mmd_threads_do_not_change_bits(void **state)
{
    (void)state;
    enum { TOTAL = 101, LATENT = 16, N = TOTAL * LATENT };
    int before = omp_get_max_threads();
    check_rng r = {124};
    float *codes, *prior, first[N], d[N];
    double *C = random_codes(&r, N, 1, &codes), *P = random_codes(&r, N, 1, &prior), value = 0;
    for (int threads = 1; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        memset(d, 0, sizeof d);
        double again = lws_mmd(TOTAL, LATENT, 1, codes, prior, 0, TOTAL, 1, d);
        if (threads == 1) {
            value = again;
            memcpy(first, d, sizeof d);
        }
        check_same_bits(&again, &value, sizeof value);
        check_same_bits(d, first, sizeof d);
    }
    omp_set_num_threads(before);
    check_free(C, N), check_free(P, N), check_free(codes, N), check_free(prior, N);
}

/* Codes from the prior itself: the estimate is centred on 0, so about half of the draws are
 * negative. */
static void mmd_is_unbiased(void **state)
{
    (void)state;
    enum { TOTAL = 16, LATENT = 4, N = TOTAL * LATENT, DRAWS = 400 };
    check_rng r = {125};
    double sum = 0, squares = 0;
    int negative = 0;
    for (int k = 0; k < DRAWS; k++) {
        float *codes, *prior;
        double *C = random_codes(&r, N, 1, &codes), *P = random_codes(&r, N, 1, &prior);
        double value = lws_mmd(TOTAL, LATENT, 1, codes, prior, 0, 0, 1, NULL);
        sum += value;
        squares += value * value;
        negative += value < 0;
        check_free(C, N), check_free(P, N), check_free(codes, N), check_free(prior, N);
    }
    check_near(sum / DRAWS, 0, 5 * sqrt(squares) / DRAWS);
    assert_in_range(negative, DRAWS / 5, DRAWS * 4 / 5);
}

/* The limits: equal samples by hand, far apart, fewer than two. */
static void mmd_by_hand(void **state)
{
    (void)state;
    float a[2] = {0, 0}, b[2] = {1e9f, 1e9f}, one[1] = {3}, d[2] = {0, 0};
    /* all codes equal, all draws equal, the two infinitely far apart: 7 + 7 - 0 */
    check_near(lws_mmd(2, 1, 1, a, b, 0, 2, 1, d), 14, 1e-12);
    check_near(lws_mmd(2, 1, 1, a, a, 0, 2, 1, d), 0, 1e-15);
    check_near(lws_mmd(1, 1, 1, one, a, 0, 1, 1, d), 0, 0);
    check_near(d[0], 0, 1e-9);
    check_near(lws_mmd(0, 1, 1, one, a, 0, 0, 1, NULL), 0, 0);
    /* one latent, codes 0 and 2, draws 1 and 1: within 4, across 1 apart */
    static const double s[7] = {.1, .2, .5, 1, 2, 5, 10};
    float codes[2] = {0, 2}, prior[2] = {1, 1};
    double want = 0;
    for (int k = 0; k < 7; k++)
        want += 2 * s[k] / (2 * s[k] + 4) + 1 - 2 * (2 * s[k] / (2 * s[k] + 1));
    check_near(lws_mmd(2, 1, 1, codes, prior, 0, 0, 1, NULL), want, 1e-13);
}

static void reference_against_differences(void **state)
{
    (void)state;
    enum { TOTAL = 6, LATENT = 3, N = TOTAL * LATENT };
    const double h = 1e-5;
    check_rng r = {126};
    double *codes = check_random_doubles(&r, N, -2, 2), *prior = check_random_doubles(&r, N, -2, 2);
    double exact[N], differences[N];
    ref_mmd(TOTAL, LATENT, 1.3, codes, prior, exact);
    for (int i = 0; i < N; i++) {
        double at = codes[i];
        codes[i] = at + h;
        double up = ref_mmd(TOTAL, LATENT, 1.3, codes, prior, NULL);
        codes[i] = at - h;
        differences[i] = (up - ref_mmd(TOTAL, LATENT, 1.3, codes, prior, NULL)) / (2 * h);
        codes[i] = at;
    }
    check_doubles_near(exact, differences, N, 1e-8);
    ref_kl(N / 2, codes, exact);
    for (int i = 0; i < N; i++) {
        double at = codes[i];
        codes[i] = at + h;
        double up = ref_kl(N / 2, codes, NULL);
        codes[i] = at - h;
        differences[i] = (up - ref_kl(N / 2, codes, NULL)) / (2 * h);
        codes[i] = at;
    }
    check_doubles_near(exact, differences, N, 1e-8);
    check_free(codes, N), check_free(prior, N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_against_differences),
        cmocka_unit_test(kl_against_reference),
        cmocka_unit_test(kl_by_hand),
        cmocka_unit_test(mmd_against_reference),
        cmocka_unit_test(mmd_by_hand),
        cmocka_unit_test(mmd_partition),
        cmocka_unit_test(mmd_is_unbiased),
        cmocka_unit_test(mmd_threads_do_not_change_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
