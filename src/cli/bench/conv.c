/* The convolutions of dcgan64 in every algorithm that takes them. */
#include "bench.h"

#include "kernels/winograd.h"

#include <stdio.h>

enum { DIRECT = 0, TILES = 3, PASSES = 3 };
static const int tile_of[TILES] = {DIRECT, 2, 4};

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
    int n, tile;
    float *wide, *narrow; /* images, [n, in] and [n, out] */
    float *w, *dw, *transformed, *scratch;
} conv_case;

static void run(const conv_case *c, lws_conv2d_args job)
{
    if (c->tile == DIRECT)
        lws_conv2d_run(&c->g, c->n, &job, c->w, c->scratch);
    else
        lws_winograd_run(&c->g, c->tile, c->n, &job, c->transformed, c->scratch);
}

static void forward(void *user)
{
    const conv_case *c = user;
    run(c, (lws_conv2d_args){.wide.at = c->wide, .to_narrow.at = c->narrow});
}

static void backward_data(void *user)
{
    const conv_case *c = user;
    run(c, (lws_conv2d_args){.narrow.at = c->narrow, .to_wide.at = c->wide});
}

static void backward_weight(void *user)
{
    const conv_case *c = user;
    run(c, (lws_conv2d_args){.wide.at = c->wide, .narrow.at = c->narrow, .dw = c->dw});
}

static void transform(void *user)
{
    conv_case *c = user;
    lws_winograd_transform(&c->g, c->tile, c->w, c->transformed);
}

static const struct {
    const char *key, *label;
    void (*work)(void *);
} passes[PASSES] = {
    {"forward", "forward", forward},
    {"backward_data", "backward data", backward_data},
    {"backward_weight", "backward weight", backward_weight},
};

static size_t scratch_of(const conv_case *c, int tile, int threads)
{
    return tile == DIRECT ? lws_conv2d_scratch(&c->g, c->n, threads) : lws_winograd_scratch(&c->g, tile, c->n, threads);
}

static lws_status take_memory(bench *b, conv_case *c, int tiles)
{
    const lws_conv2d *g = &c->g;
    size_t n = (size_t)c->n, scratch = 0, transformed = 0;
    size_t weights = (size_t)g->kernel * g->kernel * g->in_c * g->out_c;
    for (int t = 0; t < tiles; t++) {
        size_t size = scratch_of(c, tile_of[t], b->threads);
        size_t kept = tile_of[t] == DIRECT ? 0 : lws_winograd_weights(g, tile_of[t]);
        scratch = size > scratch ? size : scratch;
        transformed = kept > transformed ? kept : transformed;
    }
    c->wide = bench_floats(b, n * g->in_h * g->in_w * g->in_c);
    c->narrow = bench_floats(b, n * g->out_h * g->out_w * g->out_c);
    c->w = bench_floats(b, weights);
    c->dw = bench_zeros(b, weights);
    c->transformed = bench_zeros(b, transformed);
    c->scratch = bench_zeros(b, scratch);
    return bench_ready(b);
}

/* All passes of one geometry, the variants of a pass under each other. */
static lws_status measure(bench *b, conv_case *c)
{
    int tiles = lws_winograd_fits(&c->g) ? TILES : 1;
    LWS_TRY(take_memory(b, c, tiles));
    for (int p = 0; p < PASSES; p++) {
        for (int t = 0; t < tiles; t++) {
            char key[64], label[64], name[16] = "direct";
            c->tile = tile_of[t];
            if (c->tile != DIRECT) {
                snprintf(name, sizeof name, "f%d", c->tile);
                transform(c);
            }
            snprintf(key, sizeof key, "%s_%s", passes[p].key, name);
            snprintf(label, sizeof label, c->tile == DIRECT ? "%s, direct" : "%s, F(%d×%d, 2×2)", passes[p].label,
                     c->tile, c->tile);
            bench_time time = bench_measure(b, false, passes[p].work, c);
            bench_rate rate = bench_gflops(c->n * bench_operations(&c->g), &time);
            bench_row(b, key, label, &time, 1, &rate);
        }
    }
    for (int t = 1; t < tiles; t++) {
        char key[32], label[64];
        c->tile = tile_of[t];
        snprintf(key, sizeof key, "weights_f%d", c->tile);
        snprintf(label, sizeof label, "weights once a step, F(%d×%d, 2×2)", c->tile, c->tile);
        bench_time time = bench_measure(b, false, transform, c);
        bench_rate rate = bench_bandwidth(sizeof(float) * (double)lws_winograd_weights(&c->g, c->tile), &time);
        bench_row(b, key, label, &time, 1, &rate);
    }
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
