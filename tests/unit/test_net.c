/* A net against the reference, layer by layer in double: convolutions with batch norms between them, which are computed
 * image by image by their neighbours, and one that stands at the end and is not. */
#include "check.h"

#include "kernels/conv.h"
#include "nn/nn.h"

#include <reference.h>
#include <string.h>

enum { CONVS = 4, NORMS = 3 };

/* 16 × 16 × 16 down to 8 × 8 × 32, up again, to 3 colours, and down through few channels to 16. */
static const lws_conv2d geometry[CONVS] = {
    {16, 16, 16, 8, 8, 32, 4, 2, 1},
    {16, 16, 16, 8, 8, 32, 4, 2, 1},
    {32, 32, 3, 16, 16, 16, 4, 2, 1},
    {32, 32, 3, 16, 16, 16, 4, 2, 1},
};
static const bool transposed[CONVS] = {false, true, true, false};
static const double tolerance = 2e-5; /* of the largest: four layers deep */

typedef struct problem {
    int n;
    lws_tensors tensors;
    lws_net *net;
    lws_arena arena;
    float *params, *buffers, *dparams, *dbuffers, *scratch, *x, *dy;
    size_t nx, ny;
} problem;

static lws_status build(problem *p)
{
    LWS_TRY(lws_net_create("n", (lws_shape){16, 16, 16}, &p->tensors, &p->net));
    LWS_TRY(lws_net_conv(p->net, "conv0", (lws_shape){8, 8, 32}, (lws_conv_spec){4, 2, 1, false, 2}));
    LWS_TRY(lws_net_batchnorm(p->net, "bn0", true));
    LWS_TRY(lws_net_conv_transpose(p->net, "conv1", (lws_shape){16, 16, 16}, (lws_conv_spec){4, 2, 1, false, 2}));
    LWS_TRY(lws_net_batchnorm(p->net, "bn1", true));
    LWS_TRY(lws_net_conv_transpose(p->net, "conv2", (lws_shape){32, 32, 3}, (lws_conv_spec){4, 2, 1, true, 2}));
    LWS_TRY(lws_net_conv(p->net, "conv3", (lws_shape){16, 16, 16}, (lws_conv_spec){4, 2, 1, false, 2}));
    return lws_net_batchnorm(p->net, "bn2", false);
}

/* Plans the net that is built, and fills its arrays. */
static void fill(problem *to, uint64_t seed)
{
    problem p = *to;
    int n = p.n;
    lws_arena counting = {0};
    lws_net_plan(p.net, n, &counting);
    assert_int_equal(lws_arena_create(&p.arena, counting.used, "test"), LWS_OK);
    lws_net_plan(p.net, n, &p.arena);
    p.nx = (size_t)n * lws_shape_size(lws_net_in(p.net));
    p.ny = (size_t)n * lws_shape_size(lws_net_out(p.net));
    check_rng r = {seed};
    p.params = check_random_floats(&r, p.tensors.params, -.2, .2);
    p.buffers = check_random_floats(&r, p.tensors.buffers, .5, 1.5);
    p.x = check_random_floats(&r, p.nx, -1, 1);
    p.dy = check_random_floats(&r, p.ny, -1, 1);
    p.dparams = check_floats(p.tensors.params);
    p.dbuffers = check_floats(p.tensors.buffers);
    p.scratch = check_floats(lws_net_scratch(p.net, n));
    lws_net_transform_weights(p.net, p.params);
    *to = p;
}

static problem make(uint64_t seed, int n)
{
    problem p = {.n = n};
    assert_int_equal(build(&p), LWS_OK);
    fill(&p, seed);
    return p;
}

static void release(problem *p)
{
    check_free(p->params, p->tensors.params), check_free(p->dparams, p->tensors.params);
    check_free(p->buffers, p->tensors.buffers), check_free(p->dbuffers, p->tensors.buffers);
    check_free(p->x, p->nx), check_free(p->dy, p->ny);
    check_free(p->scratch, lws_net_scratch(p->net, p->n));
    lws_net_destroy(p->net);
    lws_arena_destroy(&p->arena);
}

