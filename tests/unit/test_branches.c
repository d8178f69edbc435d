/* A layer that is made of nets of its own, y = gamma · a(x) + b(x), against the same nets run one after the other: the
 * same bits, names, order of parameters and gradients, memory that nothing else writes to. */
#include "check.h"

#include "nn/layer.h"

/* ---- the layer --------------------------------------------------------------------------------------------------- */

typedef struct pair_layer {
    layer base;
    size_t gamma;
} pair_layer;

static size_t values_of(const layer *l, int n)
{
    return (size_t)n * lws_shape_size(l->out);
}

static size_t pair_kept(const layer *self, int n) /* a(x), and a gradient for each branch to overwrite */
{
    return 3 * values_of(self, n);
}

static void pair_forward(const layer *self, const lws_pass *pass, const lws_image_source *x, const lws_image_sink *y)
{
    const float *gamma = pass->params + ((const pair_layer *)self)->gamma;
    const float *a = net_forward(self->branch[0], pass, x->at);
    const float *b = net_forward(self->branch[1], pass, x->at);
    for (size_t i = 0; i < values_of(self, pass->n); i++) {
        self->kept[i] = a[i];
        y->at[i] = gamma[i % (size_t)self->out.c] * a[i] + b[i];
    }
}

static void pair_backward(const layer *self, const lws_pass *pass, const lws_image_source *x, const float *y,
                          const lws_image_source *dy, const lws_image_sink *dx)
{
    (void)y;
    size_t n = values_of(self, pass->n), channels = (size_t)self->out.c;
    const float *gamma = pass->params + ((const pair_layer *)self)->gamma;
    float *dgamma = pass->dparams + ((const pair_layer *)self)->gamma, *da = self->kept + n, *db = self->kept + 2 * n;
    for (size_t c = 0; c < channels; c++)
        dgamma[c] = 0;
    for (size_t i = 0; i < n; i++) {
        da[i] = gamma[i % channels] * dy->at[i];
        db[i] = dy->at[i];
        dgamma[i % channels] += dy->at[i] * self->kept[i];
    }
    const float *dxb = net_backward(self->branch[1], pass, x->at, db, dx->at != NULL);
    const float *dxa = net_backward(self->branch[0], pass, x->at, da, dx->at != NULL);
    for (size_t i = 0; dx->at && i < (size_t)pass->n * lws_shape_size(self->in); i++)
        dx->at[i] = dxa[i] + dxb[i];
}

static const layer_ops pair_ops = {
    .kind = "pair", .kept = pair_kept, .forward = pair_forward, .backward = pair_backward};

static lws_status append_pair(lws_net *net, lws_shape out, lws_net **a, lws_net **b)
{
    pair_layer *l;
    LWS_TRY(net_append(net, "pair", sizeof *l, &pair_ops, out, &l));
    LWS_TRY(net_tensor(net, "gamma", (layer_tensor){.rank = 1, .dims = {out.c}, .mean = 1}, &l->gamma));
    LWS_TRY(net_branch(net, a));
    return net_branch(net, b);
}

/* ---- the nets, within each other and one by one ------------------------------------------------------------------ */

enum { FIRST, A, B, LAST, NETS };
static const lws_shape images = {16, 16, 16}, middle = {8, 8, 32}, joined = {8, 8, 16}, result = {4, 4, 16};

static lws_status build_first(lws_net *net)
{
    return lws_net_conv(net, "conv0", middle, (lws_conv_spec){4, 2, 1, .gain = 2});
}

static lws_status
build_a(lws_net *net) /* its batch norm is computed by the convolutions, whose weights are transformed */
{
    LWS_TRY(lws_net_conv(net, "conv1", (lws_shape){4, 4, 16}, (lws_conv_spec){4, 2, 1, .gain = 2}));
    LWS_TRY(lws_net_batchnorm(net, "bn1", true));
    return lws_net_conv_transpose(net, "deconv2", joined, (lws_conv_spec){4, 2, 1, .gain = 2});
}

static lws_status build_b(lws_net *net)
{
    return lws_net_conv(net, "conv3", joined, (lws_conv_spec){3, 1, 1, .bias = true, .gain = 2});
}

