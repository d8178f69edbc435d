/* LAMB against the reference, and by hand: the direction, the trust ratio, decay. */
#include "adam_step.h"
#include "check.h"

#include "optim/norm.h"

#include <reference.h>

enum { N = 3 * LWS_NORM_BLOCK / 4 };

static double norm(size_t n, const float *x)
{
    double squares;
    lws_norm_blocks(n, x, &squares); /* one block */
    return sqrt(squares);
}

/* A step of a whole tensor, as a caller makes it. */
static void lamb_step(const ref_lamb *l, int64_t step, double lr, double scale, size_t n, float *const array[4],
                      const float *g)
{
    double options[LWS_OPTIMIZER_OPTIONS_SIZE / sizeof(double)];
    const lws_optimizer *row = optimizer_named("lamb");
    assert_non_null(row);
    set_adam_keys(row, options, &(adam_keys){l->beta1, l->beta2, l->epsilon, 0});
    lws_update update = {.options = options,
                         .step = step,
                         .rate = lr,
                         .gradient_scale = scale,
                         .weight_decay = l->is_vector ? 0 : l->decay,
                         .n = n,
                         .gradient = g,
                         .theta = array[0],
                         .slot = {array[1], array[2]},
                         .proposal = array[3]};
    row->update(&update);
    double ratio = l->is_vector ? 1 : row->trust_ratio(options, norm(n, array[0]), norm(n, array[3]));
    lws_optimizer_apply(n, lr * ratio, array[3], array[0]);
}

/* Many steps against a reference that keeps its state in double. */
static void against_reference(void **state)
{
    (void)state;
    static const ref_lamb cases[] = {{.9, .999, 1e-6, 0, false},
                                     {.9, .999, 1e-6, .1, false},
                                     {.5, .9, 1e-3, 2, false},
                                     {.9, .999, 1e-6, .1, true},
                                     {0, .9, 1e-2, .01, false}};
    check_rng r = {137};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        float *array[4];
        for (int a = 0; a < 4; a++)
            array[a] = check_random_floats(&r, N, -.5f, .5f);
        memset(array[1], 0, N * sizeof(float));
        memset(array[2], 0, N * sizeof(float));
        double *X = check_widen(array[0], N), *M = check_widen(array[1], N), *V = check_widen(array[2], N);
        for (int step = 1; step <= 30; step++) {
            double lr = .02 / step, scale = step % 3 ? 1 : .25;
            float *g = check_random_floats(&r, N, -1, 1);
            double *G = check_widen(g, N);
            for (int i = 0; i < N; i++)
                G[i] *= scale;
            lamb_step(&cases[k], step, lr, scale, N, array, g);
            ref_lamb_step(&cases[k], step, lr, N, X, M, V, G);
            check_free(g, N), check_free(G, N);
        }
        check_floats_near(array[0], X, N, 2e-6);
        check_floats_near(array[1], M, N, 1e-6);
        check_floats_near(array[2], V, N, 1e-6);
        for (int a = 0; a < 4; a++)
            check_free(array[a], N);
        check_free(X, N), check_free(M, N), check_free(V, N);
    }
}

/* A tensor of norm 5 moves by lr · 5 in its first step, whatever its gradient: u is its signs. */
static void moves_by_its_length(void **state)
{
    (void)state;
    for (double size = 1e-3; size < 1e4; size *= 10) {
        float theta[4] = {3, 4, 0, 0}, m[4] = {0}, v[4] = {0}, u[4];
        float g[4] = {(float)size, (float)-size, (float)(2 * size), (float)(-3 * size)};
        lamb_step(&(ref_lamb){.9, .999, 1e-12, 0, false}, 1, .01, 1, 4, (float *[]){theta, m, v, u}, g);
        static const double want[4] = {3 - .025, 4 + .025, -.025, .025}; /* ‖u‖ = 2 */
        check_floats_near(theta, want, 4, 1e-6);
    }
}

/* Decay is part of the direction: without a gradient u = λ · θ, and the tensor shrinks by lr whatever λ is. */
static void decay_is_in_the_direction(void **state)
{
    (void)state;
    for (double decay = .01; decay < 200; decay *= 10) {
        float theta[3] = {2, -1, 2}, m[3] = {0}, v[3] = {0}, u[3], g[3] = {0};
        lamb_step(&(ref_lamb){.9, .999, 1e-6, decay, false}, 1, .25, 1, 3, (float *[]){theta, m, v, u}, g);
        static const double want[3] = {1.5, -.75, 1.5};
        check_floats_near(theta, want, 3, 1e-6);
        assert_true(m[0] == 0 && v[0] == 0); /* and the moments know nothing of it */
    }
}

/* A tensor of zeros, or a step without direction: the ratio is 1. */
static void norms_of_zero(void **state)
{
    (void)state;
    const lws_optimizer *row = optimizer_named("lamb");
    check_near(row->trust_ratio(NULL, 0, 3), 1, 0);
    check_near(row->trust_ratio(NULL, 3, 0), 1, 0);
    check_near(row->trust_ratio(NULL, 0, 0), 1, 0);
    check_near(row->trust_ratio(NULL, 6, 3), 2, 0);
    float theta[2] = {0}, m[2] = {0}, v[2] = {0}, u[2], g[2] = {5, -5};
    lamb_step(&(ref_lamb){.9, .999, 1e-12, .1, false}, 1, .125, 1, 2, (float *[]){theta, m, v, u}, g);
    check_near(theta[0], -.125, 1e-6);
    check_near(theta[1], .125, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_reference),
        cmocka_unit_test(moves_by_its_length),
        cmocka_unit_test(decay_is_in_the_direction),
        cmocka_unit_test(norms_of_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
