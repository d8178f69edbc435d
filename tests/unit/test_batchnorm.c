/* Batch normalisation with and without ReLU: against the reference, the reference against
 * differences, extremes, in place, evaluation, and bits that do not depend on threads. */
#include "check.h"

#include "kernels/batchnorm.h"

#include <reference.h>

/* Three float roundings. */
#define ROUNDING (3 * 0x1p-24)

typedef struct problem {
    int rows, channels;
    bool relu;
    size_t n, c;
    float *x, *gamma, *beta, *dy;
    float *y, *mean, *inv_std, *unbiased, *dx, *dgamma, *dbeta, *own, *scratch;
    size_t scratch_size;
    lws_batchnorm bn;
} problem;

static problem make(check_rng *r, int rows, int channels, bool relu)
{
    problem p = {.rows = rows, .channels = channels, .relu = relu};
    p.n = (size_t)rows * (size_t)channels;
    p.c = (size_t)channels;
    p.x = check_random_floats(r, p.n, -2, 3);
    p.gamma = check_random_floats(r, p.c, -1.5, 1.5);
    p.beta = check_random_floats(r, p.c, -1, 1);
    p.dy = check_random_floats(r, p.n, -1, 1);
    p.y = check_floats(p.n);
    p.dx = check_floats(p.n);
    p.mean = check_floats(p.c);
    p.inv_std = check_floats(p.c);
    p.unbiased = check_floats(p.c);
    p.dgamma = check_floats(p.c);
    p.dbeta = check_floats(p.c);
    p.own = check_floats(3 * p.c);
    p.scratch_size = lws_batchnorm_scratch(rows, channels);
    p.scratch = check_floats(p.scratch_size);
    p.bn = (lws_batchnorm){.channels = channels,
                           .relu = relu,
                           .gamma = p.gamma,
                           .beta = p.beta,
                           .mean = p.mean,
                           .inv_std = p.inv_std,
                           .scale = p.own,
                           .unbiased_var = p.unbiased,
                           .mean_dy = p.own + p.c,
                           .slope = p.own + 2 * p.c,
                           .dgamma = p.dgamma,
                           .dbeta = p.dbeta};
    return p;
}

static void release(problem *p)
{
    check_free(p->x, p->n), check_free(p->gamma, p->c), check_free(p->beta, p->c);
    check_free(p->dy, p->n), check_free(p->y, p->n), check_free(p->dx, p->n);
    check_free(p->mean, p->c), check_free(p->inv_std, p->c), check_free(p->unbiased, p->c);
    check_free(p->dgamma, p->c), check_free(p->dbeta, p->c);
    check_free(p->own, 3 * p->c);
    check_free(p->scratch, p->scratch_size);
}

static void forward(problem *p)
{
    for (size_t i = 0; i < p->scratch_size; i++)
        p->scratch[i] = NAN;
    lws_batchnorm_forward(&p->bn, p->rows, p->x, p->y, p->scratch);
}

static void backward(problem *p, float *dx)
{
    for (size_t i = 0; i < p->scratch_size; i++)
        p->scratch[i] = NAN;
    lws_batchnorm_backward(&p->bn, p->rows, p->x, p->dy, dx, p->scratch);
}

/* What the reference makes of the same numbers. */
typedef struct answer {
    double *y, *mean, *var, *dx, *dgamma, *dbeta;
} answer;

static answer solve(const problem *p)
{
    answer a = {check_doubles(p->n), check_doubles(p->c), check_doubles(p->c),
                check_doubles(p->n), check_doubles(p->c), check_doubles(p->c)};
    double *x = check_widen(p->x, p->n), *gamma = check_widen(p->gamma, p->c);
    double *beta = check_widen(p->beta, p->c), *dy = check_widen(p->dy, p->n);
    ref_batchnorm_forward(p->rows, p->channels, p->relu, x, gamma, beta, a.y, a.mean, a.var);
    ref_batchnorm_backward(p->rows, p->channels, p->relu, x, gamma, beta, dy, a.dx, a.dgamma, a.dbeta);
    check_free(x, p->n), check_free(gamma, p->c), check_free(beta, p->c), check_free(dy, p->n);
    return a;
}

static void release_answer(const problem *p, answer *a)
{
    check_free(a->y, p->n), check_free(a->mean, p->c), check_free(a->var, p->c);
    check_free(a->dx, p->n), check_free(a->dgamma, p->c), check_free(a->dbeta, p->c);
}

/* Both passes add and subtract floats of these sizes, whatever is left of them: errors are measured
 * against them. */
static double size_of_terms(const problem *p, bool backward_pass)
{
    double size = 0;
    for (size_t i = 0; i < p->n; i++) {
        size_t k = i % p->c;
        double slope = fabs((double)p->gamma[k]) * p->inv_std[k];
        double forward_terms = slope * (fabs(p->x[i]) + fabs(p->mean[k])) + fabs(p->beta[k]);
        size = fmax(size, backward_pass ? slope * fabs(p->dy[i]) : forward_terms);
    }
    return size;
}

