/* Digests of data: XXH3, 64 or 128 bits. They prove that bytes are what was written; they are no defence
 * against somebody who alters them on purpose. */
#ifndef LWSSIM_DIGEST_H
#define LWSSIM_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LWS_DIGEST_TEXT = 33 }; /* 32 hexadecimal digits and the end */

/* The 128-bit digest of `bytes` bytes as text. */
void lws_digest(const void *data, size_t bytes, char text[LWS_DIGEST_TEXT]);

/* The 64-bit digest, for one image or one row. */
uint64_t lws_digest64(const void *data, size_t bytes);

/* The bit pattern of a number. */
static inline uint32_t lws_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The sum of bit patterns, modulo 2^32: of an array in parts it is the sum of the parts' sums, and any one flipped bit
 * changes it. No digest: it says nothing about order. */
uint32_t lws_bit_sum(size_t n, const float *values);

#endif
