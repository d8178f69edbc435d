/* The matrix product that everything is held against, and the kernels that are bound by memory. */
#include "bench.h"

#include "kernels/batchnorm.h"
#include "kernels/gemm.h"
#include "kernels/window.h"
#include "optim/optimizer.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

enum { GEMM_SIDE = 2048 };

typedef struct gemm_case {
    int threads;
    float *a, *b, *c; /* c: one a thread */
} gemm_case;

static void multiply(void *user)
{
    gemm_case *g = user;
    const int n = GEMM_SIDE;
#pragma omp parallel num_threads(g->threads)
    lws_gemm(n, n, n, (lws_gemm_operand){g->a, n, false}, (lws_gemm_operand){g->b, n, false},
             (lws_gemm_result){g->c + (size_t)omp_get_thread_num() * n * n, n, 0});
}

lws_status bench_gemm(bench *b)
{
    size_t square = (size_t)GEMM_SIDE * GEMM_SIDE;
    gemm_case g = {b->threads, bench_floats(b, square), bench_floats(b, square),
                   bench_zeros(b, (size_t)b->threads * square)};
    LWS_TRY(bench_ready(b));
    bench_section(b, "gemm", "SGEMM, OpenBLAS kernel %s", lws_gemm_core());
    lws_record_text(b->section, "kernel", lws_gemm_core());
    char label[64];
    snprintf(label, sizeof label, "%d³%s", GEMM_SIDE, b->threads > 1 ? " on each thread" : "");
    bench_time time = bench_measure(b, false, multiply, &g);
    bench_rate rate = bench_gflops(b->threads * 2. * GEMM_SIDE * GEMM_SIDE * GEMM_SIDE, &time);
    bench_row(b, "sgemm_2048", label, &time, 1, &rate);
    b->ceiling = rate.value;
    return LWS_OK;
}

typedef struct norm_case {
    lws_batchnorm bn;
    int rows;
    float *x, *y, *dy, *dx, *scratch;
} norm_case;

static void norm_forward(void *user)
{
    norm_case *c = user;
    lws_batchnorm_forward(&c->bn, c->rows, c->x, c->y, c->scratch);
}

static void norm_backward(void *user)
{
    norm_case *c = user;
    lws_batchnorm_backward(&c->bn, c->rows, c->x, c->dy, c->dx, c->scratch);
}

static lws_status norm_of_level(bench *b, int level)
{
    lws_conv2d g = bench_geometry(b, level);
    norm_case c = {.rows = b->images * g.out_h * g.out_w};
    size_t values = (size_t)c.rows * g.out_c, channels = (size_t)g.out_c;
    c.x = bench_floats(b, values);
    c.y = bench_zeros(b, values);
    c.dy = bench_floats(b, values);
    c.dx = bench_zeros(b, values);
    c.scratch = bench_zeros(b, lws_batchnorm_scratch(c.rows, g.out_c));
    float *given = bench_floats(b, 2 * channels), *written = bench_zeros(b, 8 * channels);
    c.bn = (lws_batchnorm){.channels = g.out_c, .relu = true, .gamma = given, .beta = given + channels};
    float **array[] = {&c.bn.mean,    &c.bn.inv_std, &c.bn.scale,  &c.bn.unbiased_var,
                       &c.bn.mean_dy, &c.bn.slope,   &c.bn.dgamma, &c.bn.dbeta};
    for (size_t i = 0; i < sizeof array / sizeof *array; i++)
        *array[i] = written + i * channels;
    LWS_TRY(bench_ready(b));
    char key[32], label[64];
    snprintf(key, sizeof key, "bn%d_forward", level);
    snprintf(label, sizeof label, "%d × %d × %d, forward", g.out_h, g.out_w, g.out_c);
    bench_time time = bench_measure(b, false, norm_forward, &c);
    bench_rate rate = bench_bandwidth(2. * sizeof(float) * (double)values, &time);
    bench_row(b, key, label, &time, 1, &rate);
    snprintf(key, sizeof key, "bn%d_backward", level);
    snprintf(label, sizeof label, "%d × %d × %d, backward", g.out_h, g.out_w, g.out_c);
    time = bench_measure(b, false, norm_backward, &c);
    rate = bench_bandwidth(4. * sizeof(float) * (double)values, &time);
    bench_row(b, key, label, &time, 1, &rate);
    return LWS_OK;
}

