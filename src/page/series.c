/* Points of curves are kept, and thinned. */
#include "series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool series_add(series *s, double x, double y)
{
    if (s->count == s->room) {
        int64_t room = s->room ? 2 * s->room : 64;
        point *grown = realloc(s->at, (size_t)room * sizeof *grown);
        if (!grown)
            return false;
        s->at = grown;
        s->room = room;
    }
    s->at[s->count++] = (point){x, y};
    return true;
}

void series_free(series *s)
{
    free(s->at);
    *s = (series){0};
}

/* The mean of the finite points [first, end). */
static int mean_stretch(const series *s, int64_t first, int64_t end, point *out)
{
    double x = 0, y = 0, n = 0;
    for (int64_t i = first; i < end; i++) {
        if (!isfinite(s->at[i].y))
            continue;
        x += s->at[i].x;
        y += s->at[i].y;
        n++;
    }
    if (first == end)
        return 0;
    out[0] = n > 0 ? (point){x / n, y / n} : (point){s->at[first].x, (double)NAN};
    return 1;
}

/* The extremes of points [first, end) in their order. */
static int thin_stretch(const series *s, int64_t first, int64_t end, point *out)
{
    int64_t low = -1, high = -1;
    for (int64_t i = first; i < end; i++) {
        if (!isfinite(s->at[i].y))
            continue;
        low = low < 0 || s->at[i].y < s->at[low].y ? i : low;
        high = high < 0 || s->at[i].y > s->at[high].y ? i : high;
    }
    if (first == end)
        return 0;
    if (low < 0) {
        out[0] = (point){s->at[first].x, (double)NAN};
        return 1;
    }
    out[0] = s->at[low < high ? low : high];
    out[1] = s->at[low < high ? high : low];
    return low == high ? 1 : 2;
}

int series_thin(const series *s, int most, point *out)
{
    if (s->count <= most) {
        if (s->count > 0)
            memcpy(out, s->at, (size_t)s->count * sizeof *out);
        return (int)s->count;
    }
    int count = 0, stretches = most < SERIES_PEAKS ? most - 2 : (most - 2) / 2;
    int64_t inner = s->count - 2;
    out[count++] = s->at[0];
    for (int k = 0; k < stretches; k++) {
        int64_t begin = 1 + inner * k / stretches, end = 1 + inner * (k + 1) / stretches;
        count +=
            most < SERIES_PEAKS ? mean_stretch(s, begin, end, out + count) : thin_stretch(s, begin, end, out + count);
    }
    out[count++] = s->at[s->count - 1];
    return count;
}

bool series_range(const point *at, int64_t count, double *low, double *high)
{
    bool any = false;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(at[i].y))
            continue;
        *low = any ? fmin(*low, at[i].y) : at[i].y;
        *high = any ? fmax(*high, at[i].y) : at[i].y;
        any = true;
    }
    return any;
}
