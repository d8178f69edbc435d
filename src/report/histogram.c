/* Counting by the bits of a float. */
#include "report/histogram.h"

#include <math.h>
#include <string.h>

enum {
    SHIFT = 20,                         /* bits of a float below those of its bucket */
    MIDDLE = LWS_HISTOGRAM_BUCKETS / 2, /* the bucket that begins at 0 */
    SUMS = LWS_HISTOGRAM_BUCKETS,       /* the cell where these begin */
    SQUARES = SUMS + LWS_HISTOGRAM_EXPONENTS,
    DROPPED = 16, /* bits of a square */
    NOT_FINITE = 255,
    OCTAVE = 8 /* buckets of one exponent */
};

void lws_histogram_clear(lws_histogram *h)
{
    memset(h->cell, 0, sizeof h->cell);
    h->least = INFINITY;
    h->greatest = -INFINITY;
}

/* Buckets hold their lower end, so those below zero the end that is farther from it. */
static int bucket_of(uint32_t bits)
{
    uint32_t size = bits & 0x7fffffff;
    return bits == size || size == 0 ? MIDDLE + (int)(size >> SHIFT) : MIDDLE - 1 - (int)((size - 1) >> SHIFT);
}

void lws_histogram_count(lws_histogram *h, size_t n, const float *values)
{
    float least = h->least, greatest = h->greatest;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        uint32_t exponent = bits >> 23 & 0xff, mantissa = (bits & 0x7fffff) | (exponent ? 0x800000 : 0);
        if (exponent == NOT_FINITE)
            continue;
        h->cell[bucket_of(bits)]++;
        h->cell[SUMS + exponent] += bits >> 31 ? -(int64_t)mantissa : (int64_t)mantissa;
        h->cell[SQUARES + exponent] += (int64_t)((uint64_t)mantissa * mantissa >> DROPPED);
        least = values[i] < least ? values[i] : least;
        greatest = values[i] > greatest ? values[i] : greatest;
    }
    h->least = least;
    h->greatest = greatest;
}

size_t lws_histogram_pack(const lws_histogram *h, int32_t id, lws_histogram_piece *pieces)
{
    size_t used = 0;
    if (h->least > h->greatest)
        return 0;
    for (int32_t i = 0; i < LWS_HISTOGRAM_CELLS; i++)
        if (h->cell[i] != 0)
            pieces[used++] = (lws_histogram_piece){.id = id, .cell = i, .value.sum = h->cell[i]};
    pieces[used++] =
        (lws_histogram_piece){.id = id, .cell = LWS_HISTOGRAM_CELLS, .value.extreme = {h->least, h->greatest}};
    return used;
}

void lws_histogram_add(lws_histogram *h, const lws_histogram_piece *piece)
{
    if (piece->cell < LWS_HISTOGRAM_CELLS) {
        h->cell[piece->cell] += piece->value.sum;
        return;
    }
    h->least = fminf(h->least, piece->value.extreme[0]);
    h->greatest = fmaxf(h->greatest, piece->value.extreme[1]);
}

lws_histogram_figures lws_histogram_get_figures(const lws_histogram *h)
{
    lws_histogram_figures f = {0, 0, 0};
    for (int b = 0; b < LWS_HISTOGRAM_BUCKETS; b++)
        f.count += (double)h->cell[b];
    for (int e = 0; e < LWS_HISTOGRAM_EXPONENTS; e++) {
        int power = (e ? e : 1) - 150; /* of the mantissa's last bit */
        f.sum += ldexp((double)h->cell[SUMS + e], power);
        f.squares += ldexp((double)h->cell[SQUARES + e], 2 * power + DROPPED);
    }
    return f;
}

double lws_histogram_limit(int bucket)
{
    int place = bucket >= MIDDLE ? bucket + 1 - MIDDLE : MIDDLE - 1 - bucket;
    int exponent = place / OCTAVE, part = place % OCTAVE;
    double size = exponent > 0 ? ldexp(OCTAVE + part, exponent - 130) : ldexp(part, -129);
    return bucket >= MIDDLE ? size : -size;
}
