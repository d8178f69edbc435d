/* Points of a curve, and fewer of them. Private to this folder. */
#ifndef PAGE_SERIES_H
#define PAGE_SERIES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct point {
    double x, y; /* y may be NaN: a gap */
} point;

typedef struct series {
    point *at;
    int64_t count, room;
} series;

/* Begin with {0}; series_free() is due. False when out of memory. */
bool series_add(series *s, double x, double y);
void series_free(series *s);

/* At most `most` (at least 4) of the points to `out` [most], in order; returns how many. All of them where they are so
 * few; else the first, the last, and of equal stretches between them the lowest and the highest, so that no peak is
 * lost; below SERIES_PEAKS the means of stretches, as such a curve is one of many. A stretch without finite values is
 * one gap. */
enum { SERIES_PEAKS = 60 };
int series_thin(const series *s, int most, point *out);

/* The lowest and highest finite y; false where there is none. */
bool series_range(const point *at, int64_t count, double *low, double *high);

#endif
