/* Priors of codes: draws have the moments that they should have, and each is of its number alone; factors, densities
 * and the objective against naive ones; a mixture that was made up is found again; codes of which no covariance has a
 * factor of its own; equal bits for any number of threads. */
#include "check.h"

#include "covariance.h"
#include "inference/codes.h"
#include "inference/prior.h"
#include "mixture.h"

/* ---- naive ones ---------------------------------------------------------------------------------- */

static double normal(check_rng *r) /* of a sum of 48 uniform ones */
{
    double sum = 0;
    for (int i = 0; i < 48; i++)
        sum += check_uniform(r, -.5, .5);
    return sum / 2;
}

/* Row by row (Cholesky–Banachiewicz). */
static void naive_factor(int n, const double *matrix, double *factor)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = j <= i ? matrix[i * n + j] : 0;
            for (int k = 0; k < j && j <= i; k++)
                sum -= factor[i * n + k] * factor[j * n + k];
            factor[i * n + j] = j > i ? 0 : j == i ? sqrt(sum) : sum / factor[j * n + j];
        }
}

/* x of matrix · x = b by elimination, and the determinant's logarithm. */
static double naive_solve(int n, const double *matrix, const double *b, double *x)
{
    double *a = malloc((size_t)(n * n) * sizeof *a), log_determinant = 0;
    assert_non_null(a);
    memcpy(a, matrix, (size_t)(n * n) * sizeof *a);
    memcpy(x, b, (size_t)n * sizeof *x);
    for (int k = 0; k < n; k++) {
        log_determinant += log(a[k * n + k]);
        for (int i = k + 1; i < n; i++) {
            double f = a[i * n + k] / a[k * n + k];
            for (int j = k; j < n; j++)
                a[i * n + j] -= f * a[k * n + j];
            x[i] -= f * x[k];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int j = i + 1; j < n; j++)
            x[i] -= a[i * n + j] * x[j];
        x[i] /= a[i * n + i];
    }
    free(a);
    return log_determinant;
}

static void naive_covariance(int latent, int64_t n, const float *codes, double *mean, double *covariance)
{
    for (int j = 0; j < latent; j++) {
        mean[j] = 0;
        for (int64_t i = 0; i < n; i++)
            mean[j] += codes[i * latent + j] / (double)n;
    }
    for (int a = 0; a < latent; a++)
        for (int b = 0; b < latent; b++) {
            double sum = 0;
            for (int64_t i = 0; i < n; i++)
                sum += (codes[i * latent + a] - mean[a]) * (codes[i * latent + b] - mean[b]);
            covariance[a * latent + b] = sum / (double)n;
        }
}

/* L · Lᵀ */
static void product(int n, const double *factor, double *matrix)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            matrix[i * n + j] = 0;
            for (int k = 0; k < n; k++)
                matrix[i * n + j] += factor[i * n + k] * factor[j * n + k];
        }
}

/* The objective of mixture.h as it stands there, over the number of codes, without log 2π. */
static double naive_objective(const mixture *m, int64_t n, const float *codes)
{
    int d = m->latent;
    double *S = check_doubles((size_t)(d * d)), *A = check_doubles((size_t)(d * d)), *x = check_doubles((size_t)d);
    double *diff = check_doubles((size_t)d), *mean = check_doubles((size_t)d), sum = 0, trace = 0;
    naive_covariance(d, n, codes, mean, A);
    for (int j = 0; j < d; j++)
        trace += A[j * d + j];
    for (int j = 0; j < d; j++)
        A[j * d + j] += 1e-6 * trace / d + 1e-30;
    double *density = calloc((size_t)n, sizeof *density);
    assert_non_null(density);
    for (int k = 0; k < m->components; k++) {
        product(d, m->factor + k * d * d, S);
        double log_determinant = 0;
        for (int j = 0; j < d; j++) { /* tr(S⁻¹ A): column by column */
            for (int i = 0; i < d; i++)
                diff[i] = A[i * d + j];
            log_determinant = naive_solve(d, S, diff, x);
            sum -= d * x[j] / 2;
        }
        sum -= d * log_determinant / 2;
        for (int64_t i = 0; i < n; i++) {
            double square = 0;
            for (int j = 0; j < d; j++)
                diff[j] = codes[i * d + j] - m->mean[k * d + j];
            naive_solve(d, S, diff, x);
            for (int j = 0; j < d; j++)
                square += diff[j] * x[j];
            density[i] += m->weight[k] * exp(-square / 2 - log_determinant / 2);
        }
    }
    for (int64_t i = 0; i < n; i++)
        sum += log(density[i]);
    free(density);
    check_free(S, (size_t)(d * d)), check_free(A, (size_t)(d * d)), check_free(x, (size_t)d);
    check_free(diff, (size_t)d), check_free(mean, (size_t)d);
    return sum / (double)n;
}

