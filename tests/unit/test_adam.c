/* The optimiser: Adam and AdamW against the reference, ranges, norms of gradients, schedules. */
#include "adam_step.h"
#include "check.h"

#include "base/digest.h"
#include "optim/norm.h"
#include "optim/schedule.h"

#include <reference.h>

enum { N = 1003 };

/* Many steps against a reference that keeps its state in double. m, v and theta are floats, rounded
 * at every step. */
static void against_reference(void **state)
{
    (void)state;
    static const adam_keys cases[] = {
        {.9, .999, 1e-8, 0}, {.5, .999, 1e-8, 0}, {.9, .999, 1e-8, .05}, {0, .9, 1e-3, 0}, {.9, 0, 1e-4, .5}};
    check_rng r = {131};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        float *theta = check_random_floats(&r, N, -1, 1), *m = check_floats(N), *v = check_floats(N);
        memset(m, 0, N * sizeof *m);
        memset(v, 0, N * sizeof *v);
        double *T = check_widen(theta, N), *M = check_widen(m, N), *V = check_widen(v, N);
        ref_adam a = {cases[k].beta1, cases[k].beta2, cases[k].epsilon, cases[k].weight_decay, true};
        for (int step = 1; step <= 30; step++) {
            double lr = .01 / step, scale = step % 3 ? 1 : .25;
            float *g = check_random_floats(&r, N, -1, 1);
            double *G = check_widen(g, N);
            for (int i = 0; i < N; i++)
                G[i] *= scale;
            adam_step(&cases[k], step, lr, scale, N, theta, (float *[]){m, v}, g);
            ref_adam_step(&a, step, lr, N, T, M, V, G);
            check_free(g, N), check_free(G, N);
        }
        check_floats_near(theta, T, N, 2e-6);
        check_floats_near(m, M, N, 1e-6);
        check_floats_near(v, V, N, 1e-6);
        check_free(theta, N), check_free(m, N), check_free(v, N);
        check_free(T, N), check_free(M, N), check_free(V, N);
    }
}

/* The first step moves every parameter by lr against the sign of its gradient, however small the
 * gradient. */
static void first_step(void **state)
{
    (void)state;
    float theta[4] = {0, 0, 0, 5}, m[4] = {0}, v[4] = {0}, g[4] = {3, -1e-3f, 1e3f, 0};
    adam_keys a = {.9, .999, 1e-12, 0};
    adam_step(&a, 1, .01, 1, 4, theta, (float *[]){m, v}, g);
    check_near(theta[0], -.01, 1e-8);
    check_near(theta[1], .01, 1e-8);
    check_near(theta[2], -.01, 1e-8);
    check_near(theta[3], 5, 0); /* without a gradient, nothing moves */
    check_near(m[0], .3, 1e-7);
    check_near(v[0], .009, 1e-9);
}

/* Decay is decoupled: without a gradient the parameter shrinks by lr · decay, and the moments stay
 * 0. */
static void decoupled_decay(void **state)
{
    (void)state;
    float theta = 2, m = 0, v = 0, g = 0;
    adam_keys a = {.9, .999, 1e-8, .1};
    adam_step(&a, 1, .5, 1, 1, &theta, (float *[]){&m, &v}, &g);
    check_near(theta, 2 * (1 - .05), 2e-7);
    check_near(m, 0, 0);
    check_near(v, 0, 0);
}

