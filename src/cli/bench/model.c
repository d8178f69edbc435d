/* The losses by themselves, and the passes of a whole micro-batch. */
#include "bench.h"

#include "model/model.h"

#include <stdio.h>

typedef struct loss_case {
    lws_loss *loss;
    int n;
    float *x, *y, *dy;
    double *value;
    lws_status status;
} loss_case;

static void evaluate(void *user)
{
    loss_case *c = user;
    lws_status status = lws_loss_eval(c->loss, c->n, c->x, c->y, 1. / c->n, c->value, c->dy);
    if (status != LWS_OK)
        c->status = status;
}

/* One loss, on the memory that all share. */
static lws_status loss_row(bench *b, loss_case *c, const lws_loss_spec *spec, const char *key, const char *label)
{
    lws_status status = lws_loss_create(spec, BENCH_SIDE, BENCH_SIDE, BENCH_COLOURS, &c->loss);
    status = lws_comm_agree(b->comm, status);
    if (status == LWS_OK) {
        bench_time time = bench_measure(b, false, evaluate, c);
        bench_rate rate = {"us_per_image", "µs an image", 1e6 * time.median / c->n};
        bench_row(b, key, label, &time, 1, &rate);
        status = lws_comm_agree(b->comm, c->status);
    }
    lws_loss_destroy(c->loss);
    return status;
}

static lws_status chosen_windows(const bench *b, char *label, size_t size, lws_loss_spec *out)
{
    lws_loss_spec spec;
    LWS_TRY(lws_loss_find("lwssim", "windows = 3,7,11", &spec)); /* uniform, with SSIM's constants */
    size_t used = (size_t)snprintf(label, size, "lwssim, windows");
    spec.levels = b->windows.count;
    for (int i = 0; i < spec.levels; i++) {
        spec.window[i] = (int)b->windows.value[i];
        spec.weight[i] = 1;
        if (used < size)
            used += (size_t)snprintf(label + used, size - used, "%s %d", i > 0 ? "," : "", spec.window[i]);
    }
    *out = spec;
    return LWS_OK;
}

/* The chosen windows, also with exponents, whole and not, and Gaussian. */
static lws_status variants_of_windows(bench *b, loss_case *c)
{
    static const struct {
        const char *key, *label;
        double alpha;
        bool gaussian;
    } variants[] = {{"lwssim_windows", "", 1, false},
                    {"lwssim_alpha_8", ", alpha 8", 8, false},
                    {"lwssim_alpha_3_7", ", alpha 3.7", 3.7, false},
                    {"lwssim_gaussian", ", Gaussian", 1, true}};
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        char windows[128], label[160];
        lws_loss_spec spec;
        LWS_TRY(chosen_windows(b, windows, sizeof windows, &spec));
        spec.alpha = variants[i].alpha;
        spec.gaussian = variants[i].gaussian;
        snprintf(label, sizeof label, "%s%s", windows, variants[i].label);
        LWS_TRY(loss_row(b, c, &spec, variants[i].key, label));
    }
    return LWS_OK;
}

lws_status bench_loss(bench *b)
{
    size_t values = (size_t)b->images * BENCH_SIDE * BENCH_SIDE * BENCH_COLOURS;
    loss_case c = {.n = b->images,
                   .x = bench_floats(b, values),
                   .y = bench_floats(b, values),
                   .dy = bench_zeros(b, values),
                   .value = (double *)bench_zeros(b, 2 * (size_t)b->images)};
    LWS_TRY(bench_ready(b));
    for (size_t i = 0; i + 1 < values; i++) /* another picture than x */
        c.y[i] = (c.x[i] + c.x[i + 1]) / 2;
    bench_section(b, "loss", "Losses, value and gradient, %d images", b->images);
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        const char *name = lws_loss_name(kind);
        lws_loss_spec spec = lws_loss_defaults(kind);
        LWS_TRY(loss_row(b, &c, &spec, name, name));
    }
    return variants_of_windows(b, &c);
}