static void compare(problem *p, double tolerance)
{
    answer a = solve(p);
    forward(p);
    backward(p, p->dx);
    check_array_(p->y, NULL, a.y, p->n, size_of_terms(p, false), ROUNDING, "y", __FILE__, __LINE__);
    check_array_(p->dx, NULL, a.dx, p->n, size_of_terms(p, true), tolerance, "dx", __FILE__, __LINE__);
    check_floats_near(p->mean, a.mean, p->c, tolerance);
    check_floats_near(p->dgamma, a.dgamma, p->c, tolerance);
    check_floats_near(p->dbeta, a.dbeta, p->c, tolerance);
    for (size_t k = 0; k < p->c; k++) {
        double root = 1 / sqrt(a.var[k] + LWS_BATCHNORM_EPSILON);
        double unbiased = p->rows > 1 ? a.var[k] * p->rows / (p->rows - 1) : a.var[k];
        check_near(p->inv_std[k], root, tolerance * root);
        check_near(p->unbiased[k], unbiased, tolerance * unbiased);
    }
    release_answer(p, &a);
}

static void against_reference(void **state)
{
    (void)state;
    check_rng r = {51};
    for (int i = 0; i < 200; i++) {
        int channels = check_int(&r, 1, 70), rows = check_int(&r, 2, i < 150 ? 60 : 900);
        problem p = make(&r, rows, channels, i % 2);
        compare(&p, 2e-6);
        release(&p);
    }
}

/* Channels and rows beyond any block an implementation may work in. */
static void many_channels_and_rows(void **state)
{
    (void)state;
    static const int size[][2] = {{9, 1100}, {50, 257}, {300, 512}, {20000, 3}};
    check_rng r = {61};
    for (int i = 0; i < 8; i++) {
        problem p = make(&r, size[i / 2][0], size[i / 2][1], i % 2);
        compare(&p, 2e-6);
        release(&p);
    }
}

/* One row: the variance is 0, every x̂ is 0, and so is dx. */
static void one_row(void **state)
{
    (void)state;
    check_rng r = {52};
    problem p = make(&r, 1, 9, false);
    forward(&p);
    backward(&p, p.dx);
    for (size_t k = 0; k < p.c; k++) {
        check_near(p.mean[k], p.x[k], 0);
        check_near(p.y[k], p.beta[k], ROUNDING * size_of_terms(&p, false));
        check_near(p.unbiased[k], 0, 0);
        check_near(p.inv_std[k], 1 / sqrt(LWS_BATCHNORM_EPSILON), 1e-4);
        check_near(p.dx[k], 0, 1e-4); /* of gamma · inv_std, about 300 */
        check_near(p.dbeta[k], p.dy[k], 0);
        check_near(p.dgamma[k], 0, 1e-6);
    }
    release(&p);
}

/* A large mean with a small spread: E(x²) - E(x)² in float would have no digit left. */
static void large_mean(void **state)
{
    (void)state;
    check_rng r = {53};
    for (int relu = 0; relu < 2; relu++) {
        problem p = make(&r, 500, 7, relu);
        for (size_t i = 0; i < p.n; i++)
            p.x[i] = 1000 + (float)check_int(&r, -64, 64) / 64;
        answer a = solve(&p);
        forward(&p);
        for (size_t k = 0; k < p.c; k++) {
            double root = 1 / sqrt(a.var[k] + LWS_BATCHNORM_EPSILON);
            check_near(p.inv_std[k], root, 1e-6 * root);
            check_near(p.mean[k], a.mean[k], 1e-7 * 1000);
        }
        check_array_(p.y, NULL, a.y, p.n, size_of_terms(&p, false), ROUNDING, "y", __FILE__, __LINE__);
        release_answer(&p, &a);
        release(&p);
    }
}

static void flat_channel(void **state)
{
    (void)state;
    check_rng r = {54};
    problem p = make(&r, 40, 3, false);
    for (size_t i = 0; i < p.n; i++)
        p.x[i] = .75f;
    forward(&p);
    backward(&p, p.dx);
    for (size_t i = 0; i < p.n; i++) {
        check_near(p.y[i], p.beta[i % p.c], ROUNDING * size_of_terms(&p, false));
        assert_true(isfinite(p.dx[i]));
    }
    release(&p);
}

static void dx_may_be_dy(void **state)
{
    (void)state;
    check_rng r = {56};
    for (int relu = 0; relu < 2; relu++) {
        problem p = make(&r, 201, 13, relu);
        forward(&p);
        backward(&p, p.dx);
        backward(&p, p.dy);
        check_same_bits(p.dy, p.dx, p.n * sizeof(float));
        release(&p);
    }
}

static void evaluation(void **state)
{
    (void)state;
    check_rng r = {57};
    for (int i = 0; i < 40; i++) {
        problem p = make(&r, check_int(&r, 1, 99), check_int(&r, 1, 40), i % 2);
        float *mean = check_random_floats(&r, p.c, -1, 1), *var = check_random_floats(&r, p.c, 0, 2);
        double *want = check_doubles(p.n);
        for (size_t k = 0; k < p.n; k++) {
            size_t c = k % p.c;
            want[k] =
                (double)p.gamma[c] * ((double)p.x[k] - mean[c]) / sqrt(var[c] + LWS_BATCHNORM_EPSILON) + p.beta[c];
            if (p.relu && want[k] < 0)
                want[k] = 0;
        }
        lws_batchnorm_apply(&p.bn, p.rows, p.x, mean, var, p.y);
        check_floats_near(p.y, want, p.n, 2e-6);
        check_free(mean, p.c), check_free(var, p.c), check_free(want, p.n);
        release(&p);
    }
}

