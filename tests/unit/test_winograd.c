/* Winograd's convolution: three passes, both tile sizes, against direct loops in double; the adjoint identities; what
 * is overwritten and what is added to; bits that do not depend on threads. */
#include "convolutions.h"

#include "conv_algorithms.h"

#include <reference.h>

/* Of the largest element. The transforms of the large tile multiply by up to 8 and cancel again. */
static double tolerance(int m)
{
    return m == 2 ? 1e-5 : 2e-5;
}

static const lws_conv_algorithm *algorithm_of(int m)
{
    return m == 2 ? &conv_winograd_2 : &conv_winograd_4;
}

typedef struct problem {
    convolution c;
    int m, n;
    size_t nx, nw, ny;
    float *x, *w, *y;
} problem;

static problem make(check_rng *r, lws_conv2d g, int m, int n)
{
    problem p = {.c = convolution_make(algorithm_of(m), &g, n), .m = m, .n = n};
    p.nx = (size_t)n * (size_t)g.in_h * (size_t)g.in_w * (size_t)g.in_c;
    p.ny = (size_t)n * (size_t)g.out_h * (size_t)g.out_w * (size_t)g.out_c;
    p.nw = (size_t)16 * (size_t)g.in_c * (size_t)g.out_c;
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
    convolution_free(&p->c);
}

static void forward(const problem *p, float *y)
{
    convolution_forward(&p->c, p->x, p->w, y);
}

static void backward_data(const problem *p, float *dx)
{
    convolution_backward_data(&p->c, p->y, p->w, dx);
}

static void backward_weight(const problem *p, float *dw)
{
    convolution_backward_weight(&p->c, p->x, p->y, dw);
}

static lws_conv2d geometry(int out_h, int out_w, int in_c, int out_c)
{
    return (lws_conv2d){2 * out_h, 2 * out_w, in_c, out_h, out_w, out_c, 4, 2, 1};
}

static void compare(problem *p)
{
    double *x = check_widen(p->x, p->nx), *w = check_widen(p->w, p->nw);
    double *dy = check_widen(p->y, p->ny);
    double *want_y = check_doubles(p->ny), *want_dx = check_doubles(p->nx);
    double *want_dw = check_doubles(p->nw);
    ref_conv_forward(&p->c.g, p->n, x, w, want_y);
    ref_conv_backward_data(&p->c.g, p->n, dy, w, want_dx);
    ref_conv_backward_weight(&p->c.g, p->n, x, dy, want_dw);
    float *y = check_floats(p->ny), *dx = check_floats(p->nx), *dw = check_floats(p->nw);
    forward(p, y);
    backward_data(p, dx);
    backward_weight(p, dw);
    check_floats_near(y, want_y, p->ny, tolerance(p->m));
    check_floats_near(dx, want_dx, p->nx, tolerance(p->m));
    check_floats_near(dw, want_dw, p->nw, tolerance(p->m));

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

/* Every output side from 1 to 9, whole tiles and broken ones, one block of images and several. */
static void all_sides(void **state)
{
    (void)state;
    check_rng r = {51};
    for (int m = 2; m <= 4; m += 2) {
        for (int h = 1; h <= 9; h++) {
            for (int w = 1; w <= 9; w += 2) {
                problem p = make(&r, geometry(h, w, 16, 16), m, check_int(&r, 1, 5));
                compare(&p);
                release(&p);
            }
        }
    }
}

static void many_channels(void **state)
{
    (void)state;
    check_rng r = {52};
    for (int m = 2; m <= 4; m += 2) {
        problem cases[] = {make(&r, geometry(4, 4, 64, 128), m, 9), make(&r, geometry(8, 8, 48, 32), m, 7),
                           make(&r, geometry(16, 16, 32, 80), m, 3)};
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            compare(&cases[i]);
            release(&cases[i]);
        }
    }
}

/* So many images that they go through in several blocks. */
static void several_blocks(void **state)
{
    (void)state;
    check_rng r = {53};
    for (int m = 2; m <= 4; m += 2) {
        problem p = make(&r, geometry(12, 12, 48, 16), m, 41);
        compare(&p);
        release(&p);
    }
}

