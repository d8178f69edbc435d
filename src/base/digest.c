/* XXH3 over bytes, and the sum of bit patterns. */
#include "base/digest.h"

#include "base/simd.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

void lws_digest(const void *data, size_t bytes, char text[LWS_DIGEST_TEXT])
{
    XXH128_hash_t h = XXH3_128bits(data, bytes);
    snprintf(text, LWS_DIGEST_TEXT, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64, (uint64_t)h.low64);
}

LWS_VARIANTS(extern, uint32_t, lws_bit_sum, (size_t n, const float *values), (n, values))
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += lws_bits(values[i]);
    return sum;
}

uint64_t lws_digest64(const void *data, size_t bytes)
{
    return XXH3_64bits(data, bytes);
}
