#include <lwssim/digest.h>

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

void lws_digest(const void *data, size_t bytes, char text[LWS_DIGEST_TEXT])
{
    XXH128_hash_t h = XXH3_128bits(data, bytes);
    snprintf(text, LWS_DIGEST_TEXT, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64, (uint64_t)h.low64);
}

uint64_t lws_digest64(const void *data, size_t bytes)
{
    return XXH3_64bits(data, bytes);
}