/* ⟨A x, y⟩ = ⟨x, Aᵀ y⟩ = ⟨w, dw⟩. */
static void adjoint_identities(void **state)
{
    (void)state;
    check_rng r = {54};
    for (int i = 0; i < 40; i++) {
        int m = i % 2 ? 2 : 4;
        lws_conv2d g =
            geometry(check_int(&r, 1, 9), check_int(&r, 1, 9), 16 * check_int(&r, 1, 3), 16 * check_int(&r, 1, 3));
        problem p = make(&r, g, m, check_int(&r, 1, 4));
        float *ax = check_floats(p.ny), *aty = check_floats(p.nx), *dw = check_floats(p.nw);
        forward(&p, ax);
        backward_data(&p, aty);
        backward_weight(&p, dw);
        double form[3] = {0}, size = 0;
        for (size_t k = 0; k < p.ny; k++) {
            form[0] += (double)ax[k] * p.y[k];
            size += fabs((double)ax[k] * p.y[k]);
        }
        for (size_t k = 0; k < p.nx; k++)
            form[1] += (double)aty[k] * p.x[k];
        for (size_t k = 0; k < p.nw; k++)
            form[2] += (double)dw[k] * p.w[k];
        check_near(form[1], form[0], tolerance(m) * size);
        check_near(form[2], form[0], tolerance(m) * size);
        check_free(ax, p.ny);
        check_free(aty, p.nx);
        check_free(dw, p.nw);
        release(&p);
    }
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    int before = omp_get_max_threads();
    for (int i = 0; i < 6; i++) {
        int m = i % 2 ? 2 : 4, n = 5;
        lws_conv2d g = geometry(3 + i, 9 - i, 32, 48);
        float *y[4], *dx[4], *dw[4];
        problem p;
        for (int threads = 1; threads <= 3; threads++) {
            omp_set_num_threads(threads);
            check_rng same = {55};
            p = make(&same, g, m, n);
            y[threads] = check_floats(p.ny);
            dx[threads] = check_floats(p.nx);
            dw[threads] = check_floats(p.nw);
            forward(&p, y[threads]);
            backward_data(&p, dx[threads]);
            backward_weight(&p, dw[threads]);
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

/* dw with either of the images, as a backward pass wants them: the bits of the single passes. */
static void together_or_apart(void **state)
{
    (void)state;
    check_rng r = {56};
    for (int m = 2; m <= 4; m += 2) {
        problem p = make(&r, geometry(8, 8, 32, 48), m, 23);
        float *want[3] = {check_floats(p.ny), check_floats(p.nx), check_floats(p.nw)};
        float *y = check_floats(p.ny), *dx = check_floats(p.nx), *dw = check_floats(p.nw);
        forward(&p, want[0]);
        backward_data(&p, want[1]);
        backward_weight(&p, want[2]);
        lws_conv2d_args passes[] = {{.input.at = p.x, .output.at = p.y, .dw = dw, .to_output.at = y},
                                    {.input.at = p.x, .output.at = p.y, .dw = dw, .to_input.at = dx}};
        for (int i = 0; i < 2; i++) {
            convolution_run(&p.c, passes[i], p.w);
            check_same_bits(dw, want[2], p.nw * sizeof(float));
        }
        check_same_bits(y, want[0], p.ny * sizeof(float));
        check_same_bits(dx, want[1], p.nx * sizeof(float));
        check_free(want[0], p.ny), check_free(want[1], p.nx), check_free(want[2], p.nw);
        check_free(y, p.ny), check_free(dx, p.nx), check_free(dw, p.nw);
        release(&p);
    }
}

/* Transformed weights may lie at any address: where whole cache lines cannot be written past the caches, they are not.
 */
static void weights_at_any_address(void **state)
{
    (void)state;
    check_rng r = {77};
    for (int m = 2; m <= 4; m += 2) {
        problem p = make(&r, (lws_conv2d){8, 8, 32, 4, 4, 48, 4, 2, 1}, m, 1);
        size_t size = p.c.transformed_size;
        p.c.algorithm->transform(&p.c.g, p.w, p.c.transformed);
        for (size_t offset = 1; offset <= 16; offset++) {
            float *at = check_floats(size + 16);
            p.c.algorithm->transform(&p.c.g, p.w, at + offset);
            check_same_bits(at + offset, p.c.transformed, size * sizeof *at);
            check_free(at, size + 16);
        }
        release(&p);
    }
}

static void refuses_other_geometries(void **state)
{
    (void)state;
    static const lws_conv2d others[] = {
        {16, 16, 16, 8, 8, 16, 5, 2, 1}, {16, 16, 16, 16, 16, 16, 4, 1, 1}, {16, 16, 16, 8, 8, 16, 4, 2, 0},
        {16, 16, 3, 8, 8, 16, 4, 2, 1},  {16, 16, 16, 8, 8, 24, 4, 2, 1},   {15, 16, 16, 8, 8, 16, 4, 2, 1},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(conv_winograd_2.fits(&others[i]) || conv_winograd_4.fits(&others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sides),
        cmocka_unit_test(many_channels),
        cmocka_unit_test(several_blocks),
        cmocka_unit_test(adjoint_identities),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(together_or_apart),
        cmocka_unit_test(weights_at_any_address),
        cmocka_unit_test(refuses_other_geometries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
