/* Convolution by every algorithm that fits: three passes against direct loops over many geometries, the adjoint
 * identities, what is overwritten and what is added to, bits that do not depend on threads; and the choice. */
#include "convolutions.h"

#include "conv_algorithms.h"

#include <reference.h>

#include <string.h>

/* Of the largest element: float products summed over up to 70 · 25 terms. Winograd's transforms multiply by up to 8 and
 * cancel again. */
static double tolerance(const lws_conv_algorithm *algorithm)
{
    return algorithm == &conv_winograd_4 ? 2e-5 : 1e-5;
}

#define EACH_FITTING(g, algorithm)                                                                                     \
    for (const lws_conv_algorithm *const *at_ = lws_conv_algorithms, *algorithm; (algorithm = *at_); at_++)            \
        if (algorithm->fits(g))

typedef struct problem {
    lws_conv2d g;
    int n;
    size_t nx, nw, ny;
    float *x, *w, *y; /* y stands for dy as well */
} problem;

static problem make(check_rng *r, lws_conv2d g, int n)
{
    problem p = {.g = g, .n = n};
    p.nx = (size_t)n * (size_t)g.in_h * (size_t)g.in_w * (size_t)g.in_c;
    p.ny = (size_t)n * (size_t)g.out_h * (size_t)g.out_w * (size_t)g.out_c;
    p.nw = (size_t)g.kernel * (size_t)g.kernel * (size_t)g.in_c * (size_t)g.out_c;
    p.x = check_random_floats(r, p.nx, -1, 1);
    p.w = check_random_floats(r, p.nw, -1, 1);
    p.y = check_random_floats(r, p.ny, -1, 1);
    return p;
}

static void release(problem *p)
{
    check_free(p->x, p->nx);
    check_free(p->w, p->nw);
    check_free(p->y, p->ny);
}

/* Any geometry: the padding may be uneven (output chosen freely among those that touch the input),
 * windows may hang over any side, and rows at the far side may be left out. */
static lws_conv2d random_geometry(check_rng *r, int most_channels)
{
    lws_conv2d g = {.kernel = check_int(r, 1, 5), .stride = check_int(r, 1, 3)};
    g.in_h = check_int(r, 1, 11);
    g.in_w = check_int(r, 1, 11);
    g.in_c = check_int(r, 1, most_channels);
    g.out_c = check_int(r, 1, most_channels);
    g.pad = check_int(r, 0, g.kernel - 1);
    int below = check_int(r, 0, g.kernel - 1); /* padding at the far side */
    g.out_h = (g.in_h + g.pad + below - g.kernel) / g.stride + 1;
    g.out_w = (g.in_w + g.pad + below - g.kernel) / g.stride + 1;
    if (g.in_h + g.pad + below < g.kernel || g.in_w + g.pad + below < g.kernel)
        return random_geometry(r, most_channels);
    return g;
}

static void compare(problem *p)
{
    double *x = check_widen(p->x, p->nx), *w = check_widen(p->w, p->nw);
    double *dy = check_widen(p->y, p->ny);
    double *want_y = check_doubles(p->ny), *want_dx = check_doubles(p->nx);
    double *want_dw = check_doubles(p->nw);
    ref_conv_forward(&p->g, p->n, x, w, want_y);
    ref_conv_backward_data(&p->g, p->n, dy, w, want_dx);
    ref_conv_backward_weight(&p->g, p->n, x, dy, want_dw);

    float *y = check_floats(p->ny), *dx = check_floats(p->nx), *dw = check_floats(p->nw);
    EACH_FITTING(&p->g, algorithm)
    {
        convolution c = convolution_make(algorithm, &p->g, p->n);
        convolution_forward(&c, p->x, p->w, y);
        convolution_backward_data(&c, p->y, p->w, dx);
        convolution_backward_weight(&c, p->x, p->y, dw);
        check_floats_near(y, want_y, p->ny, tolerance(algorithm));
        check_floats_near(dx, want_dx, p->nx, tolerance(algorithm));
        check_floats_near(dw, want_dw, p->nw, tolerance(algorithm));
        convolution_free(&c);
    }

    check_free(x, p->nx);
    check_free(w, p->nw);
    check_free(dy, p->ny);
    check_free(want_y, p->ny);
    check_free(want_dx, p->nx);
    check_free(want_dw, p->nw);
    check_free(y, p->ny);
    check_free(dx, p->nx);
    check_free(dw, p->nw);
}

static void random_geometries(void **state)
{
    (void)state;
    check_rng r = {21};
    for (int i = 0; i < 400; i++) {
        lws_conv2d g = random_geometry(&r, 6);
        problem p = make(&r, g, check_int(&r, 1, 9));
        compare(&p);
        release(&p);
    }
}

