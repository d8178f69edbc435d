/* The residual block against naive loops in double, which know no nets: y = relu(x + bn(conv(relu(bn(conv x))))), as
 * torchvision's BasicBlock has it; gradients against differences of the same. */
#include "check.h"

#include "nn/nn.h"

#include <reference.h>

enum { N = 3 };

typedef struct problem {
    lws_shape in, out;
    bool projects;
    lws_tensors tensors;
    lws_net *net;
    lws_arena arena;
    float *params, *dparams, *buffers, *scratch, *x, *dy;
    size_t nx, ny;
} problem;

static problem make(lws_shape in, lws_shape out)
{
    problem p = {.in = in, .out = out, .projects = memcmp(&in, &out, sizeof in) != 0};
    check_rng r = {411};
    lws_arena counting = {0};
    assert_int_equal(lws_net_create("n", in, &p.tensors, &p.net), LWS_OK);
    assert_int_equal(lws_net_residual(p.net, "res1", out), LWS_OK);
    lws_net_plan(p.net, N, &counting);
    assert_int_equal(lws_arena_create(&p.arena, counting.used, "test"), LWS_OK);
    lws_net_plan(p.net, N, &p.arena);
    p.nx = N * lws_shape_size(in), p.ny = N * lws_shape_size(out);
    p.params = check_random_floats(&r, p.tensors.params, -.4, .4), p.dparams = check_floats(p.tensors.params);
    p.buffers = check_floats(p.tensors.buffers), p.scratch = check_floats(lws_net_scratch(p.net, N));
    p.x = check_random_floats(&r, p.nx, -1, 1), p.dy = check_random_floats(&r, p.ny, -1, 1);
    lws_net_transform_weights(p.net, p.params);
    return p;
}

static void release(problem *p)
{
    check_free(p->params, p->tensors.params), check_free(p->dparams, p->tensors.params);
    check_free(p->buffers, p->tensors.buffers), check_free(p->scratch, lws_net_scratch(p->net, N));
    check_free(p->x, p->nx), check_free(p->dy, p->ny);
    lws_net_destroy(p->net);
    lws_arena_destroy(&p->arena);
}

/* ---- the same in double ------------------------------------------------------------------------------------------ */

static const double *at(const problem *p, const double *params, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "n/res1/%s", name);
    for (int i = 0; i < p->tensors.count; i++)
        if (strcmp(p->tensors.item[i].name, full) == 0)
            return params + p->tensors.item[i].offset;
    fail_msg("no tensor %s", full);
    return NULL;
}

/* bn(conv x), to a new array [N, out]. */
static double *conv_norm(const problem *p, const double *params, int part, lws_shape in, const double *x)
{
    static const char *const names[][3] = {{"conv1/weight", "bn1/gamma", "bn1/beta"},
                                           {"conv2/weight", "bn2/gamma", "bn2/beta"},
                                           {"shortcut/weight", "shortcut_bn/gamma", "shortcut_bn/beta"}};
    int kernel = part == 2 ? 1 : 3, rows = N * p->out.h * p->out.w, c = p->out.c;
    lws_conv2d g = {in.h, in.w, in.c, p->out.h, p->out.w, c, kernel, in.h / p->out.h, kernel / 2};
    double *conv = check_doubles(p->ny), *y = check_doubles(p->ny), mean[64], var[64];
    ref_conv_forward(&g, N, x, at(p, params, names[part][0]), conv);
    ref_batchnorm_forward(rows, c, part == 0, conv, at(p, params, names[part][1]), at(p, params, names[part][2]), y,
                          mean, var);
    check_free(conv, p->ny);
    return y;
}

static double *block(const problem *p, const double *params, const double *x)
{
    double *first = conv_norm(p, params, 0, p->in, x), *y = conv_norm(p, params, 1, p->out, first);
    double *shortcut = p->projects ? conv_norm(p, params, 2, p->in, x) : NULL;
    for (size_t i = 0; i < p->ny; i++)
        y[i] = fmax((shortcut ? shortcut[i] : x[i]) + y[i], 0);
    check_free(first, p->ny);
    if (shortcut)
        check_free(shortcut, p->ny);
    return y;
}