/* Running statistics equal to the batch's give what training gave. */
static void evaluation_agrees_with_training(void **state)
{
    (void)state;
    check_rng r = {58};
    problem p = make(&r, 77, 11, true);
    forward(&p);
    float *var = check_floats(p.c), *y = check_floats(p.n);
    for (size_t k = 0; k < p.c; k++)
        var[k] = p.unbiased[k] * (float)(p.rows - 1) / (float)p.rows;
    double *want = check_widen(p.y, p.n);
    lws_batchnorm_apply(&p.bn, p.rows, p.x, p.mean, var, y);
    check_floats_near(y, want, p.n, 2e-6);
    check_free(var, p.c), check_free(y, p.n), check_free(want, p.n);
    release(&p);
}

/* The objective ⟨weight, y⟩ of the reference, whose gradient the reference's backward pass must be.
 */
static double objective(int rows, int channels, bool relu, const double *x, const double *gamma, const double *beta,
                        const double *weight)
{
    size_t n = (size_t)rows * (size_t)channels, c = (size_t)channels;
    double *y = check_doubles(n), *mean = check_doubles(c), *var = check_doubles(c);
    ref_batchnorm_forward(rows, channels, relu, x, gamma, beta, y, mean, var);
    double value = check_dot(weight, y, n);
    check_free(y, n), check_free(mean, c), check_free(var, c);
    return value;
}

static void reference_against_differences(void **state)
{
    (void)state;
    enum { ROWS = 12, C = 3, N = ROWS * C };
    const double h = 1e-5;
    check_rng r = {59};
    for (int relu = 0; relu < 2; relu++) {
        double *v[3] = {check_random_doubles(&r, N, -1, 1), check_random_doubles(&r, C, .5, 1.5),
                        check_random_doubles(&r, C, -1, 1)};
        double *weight = check_random_doubles(&r, N, -1, 1);
        double *grad[3] = {check_doubles(N), check_doubles(C), check_doubles(C)};
        static const size_t size[3] = {N, C, C};
        ref_batchnorm_backward(ROWS, C, relu, v[0], v[1], v[2], weight, grad[0], grad[1], grad[2]);
        for (int k = 0; k < 3; k++) {
            double *differences = check_doubles(size[k]);
            for (size_t i = 0; i < size[k]; i++) {
                double at = v[k][i];
                v[k][i] = at + h;
                double up = objective(ROWS, C, relu, v[0], v[1], v[2], weight);
                v[k][i] = at - h;
                double down = objective(ROWS, C, relu, v[0], v[1], v[2], weight);
                v[k][i] = at;
                differences[i] = (up - down) / (2 * h);
            }
            check_doubles_near(grad[k], differences, size[k], 1e-8);
            check_free(differences, size[k]);
        }
        for (int k = 0; k < 3; k++) {
            check_free(v[k], size[k]);
            check_free(grad[k], size[k]);
        }
        check_free(weight, N);
    }
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    int before = omp_get_max_threads();
    check_rng r = {60};
    for (int i = 0; i < 12; i++) {
        int rows = check_int(&r, 1, 3000), channels = check_int(&r, 1, i ? 33 : 700);
        uint64_t seed = check_next(&r);
        problem first = {0};
        for (int threads = 1; threads <= 3; threads++) {
            omp_set_num_threads(threads);
            check_rng same = {seed};
            problem p = make(&same, rows, channels, i % 2);
            forward(&p);
            backward(&p, p.dx);
            if (threads == 1) {
                first = p;
                continue;
            }
            check_same_bits(p.y, first.y, p.n * sizeof(float));
            check_same_bits(p.dx, first.dx, p.n * sizeof(float));
            check_same_bits(p.mean, first.mean, p.c * sizeof(float));
            check_same_bits(p.inv_std, first.inv_std, p.c * sizeof(float));
            check_same_bits(p.unbiased, first.unbiased, p.c * sizeof(float));
            check_same_bits(p.dgamma, first.dgamma, p.c * sizeof(float));
            check_same_bits(p.dbeta, first.dbeta, p.c * sizeof(float));
            release(&p);
        }
        release(&first);
    }
    omp_set_num_threads(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_against_differences),
        cmocka_unit_test(against_reference),
        cmocka_unit_test(many_channels_and_rows),
        cmocka_unit_test(one_row),
        cmocka_unit_test(large_mean),
        cmocka_unit_test(flat_channel),
        cmocka_unit_test(dx_may_be_dy),
        cmocka_unit_test(evaluation),
        cmocka_unit_test(evaluation_agrees_with_training),
        cmocka_unit_test(threads_do_not_change_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