/* ---- parts ----------------------------------------------------------------------------------------- */

static void factor_against_naive(void **state)
{
    (void)state;
    check_rng r = {7};
    for (int round = 0; round < 12; round++) {
        int n = round < 10 ? check_int(&r, 1, 40) : 300;
        size_t size = (size_t)n * (size_t)n;
        double *root = check_random_doubles(&r, size, -1, 1), *matrix = check_doubles(size);
        double *want = check_doubles(size), *got = check_doubles(size);
        product(n, root, matrix);
        for (int i = 0; i < n; i++)
            matrix[i * n + i] += .1;
        naive_factor(n, matrix, want);
        memcpy(got, matrix, size * sizeof *got);
        for (int i = 0; i < n; i++)
            for (int j = i + 1; j < n; j++)
                got[i * n + j] = (double)NAN; /* not read */
        assert_true(covariance_factor(n, got));
        check_doubles_near(got, want, size, 1e-11);
        double difference[300 * COVARIANCE_LANES], square[COVARIANCE_LANES], b[300], x[300], want_square = 0;
        for (int i = 0; i < n; i++)
            for (int k = 0; k < COVARIANCE_LANES; k++)
                difference[i * COVARIANCE_LANES + k] = k == 5 ? (b[i] = check_uniform(&r, -1, 1)) : 0;
        double determinant = naive_solve(n, matrix, b, x);
        for (int i = 0; i < n; i++)
            want_square += b[i] * x[i];
        covariance_distance(n, got, difference, square);
        check_near(square[5], want_square, 1e-9 * want_square);
        check_near(square[4], 0, 0);
        check_near(covariance_log_determinant(n, got), determinant, 1e-9 * n);
        matrix[0] = -1;
        assert_false(covariance_factor(n, matrix));
        check_free(root, size), check_free(matrix, size), check_free(want, size), check_free(got, size);
    }
}

/* ---- standard -------------------------------------------------------------------------------------- */

enum { MANY = 20000 };

static void standard_has_its_moments(void **state)
{
    (void)state;
    enum { LATENT = 5 };
    lws_prior *prior;
    assert_int_equal(lws_prior_standard(LATENT, 1.5, &prior), LWS_OK);
    assert_int_equal(lws_prior_latent(prior), LATENT);
    assert_int_equal(lws_prior_components(prior), 1);
    float *codes = check_floats(MANY * LATENT), alone[LATENT], other[LATENT];
    lws_prior_draw(prior, 3, 0, MANY, codes);
    double mean[LATENT], covariance[LATENT * LATENT];
    naive_covariance(LATENT, MANY, codes, mean, covariance);
    for (int i = 0; i < LATENT; i++) {
        check_near(mean[i], 0, .05);
        for (int j = 0; j < LATENT; j++)
            check_near(covariance[i * LATENT + j], i == j ? 2.25 : 0, .1);
    }
    lws_prior_draw(prior, 3, 1234, 1, alone);
    assert_memory_equal(alone, codes + 1234 * LATENT, sizeof alone);
    lws_prior_draw(prior, 4, 1234, 1, other);
    assert_memory_not_equal(alone, other, sizeof alone);
    check_free(codes, MANY * LATENT);
    lws_prior_free(prior);
    lws_prior_free(NULL);
}

