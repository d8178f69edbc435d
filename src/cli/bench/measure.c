/* What the sections share: memory that lives as long as a section, times of repeated runs, and rows of the table. */
#include "bench.h"

#include "base/clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 500 };

/* ---- memory ---- */

float *bench_zeros(bench *b, size_t count)
{
    size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
    float *p = b->blocks < BENCH_BLOCKS ? aligned_alloc(64, bytes + 64) : NULL;
    if (!p) {
        b->status = lws_fail(LWS_ERR_MEMORY,
                             "bench: no memory for %.0f MB: take fewer --images or "
                             "--base-channels",
                             (double)bytes / 1e6);
        return NULL;
    }
    b->block[b->blocks++] = p;
    return memset(p, 0, bytes);
}

float *bench_floats(bench *b, size_t count)
{
    float *p = bench_zeros(b, count);
    uint32_t state = 1; /* good enough to be no special case for the arithmetic */
    for (size_t i = 0; p && i < count; i++) {
        state = state * 1664525u + 1013904223u;
        p[i] = (float)(state >> 8) * 0x1p-24f;
    }
    return p;
}

lws_status bench_ready(bench *b)
{
    return lws_comm_agree(b->comm, b->status);
}

void bench_release(bench *b)
{
    while (b->blocks > 0)
        free(b->block[--b->blocks]);
    b->status = LWS_OK;
}

/* ---- time ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double run_once(bench *b, bool together, void (*work)(void *), void *user)
{
    if (together)
        lws_comm_barrier(b->comm);
    double start = lws_now();
    work(user);
    return lws_now() - start;
}

bench_time bench_measure(bench *b, bool together, void (*work)(void *), void *user)
{
    double sample[RUNS_MAX];
    lws_comm_barrier(b->comm);
    double first = run_once(b, together, work, user);
    int runs = first > .25 ? 3 : first > .02 ? 5 : (int)fmin(RUNS_MAX, .1 / fmax(first, 1e-9));
    lws_comm_broadcast(b->comm, &runs, sizeof runs);
    for (int i = 0; i < runs; i++)
        sample[i] = run_once(b, together, work, user);
    qsort(sample, (size_t)runs, sizeof *sample, by_size);
    double median = (sample[(runs - 1) / 2] + sample[runs / 2]) / 2;
    return (bench_time){median, sample[0], sample[runs - 1], runs};
}

bench_rate bench_gflops(double operations, const bench_time *t)
{
    return (bench_rate){"gflop_per_s", "GFLOP/s", operations / t->median / 1e9};
}

bench_rate bench_bandwidth(double bytes, const bench_time *t)
{
    return (bench_rate){"gb_per_s", "GB/s", bytes / t->median / 1e9};
}

/* ---- rows ---- */

/* Pads to a number of characters, not bytes: names are UTF-8. */
static void print_padded(const char *text, int width)
{
    for (const char *p = text; *p; p++)
        width -= (*p & 0xC0) != 0x80;
    printf("%s%*s", text, width > 0 ? width : 0, "");
}

void bench_section(bench *b, const char *key, const char *format, ...)
{
    char title[256];
    va_list args;
    va_start(args, format);
    vsnprintf(title, sizeof title, format, args);
    va_end(args);
    b->section = b->group = lws_record_object(b->record, key);
    if (!b->tells)
        return;
    printf("\n");
    print_padded(title, 58);
    printf(" median ms   (fastest – slowest)\n");
}

void bench_group(bench *b, const char *key, const char *format, ...)
{
    va_list args;
    b->group = key ? lws_record_object(b->section, key) : b->section;
    if (!b->tells)
        return;
    printf("  ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

void bench_row(bench *b, const char *key, const char *label, const bench_time *t, int rates, const bench_rate *rate)
{
    lws_record *row = lws_record_object(b->group, key);
    lws_record_number(row, "ms", 1e3 * t->median);
    lws_record_number(row, "ms_least", 1e3 * t->least);
    lws_record_number(row, "ms_most", 1e3 * t->most);
    lws_record_number(row, "runs", t->runs);
    if (b->tells) {
        printf(b->group == b->section ? "  " : "    ");
        print_padded(label, b->group == b->section ? 56 : 54);
        printf(" %9.3f   (%.3f – %.3f)", 1e3 * t->median, 1e3 * t->least, 1e3 * t->most);
    }
    for (int i = 0; i < rates; i++) {
        bool compare = b->ceiling > 0 && strcmp(rate[i].key, "gflop_per_s") == 0;
        double ratio = compare ? rate[i].value / b->ceiling : 0;
        lws_record_number(row, rate[i].key, rate[i].value);
        if (compare)
            lws_record_number(row, "of_sgemm", ratio);
        if (b->tells)
            printf(rate[i].value < 1000 ? "  %.4g %s" : "  %.0f %s", rate[i].value, rate[i].unit);
        if (b->tells && compare)
            printf(", %.0f%% of SGEMM", 100 * ratio);
    }
    if (b->tells) {
        printf("\n");
        fflush(stdout);
    }
}
