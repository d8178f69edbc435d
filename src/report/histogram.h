/* A histogram of floats that is the same however the values are dealt to ranks and in which order they come.
 *
 * The bucket of a value is its sign, its exponent and the first three bits behind the point: eight buckets an octave,
 * found without a logarithm, the same for all tensors and steps. Sums are integers, one an exponent, of mantissas: they
 * are exact, and need no order. Not collective. */
#ifndef LWSSIM_HISTOGRAM_H
#define LWSSIM_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    LWS_HISTOGRAM_BUCKETS = 1 << 12,
    LWS_HISTOGRAM_EXPONENTS = 1 << 8,
    LWS_HISTOGRAM_CELLS = LWS_HISTOGRAM_BUCKETS + 2 * LWS_HISTOGRAM_EXPONENTS
};

typedef struct lws_histogram {
    /* Values a bucket, ascending; then, of each exponent, the sum of mantissas (24 bits, signed), and that of their
     * squares >> 16. Up to 2^31 values. */
    int64_t cell[LWS_HISTOGRAM_CELLS];
    float least, greatest; /* the other way round: no value yet */
} lws_histogram;

void lws_histogram_clear(lws_histogram *h);

/* Counts n values; those that are not finite are left out. */
void lws_histogram_count(lws_histogram *h, size_t n, const float *values);

/* A histogram in pieces, to be sent: of cells that are not 0, each with the number `id`, and one that has the extremes.
 * _pack writes at most LWS_HISTOGRAM_PIECES and returns how many, 0 for a histogram without values. _add joins a piece
 * with *h. */
enum { LWS_HISTOGRAM_PIECES = LWS_HISTOGRAM_CELLS + 1 };
typedef struct lws_histogram_piece {
    int32_t id, cell; /* cell LWS_HISTOGRAM_CELLS: the extremes */
    union {
        int64_t sum;
        float extreme[2];
    } value;
} lws_histogram_piece;
size_t lws_histogram_pack(const lws_histogram *h, int32_t id, lws_histogram_piece *pieces);
void lws_histogram_add(lws_histogram *h, const lws_histogram_piece *piece);

typedef struct lws_histogram_figures {
    double count, sum, squares; /* squares: each to a relative 2^-30 */
} lws_histogram_figures;
lws_histogram_figures lws_histogram_get_figures(const lws_histogram *h);

/* The upper end of a bucket, where the next one begins: values equal to it are in the next. */
double lws_histogram_limit(int bucket);

#endif