/* ---- fitted ---------------------------------------------------------------------------------------- */

/* Codes of `components` Gaussians, the first of weight ½; far: how far apart their means are. */
static float *made_up(check_rng *r, int components, int latent, int64_t n, double far)
{
    float *codes = check_floats((size_t)n * (size_t)latent);
    double *root = check_random_doubles(r, (size_t)(components * latent * latent), -1, 1);
    double *mean = check_random_doubles(r, (size_t)(components * latent), -far, far);
    for (int64_t i = 0; i < n; i++) {
        int k = i % 2 ? 0 : (int)(i / 2 % components);
        for (int j = 0; j < latent; j++)
            codes[i * latent + j] = (float)mean[k * latent + j];
        for (int l = 0; l < latent; l++) {
            double z = normal(r);
            for (int j = 0; j < latent; j++)
                codes[i * latent + j] += (float)(root[(k * latent + j) * latent + l] * z);
        }
    }
    check_free(root, (size_t)(components * latent * latent)), check_free(mean, (size_t)(components * latent));
    return codes;
}

/* A Gaussian has the mean and covariance of the codes, and so have draws. */
static void gaussian_has_the_codes_moments(void **state)
{
    (void)state;
    enum { LATENT = 4, CODES = 600 };
    check_rng r = {11};
    for (int components = 1; components <= 3;
         components += 2) { /* the moments of a mixture are those of its codes too */
        float *codes = made_up(&r, components, LATENT, CODES, 3), *drawn = check_floats(MANY * LATENT);
        double mean[LATENT], covariance[LATENT * LATENT], got_mean[LATENT], got[LATENT * LATENT];
        naive_covariance(LATENT, CODES, codes, mean, covariance);
        lws_prior *prior;
        assert_int_equal(lws_prior_fit(components, 1, LATENT, CODES, codes, &prior), LWS_OK);
        assert_int_equal(lws_prior_components(prior), components);
        lws_prior_draw(prior, 9, 0, MANY, drawn);
        naive_covariance(LATENT, MANY, drawn, got_mean, got);
        double largest = check_largest(covariance, LATENT * LATENT);
        for (int i = 0; i < LATENT; i++) {
            check_near(got_mean[i], mean[i], .03 * sqrt(largest));
            for (int j = 0; j < LATENT; j++)
                check_near(got[i * LATENT + j], covariance[i * LATENT + j], .05 * largest);
        }
        float alone[2 * LATENT];
        lws_prior_draw(prior, 9, 77, 2, alone);
        assert_memory_equal(alone, drawn + 77 * LATENT, sizeof alone);
        check_free(codes, CODES * LATENT), check_free(drawn, MANY * LATENT);
        lws_prior_free(prior);
    }
}

static void gaussian_is_exact(void **state)
{
    (void)state;
    enum { LATENT = 6, CODES = 50 };
    check_rng r = {12};
    float *codes = made_up(&r, 1, LATENT, CODES, 3);
    double mean[LATENT], want[LATENT * LATENT], got[LATENT * LATENT], trace = 0;
    naive_covariance(LATENT, CODES, codes, mean, want);
    for (int i = 0; i < LATENT; i++)
        trace += want[i * LATENT + i];
    for (int i = 0; i < LATENT; i++)
        want[i * LATENT + i] += 1e-6 * trace / LATENT * LATENT / (CODES + LATENT);
    mixture m;
    assert_int_equal(mixture_fit(1, 1, LATENT, CODES, codes, &m), LWS_OK);
    product(LATENT, m.factor, got);
    check_doubles_near(got, want, LATENT * LATENT, 1e-12);
    check_doubles_near(m.mean, mean, LATENT, 1e-12);
    check_near(m.weight[0], 1, 0);
    mixture_free(&m);
    check_free(codes, CODES * LATENT);
}

