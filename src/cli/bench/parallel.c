/* The reduction of gradients over all ranks, in its parts. */
#include "bench.h"

#include "base/text.h"
#include "comm/reduction.h"
#include "optim/norm.h"

#include <stdio.h>

enum { LEAVES = 2 }; /* micro-batches a rank */

typedef struct reduction_case {
    lws_reduction *reduction;
    float *flat;
    size_t count;
} reduction_case;

static void reduce(void *user)
{
    reduction_case *c = user;
    for (int i = 0; i < LEAVES; i++) {
        lws_reduction_micro_batch(c->reduction);
        lws_reduction_push(c->reduction);
    }
    lws_reduction_slice slice;
    while (lws_reduction_reduce_scatter_next(c->reduction, true, &slice))
        ;
}

static void gather(void *user)
{
    reduction_case *c = user;
    for (int b = lws_reduction_get_part(c->reduction)->buckets - 1; b >= 0; b--)
        lws_reduction_allgather(c->reduction, b, c->flat);
    lws_reduction_await(c->reduction, c->count);
}

static void row(bench *b, reduction_case *c, size_t count, const char *key, const char *label, void (*work)(void *))
{
    bench_time time = bench_measure(b, true, work, c);
    bench_rate rate = bench_bandwidth(sizeof(float) * (double)count, &time);
    bench_row(b, key, label, &time, 1, &rate);
}

static lws_status measure(bench *b, size_t count)
{
    int ranks = lws_comm_size(b->comm);
    reduction_case c = {.flat = bench_zeros(b, count), .count = count};
    lws_reduction_layout layout = {.count = count, .block = LWS_NORM_BLOCK};
    LWS_TRY(bench_ready(b));
    LWS_TRY(lws_reduction_create(b->comm, LEAVES * ranks, &layout, &c.reduction));
    row(b, &c, count, "sum", "sum of two micro-batches a rank", reduce);
    if (ranks > 1)
        row(b, &c, count, "gather", "gather of parameters", gather);
    lws_reduction_destroy(c.reduction);
    return LWS_OK;
}

lws_status bench_reduction(bench *b)
{
    static const int millions[] = {1, 8};
    int ranks = lws_comm_size(b->comm);
    bench_section(b, "reduction", "Reduction over %d rank%s; GB/s of the array", ranks, lws_plural(ranks));
    for (size_t i = 0; i < sizeof millions / sizeof *millions; i++) {
        char key[16];
        snprintf(key, sizeof key, "%dm", millions[i]);
        bench_group(b, key, "%d M floats", millions[i]);
        lws_status status = measure(b, (size_t)millions[i] << 20);
        bench_release(b);
        LWS_TRY(status);
    }
    return LWS_OK;
}
