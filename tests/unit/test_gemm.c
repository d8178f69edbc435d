/* Matrix products against the reference: all flags, odd sizes, strides, what beta does, bits. */
#include "check.h"

#include "kernels/gemm.h"

#include <reference.h>

/* Of the largest element. Rounding grows with k at most; k here is small enough. */
static const double tolerance = 1e-5;

typedef struct problem {
    bool ta, tb;
    int m, n, k, lda, ldb, ldc;
    float *a, *b, *c;
    size_t size_a, size_b, size_c;
} problem;

static problem random_problem(check_rng *r, int largest)
{
    problem p = {.ta = check_int(r, 0, 1), .tb = check_int(r, 0, 1)};
    p.m = check_int(r, 1, largest);
    p.n = check_int(r, 1, largest);
    p.k = check_int(r, 1, largest);
    p.lda = (p.ta ? p.m : p.k) + check_int(r, 0, 5);
    p.ldb = (p.tb ? p.k : p.n) + check_int(r, 0, 5);
    p.ldc = p.n + check_int(r, 0, 5);
    p.size_a = (size_t)p.lda * (size_t)(p.ta ? p.k : p.m);
    p.size_b = (size_t)p.ldb * (size_t)(p.tb ? p.n : p.k);
    p.size_c = (size_t)p.ldc * (size_t)p.m;
    p.a = check_random_floats(r, p.size_a, -1, 1);
    p.b = check_random_floats(r, p.size_b, -1, 1);
    p.c = check_random_floats(r, p.size_c, -1, 1);
    return p;
}

static void release(problem *p)
{
    check_free(p->a, p->size_a);
    check_free(p->b, p->size_b);
    check_free(p->c, p->size_c);
}

static void run(const problem *p, float beta, float *c)
{
    lws_gemm(p->m, p->n, p->k, (lws_gemm_operand){p->a, p->lda, p->ta}, (lws_gemm_operand){p->b, p->ldb, p->tb},
             (lws_gemm_result){c, p->ldc, beta});
}

/* C of the problem times beta plus the product; the gaps between rows as they were. */
static double *expected(const problem *p, double beta)
{
    double *a = check_widen(p->a, p->size_a), *b = check_widen(p->b, p->size_b);
    double *c = check_widen(p->c, p->size_c), *product = check_doubles(p->size_c);
    ref_gemm(p->ta, p->tb, p->m, p->n, p->k, a, p->lda, b, p->ldb, product, p->ldc);
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < p->n; j++) {
            size_t at = (size_t)i * (size_t)p->ldc + (size_t)j;
            c[at] = (beta == 0 ? 0 : beta * c[at]) + product[at];
        }
    check_free(a, p->size_a);
    check_free(b, p->size_b);
    check_free(product, p->size_c);
    return c;
}

static void against_reference(void **state)
{
    (void)state;
    static const float beta[] = {0, 1, .5f, -2};
    check_rng r = {11};
    for (int i = 0; i < 300; i++) {
        problem p = random_problem(&r, i < 200 ? 17 : 90);
        double *want = expected(&p, beta[i % 4]);
        run(&p, beta[i % 4], p.c);
        check_floats_near(p.c, want, p.size_c, tolerance);
        check_free(want, p.size_c);
        release(&p);
    }
}

/* beta = 0 must not read C: NaN times zero is NaN. Gaps between rows stay as they are. */
static void overwrites_nan(void **state)
{
    (void)state;
    check_rng r = {12};
    for (int i = 0; i < 100; i++) {
        problem p = random_problem(&r, 40);
        double *want = expected(&p, 0);
        float *c = check_floats(p.size_c);
        run(&p, 0, c);
        for (int row = 0; row < p.m; row++) {
            const float *at = c + (size_t)row * (size_t)p.ldc;
            check_floats_near(at, want + (size_t)row * (size_t)p.ldc, (size_t)p.n, 4 * tolerance);
            for (int gap = p.n; gap < p.ldc; gap++)
                assert_true(isnan(at[gap]));
        }
        check_free(c, p.size_c);
        check_free(want, p.size_c);
        release(&p);
    }
}

/* Small whole numbers: every product and sum is exact in float, so the result must be. */
static void whole_numbers_are_exact(void **state)
{
    (void)state;
    check_rng r = {13};
    for (int i = 0; i < 50; i++) {
        problem p = random_problem(&r, 60);
        for (size_t k = 0; k < p.size_a; k++)
            p.a[k] = (float)check_int(&r, -9, 9);
        for (size_t k = 0; k < p.size_b; k++)
            p.b[k] = (float)check_int(&r, -9, 9);
        for (size_t k = 0; k < p.size_c; k++)
            p.c[k] = (float)check_int(&r, -9, 9);
        double *want = expected(&p, 1);
        run(&p, 1, p.c);
        check_floats_near(p.c, want, p.size_c, 0);
        check_free(want, p.size_c);
        release(&p);
    }
}

static void same_bits_every_time_and_from_many_threads(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    check_rng r = {14};
    for (int i = 0; i < 10; i++) {
        problem p = random_problem(&r, 120);
        float *c[THREADS], *alone = check_floats(p.size_c);
        run(&p, 0, alone);
        for (int t = 0; t < THREADS; t++)
            c[t] = check_floats(p.size_c);
#pragma omp parallel for num_threads(THREADS) schedule(static)
        for (int t = 0; t < THREADS; t++)
            run(&p, 0, c[t]);
        for (int t = 0; t < THREADS; t++) {
            for (int row = 0; row < p.m; row++) {
                size_t at = (size_t)row * (size_t)p.ldc;
                check_same_bits(c[t] + at, alone + at, (size_t)p.n * sizeof(float));
            }
            check_free(c[t], p.size_c);
        }
        check_free(alone, p.size_c);
        release(&p);
    }
}

static void names_a_kernel(void **state)
{
    (void)state;
    const char *core = lws_gemm_core(), *better = lws_gemm_better_core();
    assert_non_null(core);
    assert_true(core[0] != 0);
    /* advice to take what is already there would have the program execute itself for ever */
    assert_true(better == NULL || strcmp(better, core) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_reference),       cmocka_unit_test(overwrites_nan),
        cmocka_unit_test(whole_numbers_are_exact), cmocka_unit_test(same_bits_every_time_and_from_many_threads),
        cmocka_unit_test(names_a_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