/* Any cut of the arrays gives the same bits: ranks own ranges. */
static void ranges_have_the_same_bits(void **state)
{
    (void)state;
    check_rng r = {132};
    float *start[4], *whole[4], *parts[4];
    for (int k = 0; k < 4; k++) { /* theta, m, v, g */
        start[k] = check_random_floats(&r, N, k == 2 ? 0 : -1, 1);
        whole[k] = check_floats(N);
        parts[k] = check_floats(N);
        memcpy(whole[k], start[k], N * sizeof(float));
    }
    adam_keys a = {.9, .999, 1e-8, .01};
    adam_step(&a, 7, 1e-3, .3, N, whole[0], &whole[1], whole[3]);
    for (size_t ranks = 2; ranks <= 9; ranks++) {
        for (int k = 0; k < 4; k++)
            memcpy(parts[k], start[k], N * sizeof(float));
        for (size_t k = 0; k < ranks; k++) {
            size_t b = N * k / ranks, e = N * (k + 1) / ranks;
            adam_step(&a, 7, 1e-3, .3, e - b, parts[0] + b, (float *[]){parts[1] + b, parts[2] + b}, parts[3] + b);
        }
        for (int k = 0; k < 4; k++)
            check_same_bits(parts[k], whole[k], N * sizeof(float));
    }
    check_same_bits(whole[3], start[3], N * sizeof(float)); /* the gradient is read only */
    for (int k = 0; k < 4; k++) {
        check_free(start[k], N), check_free(whole[k], N), check_free(parts[k], N);
    }
}

static uint32_t sum_of_bits(float *const *array)
{
    return lws_bit_sum(N, array[0]) + lws_bit_sum(N, array[1]) + lws_bit_sum(N, array[2]);
}

/* The sums are those of the arrays before and after, whatever the cut; one flipped bit anywhere changes them. */
static void sums_of_bits(void **state)
{
    (void)state;
    check_rng r = {134};
    float *array[4];
    for (int k = 0; k < 4; k++)
        array[k] = check_random_floats(&r, N, k == 2 ? 0 : -1, 1);
    adam_keys a = {.9, .999, 1e-8, .01};
    for (size_t cut = 0; cut <= N; cut += N / 3) {
        uint32_t before = sum_of_bits(array);
        lws_update_bits low = adam_step(&a, 7, 1e-3, .3, cut, array[0], &array[1], array[3]);
        lws_update_bits high = adam_step(&a, 7, 1e-3, .3, N - cut, array[0] + cut,
                                         (float *[]){array[1] + cut, array[2] + cut}, array[3] + cut);
        assert_int_equal(low.found + high.found, before);
        assert_int_equal(low.left + high.left, sum_of_bits(array));
    }
    uint32_t sum = sum_of_bits(array);
    for (int trial = 0; trial < 300; trial++) {
        float *at = array[trial % 3] + check_next(&r) % N;
        uint32_t bits = lws_bits(*at), flipped = bits ^ 1u << trial % 32;
        memcpy(at, &flipped, sizeof *at);
        assert_int_not_equal(sum_of_bits(array), sum);
        memcpy(at, &bits, sizeof *at);
    }
    assert_int_equal(sum_of_bits(array), sum);
    for (int k = 0; k < 4; k++)
        check_free(array[k], N);
}

static void norms(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        1, 7, LWS_NORM_BLOCK - 1, LWS_NORM_BLOCK, LWS_NORM_BLOCK + 1, 3 * LWS_NORM_BLOCK + 5};
    check_rng r = {133};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t n = sizes[k], blocks = (n + LWS_NORM_BLOCK - 1) / LWS_NORM_BLOCK;
        float *g = check_random_floats(&r, n, -1, 1);
        double *sums = check_doubles(blocks), *want = check_doubles(blocks);
        for (size_t b = 0; b < blocks; b++)
            want[b] = 0;
        for (size_t i = 0; i < n; i++)
            want[i / LWS_NORM_BLOCK] += (double)g[i] * g[i];
        lws_norm_blocks(n, g, sums);
        check_doubles_near(sums, want, blocks, 1e-13);
        /* whole blocks by themselves have the same bits */
        for (size_t b = 0; b < blocks; b++) {
            size_t first = b * LWS_NORM_BLOCK;
            double one;
            lws_norm_blocks(n - first < LWS_NORM_BLOCK ? n - first : LWS_NORM_BLOCK, g + first, &one);
            check_same_bits(&one, &sums[b], sizeof one);
        }
        check_free(g, n), check_free(sums, blocks), check_free(want, blocks);
    }
}