static lws_status build_last(lws_net *net)
{
    return lws_net_conv(net, "conv4", result, (lws_conv_spec){4, 2, 1, .gain = 2});
}

typedef struct problem {
    int n;
    lws_tensors tensors;
    lws_net *net;
    lws_arena arena;
    float *params, *dparams, *dbuffers, *scratch, *x, *dy;
} problem;

static lws_net *net_of(lws_tensors *tensors, const char *prefix, lws_shape in, lws_status (*build)(lws_net *))
{
    lws_net *net;
    assert_int_equal(lws_net_create(prefix, in, tensors, &net), LWS_OK);
    assert_int_equal(build(net), LWS_OK);
    return net;
}

static lws_status build_all(lws_net *net)
{
    lws_net *a, *b;
    LWS_TRY(build_first(net));
    LWS_TRY(append_pair(net, joined, &a, &b));
    LWS_TRY(build_a(a));
    LWS_TRY(build_b(b));
    return build_last(net);
}

static void plan(lws_net *net, int n, lws_arena *arena)
{
    lws_arena counting = {0};
    lws_net_plan(net, n, &counting);
    assert_int_equal(lws_arena_create(arena, counting.used, "test"), LWS_OK);
    lws_net_plan(net, n, arena);
    assert_int_equal(arena->used, counting.used);
}

static problem make(int n)
{
    problem p = {.n = n};
    check_rng r = {401};
    p.net = net_of(&p.tensors, "n", images, build_all);
    plan(p.net, n, &p.arena);
    p.params = check_random_floats(&r, p.tensors.params, -.2, .2);
    p.x = check_random_floats(&r, (size_t)n * lws_shape_size(images), -1, 1);
    p.dy = check_random_floats(&r, (size_t)n * lws_shape_size(result), -1, 1);
    p.dparams = check_floats(p.tensors.params);
    p.dbuffers = check_floats(p.tensors.buffers);
    p.scratch = check_floats(lws_net_scratch(p.net, n));
    lws_net_transform_weights(p.net, p.params);
    return p;
}

static void release(problem *p)
{
    check_free(p->params, p->tensors.params), check_free(p->dparams, p->tensors.params);
    check_free(p->dbuffers, p->tensors.buffers), check_free(p->scratch, lws_net_scratch(p->net, p->n));
    check_free(p->x, (size_t)p->n * lws_shape_size(images)), check_free(p->dy, (size_t)p->n * lws_shape_size(result));
    lws_net_destroy(p->net);
    lws_arena_destroy(&p->arena);
}

static lws_pass training(const problem *p)
{
    return (lws_pass){.n = p->n,
                      .training = true,
                      .params = p->params,
                      .dparams = p->dparams,
                      .dbuffers = p->dbuffers,
                      .scratch = p->scratch};
}