static void made_up_mixture_is_found(void **state)
{
    (void)state;
    enum { LATENT = 3, CODES = 9000, OF = 3 };
    check_rng r = {13};
    float *codes = check_floats(CODES * LATENT);
    static const double mean[OF][LATENT] = {{0, 0, 0}, {9, 0, 0}, {0, 9, 9}}, weight[OF] = {.5, .3, .2};
    static const double deviation[OF] = {1, .5, 2};
    for (int i = 0; i < CODES; i++) {
        int k = i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2;
        double a = normal(&r), b = normal(&r), c = normal(&r);
        double z[LATENT] = {a, .6 * a + .8 * b, c}; /* the first two go together */
        for (int j = 0; j < LATENT; j++)
            codes[i * LATENT + j] = (float)(mean[k][j] + deviation[k] * z[j]);
    }
    mixture m;
    assert_int_equal(mixture_fit(OF, 1, LATENT, CODES, codes, &m), LWS_OK);
    assert_int_equal(m.components, OF);
    bool found[OF] = {false};
    for (int k = 0; k < OF; k++) {
        int of = m.weight[k] > .4 ? 0 : m.weight[k] > .25 ? 1 : 2;
        double covariance[LATENT * LATENT], s = deviation[of] * deviation[of];
        assert_false(found[of]);
        found[of] = true;
        check_near(m.weight[k], weight[of], .002);
        product(LATENT, m.factor + k * LATENT * LATENT, covariance);
        for (int j = 0; j < LATENT; j++)
            check_near(m.mean[k * LATENT + j], mean[of][j], .1 * deviation[of]);
        check_near(covariance[0], s, .12 * s + .03); /* three made-up codes of the whole are in it */
        check_near(covariance[1], .6 * s, .1 * s + .03);
        check_near(covariance[2], 0, .1 * s + .03);
    }
    mixture_free(&m);
    check_free(codes, CODES * LATENT);
}

/* Clusters so far apart that a centre of each is all but sure. */
static void centres_lie_apart(void **state)
{
    (void)state;
    enum { LATENT = 2, OF = 6, CODES = 60 };
    check_rng r = {19};
    float *codes = check_floats(CODES * LATENT);
    double part[CODES * OF], mean[OF * LATENT], distance[CODES];
    for (int i = 0; i < CODES * LATENT; i++)
        codes[i] = (float)check_uniform(&r, -.01, .01) + (i % 2 ? 0 : 100.f * (float)(i / 2 % OF));
    for (uint64_t seed = 0; seed < 30; seed++) {
        covariance_codes all = {.latent = LATENT, .n = CODES, .code = codes};
        assert_int_equal(mixture_start(OF, seed, &all, part, mean, distance), OF);
        for (int i = 0; i < CODES; i++)
            for (int j = 0; j < CODES; j++) {
                double together = 0;
                for (int k = 0; k < OF; k++)
                    together += part[i * OF + k] * part[j * OF + k];
                check_near(together, i % OF == j % OF ? 1 : 0, 0);
            }
    }
    check_free(codes, CODES * LATENT);
}