/* Squares that would overflow or vanish in float. */
static void norms_of_extremes(void **state)
{
    (void)state;
    float g[3] = {1e30f, 0, 0};
    double sum;
    lws_norm_blocks(3, g, &sum);
    check_near(sum, (double)1e30f * 1e30f, 1e47);
    g[0] = 1e-30f;
    lws_norm_blocks(3, g, &sum);
    check_near(sum, (double)1e-30f * 1e-30f, 1e-73);
}

static void schedules(void **state)
{
    (void)state;
    lws_schedule s = {.kind = LWS_SCHEDULE_CONSTANT, .lr = .1, .lr_min = .01, .total = 100};
    check_near(lws_schedule_rate(&s, 0), .1, 0);
    check_near(lws_schedule_rate(&s, 1000), .1, 0);
    s.kind = LWS_SCHEDULE_STEP, s.every = 10, s.factor = .5;
    check_near(lws_schedule_rate(&s, 0), .1, 1e-17);
    check_near(lws_schedule_rate(&s, 9), .1, 1e-17);
    check_near(lws_schedule_rate(&s, 10), .05, 1e-17);
    check_near(lws_schedule_rate(&s, 35), .0125, 1e-17);
    s.kind = LWS_SCHEDULE_COSINE;
    check_near(lws_schedule_rate(&s, 0), .1, 1e-4);    /* the top */
    check_near(lws_schedule_rate(&s, 50), .055, 2e-3); /* half way */
    check_near(lws_schedule_rate(&s, 99), .01, 1e-3);  /* the bottom */
    for (int step = 1; step < 100; step++)
        assert_true(lws_schedule_rate(&s, step) <= lws_schedule_rate(&s, step - 1));
    for (int step = 100; step < 200; step++)
        check_near(lws_schedule_rate(&s, step), .01, 1e-15); /* and does not rise again */
}

static void warmup(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        lws_schedule s = {.lr = .1, .lr_min = 0, .warmup = 20, .total = 400, .every = 1000, .factor = .1};
        s.kind = kind == 0 ? LWS_SCHEDULE_CONSTANT : kind == 1 ? LWS_SCHEDULE_COSINE : LWS_SCHEDULE_STEP;
        double last = 0;
        for (int step = 0; step < 19; step++) {
            double rate = lws_schedule_rate(&s, step), next = lws_schedule_rate(&s, step + 1);
            assert_true(rate > last && rate < .1); /* never 0: such a step would be wasted */
            check_near(next - rate, .1 / 20, .1 / 20 / 10);
            last = rate;
        }
        check_near(lws_schedule_rate(&s, 20), .1, 1e-3);
    }
}

