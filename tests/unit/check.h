/* Shared helpers of the unit tests: comparisons that declare their tolerance, guarded arrays, and a
 * random generator of their own, so that no test leans on the code under test.
 *
 * Include first: it brings in cmocka and what cmocka needs before it. */
#ifndef LWS_CHECK_H
#define LWS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka after the standard headers it builds on */
#include <cmocka.h>

#include <math.h>
#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_UNUSED __attribute__((unused))

/* ---- random numbers ---------------------------------------------------------------------------------------------- */

typedef struct check_rng {
    uint64_t state;
} check_rng;

CHECK_UNUSED static uint64_t check_next(check_rng *r) /* SplitMix64 */
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

CHECK_UNUSED static double check_uniform(check_rng *r, double low, double high)
{
    return low + (high - low) * (double)(check_next(r) >> 11) * 0x1p-53;
}

CHECK_UNUSED static int check_int(check_rng *r, int low, int high) /* both inclusive */
{
    return low + (int)(check_next(r) % (uint64_t)(high - low + 1));
}

/* ---- arrays with a guard behind the end -------------------------------------------------------------------------- */

enum { CHECK_GUARD = 16 };

/* `n` floats, 64-byte aligned, filled with NaN so that whatever is not overwritten shows; behind
 * them a guard that check_free looks at. */
CHECK_UNUSED static float *check_floats(size_t n)
{
    size_t bytes = ((n + CHECK_GUARD) * sizeof(float) + 63) / 64 * 64;
    float *p = aligned_alloc(64, bytes);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = NAN;
    memset(p + n, 0xa5, CHECK_GUARD * sizeof *p);
    return p;
}

/* The same for doubles. */
CHECK_UNUSED static double *check_doubles(size_t n)
{
    size_t bytes = ((n + CHECK_GUARD) * sizeof(double) + 63) / 64 * 64;
    double *p = aligned_alloc(64, bytes);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (double)NAN;
    memset(p + n, 0xa5, CHECK_GUARD * sizeof *p);
    return p;
}

/* Frees an array of n elements of `size` bytes and fails where something was written behind its
 * end. */
CHECK_UNUSED static void check_free_(void *p, size_t n, size_t size, const char *file, int line)
{
    const unsigned char *guard = (const unsigned char *)p + n * size;
    for (size_t i = 0; i < CHECK_GUARD * size; i++)
        if (guard[i] != 0xa5) {
            print_error("written %zu bytes behind the end of the array\n", i);
            _fail(file, line);
        }
    free(p);
}

#define check_free(p, n) check_free_(p, n, sizeof *(p), __FILE__, __LINE__)

CHECK_UNUSED static float *check_random_floats(check_rng *r, size_t n, double low, double high)
{
    float *p = check_floats(n);
    for (size_t i = 0; i < n; i++)
        p[i] = (float)check_uniform(r, low, high);
    return p;
}

CHECK_UNUSED static double *check_random_doubles(check_rng *r, size_t n, double low, double high)
{
    double *p = check_doubles(n);
    for (size_t i = 0; i < n; i++)
        p[i] = check_uniform(r, low, high);
    return p;
}

/* The same numbers as doubles, for the reference. */
CHECK_UNUSED static double *check_widen(const float *x, size_t n)
{
    double *p = check_doubles(n);
    for (size_t i = 0; i < n; i++)
        p[i] = x[i];
    return p;
}

/* ---- comparisons; NaN never passes ------------------------------------------------------------------------------- */

CHECK_UNUSED static double check_largest(const double *v, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(v[i]));
    return largest;
}

CHECK_UNUSED static void check_near_(double got, double want, double tolerance, const char *what, const char *file,
                                     int line)
{
    if (fabs(got - want) <= tolerance)
        return;
    print_error("%s = %.17g, expected %.17g, off by %.3g > %.3g\n", what, got, want, fabs(got - want), tolerance);
    _fail(file, line);
}

/* |got - want| <= tolerance */
#define check_near(got, want, tolerance) check_near_(got, want, tolerance, #got, __FILE__, __LINE__)

/* max|got - want| <= tolerance · scale for n values that are floats or doubles. Returns the error
 * seen. */
CHECK_UNUSED static double check_array_(const float *gotf, const double *gotd, const double *want, size_t n,
                                        double scale, double tolerance, const char *what, const char *file, int line)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double got = gotf ? (double)gotf[i] : gotd[i], error = fabs(got - want[i]);
        if (!(error <= tolerance * scale)) {
            print_error("%s[%zu] = %.9g, expected %.9g; off by %.3g of the largest, %.3g allowed\n", what, i, got,
                        want[i], error / scale, tolerance);
            _fail(file, line);
        }
        worst = fmax(worst, error);
    }
    return scale > 0 ? worst / scale : 0;
}

/* Error relative to the largest element of want, for float and for double results. */
#define check_floats_near(got, want, n, tolerance)                                                                     \
    check_array_(got, NULL, want, n, check_largest(want, n), tolerance, #got, __FILE__, __LINE__)
#define check_doubles_near(got, want, n, tolerance)                                                                    \
    check_array_(NULL, got, want, n, check_largest(want, n), tolerance, #got, __FILE__, __LINE__)

CHECK_UNUSED static void check_same_bits_(const void *a, const void *b, size_t bytes, const char *what,
                                          const char *file, int line)
{
    if (memcmp(a, b, bytes) == 0)
        return;
    size_t at = 0;
    while (((const char *)a)[at] == ((const char *)b)[at])
        at++;
    print_error("%s: bits differ first at byte %zu of %zu\n", what, at, bytes);
    _fail(file, line);
}

#define check_same_bits(a, b, bytes) check_same_bits_(a, b, bytes, #a, __FILE__, __LINE__)

/* <a, b> in double */
CHECK_UNUSED static double check_dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Fails unless `text` has `part` in it. */
CHECK_UNUSED static void check_mentions_(const char *text, const char *part, const char *file, int line)
{
    if (strstr(text, part))
        return;
    print_error("\"%s\" does not mention \"%s\"\n", text, part);
    _fail(file, line);
}

#define check_mentions(text, part) check_mentions_(text, part, __FILE__, __LINE__)

#endif