typedef struct step_case {
    lws_model *model;
    lws_micro_batch batch;
    float *params, *gradient; /* each followed by the statistics */
    size_t count;             /* parameters */
    lws_status status;
} step_case;

static void passes(void *user)
{
    step_case *s = user;
    lws_model_sums sums;
    lws_status status = lws_model_gradient(s->model, s->params, &s->batch, NULL, false,
                                           (lws_model_gradients){s->gradient, s->gradient + s->count}, &sums);
    if (status != LWS_OK)
        s->status = status;
}

static void prepare(void *user)
{
    step_case *s = user;
    lws_model_transform_weights(s->model, s->params);
}

/* Of a training step, an image: forward and twice as much backward, less the gradient of the first layer's input. */
static double step_operations(const bench *b)
{
    double convolutions = 0;
    for (int level = 1; level <= BENCH_LEVELS; level++) {
        lws_conv2d g = bench_geometry(b, level);
        convolutions += bench_operations(&g);
    }
    lws_conv2d first = bench_geometry(b, 1), last = bench_geometry(b, BENCH_LEVELS);
    double dense = 2. * last.out_h * last.out_w * last.out_c * b->latent;
    return 3 * 2 * (convolutions + dense) - bench_operations(&first);
}

/* An auto-encoder with this loss, memory for its parameters and gradients, and pixels. */
static lws_status build(bench *b, lws_loss_kind loss, step_case *s)
{
    lws_model_spec spec = {.kind = LWS_MODEL_AE,
                           .preset = 0,
                           .base_channels = b->base,
                           .latent = b->latent,
                           .image = {BENCH_SIDE, BENCH_SIDE, BENCH_COLOURS},
                           .loss = lws_loss_defaults(loss)};
    LWS_TRY(lws_model_resolve(&spec));
    LWS_TRY(lws_model_create(&spec, b->images, &s->model));
    const lws_tensors *tensors = lws_model_tensors(s->model);
    s->count = tensors->params;
    s->params = bench_zeros(b, tensors->params + tensors->buffers);
    s->gradient = bench_zeros(b, tensors->params + tensors->buffers);
    s->batch = (lws_micro_batch){.n = b->images, .total = b->images, .seed = 1};
    s->batch.x = bench_floats(b, (size_t)b->images * BENCH_SIDE * BENCH_SIDE * BENCH_COLOURS);
    if (b->status == LWS_OK)
        lws_tensors_init(tensors, 1, s->params, s->params + s->count);
    return b->status;
}

static lws_status step_row(bench *b, lws_loss_kind loss, const char *name, bool first)
{
    step_case s = {0};
    lws_status status = lws_comm_agree(b->comm, build(b, loss, &s));
    if (status == LWS_OK && first) {
        bench_time time = bench_measure(b, false, prepare, &s);
        bench_row(b, "prepare", "transforming weights, once a step", &time, 0, NULL);
    }
    if (status == LWS_OK) {
        char label[64];
        snprintf(label, sizeof label, "forward and backward with %s", name);
        prepare(&s);
        bench_time time = bench_measure(b, false, passes, &s);
        bench_rate rates[] = {{"images_per_s", "images/s", b->images / time.median},
                              bench_gflops(b->images * step_operations(b), &time)};
        bench_row(b, name, label, &time, 2, rates);
        status = lws_comm_agree(b->comm, s.status);
    }
    lws_model_destroy(s.model);
    bench_release(b);
    return status;
}

lws_status bench_step(bench *b)
{
    bench_section(b, "step", "A micro-batch of %d images; GFLOP/s by the direct count", b->images);
    for (int loss = 0; loss < lws_loss_count(); loss++)
        LWS_TRY(step_row(b, loss, lws_loss_name(loss), loss == 0));
    return LWS_OK;
}