/* Rates worked out by hand: the first steps and the last ones of the rise, of each decay and of the cosine. */
static void rates_by_hand(void **state)
{
    (void)state;
    static const struct {
        int kind;
        int64_t warmup, total, step;
        double rate;
    } cases[] = {
        /* lr .1, lr_min .01, factor .5 every 10 steps */
        {LWS_SCHEDULE_CONSTANT, 0, 100, 99, .1},
        {LWS_SCHEDULE_CONSTANT, 1, 100, 0, .1},
        {LWS_SCHEDULE_CONSTANT, 20, 100, 0, .005}, /* a twentieth */
        {LWS_SCHEDULE_CONSTANT, 20, 100, 1, .01},
        {LWS_SCHEDULE_CONSTANT, 20, 100, 18, .095},
        {LWS_SCHEDULE_CONSTANT, 20, 100, 19, .1}, /* the last of the rise is the whole */
        {LWS_SCHEDULE_CONSTANT, 20, 100, 20, .1},
        {LWS_SCHEDULE_CONSTANT, 20, 100, 99, .1},
        {LWS_SCHEDULE_COSINE, 0, 100, 0, .1},
        {LWS_SCHEDULE_COSINE, 0, 100, 1, .0999777952164579},  /* .01 + .045 · (1 + cos(π/100)) */
        {LWS_SCHEDULE_COSINE, 0, 100, 25, .0868198051533946}, /* .01 + .045 · (1 + √½) */
        {LWS_SCHEDULE_COSINE, 0, 100, 50, .055},
        {LWS_SCHEDULE_COSINE, 0, 100, 75, .0231801948466054},
        {LWS_SCHEDULE_COSINE, 0, 100, 99, .0100222047835421},
        {LWS_SCHEDULE_COSINE, 0, 100, 100, .01},
        {LWS_SCHEDULE_COSINE, 0, 100, 101, .01},
        {LWS_SCHEDULE_COSINE, 20, 120, 4, .025},
        {LWS_SCHEDULE_COSINE, 20, 120, 19, .1},
        {LWS_SCHEDULE_COSINE, 20, 120, 20, .1},
        {LWS_SCHEDULE_COSINE, 20, 120, 45, .0868198051533946},
        {LWS_SCHEDULE_COSINE, 20, 120, 70, .055},
        {LWS_SCHEDULE_COSINE, 20, 120, 120, .01},
        {LWS_SCHEDULE_COSINE, 20, 20, 19, .1}, /* nothing after the rise */
        {LWS_SCHEDULE_COSINE, 20, 20, 20, .01},
        {LWS_SCHEDULE_STEP, 0, 100, 9, .1},
        {LWS_SCHEDULE_STEP, 0, 100, 10, .05},
        {LWS_SCHEDULE_STEP, 0, 100, 19, .05},
        {LWS_SCHEDULE_STEP, 0, 100, 39, .0125},
        {LWS_SCHEDULE_STEP, 20, 100, 10, .055}, /* the rise is not decayed … */
        {LWS_SCHEDULE_STEP, 20, 100, 29, .1},   /* … and decays count from its end */
        {LWS_SCHEDULE_STEP, 20, 100, 30, .05},
        {LWS_SCHEDULE_STEP, 20, 100, 49, .025},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lws_schedule s = {.lr = .1, .lr_min = .01, .every = 10, .factor = .5};
        s.kind = cases[i].kind, s.warmup = cases[i].warmup, s.total = cases[i].total;
        double rate = lws_schedule_rate(&s, cases[i].step);
        if (fabs(rate - cases[i].rate) > 1e-15)
            fail_msg("kind %d, warm-up %d, step %d: %.17g in place of %.17g", cases[i].kind, (int)cases[i].warmup,
                     (int)cases[i].step, rate, cases[i].rate);
    }
}

/* Whole numbers, so that sums are exact: 1² + … + n² = n (n + 1) (2n + 1) / 6, in blocks of 4096. */
static void norms_by_hand(void **state)
{
    (void)state;
    enum { ALL = 2 * 4096 + 3 };
    float *g = check_floats(ALL);
    double *sums = check_doubles(3);
    for (int i = 0; i < ALL; i++)
        g[i] = (float)(i % 4096 + 1) * (i % 2 ? -1 : 1);
    lws_norm_blocks(ALL, g, sums);
    check_near(sums[0], 4096. * 4097 * 8193 / 6, 0);
    check_near(sums[1], 4096. * 4097 * 8193 / 6, 0);
    check_near(sums[2], 1 + 4 + 9, 0);
    lws_norm_blocks(4096, g, sums + 2); /* exactly a block */
    check_near(sums[2], 4096. * 4097 * 8193 / 6, 0);
    sums[0] = 5;
    lws_norm_blocks(0, g, sums);
    check_near(sums[0], 5, 0);
    check_free(g, ALL), check_free(sums, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_step),
        cmocka_unit_test(decoupled_decay),
        cmocka_unit_test(against_reference),
        cmocka_unit_test(ranges_have_the_same_bits),
        cmocka_unit_test(sums_of_bits),
        cmocka_unit_test(norms),
        cmocka_unit_test(norms_of_extremes),
        cmocka_unit_test(schedules),
        cmocka_unit_test(warmup),
        cmocka_unit_test(rates_by_hand),
        cmocka_unit_test(norms_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