/* The change of <dy, y> along a direction of the parameters or of x, by central differences. */
static double difference(const problem *p, const double *params, const double *x, const double *dparams,
                         const double *dx)
{
    double *w = check_doubles(p->tensors.params), *at_x = check_doubles(p->nx), value[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
        double step = side ? -1e-7 : 1e-7;
        for (size_t i = 0; i < p->tensors.params; i++)
            w[i] = params[i] + step * dparams[i];
        for (size_t i = 0; i < p->nx; i++)
            at_x[i] = x[i] + step * dx[i];
        double *y = block(p, w, at_x);
        for (size_t i = 0; i < p->ny; i++)
            value[side] += (double)p->dy[i] * y[i];
        check_free(y, p->ny);
    }
    check_free(w, p->tensors.params), check_free(at_x, p->nx);
    return (value[0] - value[1]) / 2e-7;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

/* Along the gradient itself, of a tensor or of x, and along a direction by chance. */
static void check_slope(const problem *p, const double *params, const double *x, size_t offset, size_t count,
                        const float *gradient, const char *name)
{
    bool of_x = !strcmp(name, "x");
    check_rng r = {412};
    for (int turn = 0; turn < 2; turn++) {
        double *dparams = check_doubles(p->tensors.params), *dx = check_doubles(p->nx), want = 0, norm = 0;
        memset(dparams, 0, p->tensors.params * sizeof *dparams), memset(dx, 0, p->nx * sizeof *dx);
        double *d = of_x ? dx : dparams + offset;
        for (size_t i = 0; i < count; i++) {
            d[i] = turn ? check_uniform(&r, -1, 1) : (double)gradient[i];
            norm += d[i] * d[i];
        }
        for (size_t i = 0; i < count; i++) {
            d[i] /= sqrt(norm);
            want += d[i] * (double)gradient[i];
        }
        double got = difference(p, params, x, dparams, dx);
        if (!(fabs(got - want) <= 2e-4 * (1 + fabs(want))))
            fail_msg("%s, %s: %.7g by differences, %.7g by the gradient", name, turn ? "by chance" : "along itself",
                     got, want);
        check_free(dparams, p->tensors.params), check_free(dx, p->nx);
    }
}

static void against_reference(lws_shape in, lws_shape out)
{
    problem p = make(in, out);
    lws_pass pass = {.n = N,
                     .training = true,
                     .params = p.params,
                     .dparams = p.dparams,
                     .dbuffers = p.buffers,
                     .scratch = p.scratch};
    double *params = check_widen(p.params, p.tensors.params), *x = check_widen(p.x, p.nx);
    double *want = block(&p, params, x);
    check_floats_near(lws_net_forward(p.net, &pass, p.x), want, p.ny, 1e-5);
    float *dy = check_floats(p.ny);
    memcpy(dy, p.dy, p.ny * sizeof *dy);
    const float *dx = lws_net_backward(p.net, &pass, p.x, dy, true);
    check_slope(&p, params, x, 0, p.nx, dx, "x");
    for (int i = 0; i < p.tensors.count; i++) {
        const lws_tensor *t = &p.tensors.item[i];
        if (!t->is_buffer)
            check_slope(&p, params, x, t->offset, t->count, p.dparams + t->offset, t->name);
    }
    check_free(params, p.tensors.params), check_free(x, p.nx), check_free(want, p.ny), check_free(dy, p.ny);
    release(&p);
}

static void same_shape(void **state)
{
    (void)state;
    against_reference((lws_shape){8, 8, 16}, (lws_shape){8, 8, 16});
    against_reference((lws_shape){6, 5, 3}, (lws_shape){6, 5, 3});
}

static void other_shape(void **state)
{
    (void)state;
    against_reference((lws_shape){8, 8, 16}, (lws_shape){4, 4, 32});
    against_reference((lws_shape){6, 6, 4}, (lws_shape){6, 6, 7});
}

static void names(void **state)
{
    (void)state;
    static const char *const want[] = {"n/res1/conv1/weight",
                                       "n/res1/bn1/gamma",
                                       "n/res1/bn1/beta",
                                       "n/res1/bn1/running_mean",
                                       "n/res1/bn1/running_var",
                                       "n/res1/conv2/weight",
                                       "n/res1/bn2/gamma",
                                       "n/res1/bn2/beta",
                                       "n/res1/bn2/running_mean",
                                       "n/res1/bn2/running_var",
                                       "n/res1/shortcut/weight",
                                       "n/res1/shortcut_bn/gamma",
                                       "n/res1/shortcut_bn/beta",
                                       "n/res1/shortcut_bn/running_mean",
                                       "n/res1/shortcut_bn/running_var"};
    problem p = make((lws_shape){8, 8, 4}, (lws_shape){4, 4, 8});
    assert_int_equal(p.tensors.count, sizeof want / sizeof *want);
    for (int i = 0; i < p.tensors.count; i++)
        assert_string_equal(p.tensors.item[i].name, want[i]);
    release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_shape),
        cmocka_unit_test(other_shape),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