static void many_channels(void **state)
{
    (void)state;
    check_rng r = {22};
    for (int i = 0; i < 25; i++) {
        lws_conv2d g = random_geometry(&r, 70);
        problem p = make(&r, g, check_int(&r, 1, 3));
        compare(&p);
        release(&p);
    }
}

/* Few channels on one side, whole blocks of them on the other: what images go through first and last. */
static void small_channels(void **state)
{
    (void)state;
    check_rng r = {27};
    for (int i = 0; i < 120; i++) {
        lws_conv2d g = random_geometry(&r, 5);
        g.out_c = 16 * check_int(&r, 1, 5);
        problem p = make(&r, g, check_int(&r, 1, i % 10 ? 5 : 40));
        compare(&p);
        release(&p);
    }
}

/* The layers of the presets, small: 4×4 stride 2 pad 1, SAME 5×5 stride 2 (one row more below),
 * 1×1, whole image. */
static void known_geometries(void **state)
{
    (void)state;
    static const struct {
        lws_conv2d g;
        int n;
    } cases[] = {
        {{16, 16, 3, 8, 8, 8, 4, 2, 1}, 4}, {{8, 8, 8, 4, 4, 16, 4, 2, 1}, 5},    {{2, 2, 16, 1, 1, 32, 4, 2, 1}, 3},
        {{16, 16, 3, 8, 8, 8, 5, 2, 1}, 2}, {{15, 15, 3, 8, 8, 4, 5, 2, 2}, 2},   {{9, 7, 5, 9, 7, 3, 1, 1, 0}, 7},
        {{5, 5, 6, 1, 1, 7, 5, 1, 0}, 9},   {{12, 10, 4, 12, 10, 3, 5, 1, 2}, 3}, {{40, 37, 2, 20, 19, 3, 4, 2, 1}, 2},
        {{1, 1, 3, 1, 1, 2, 3, 3, 1}, 1},   {{33, 31, 1, 33, 31, 1, 3, 1, 1}, 1}, {{64, 64, 3, 32, 32, 5, 4, 2, 1}, 2},
    };
    check_rng r = {23};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem p = make(&r, cases[i].g, cases[i].n);
        compare(&p);
        release(&p);
    }
}

/* Batches and images so large that no implementation unfolds them in one piece. */
static void large(void **state)
{
    (void)state;
    static const struct {
        lws_conv2d g;
        int n;
    } cases[] = {
        {{64, 64, 3, 32, 32, 4, 4, 2, 1}, 41},
        {{32, 32, 48, 16, 16, 8, 4, 2, 1}, 7},
        {{120, 128, 16, 120, 128, 2, 5, 1, 2}, 2},
    };
    check_rng r = {28};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem p = make(&r, cases[i].g, cases[i].n);
        compare(&p);
        release(&p);
    }
}

static void check_form(const problem *p, const lws_conv_algorithm *algorithm)
{
    float *ax = check_floats(p->ny), *aty = check_floats(p->nx), *dw = check_floats(p->nw);
    convolution c = convolution_make(algorithm, &p->g, p->n);
    convolution_forward(&c, p->x, p->w, ax);
    convolution_backward_data(&c, p->y, p->w, aty);
    convolution_backward_weight(&c, p->x, p->y, dw);
    double form[3] = {0}, size = 0;
    for (size_t k = 0; k < p->ny; k++) {
        form[0] += (double)ax[k] * p->y[k];
        size += fabs((double)ax[k] * p->y[k]);
    }
    for (size_t k = 0; k < p->nx; k++)
        form[1] += (double)aty[k] * p->x[k];
    for (size_t k = 0; k < p->nw; k++)
        form[2] += (double)dw[k] * p->w[k];
    check_near(form[1], form[0], tolerance(algorithm) * size);
    check_near(form[2], form[0], tolerance(algorithm) * size);
    check_free(ax, p->ny);
    check_free(aty, p->nx);
    check_free(dw, p->nw);
    convolution_free(&c);
}

/* ⟨A x, y⟩ = ⟨x, Aᵀ y⟩ and = ⟨w, (∂/∂w) ⟩: the three passes are one trilinear form. */
static void adjoint_identities(void **state)
{
    (void)state;
    check_rng r = {24};
    for (int i = 0; i < 100; i++) {
        lws_conv2d g = random_geometry(&r, 20);
        problem p = make(&r, g, check_int(&r, 1, 5));
        EACH_FITTING(&g, algorithm)
        check_form(&p, algorithm);
        release(&p);
    }
}

/* Small whole numbers are exact in float, so any order of summation gives the same: every element
 * must be right to the last bit, and what stood in dw does not matter. */