lws_status bench_batchnorm(bench *b)
{
    bench_section(b, "batchnorm", "Batch norm with ReLU, %d images; arrays counted once", b->images);
    for (int level = 1; level <= BENCH_LEVELS; level++) {
        lws_status status = norm_of_level(b, level);
        bench_release(b);
        LWS_TRY(status);
    }
    return LWS_OK;
}

typedef struct adam_case {
    const lws_optimizer *row;
    double options[LWS_OPTIMIZER_OPTIONS_SIZE / sizeof(double)];
    size_t n;
    int64_t step;
    float *theta, *m, *v, *g;
} adam_case;

static void adam_update(void *user)
{
    adam_case *a = user;
    const lws_update update = {.options = a->options,
                               .step = ++a->step,
                               .rate = 1e-3,
                               .gradient_scale = 1,
                               .n = a->n,
                               .gradient = a->g,
                               .theta = a->theta,
                               .slot = {a->m, a->v}};
    a->row->update(&update);
}

lws_status bench_adam(bench *b)
{
    static const struct {
        const char *key, *label;
        size_t n;
    } sizes[] = {{"1m", "1 M parameters", 1 << 20}, {"8m", "8 M parameters", 8 << 20}};
    size_t most = sizes[1].n;
    adam_case a = {.theta = bench_floats(b, most),
                   .m = bench_zeros(b, most),
                   .v = bench_zeros(b, most),
                   .g = bench_floats(b, most)};
    a.row = lws_optimizer_row(0);
    lws_config_defaults((lws_config_table){a.row->keys, (size_t)a.row->key_count, NULL}, a.options);
    LWS_TRY(bench_ready(b));
    bench_section(b, "adam", "Adam");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        a.n = sizes[i].n;
        bench_time time = bench_measure(b, false, adam_update, &a);
        bench_rate rate = bench_bandwidth(7. * sizeof(float) * (double)a.n, &time);
        bench_row(b, sizes[i].key, sizes[i].label, &time, 1, &rate);
    }
    return LWS_OK;
}

typedef struct window_case {
    lws_window window;
    int images;
    size_t per_thread; /* doubles */
    double *x, *out, *scratch;
} window_case;

/* As a loss goes about it: an image a thread, mean and adjoint. */
static void filter(void *user)
{
    window_case *w = user;
    size_t image = (size_t)BENCH_SIDE * BENCH_SIDE * BENCH_COLOURS;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < w->images; i++) {
        size_t at = (size_t)omp_get_thread_num();
        double *out = w->out + at * image, *scratch = w->scratch + at * w->per_thread;
        lws_window_mean(&w->window, BENCH_SIDE, BENCH_SIDE, BENCH_COLOURS, w->x, out, scratch);
        lws_window_adjoint(&w->window, BENCH_SIDE, BENCH_SIDE, BENCH_COLOURS, w->x, out, scratch);
    }
}

static void window_row(bench *b, window_case *w, const char *shape)
{
    char key[32], label[64];
    snprintf(key, sizeof key, "%s_%d", shape, w->window.side);
    snprintf(label, sizeof label, "%s %d × %d, mean and adjoint", shape, w->window.side, w->window.side);
    bench_time time = bench_measure(b, false, filter, w);
    bench_rate rate = {"us_per_image", "µs an image", 1e6 * time.median / w->images};
    bench_row(b, key, label, &time, 1, &rate);
}

lws_status bench_window(bench *b)
{
    size_t image = (size_t)BENCH_SIDE * BENCH_SIDE * BENCH_COLOURS, threads = (size_t)b->threads;
    window_case w = {.images = b->images, .per_thread = lws_window_scratch(BENCH_SIDE, BENCH_SIDE, BENCH_COLOURS)};
    w.x = (double *)bench_zeros(b, 2 * image);
    w.out = (double *)bench_zeros(b, 2 * threads * image);
    w.scratch = (double *)bench_zeros(b, 2 * threads * w.per_thread);
    LWS_TRY(bench_ready(b));
    for (size_t i = 0; i < image; i++)
        w.x[i] = (double)(i * 7919 % 1000) / 1000;
    bench_section(b, "window", "Sliding windows, %d images of %d × %d × %d", b->images, BENCH_SIDE, BENCH_SIDE,
                  BENCH_COLOURS);
    for (int i = 0; i < b->windows.count; i++) {
        w.window = lws_window_box((int)b->windows.value[i]);
        window_row(b, &w, "box");
    }
    w.window = lws_window_gaussian(11, 1.5);
    window_row(b, &w, "gaussian");
    return LWS_OK;
}
