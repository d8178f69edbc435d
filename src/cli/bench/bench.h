/* The measurements of `lwssim bench`: private to the command line.
 *
 * All ranks run every section side by side, so that they share caches and memory as in training; rank 0's times are
 * shown. A section is called on all ranks and returns the same status on all. */
#ifndef LWS_BENCH_H
#define LWS_BENCH_H

#include "base/config.h"
#include "comm/comm.h"
#include "kernels/conv.h"
#include "report/record.h"

#include <stdbool.h>
#include <stddef.h>

/* Images are those of the preset dcgan64. */
enum { BENCH_SIDE = 64, BENCH_COLOURS = 3, BENCH_LEVELS = 4, BENCH_BLOCKS = 16 };

typedef struct bench {
    lws_comm *comm;
    bool tells;  /* print the table as rows come */
    int threads; /* of each rank */
    int images;  /* a micro-batch */
    int base, latent;
    lws_config_list windows;
    const char *data;   /* dataset folder; "": synthetic */
    double ceiling;     /* GFLOP/s of SGEMM on all threads of a rank; 0: not known yet */
    lws_record *record; /* rank 0's; NULL elsewhere */
    lws_record *section, *group;
    void *block[BENCH_BLOCKS]; /* memory of the section */
    int blocks;
    lws_status status; /* of bench_floats in this section */
} bench;

/* ---- measure.c: memory, time, rows ---- */

/* `count` floats, uniform in [0, 1), or zeros, freed when the section ends. On failure the section must stop at
 * bench_ready. Not collective. */
float *bench_floats(bench *b, size_t count);
float *bench_zeros(bench *b, size_t count);
void bench_release(bench *b);

/* LWS_ERR_MEMORY where a rank had too little. Collective; agreed. */
lws_status bench_ready(bench *b);

typedef struct bench_time {
    double median, least, most; /* seconds */
    int runs;
} bench_time;

/* Runs work(user) once to warm up, then at least five times and for about a tenth of a second; three times if it takes
 * long. Collective: as often on each rank; with `together` they begin each run at once, as a collective needs. */
bench_time bench_measure(bench *b, bool together, void (*work)(void *), void *user);

/* A rate beside a time; the ratio to the ceiling is added to GFLOP/s. */
typedef struct bench_rate {
    const char *key, *unit; /* in JSON, in the table */
    double value;
} bench_rate;

bench_rate bench_gflops(double operations, const bench_time *t);
bench_rate bench_bandwidth(double bytes, const bench_time *t);

/* The heading of a section, and of a group of rows in it (key NULL: rows stand in the section itself). printf style.
 * _row: a row of that. Rank 0 prints and records it. Not collective. */
void bench_section(bench *b, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
void bench_group(bench *b, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
void bench_row(bench *b, const char *key, const char *label, const bench_time *t, int rates, const bench_rate *rate);

/* ---- the sections ---- */

/* In the order of the table: the name, of which bench_NAME() is the measurement, and whether it shows rates beside that
 * of the matrix product (bench_gemm), which then is measured first in any case. */
#define BENCH_SECTIONS(ROW)                                                                                            \
    ROW(gemm, false)                                                                                                   \
    ROW(conv, true)                                                                                                    \
    ROW(batchnorm, false)                                                                                              \
    ROW(adam, false)                                                                                                   \
    ROW(window, false)                                                                                                 \
    ROW(loss, false)                                                                                                   \
    ROW(step, true)                                                                                                    \
    ROW(reduction, false)                                                                                              \
    ROW(data, false)

#define DECLARE(name, needs_ceiling) lws_status bench_##name(bench *b);
BENCH_SECTIONS(DECLARE)
#undef DECLARE

/* The convolution between levels `level` - 1 and `level` (1 to BENCH_LEVELS) of dcgan64, the encoder's and, as its
 * adjoint, the decoder's; and its operations, multiplications and additions, in one pass over one image. Not
 * collective. */
lws_conv2d bench_geometry(const bench *b, int level);
double bench_operations(const lws_conv2d *g);

#endif