static void whole_numbers(void **state)
{
    (void)state;
    check_rng r = {25};
    for (int i = 0; i < 60; i++) {
        lws_conv2d g = random_geometry(&r, 8);
        problem p = make(&r, g, check_int(&r, 1, 6));
        for (size_t k = 0; k < p.nx; k++)
            p.x[k] = (float)check_int(&r, -4, 4);
        for (size_t k = 0; k < p.ny; k++)
            p.y[k] = (float)check_int(&r, -4, 4);
        double *x = check_widen(p.x, p.nx), *dy = check_widen(p.y, p.ny);
        double *want = check_doubles(p.nw);
        ref_conv_backward_weight(&g, p.n, x, dy, want);
        float *dw = check_floats(p.nw);
        EACH_FITTING(&g, algorithm)
        {
            convolution c = convolution_make(algorithm, &g, p.n);
            convolution_backward_weight(&c, p.x, p.y, dw);
            check_floats_near(dw, want, p.nw, 0);
            convolution_free(&c);
        }
        check_free(x, p.nx);
        check_free(dy, p.ny);
        check_free(want, p.nw);
        check_free(dw, p.nw);
        release(&p);
    }
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    check_rng r = {27};
    int before = omp_get_max_threads();
    for (int i = 0; i < 40; i++) {
        lws_conv2d g = random_geometry(&r, i % 2 ? 24 : 4);
        if (i % 4 == 0)
            g.out_c = 32;
        int n = check_int(&r, 1, 9);
        uint64_t seed = check_next(&r);
        float *y[4], *dx[4], *dw[4];
        problem p;
        for (int threads = 1; threads <= 3; threads++) {
            omp_set_num_threads(threads);
            check_rng same = {seed};
            p = make(&same, g, n);
            y[threads] = check_floats(p.ny);
            dx[threads] = check_floats(p.nx);
            dw[threads] = check_floats(p.nw);
            convolution c = convolution_make(NULL, &g, n);
            convolution_forward(&c, p.x, p.w, y[threads]);
            convolution_backward_data(&c, p.y, p.w, dx[threads]);
            convolution_backward_weight(&c, p.x, p.y, dw[threads]);
            convolution_free(&c);
            check_same_bits(y[threads], y[1], p.ny * sizeof(float));
            check_same_bits(dx[threads], dx[1], p.nx * sizeof(float));
            check_same_bits(dw[threads], dw[1], p.nw * sizeof(float));
            release(&p);
        }
        for (int threads = 1; threads <= 3; threads++) {
            check_free(y[threads], p.ny);
            check_free(dx[threads], p.nx);
            check_free(dw[threads], p.nw);
        }
    }
    omp_set_num_threads(before);
}

/* The choice is a fact of the shape: it fixes the bits. */
static void choice(void **state)
{
    (void)state;
    static const struct {
        lws_conv2d g;
        const char *key;
    } cases[] = {
        {{64, 64, 3, 32, 32, 64, 4, 2, 1}, "small_channels"},
        {{32, 32, 64, 16, 16, 128, 4, 2, 1}, "winograd_4"},
        {{16, 16, 128, 8, 8, 256, 4, 2, 1}, "winograd_4"},
        {{8, 8, 256, 4, 4, 512, 4, 2, 1}, "winograd_2"},
        {{14, 16, 16, 7, 8, 16, 4, 2, 1}, "winograd_2"},
        {{16, 14, 16, 8, 7, 16, 4, 2, 1}, "winograd_2"},
        {{16, 16, 16, 8, 8, 16, 5, 2, 2}, "im2col"},
        {{64, 64, 3, 32, 32, 20, 4, 2, 1}, "im2col"},
        {{64, 64, 3, 32, 32, 32, 5, 2, 1}, "small_channels"},
        {{64, 64, 6, 32, 32, 32, 5, 2, 1}, "im2col"},
        {{8, 8, 24, 4, 4, 32, 4, 2, 1}, "im2col"},
        {{4, 4, 512, 1, 1, 100, 4, 1, 0}, "im2col"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(lws_conv_choose(&cases[i].g)->key, cases[i].key);
}

/* Whole, every key once, and something for every shape. */
static void table(void **state)
{
    (void)state;
    int count = 0;
    while (lws_conv_algorithms[count])
        count++;
    for (int i = 0; i < count; i++) {
        const lws_conv_algorithm *a = lws_conv_algorithms[i];
        assert_true(a->key && a->name && a->fits && a->scratch && a->run);
        assert_true(!a->transformed == !a->transform);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(a->key, lws_conv_algorithms[j]->key);
    }
    check_rng r = {29};
    for (int i = 0; i < 200; i++) {
        lws_conv2d g = random_geometry(&r, 70);
        assert_true(lws_conv_algorithms[count - 1]->fits(&g) && !lws_conv_algorithms[count - 1]->pays);
        assert_true(lws_conv_choose(&g)->fits(&g));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_geometries),
        cmocka_unit_test(many_channels),
        cmocka_unit_test(small_channels),
        cmocka_unit_test(known_geometries),
        cmocka_unit_test(large),
        cmocka_unit_test(adjoint_identities),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(choice),
        cmocka_unit_test(table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