static const lws_tensor *tensor(const problem *p, const char *format, int k)
{
    char name[64];
    snprintf(name, sizeof name, format, k);
    for (int i = 0; i < p->tensors.count; i++)
        if (strcmp(p->tensors.item[i].name, name) == 0)
            return &p->tensors.item[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static double *parameter(const problem *p, const char *format, int k)
{
    const lws_tensor *t = tensor(p, format, k);
    return check_widen(p->params + t->offset, t->count);
}

static void compare_parameter(const problem *p, const char *format, int k, const double *want)
{
    const lws_tensor *t = tensor(p, format, k);
    check_floats_near(p->dparams + t->offset, want, t->count, tolerance);
}

/* ---- the same in double ------------------------------------------------------------------------------------------ */

typedef struct answer {
    double *in[CONVS], *out[CONVS], *normal[NORMS]; /* of each layer; normal: behind the batch norm */
    double *mean[NORMS], *var[NORMS];
    size_t in_size[CONVS], out_size[CONVS];
} answer;

static int norm_after(int conv)
{
    return conv < 2 ? conv : conv == 3 ? 2 : -1;
}

static answer go_forward(const problem *p)
{
    answer a = {.in = {NULL}};
    double *at = check_widen(p->x, p->nx);
    for (int k = 0; k < CONVS; k++) {
        const lws_conv2d *g = &geometry[k];
        size_t input = (size_t)p->n * g->in_h * g->in_w * g->in_c,
               output = (size_t)p->n * g->out_h * g->out_w * g->out_c;
        a.in_size[k] = transposed[k] ? output : input;
        a.out_size[k] = transposed[k] ? input : output;
        a.in[k] = at;
        a.out[k] = check_doubles(a.out_size[k]);
        double *w = parameter(p, "n/conv%d/weight", k);
        (transposed[k] ? ref_conv_backward_data : ref_conv_forward)(g, p->n, at, w, a.out[k]);
        check_free(w, tensor(p, "n/conv%d/weight", k)->count);
        at = a.out[k];
        int norm = norm_after(k), c = transposed[k] ? g->in_c : g->out_c;
        if (norm < 0) {
            const float *bias = p->params + tensor(p, "n/conv%d/bias", k)->offset;
            for (size_t i = 0; i < a.out_size[k]; i++)
                at[i] += (double)bias[i % (size_t)c];
            continue;
        }
        a.normal[norm] = check_doubles(a.out_size[k]);
        a.mean[norm] = check_doubles((size_t)c);
        a.var[norm] = check_doubles((size_t)c);
        double *gamma = parameter(p, "n/bn%d/gamma", norm), *beta = parameter(p, "n/bn%d/beta", norm);
        ref_batchnorm_forward((int)(a.out_size[k] / (size_t)c), c, norm < 2, at, gamma, beta, a.normal[norm],
                              a.mean[norm], a.var[norm]);
        check_free(gamma, (size_t)c), check_free(beta, (size_t)c);
        at = a.normal[norm];
    }
    return a;
}

/* Compares every gradient on the way down; returns the one with respect to x. */
static double *go_backward(const problem *p, const answer *a)
{
    double *dy = check_widen(p->dy, p->ny);
    for (int k = CONVS - 1; k >= 0; k--) {
        const lws_conv2d *g = &geometry[k];
        int norm = norm_after(k), c = transposed[k] ? g->in_c : g->out_c;
        if (norm >= 0) {
            double *gamma = parameter(p, "n/bn%d/gamma", norm), *beta = parameter(p, "n/bn%d/beta", norm);
            double *dx = check_doubles(a->out_size[k]), *dgamma = check_doubles((size_t)c);
            double *dbeta = check_doubles((size_t)c);
            ref_batchnorm_backward((int)(a->out_size[k] / (size_t)c), c, norm < 2, a->out[k], gamma, beta, dy, dx,
                                   dgamma, dbeta);
            compare_parameter(p, "n/bn%d/gamma", norm, dgamma);
            compare_parameter(p, "n/bn%d/beta", norm, dbeta);
            check_free(gamma, (size_t)c), check_free(beta, (size_t)c), check_free(dgamma, (size_t)c);
            check_free(dbeta, (size_t)c), check_free(dy, a->out_size[k]);
            dy = dx;
        }
        size_t weights = tensor(p, "n/conv%d/weight", k)->count;
        double *w = parameter(p, "n/conv%d/weight", k), *dw = check_doubles(weights);
        double *dx = check_doubles(a->in_size[k]);
        ref_conv_backward_weight(g, p->n, transposed[k] ? dy : a->in[k], transposed[k] ? a->in[k] : dy, dw);
        (transposed[k] ? ref_conv_forward : ref_conv_backward_data)(g, p->n, dy, w, dx);
        compare_parameter(p, "n/conv%d/weight", k, dw);
        check_free(w, weights), check_free(dw, weights), check_free(dy, a->out_size[k]);
        dy = dx;
    }
    return dy;
}

static void release_answer(const problem *p, answer *a)
{
    check_free(a->in[0], p->nx);
    for (int k = 0; k < CONVS; k++) {
        int norm = norm_after(k);
        check_free(a->out[k], a->out_size[k]);
        if (norm < 0)
            continue;
        size_t c = (size_t)(transposed[k] ? geometry[k].in_c : geometry[k].out_c);
        check_free(a->normal[norm], a->out_size[k]), check_free(a->mean[norm], c), check_free(a->var[norm], c);
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static lws_pass training(const problem *p)
{
    return (lws_pass){.n = p->n,
                      .training = true,
                      .params = p->params,
                      .buffers = p->buffers,
                      .dparams = p->dparams,
                      .dbuffers = p->dbuffers,
                      .scratch = p->scratch};
}

static void against_reference(void **state)
{
    (void)state;
    static const int batches[] = {1, 3, 20};
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        problem p = make(71 + i, batches[i]);
        lws_pass pass = training(&p);
        answer a = go_forward(&p);
        const float *y = lws_net_forward(p.net, &pass, p.x);
        check_floats_near(y, a.normal[NORMS - 1], p.ny, tolerance);
        for (int k = 0; k < NORMS; k++) {
            const lws_tensor *mean = tensor(&p, "n/bn%d/running_mean", k);
            check_floats_near(p.dbuffers + mean->offset, a.mean[k], mean->count, tolerance);
            const lws_tensor *var = tensor(&p, "n/bn%d/running_var", k);
            double rows = (double)p.n * (k == 0 ? 64 : 256);
            for (size_t c = 0; c < var->count; c++)
                a.var[k][c] *= rows / (rows - 1);
            check_floats_near(p.dbuffers + var->offset, a.var[k], var->count, tolerance);
        }
        float *dy = check_floats(p.ny);
        memcpy(dy, p.dy, p.ny * sizeof *dy);
        const float *dx = lws_net_backward(p.net, &pass, p.x, dy, true);
        double *want = go_backward(&p, &a);
        check_floats_near(dx, want, p.nx, tolerance);
        check_free(dy, p.ny), check_free(want, p.nx);
        release_answer(&p, &a);
        release(&p);
    }
}

/* With running statistics an image does not depend on the others of its batch. */
static void evaluation(void **state)
{
    (void)state;
    problem p = make(81, 5);
    lws_pass pass = training(&p);
    pass.training = false;
    float *all = check_floats(p.ny);
    memcpy(all, lws_net_forward(p.net, &pass, p.x), p.ny * sizeof *all);
    pass.n = 1;
    for (int i = 0; i < p.n; i++) {
        size_t image = p.ny / (size_t)p.n;
        check_same_bits(lws_net_forward(p.net, &pass, p.x + i * image), all + i * image, image * sizeof *all);
    }
    check_free(all, p.ny);
    release(&p);
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    int before = omp_get_max_threads();
    float *first[3] = {NULL};
    for (int threads = 1; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        problem p = make(82, 7);
        lws_pass pass = training(&p);
        const float *y = lws_net_forward(p.net, &pass, p.x);
        if (threads == 1) {
            first[0] = check_floats(p.ny), first[1] = check_floats(p.nx), first[2] = check_floats(p.tensors.params);
            memcpy(first[0], y, p.ny * sizeof *y);
        }
        check_same_bits(y, first[0], p.ny * sizeof *y);
        const float *dx = lws_net_backward(p.net, &pass, p.x, p.dy, true);
        for (int i = 0; i < p.tensors.count; i++) {
            const lws_tensor *t = &p.tensors.item[i];
            if (t->is_buffer)
                continue;
            if (threads == 1)
                memcpy(first[2] + t->offset, p.dparams + t->offset, t->count * sizeof *dx);
            check_same_bits(p.dparams + t->offset, first[2] + t->offset, t->count * sizeof *dx);
        }
        if (threads == 1)
            memcpy(first[1], dx, p.nx * sizeof *dx);
        check_same_bits(dx, first[1], p.nx * sizeof *dx);
        if (threads == 3)
            check_free(first[0], p.ny), check_free(first[1], p.nx), check_free(first[2], p.tensors.params);
        release(&p);
    }
    omp_set_num_threads(before);
}

/* A net of one convolution, whose scratch is then all there is. */
static problem make_one(int channels, int kernel)
{
    problem p = {.n = 7};
    assert_int_equal(lws_net_create("n", (lws_shape){16, 16, channels}, &p.tensors, &p.net), LWS_OK);
    assert_int_equal(
        lws_net_conv(p.net, "conv", (lws_shape){8, 8, 32}, (lws_conv_spec){kernel, 2, (kernel - 1) / 2, false, 2}),
        LWS_OK);
    fill(&p, 83);
    return p;
}

/* The number of threads may rise between plan and pass: the pass keeps to its scratch, which ends in a guard, and to
 * the bits. */
static void more_threads_than_planned(void **state)
{
    (void)state;
    static const struct {
        int channels, kernel;
    } kind[] = {{16, 4}, {16, 5}, {3, 4}}; /* Winograd, im2col, from few channels */
    int before = omp_get_max_threads();
    for (size_t k = 0; k < sizeof kind / sizeof *kind; k++) {
        float *first = NULL;
        for (int threads = 1; threads <= 4; threads += 3) {
            omp_set_num_threads(1);
            problem p = make_one(kind[k].channels, kind[k].kernel);
            omp_set_num_threads(threads);
            lws_pass pass = training(&p);
            const float *y = lws_net_forward(p.net, &pass, p.x);
            if (threads == 1)
                first = check_floats(p.ny), memcpy(first, y, p.ny * sizeof *y);
            check_same_bits(y, first, p.ny * sizeof *y);
            lws_net_backward(p.net, &pass, p.x, p.dy, true);
            assert_int_equal(omp_get_max_threads(), threads);
            if (threads == 4)
                check_free(first, p.ny);
            release(&p);
        }
    }
    omp_set_num_threads(before);
}

/* Whatever parameter is a NaN, its layer is the first whose output is one, be it computed by its neighbours or not. */
static void names_the_first_not_finite(void **state)
{
    (void)state;
    problem p = make(83, 3);
    lws_pass pass = training(&p);
    lws_net_forward(p.net, &pass, p.x);
    assert_null(lws_net_first_not_finite(p.net, &pass));
    for (int i = p.tensors.count - 1; i >= 0; i--) { /* from the last: those found before stay behind it */
        const lws_tensor *t = &p.tensors.item[i];
        if (t->is_buffer)
            continue;
        p.params[t->offset] = (float)NAN;
        lws_net_transform_weights(p.net, p.params);
        lws_net_forward(p.net, &pass, p.x);
        const char *name = lws_net_first_not_finite(p.net, &pass);
        assert_non_null(name);
        assert_memory_equal(name, t->name, strlen(name));
        assert_int_equal(t->name[strlen(name)], '/');
        lws_net_backward(p.net, &pass, p.x, p.dy, false);
        assert_string_equal(lws_net_first_not_finite(p.net, &pass), name);
    }
    release(&p);
}

static void single_values(void **state)
{
    (void)state;
    lws_tensors tensors = {0};
    lws_net *net;
    assert_int_equal(lws_net_create("encoder", (lws_shape){1, 1, 8}, &tensors, &net), LWS_OK);
    assert_int_equal(lws_net_dense(net, "dense", (lws_shape){1, 1, 8}, true, 1), LWS_OK);
    assert_int_equal(lws_net_check_training(net, 1), LWS_OK);
    assert_int_equal(lws_net_batchnorm(net, "bn", true), LWS_OK);
    assert_int_equal(lws_net_check_training(net, 2), LWS_OK);
    assert_int_equal(lws_net_check_training(net, 1), LWS_ERR_USAGE);
    check_mentions(lws_message(), "encoder/bn");
    lws_net_destroy(net);
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

/* A convolution from side `in` to side `out`, alone or as its adjoint. */
static lws_status join(int in, int out, int kernel, int stride, int pad, bool turned)
{
    lws_tensors tensors = {0};
    lws_net *net;
    int from = turned ? out : in, to = turned ? in : out;
    assert_int_equal(lws_net_create("n", (lws_shape){from, from, 2}, &tensors, &net), LWS_OK);
    lws_status status = (turned ? lws_net_conv_transpose : lws_net_conv)(
        net, "layer", (lws_shape){to, to, 3}, (lws_conv_spec){kernel, stride, pad, false, 1});
    assert_int_equal(tensors.count, status == LWS_OK);
    lws_net_destroy(net);
    return status;
}

/* Sides that a kernel joins: its windows begin inside of the padding, the last lies not wholly beyond the image, and
 * leaves no whole stride unread. */
static void joins_what_fits(void **state)
{
    (void)state;
    static const struct {
        int in, out, kernel, stride, pad;
        bool fits;
    } cases[] = {
        {16, 8, 4, 2, 1, true},  {16, 8, 5, 2, 1, true},  {16, 8, 5, 2, 2, true},   {16, 16, 5, 1, 2, true},
        {16, 9, 4, 2, 1, true},  {16, 9, 4, 2, 2, true},  {16, 7, 4, 2, 1, true},   {16, 10, 4, 2, 1, false},
        {16, 7, 3, 2, 0, true},  {16, 8, 3, 2, 0, true},  {16, 9, 3, 2, 0, false},  {16, 7, 3, 2, 1, false},
        {16, 17, 4, 1, 2, true}, {16, 14, 3, 1, 0, true}, {16, 13, 3, 1, 0, false}, {16, 8, 4, 2, 4, false},
        {16, 8, 4, 2, 3, true},  {1, 1, 3, 1, 1, true},   {0, 1, 3, 1, 1, false},   {16, 0, 4, 2, 1, false},
        {16, 16, 3, 1, 2, true}, {16, 18, 3, 1, 2, true}, {16, 19, 3, 1, 2, false}, {2, 1, 2, 2, 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int turned = 0; turned < 2; turned++) {
            lws_status status = join(cases[i].in, cases[i].out, cases[i].kernel, cases[i].stride, cases[i].pad, turned);
            if (status != (cases[i].fits ? LWS_OK : LWS_ERR_USAGE))
                fail_msg("%d to %d with %d, %d, %d: status %d", cases[i].in, cases[i].out, cases[i].kernel,
                         cases[i].stride, cases[i].pad, (int)status);
            if (!cases[i].fits)
                check_mentions(lws_message(), "layer");
        }
}

static void at_most_64_layers(void **state)
{
    (void)state;
    lws_tensors tensors = {0};
    lws_net *net;
    assert_int_equal(lws_net_create("n", (lws_shape){2, 2, 1}, &tensors, &net), LWS_OK);
    for (int i = 0; i < 64; i++)
        assert_int_equal(lws_net_relu(net), LWS_OK);
    assert_int_not_equal(lws_net_relu(net), LWS_OK);
    check_mentions(lws_message(), "at most 64 layers");
    assert_int_not_equal(lws_net_batchnorm(net, "bn", true), LWS_OK);
    assert_int_equal(tensors.count, 0);
    lws_net_destroy(net);
    lws_net_destroy(NULL);
}

static void at_most_128_tensors(void **state)
{
    (void)state;
    lws_tensors tensors = {0};
    lws_net *net;
    assert_int_equal(lws_net_create("n", (lws_shape){1, 1, 3}, &tensors, &net), LWS_OK);
    for (int i = 0; i < 32; i++)
        assert_int_equal(lws_net_batchnorm(net, "bn", true), LWS_OK);
    assert_int_equal(tensors.count, 128);
    assert_int_equal(lws_net_dense(net, "dense", (lws_shape){1, 1, 3}, true, 1), LWS_ERR_USAGE);
    check_mentions(lws_message(), "at most 128 tensors");
    assert_int_equal(tensors.count, 128);
    lws_net_destroy(net);
}

/* Without anybody who wants it there is no gradient of the input, and those of the parameters are the same. */
static void input_gradient_on_demand(void **state)
{
    (void)state;
    problem p = make(84, 3);
    lws_pass pass = training(&p);
    size_t n = p.tensors.params;
    float *dy = check_floats(p.ny), *first = check_floats(n);
    memset(p.dparams, 0, n * sizeof *first);
    memcpy(dy, p.dy, p.ny * sizeof *dy);
    lws_net_forward(p.net, &pass, p.x);
    assert_non_null(lws_net_backward(p.net, &pass, p.x, dy, true));
    memcpy(first, p.dparams, n * sizeof *first);
    memset(p.dparams, 0, n * sizeof *first);
    memcpy(dy, p.dy, p.ny * sizeof *dy);
    lws_net_forward(p.net, &pass, p.x);
    assert_null(lws_net_backward(p.net, &pass, p.x, dy, false));
    check_same_bits(p.dparams, first, n * sizeof *first);
    check_free(dy, p.ny), check_free(first, n);
    release(&p);
}

/* ---- batch norms at the edges of what their neighbours can compute ----------------------------------------------- */

/* A batch norm first, one behind a convolution with a bias, and one behind a convolution that shows no images. */
static problem make_edges(int n)
{
    problem p = {.n = n};
    assert_int_equal(lws_net_create("n", (lws_shape){16, 16, 16}, &p.tensors, &p.net), LWS_OK);
    assert_int_equal(lws_net_batchnorm(p.net, "first", true), LWS_OK);
    assert_int_equal(lws_net_conv(p.net, "conv", (lws_shape){8, 8, 32}, (lws_conv_spec){4, 2, 1, true, 2}), LWS_OK);
    assert_int_equal(lws_net_batchnorm(p.net, "biased", true), LWS_OK);
    assert_int_equal(
        lws_net_conv_transpose(p.net, "deconv", (lws_shape){16, 16, 16}, (lws_conv_spec){4, 2, 1, true, 2}), LWS_OK);
    assert_int_equal(lws_net_batchnorm(p.net, "last", false), LWS_OK);
    fill(&p, 85);
    return p;
}

/* A batch norm takes a bias off again: it is in the mean, as it is, and has no other effect and no gradient. */
static void biases_before_batch_norms(void **state)
{
    (void)state;
    problem p = make_edges(3);
    lws_pass pass = training(&p);
    static const char *const bias_name[2] = {"n/conv/bias", "n/deconv/bias"};
    static const char *const mean_name[2] = {"n/biased/running_mean", "n/last/running_mean"};
    float *y[2], *means[2], *dy = check_floats(p.ny);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 2; i++) {
            const lws_tensor *bias = tensor(&p, bias_name[i], 0);
            for (size_t c = 0; c < bias->count; c++)
                p.params[bias->offset + c] = k ? .25f * (float)(c + 1) : 0;
        }
        lws_net_transform_weights(p.net, p.params);
        y[k] = check_floats(p.ny), means[k] = check_floats(p.tensors.buffers);
        memcpy(y[k], lws_net_forward(p.net, &pass, p.x), p.ny * sizeof *dy);
        memcpy(means[k], p.dbuffers, p.tensors.buffers * sizeof *dy);
    }
    double *want = check_widen(y[0], p.ny);
    check_floats_near(y[1], want, p.ny, 2e-5);
    memcpy(dy, p.dy, p.ny * sizeof *dy);
    lws_net_backward(p.net, &pass, p.x, dy, false);
    for (int i = 0; i < 2; i++) {
        const lws_tensor *mean = tensor(&p, mean_name[i], 0), *bias = tensor(&p, bias_name[i], 0);
        for (size_t c = 0; c < mean->count; c++) {
            double shift = (double)means[1][mean->offset + c] - (double)means[0][mean->offset + c];
            check_near(shift, .25 * (double)(c + 1), 2e-5 * (double)(c + 1));
            check_near(p.dparams[bias->offset + c], 0, 1e-3);
        }
    }
    check_free(want, p.ny), check_free(dy, p.ny);
    for (int k = 0; k < 2; k++)
        check_free(y[k], p.ny), check_free(means[k], p.tensors.buffers);
    release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_reference),
        cmocka_unit_test(evaluation),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(more_threads_than_planned),
        cmocka_unit_test(names_the_first_not_finite),
        cmocka_unit_test(single_values),
        cmocka_unit_test(joins_what_fits),
        cmocka_unit_test(at_most_64_layers),
        cmocka_unit_test(at_most_128_tensors),
        cmocka_unit_test(input_gradient_on_demand),
        cmocka_unit_test(biases_before_batch_norms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