static void objective_never_falls(void **state)
{
    (void)state;
    check_rng r = {14};
    for (int round = 0; round < 20; round++) {
        int components = check_int(&r, 2, 6), latent = check_int(&r, 1, 7);
        int64_t n = check_int(&r, components, 300);
        float *codes = made_up(&r, check_int(&r, 1, 5), latent, n, check_uniform(&r, 0, 3));
        mixture m;
        assert_int_equal(mixture_fit(components, (uint64_t)round, latent, n, codes, &m), LWS_OK);
        assert_in_range(m.rounds, m.components > 1 ? 1 : 0, MIXTURE_ROUNDS);
        for (int i = 1; i < m.rounds; i++)
            assert_true(m.objective[i] >= m.objective[i - 1] - 1e-9);
        if (m.rounds > 0)
            check_near(m.objective[m.rounds - 1], naive_objective(&m, n, codes), 1e-8 * latent);
        double sum = 0;
        for (int k = 0; k < m.components; k++)
            sum += m.weight[k];
        check_near(sum, 1, 1e-12);
        mixture_free(&m);
        check_free(codes, (size_t)(n * latent));
    }
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    enum { LATENT = 37, CODES = 301 };
    check_rng r = {15};
    int before = omp_get_max_threads();
    float *codes = made_up(&r, 4, LATENT, CODES, 1), *first = check_floats(9 * LATENT),
          *drawn = check_floats(9 * LATENT);
    for (int threads = 1; threads <= 5; threads++) {
        lws_prior *prior;
        omp_set_num_threads(threads);
        assert_int_equal(lws_prior_fit(5, 2, LATENT, CODES, codes, &prior), LWS_OK);
        lws_prior_draw(prior, 3, 0, 9, drawn);
        if (threads == 1)
            memcpy(first, drawn, 9 * LATENT * sizeof *first);
        assert_memory_equal(first, drawn, 9 * LATENT * sizeof *first);
        lws_prior_free(prior);
    }
    omp_set_num_threads(before);
    check_free(codes, CODES * LATENT), check_free(first, 9 * LATENT), check_free(drawn, 9 * LATENT);
}

/* ---- few, equal and bad codes --------------------------------------------------------------------------- */

static void one_code_gives_itself(void **state)
{
    (void)state;
    enum { LATENT = 8 };
    check_rng r = {16};
    float *codes = check_random_floats(&r, 4 * LATENT, -2, 2), drawn[3 * LATENT];
    for (int i = 1; i < 4; i++)
        memcpy(codes + i * LATENT, codes, LATENT * sizeof *codes);
    for (int components = 1; components <= 4; components += 3)
        for (int n = 1; n <= 4; n += 3) {
            lws_prior *prior;
            assert_int_equal(lws_prior_fit(components, 1, LATENT, n, codes, &prior), LWS_OK);
            assert_int_equal(lws_prior_components(prior), 1); /* there are no more different codes */
            lws_prior_draw(prior, 1, 0, 3, drawn);
            for (int i = 0; i < 3; i++)
                assert_memory_equal(drawn + i * LATENT, codes, LATENT * sizeof *codes);
            lws_prior_free(prior);
        }
    check_free(codes, 4 * LATENT);
}

/* Numbers that never change stay; fewer codes than numbers: draws lie in the space of the codes, all but. */
static void flat_codes(void **state)
{
    (void)state;
    enum { LATENT = 24, CODES = 6, DRAWS = 40 };
    check_rng r = {17};
    float *codes = check_random_floats(&r, CODES * LATENT, -1, 1), drawn[DRAWS * LATENT];
    for (int i = 0; i < CODES; i++) {
        codes[i * LATENT + 3] = .625f;
        codes[i * LATENT + 5] = 2 * codes[i * LATENT + 4];
    }
    for (int components = 1; components <= 6; components += 5) {
        lws_prior *prior;
        assert_int_equal(lws_prior_fit(components, 1, LATENT, CODES, codes, &prior), LWS_OK);
        lws_prior_draw(prior, 1, 0, DRAWS, drawn);
        double spread = 0;
        for (int i = 0; i < DRAWS; i++) {
            check_near(drawn[i * LATENT + 3], .625, .005);
            check_near(drawn[i * LATENT + 5], 2 * drawn[i * LATENT + 4], .02);
            spread += fabs((double)drawn[i * LATENT] - (double)drawn[0]) / DRAWS;
        }
        assert_true(spread > .05);
        lws_prior_free(prior);
    }
    check_free(codes, CODES * LATENT);
}

