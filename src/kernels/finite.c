/* Looking for infinities and NaNs, by their exponents. */
#include "kernels/finite.h"

#include "base/simd.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Whether the exponent of every value leaves room above it: whole numbers, as the compiler may not reorder sums of
 * floats but does make vectors of this. */
LWS_VARIANTS(static, uint32_t, largest_magnitude, (size_t n, const float *x), (n, x))
{
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

size_t lws_first_not_finite(size_t n, const float *x)
{
    enum { BLOCK = 4096, INFINITE = 0x7f800000 };
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t length = n - at < BLOCK ? n - at : BLOCK;
        if (largest_magnitude(length, x + at) < INFINITE)
            continue;
        while (isfinite(x[at]))
            at++;
        return at;
    }
    return n;
}
