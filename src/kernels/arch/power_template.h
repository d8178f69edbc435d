/* Powers of similarities for templates, and the vectors that these work on. Included with LANES defined.
 *
 * Of u = 1 - t come 1 - t^α and its slope α t^(α-1). With p = t^(α-1), 1 - t^α is
 *
 *   for whole α   u (1 + t + ... + p), by doublings: 1 + ... + t^(2k-1) = (1 + ... + t^(k-1)) (1 + t^k)
 *   else          u p - (p - 1), which cancels nothing but where α is small; p is that of the middle of t's cell, from
 *                 a table, times the power of a number close to 1, a polynomial (after Tang 1989). Where u is small
 *                 the middle is 1, and p - 1 as small as it should be.
 *
 * Below a t of .01 the tangent there takes over. */
#ifndef LWS_POWER_TEMPLATE_H
#define LWS_POWER_TEMPLATE_H

#include "kernels/luminance_power.h"

#include "base/simd.h"

#include <stdbool.h>
#include <stdint.h>

typedef double vec __attribute__((vector_size(LANES * sizeof(double)), aligned(8), may_alias));
typedef int64_t mask __attribute__((vector_size(LANES * sizeof(int64_t)), aligned(8), may_alias));
typedef uint64_t unsigned_mask __attribute__((vector_size(LANES * sizeof(uint64_t)), aligned(8), may_alias));
typedef double pair __attribute__((vector_size(2 * sizeof(double)), aligned(8), may_alias));
typedef float floats __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

/* The vector that begins at an element of an array; floats made double. */
#define V(element) (*(vec *)&(element))
#define WIDE(v) __builtin_convertvector(*(const floats *)&(v), vec)

/* Of two vectors of pairs, taken in turn, the pairs' first and second halves. */
#if LANES == 2
#define FIRSTS(a, b) __builtin_shufflevector(a, b, 0, 2)
#define SECONDS(a, b) __builtin_shufflevector(a, b, 1, 3)
#elif LANES == 4
#define FIRSTS(a, b) __builtin_shufflevector(a, b, 0, 4, 2, 6)
#define SECONDS(a, b) __builtin_shufflevector(a, b, 1, 5, 3, 7)
#else
#define FIRSTS(a, b) __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
#define SECONDS(a, b) __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#endif

/* u below the bound from where on the tangent holds; *over: what is above it. */
LWS_INLINE void power_bound(vec *u, vec *over)
{
    vec excess = *u - (1 - LWS_POWER_FROM);
    *over = (vec)((mask)excess & (mask)(excess > 0));
    *u -= *over;
}

/* In place: 1 - t^α, of u = 1 - t; and its slope. For whole α from 2 up. */
LWS_INLINE void raise_whole(const lws_luminance_power *p, vec *of, vec *slope)
{
    vec u = *of, over;
    power_bound(&u, &over);
    vec t = 1 - u, sum = 1 + (vec){0}, power = t; /* of the bits of α - 1 that are done */
    for (int bits = p->whole - 1, bit = p->highest_bit >> 1; bit > 0; bit >>= 1) {
        sum *= 1 + power;
        power *= power;
        if (bits & bit) {
            sum += power;
            power *= t;
        }
    }
    vec at_bound = p->alpha * power;
    *of = u * (sum + power) + at_bound * over;
    *slope = at_bound;
}

/* The cells of every second lane from `first` on, as they stand in the table. */
LWS_INLINE void take_cells(const lws_luminance_power *p, mask cell, int first, vec *out)
{
#define CELL(k) (*(const pair *)&p->cell[cell[first + (k)]])
#if LANES == 2
    *out = CELL(0);
#elif LANES == 4
    *out = __builtin_shufflevector(CELL(0), CELL(2), 0, 1, 2, 3);
#else
    *out = __builtin_shufflevector(__builtin_shufflevector(CELL(0), CELL(2), 0, 1, 2, 3),
                                   __builtin_shufflevector(CELL(4), CELL(6), 0, 1, 2, 3), 0, 1, 2, 3, 4, 5, 6, 7);
#endif
#undef CELL
}

/* For any α, in two parts. The first: how far t is from the middle of its cell, of that middle; and the middle's power.
 */
LWS_INLINE void raise_begin(const lws_luminance_power *p, const vec *of, vec *delta, vec *power)
{
    vec u = *of, over, even, odd;
    power_bound(&u, &over);
    mask cell = (mask)(((unsigned_mask)(1 - u) + (uint64_t)p->half) >> p->shift) - p->first;
    take_cells(p, cell, 0, &even);
    take_cells(p, cell, 1, &odd);
    vec inverse = FIRSTS(even, odd);
    *delta = (inverse - 1) - inverse * u;
    *power = SECONDS(even, odd);
}

/* The second, in place: `of` as in raise_whole(), and the middle's power becomes the slope. The polynomial is taken in
 * parts that do not wait for each other (Estrin). */
LWS_INLINE void raise_end(const lws_luminance_power *p, const vec *delta_of, vec *of, vec *slope)
{
    _Static_assert(LWS_POWER_TERMS == 6, "of three parts");
    const double *term = p->term;
    vec u = *of, over, delta = *delta_of, power = *slope, square = delta * delta;
    power_bound(&u, &over);
    vec high = term[4] + term[5] * delta, middle = term[2] + term[3] * delta;
    vec growth = (power * delta) * ((term[0] + term[1] * delta) + square * (middle + square * high));
    vec raised = power + growth, at_bound = p->alpha * raised;
    *of = u * raised - ((power - 1) + growth) + at_bound * over;
    *slope = at_bound;
}

#endif