static void bad_codes_are_named(void **state)
{
    (void)state;
    check_rng r = {18};
    float *codes = check_random_floats(&r, 5 * 4, -1, 1);
    lws_prior *prior;
    codes[2 * 4 + 1] = INFINITY;
    assert_int_equal(lws_prior_fit(1, 1, 4, 5, codes, &prior), LWS_ERR_NUMERIC);
    assert_null(prior);
    assert_non_null(strstr(lws_message(), "code 2 of 5"));
    for (int i = 0; i < 5 * 4; i++)
        codes[i] = i % 3 ? 3e38f : -3e38f; /* large ones are no error */
    assert_int_equal(lws_prior_fit(2, 1, 4, 5, codes, &prior), LWS_OK);
    lws_prior_free(prior);
    check_free(codes, 5 * 4);
}

/* ---- between codes ------------------------------------------------------------------------------------- */

static void way_between_codes(void **state)
{
    (void)state;
    enum { LATENT = 7 };
    check_rng r = {20};
    float *a = check_random_floats(&r, LATENT, -1, 1), *b = check_random_floats(&r, LATENT, -1, 1), out[LATENT];
    double squares[2] = {0, 0}, dot = 0;
    for (int spherical = 0; spherical <= 1; spherical++) {
        lws_codes_between(LATENT, a, b, 0, spherical, out);
        assert_memory_equal(out, a, sizeof out);
        lws_codes_between(LATENT, a, b, 1, spherical, out);
        assert_memory_equal(out, b, sizeof out);
    }
    lws_codes_between(LATENT, a, b, .25, false, out);
    for (int i = 0; i < LATENT; i++)
        check_near(out[i], .75 * (double)a[i] + .25 * (double)b[i], 1e-7);
    /* Codes of length 1 stay at that length, and the angle grows evenly. */
    for (int i = 0; i < LATENT; i++)
        squares[0] += (double)a[i] * (double)a[i], squares[1] += (double)b[i] * (double)b[i];
    for (int i = 0; i < LATENT; i++) {
        a[i] /= (float)sqrt(squares[0]), b[i] /= (float)sqrt(squares[1]);
        dot += (double)a[i] * (double)b[i];
    }
    for (int step = 1; step < 8; step++) {
        double length = 0, with_a = 0;
        lws_codes_between(LATENT, a, b, step / 8., true, out);
        for (int i = 0; i < LATENT; i++)
            length += (double)out[i] * (double)out[i], with_a += (double)out[i] * (double)a[i];
        check_near(length, 1, 1e-6);
        check_near(with_a, cos(acos(dot) * step / 8), 1e-6);
    }
    /* No arc: a line. */
    for (int i = 0; i < LATENT; i++)
        b[i] = -2 * a[i];
    lws_codes_between(LATENT, a, b, .5, true, out);
    for (int i = 0; i < LATENT; i++)
        check_near(out[i], -.5 * (double)a[i], 1e-7);
    memset(b, 0, LATENT * sizeof *b);
    lws_codes_between(LATENT, a, b, .5, true, out);
    for (int i = 0; i < LATENT; i++)
        check_near(out[i], .5 * (double)a[i], 1e-7);
    check_free(a, LATENT), check_free(b, LATENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factor_against_naive),
        cmocka_unit_test(standard_has_its_moments),
        cmocka_unit_test(gaussian_has_the_codes_moments),
        cmocka_unit_test(gaussian_is_exact),
        cmocka_unit_test(made_up_mixture_is_found),
        cmocka_unit_test(centres_lie_apart),
        cmocka_unit_test(way_between_codes),
        cmocka_unit_test(objective_never_falls),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(one_code_gives_itself),
        cmocka_unit_test(flat_codes),
        cmocka_unit_test(bad_codes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
