/* The convolutions of dcgan64 in every algorithm that fits them. */
#include "bench.h"

#include "kernels/conv.h"

#include <stdio.h>

enum { PASSES = 3 };

lws_conv2d bench_geometry(const bench *b, int level)
{
    int in = BENCH_SIDE >> (level - 1), out_c = b->base << (level - 1);
    return (lws_conv2d){in, in, level == 1 ? BENCH_COLOURS : out_c / 2, in / 2, in / 2, out_c, 4, 2, 1};
}

double bench_operations(const lws_conv2d *g)
{
    return 2. * g->out_h * g->out_w * g->out_c * g->kernel * g->kernel * g->in_c;
}

typedef struct conv_case {
    lws_conv2d g;
    int n;
    const lws_conv_algorithm *algorithm;
    float *input, *output; /* images, [n, in] and [n, out] */
    float *w, *dw, *transformed, *scratch;
} conv_case;

static void run(const conv_case *c, lws_conv2d_args args)
{
    lws_conv2d_run(c->algorithm, &c->g, c->n, &args, c->algorithm->transform ? c->transformed : c->w, c->scratch);
}

static void forward(void *user)
{
    const conv_case *c = user;
    run(c, (lws_conv2d_args){.input.at = c->input, .to_output.at = c->output});
}

static void backward_data(void *user)
{
    const conv_case *c = user;
    run(c, (lws_conv2d_args){.output.at = c->output, .to_input.at = c->input});
}

static void backward_weight(void *user)
{
    const conv_case *c = user;
    run(c, (lws_conv2d_args){.input.at = c->input, .output.at = c->output, .dw = c->dw});
}

static void transform(void *user)
{
    conv_case *c = user;
    c->algorithm->transform(&c->g, c->w, c->transformed);
}

static const struct {
    const char *key, *label;
    void (*work)(void *);
} passes[PASSES] = {
    {"forward", "forward", forward},
    {"backward_data", "backward data", backward_data},
    {"backward_weight", "backward weight", backward_weight},
};

/* Takes the case through all algorithms that fit it. */
#define EACH_FITTING(c)                                                                                                \
    for (int i_ = 0; ((c)->algorithm = lws_conv_algorithms[i_]); i_++)                                                 \
        if ((c)->algorithm->fits(&(c)->g))

static lws_status take_memory(bench *b, conv_case *c)
{
    const lws_conv2d *g = &c->g;
    size_t n = (size_t)c->n, scratch = 0, transformed = 0;
    size_t weights = (size_t)g->kernel * g->kernel * g->in_c * g->out_c;
    EACH_FITTING(c)
    {
        size_t size = c->algorithm->scratch(g, c->n, b->threads), kept = lws_conv_transformed(c->algorithm, g);
        scratch = size > scratch ? size : scratch;
        transformed = kept > transformed ? kept : transformed;
    }
    c->input = bench_floats(b, n * g->in_h * g->in_w * g->in_c);
    c->output = bench_floats(b, n * g->out_h * g->out_w * g->out_c);
    c->w = bench_floats(b, weights);
    c->dw = bench_zeros(b, weights);
    c->transformed = bench_zeros(b, transformed);
    c->scratch = bench_zeros(b, scratch);
    return bench_ready(b);
}

static void measure_pass(bench *b, conv_case *c, int pass)
{
    char key[64], label[64];
    if (c->algorithm->transform)
        transform(c);
    snprintf(key, sizeof key, "%s_%s", passes[pass].key, c->algorithm->key);
    snprintf(label, sizeof label, "%s, %s", passes[pass].label, c->algorithm->name);
    bench_time time = bench_measure(b, false, passes[pass].work, c);
    bench_rate rate = bench_gflops(c->n * bench_operations(&c->g), &time);
    bench_row(b, key, label, &time, 1, &rate);
}

static void measure_transform(bench *b, conv_case *c)
{
    char key[64], label[64];
    snprintf(key, sizeof key, "weights_%s", c->algorithm->key);
    snprintf(label, sizeof label, "weights once a step, %s", c->algorithm->name);
    bench_time time = bench_measure(b, false, transform, c);
    bench_rate rate = bench_bandwidth(sizeof(float) * (double)lws_conv_transformed(c->algorithm, &c->g), &time);
    bench_row(b, key, label, &time, 1, &rate);
}

/* All passes of one geometry, the algorithms for a pass under each other. */
static lws_status measure(bench *b, conv_case *c)
{
    LWS_TRY(take_memory(b, c));
    for (int p = 0; p < PASSES; p++)
        EACH_FITTING(c)
    measure_pass(b, c, p);
    EACH_FITTING(c)
    if (c->algorithm->transform)
        measure_transform(b, c);
    return LWS_OK;
}

lws_status bench_conv(bench *b)
{
    bench_section(b, "conv", "Convolutions, %d images; GFLOP/s by the direct count", b->images);
    for (int level = 1; level <= BENCH_LEVELS; level++) {
        char key[16];
        conv_case c = {.g = bench_geometry(b, level), .n = b->images};
        snprintf(key, sizeof key, "conv%d", level);
        bench_group(b, key, "conv%d, deconv%d: %d × %d × %d to %d × %d × %d", level, BENCH_LEVELS + 1 - level, c.g.in_h,
                    c.g.in_w, c.g.in_c, c.g.out_h, c.g.out_w, c.g.out_c);
        lws_status status = measure(b, &c);
        bench_release(b);
        LWS_TRY(status);
    }
    return LWS_OK;
}