static const lws_tensor *find(const lws_tensors *tensors, const char *name)
{
    for (int i = 0; i < tensors->count; i++)
        if (strcmp(tensors->item[i].name, name) == 0)
            return &tensors->item[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* One of the nets by itself, with the parameters that it has within the other. */
typedef struct single {
    lws_tensors tensors;
    lws_net *net;
    lws_arena arena;
    float *params, *dparams, *dbuffers, *scratch;
    lws_pass pass;
} single;

static void make_single(single *s, const problem *p, const char *prefix, lws_shape in, lws_status (*build)(lws_net *))
{
    *s = (single){.net = NULL};
    s->net = net_of(&s->tensors, prefix, in, build);
    plan(s->net, p->n, &s->arena);
    s->params = check_floats(s->tensors.params), s->dparams = check_floats(s->tensors.params);
    s->dbuffers = check_floats(s->tensors.buffers), s->scratch = check_floats(lws_net_scratch(s->net, p->n));
    for (int i = 0; i < s->tensors.count; i++) {
        const lws_tensor *t = &s->tensors.item[i];
        if (!t->is_buffer)
            memcpy(s->params + t->offset, p->params + find(&p->tensors, t->name)->offset, t->count * sizeof(float));
    }
    lws_net_transform_weights(s->net, s->params);
    s->pass = training(p);
    s->pass.params = s->params, s->pass.dparams = s->dparams;
    s->pass.dbuffers = s->dbuffers, s->pass.scratch = s->scratch;
}

/* Compares what it wrote with what was written within the other net, and frees it. */
static void compare_single(single *s, const problem *p)
{
    for (int i = 0; i < s->tensors.count; i++) {
        const lws_tensor *t = &s->tensors.item[i], *within = find(&p->tensors, t->name);
        check_same_bits((t->is_buffer ? p->dbuffers : p->dparams) + within->offset,
                        (t->is_buffer ? s->dbuffers : s->dparams) + t->offset, t->count * sizeof(float));
    }
    check_free(s->params, s->tensors.params), check_free(s->dparams, s->tensors.params);
    check_free(s->dbuffers, s->tensors.buffers), check_free(s->scratch, lws_net_scratch(s->net, s->pass.n));
    lws_net_destroy(s->net);
    lws_arena_destroy(&s->arena);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

/* From the gradient of the pair's output to that of its input, each branch by itself; also that of gamma. */
static float *pair_by_hand(const problem *p, single *s, const float *x, const float *a, const float *dy, float *dgamma)
{
    size_t n = (size_t)p->n * lws_shape_size(joined), nx = (size_t)p->n * lws_shape_size(middle);
    const float *gamma = p->params + find(&p->tensors, "n/pair/gamma")->offset;
    float *da = check_floats(n), *db = check_floats(n), *dx = check_floats(nx);
    memset(dgamma, 0, (size_t)joined.c * sizeof *dgamma);
    for (size_t i = 0; i < n; i++) {
        da[i] = gamma[i % (size_t)joined.c] * dy[i], db[i] = dy[i];
        dgamma[i % (size_t)joined.c] += dy[i] * a[i];
    }
    const float *dxb = lws_net_backward(s[B].net, &s[B].pass, x, db, true);
    const float *dxa = lws_net_backward(s[A].net, &s[A].pass, x, da, true);
    for (size_t i = 0; i < nx; i++)
        dx[i] = dxa[i] + dxb[i];
    check_free(da, n), check_free(db, n);
    return dx;
}

static void same_as_one_by_one(void **state)
{
    (void)state;
    static const int batches[] = {1, 3, 20};
    for (size_t k = 0; k < sizeof batches / sizeof *batches; k++) {
        problem p = make(batches[k]);
        single s[NETS];
        make_single(&s[FIRST], &p, "n", images, build_first), make_single(&s[A], &p, "n/pair", middle, build_a);
        make_single(&s[B], &p, "n/pair", middle, build_b), make_single(&s[LAST], &p, "n", joined, build_last);
        size_t n = (size_t)p.n * lws_shape_size(joined), nx = (size_t)p.n * lws_shape_size(images);
        size_t ny = (size_t)p.n * lws_shape_size(result);
        const float *gamma = p.params + find(&p.tensors, "n/pair/gamma")->offset;
        lws_pass pass = training(&p);
        const float *y = lws_net_forward(p.net, &pass, p.x);
        const float *x = lws_net_forward(s[FIRST].net, &s[FIRST].pass, p.x);
        const float *a = lws_net_forward(s[A].net, &s[A].pass, x), *b = lws_net_forward(s[B].net, &s[B].pass, x);
        float *sum = check_floats(n), *dy = check_floats(ny), dgamma[16];
        for (size_t i = 0; i < n; i++)
            sum[i] = gamma[i % (size_t)joined.c] * a[i] + b[i];
        check_same_bits(y, lws_net_forward(s[LAST].net, &s[LAST].pass, sum), ny * sizeof *y);

        memcpy(dy, p.dy, ny * sizeof *dy);
        const float *dx = lws_net_backward(p.net, &pass, p.x, dy, true);
        memcpy(dy, p.dy, ny * sizeof *dy);
        const float *dsum = lws_net_backward(s[LAST].net, &s[LAST].pass, sum, dy, true);
        float *dmiddle = pair_by_hand(&p, s, x, a, dsum, dgamma);
        check_same_bits(dx, lws_net_backward(s[FIRST].net, &s[FIRST].pass, p.x, dmiddle, true), nx * sizeof *dx);
        check_same_bits(p.dparams + find(&p.tensors, "n/pair/gamma")->offset, dgamma, sizeof dgamma);
        for (int i = 0; i < NETS; i++)
            compare_single(&s[i], &p);
        check_free(sum, n), check_free(dy, ny), check_free(dmiddle, (size_t)p.n * lws_shape_size(middle));
        release(&p);
    }
}

/* Where nobody wants the gradient of the input of a net that begins with the pair, those of the parameters are the
 * same. */
static void input_gradient_on_demand(void **state)
{
    (void)state;
    lws_tensors tensors = {0};
    lws_net *net, *a, *b;
    lws_arena arena = {0};
    check_rng r = {402};
    assert_int_equal(lws_net_create("n", middle, &tensors, &net), LWS_OK);
    assert_int_equal(append_pair(net, joined, &a, &b), LWS_OK);
    assert_int_equal(build_a(a), LWS_OK), assert_int_equal(build_b(b), LWS_OK);
    plan(net, 2, &arena);
    size_t n = tensors.params, nx = 2 * lws_shape_size(middle), ny = 2 * lws_shape_size(joined);
    float *params = check_random_floats(&r, n, -.2, .2), *x = check_random_floats(&r, nx, -1, 1);
    float *given = check_random_floats(&r, ny, -1, 1), *dy = check_floats(ny), *dparams[2];
    float *dbuffers = check_floats(tensors.buffers), *scratch = check_floats(lws_net_scratch(net, 2));
    lws_net_transform_weights(net, params);
    for (int want = 0; want < 2; want++) {
        dparams[want] = check_floats(n);
        memset(dparams[want], 0, n * sizeof(float));
        lws_pass pass = {.n = 2,
                         .training = true,
                         .params = params,
                         .dparams = dparams[want],
                         .dbuffers = dbuffers,
                         .scratch = scratch};
        memcpy(dy, given, ny * sizeof *dy);
        lws_net_forward(net, &pass, x);
        assert_int_equal(lws_net_backward(net, &pass, x, dy, want) != NULL, want);
    }
    check_same_bits(dparams[0], dparams[1], n * sizeof(float));
    check_free(params, n), check_free(x, nx), check_free(given, ny), check_free(dy, ny);
    check_free(dparams[0], n), check_free(dparams[1], n);
    check_free(dbuffers, tensors.buffers), check_free(scratch, lws_net_scratch(net, 2));
    lws_net_destroy(net);
    lws_arena_destroy(&arena);
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    int before = omp_get_max_threads();
    omp_set_num_threads(1);
    problem p = make(7);
    size_t n = p.tensors.params, ny = 7 * lws_shape_size(result);
    float *first = check_floats(n), *dy = check_floats(ny);
    for (int threads = 1; threads <= 4; threads += 3) { /* more than were planned for */
        omp_set_num_threads(threads);
        lws_pass pass = training(&p);
        memset(p.dparams, 0, n * sizeof(float)), memcpy(dy, p.dy, ny * sizeof *dy);
        lws_net_forward(p.net, &pass, p.x);
        lws_net_backward(p.net, &pass, p.x, dy, false);
        assert_int_equal(omp_get_max_threads(), threads);
        if (threads == 1)
            memcpy(first, p.dparams, n * sizeof(float));
        check_same_bits(p.dparams, first, n * sizeof(float));
    }
    omp_set_num_threads(before);
    check_free(first, n), check_free(dy, ny);
    release(&p);
}

/* ---- names, order and flow --------------------------------------------------------------------------------------- */

static const char *const parameters[] = {
    "n/conv0/weight",        "n/pair/gamma",        "n/pair/conv1/weight", "n/pair/bn1/gamma", "n/pair/bn1/beta",
    "n/pair/deconv2/weight", "n/pair/conv3/weight", "n/pair/conv3/bias",   "n/conv4/weight",
};
enum { PARAMETERS = sizeof parameters / sizeof *parameters };

static void parameters_stand_in_order(void **state)
{
    (void)state;
    problem p = make(1);
    size_t end = 0;
    for (int i = 0; i < PARAMETERS; i++) {
        const lws_tensor *t = find(&p.tensors, parameters[i]);
        assert_int_equal(t->offset, end);
        end = (t->offset + t->count + 15) / 16 * 16;
    }
    assert_int_equal(p.tensors.params, end);
    assert_int_equal(p.tensors.count, PARAMETERS + 2);
    release(&p);
}

typedef struct watcher {
    problem *p;
    float *seen; /* what each call vouched for */
    int waits, readies;
    size_t wait[16], ready[16];
} watcher;

static void note_wait(void *user, size_t end)
{
    watcher *w = user;
    assert_true(w->waits < 16);
    w->wait[w->waits++] = end;
}

static void note_ready(void *user, size_t begin)
{
    watcher *w = user;
    size_t end = w->readies ? w->ready[w->readies - 1] : w->p->tensors.params;
    assert_true(w->readies < 16 && begin < end);
    memcpy(w->seen + begin, w->p->dparams + begin, (end - begin) * sizeof(float));
    w->ready[w->readies++] = begin;
}

/* Parameters are waited for in their order, each layer's before it runs; gradients become ready in the opposite order,
 * and do not change any more. A batch norm that its neighbours compute is ready with the layer before it. */
static void flow(void **state)
{
    (void)state;
    static const char *const ends[] = {"n/pair/gamma",          "n/pair/conv1/weight", "n/pair/bn1/gamma",
                                       "n/pair/deconv2/weight", "n/pair/conv3/weight", "n/conv4/weight"};
    static const char *const begins[] = {"n/conv4/weight",      "n/pair/conv3/weight", "n/pair/deconv2/weight",
                                         "n/pair/conv1/weight", "n/pair/gamma",        "n/conv0/weight"};
    problem p = make(3);
    size_t n = p.tensors.params;
    check_rng r = {403};
    float *others = check_random_floats(&r, n, -.2, .2), *y = check_floats(3 * lws_shape_size(result));
    watcher w = {.p = &p, .seen = check_floats(n)};
    const lws_flow follow = {&w, note_wait, note_ready};
    lws_pass pass = training(&p);
    memcpy(y, lws_net_forward(p.net, &pass, p.x), 3 * lws_shape_size(result) * sizeof *y);
    lws_net_transform_weights(p.net, others); /* what becomes invalid */
    lws_net_invalidate(p.net);
    pass.flow = &follow;
    memset(p.dparams, 0, n * sizeof(float)), memset(w.seen, 0, n * sizeof(float));
    check_same_bits(lws_net_forward(p.net, &pass, p.x), y, 3 * lws_shape_size(result) * sizeof *y);
    assert_int_equal(w.waits, 7);
    for (int i = 0; i < 6; i++) /* up to where the next begins */
        assert_int_equal(w.wait[i], find(&p.tensors, ends[i])->offset);
    assert_int_equal(w.wait[6], n);
    lws_net_backward(p.net, &pass, p.x, p.dy, false);
    assert_int_equal(w.readies, 6);
    for (int i = 0; i < 6; i++)
        assert_int_equal(w.ready[i], find(&p.tensors, begins[i])->offset);
    check_same_bits(w.seen, p.dparams, n * sizeof(float));
    lws_net_forward(p.net, &pass, p.x);
    assert_int_equal(w.waits, 7); /* nothing is invalid any more */
    check_free(others, n), check_free(y, 3 * lws_shape_size(result)), check_free(w.seen, n);
    release(&p);
}

/* Whatever parameter is a NaN, its layer is the first whose output is one, the layers of a branch before the layer
 * itself. */
static void names_the_first_not_finite(void **state)
{
    (void)state;
    problem p = make(3);
    lws_pass pass = training(&p);
    lws_net_forward(p.net, &pass, p.x);
    assert_null(lws_net_first_not_finite(p.net, &pass));
    static const int from_the_last[] = {8, 1, 7, 6, 5, 4, 3, 2, 0}; /* the pair's own comes behind its branches */
    for (int i = 0; i < PARAMETERS; i++) {
        const lws_tensor *t = find(&p.tensors, parameters[from_the_last[i]]);
        p.params[t->offset] = (float)NAN;
        lws_net_transform_weights(p.net, p.params);
        lws_net_forward(p.net, &pass, p.x);
        const char *name = lws_net_first_not_finite(p.net, &pass);
        assert_non_null(name);
        assert_memory_equal(name, t->name, strlen(name));
        assert_int_equal(t->name[strlen(name)], '/');
        assert_null(strchr(t->name + strlen(name) + 1, '/'));
    }
    release(&p);
}

/* ---- what a net says of itself ----------------------------------------------------------------------------------- */

static void enumeration(void **state)
{
    (void)state;
    problem p = make(1);
    assert_int_equal(lws_net_count(p.net), 3);
    lws_layer_info pair = lws_net_layer(p.net, 1);
    assert_string_equal(pair.name, "n/pair");
    assert_string_equal(pair.kind, "pair");
    assert_int_equal(pair.tensor_count, 1);
    assert_string_equal(pair.tensors[0].name, "n/pair/gamma");
    assert_int_equal(pair.attribute_count, 0);
    assert_int_equal(pair.branch_count, 2);
    assert_int_equal(lws_net_count(pair.branches[0]), 3);
    assert_int_equal(lws_net_count(pair.branches[1]), 1);
    lws_layer_info norm = lws_net_layer(pair.branches[0], 1), conv = lws_net_layer(pair.branches[1], 0);
    assert_string_equal(norm.name, "n/pair/bn1");
    assert_int_equal(norm.tensor_count, 4);
    assert_string_equal(norm.tensors[3].name, "n/pair/bn1/running_var");
    assert_string_equal(conv.name, "n/pair/conv3");
    assert_memory_equal(&conv.in, &middle, sizeof middle);
    assert_memory_equal(&conv.out, &joined, sizeof joined);
    assert_int_equal(conv.tensor_count, 2);
    assert_string_equal(conv.tensors[0].name, "n/pair/conv3/weight");
    assert_int_equal(conv.branch_count, 0);
    release(&p);
}

static void training_is_checked_within(void **state)
{
    (void)state;
    lws_tensors tensors = {0};
    lws_net *net, *a, *b, *third;
    assert_int_equal(lws_net_create("n", (lws_shape){1, 1, 8}, &tensors, &net), LWS_OK);
    assert_int_equal(append_pair(net, (lws_shape){1, 1, 8}, &a, &b), LWS_OK);
    assert_int_equal(lws_net_relu(a), LWS_OK);
    assert_int_equal(lws_net_batchnorm(b, "bn", true), LWS_OK);
    assert_int_equal(lws_net_check_training(net, 2), LWS_OK);
    assert_int_equal(lws_net_check_training(net, 1), LWS_ERR_USAGE);
    check_mentions(lws_message(), "n/pair/bn");
    assert_int_equal(net_branch(net, &third), LWS_ERR_USAGE);
    check_mentions(lws_message(), "n/pair: a layer has at most 2 branches");
    lws_net_destroy(net);
}

/* A name that would be cut off could be that of another tensor. */
static void names_are_whole_or_refused(void **state)
{
    (void)state;
    lws_tensors tensors = {0};
    lws_net *net;
    char name[64];
    memset(name, 'x', sizeof name);
    name[61] = 0; /* n/ and 61: 63 letters, all there is room for */
    assert_int_equal(lws_net_create("n", (lws_shape){1, 1, 8}, &tensors, &net), LWS_OK);
    assert_int_equal(lws_net_batchnorm(net, name, true), LWS_ERR_USAGE); /* the tensors' are longer */
    check_mentions(lws_message(), "xxx/gamma");
    assert_int_equal(tensors.count, 0);
    assert_int_equal(tensors.params, 0);
    assert_int_equal(lws_net_count(net), 1);
    name[61] = 'x', name[62] = 0;
    assert_int_equal(lws_net_batchnorm(net, name, true), LWS_ERR_USAGE);
    check_mentions(lws_message(), "longer than 63 letters");
    assert_int_equal(lws_net_count(net), 1);
    lws_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_one_by_one),
        cmocka_unit_test(input_gradient_on_demand),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(parameters_stand_in_order),
        cmocka_unit_test(flow),
        cmocka_unit_test(names_the_first_not_finite),
        cmocka_unit_test(enumeration),
        cmocka_unit_test(training_is_checked_within),
        cmocka_unit_test(names_are_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
