/* Philox, what is drawn from its bits, and the keyed permutation. */
#include "base/rng.h"

#include <math.h>

static uint64_t mix(uint64_t z) /* the finaliser of SplitMix64 */
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

lws_rng_key lws_rng(uint64_t seed, lws_rng_purpose purpose, uint64_t stream)
{
    uint64_t k = mix(seed + 0x9e3779b97f4a7c15u * (uint64_t)purpose);
    return (lws_rng_key){{(uint32_t)k, (uint32_t)(k >> 32)}, stream};
}

void lws_rng_bits(lws_rng_key key, uint64_t index, uint32_t bits[4])
{
    uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32);
    uint32_t c2 = (uint32_t)key.stream, c3 = (uint32_t)(key.stream >> 32);
    uint32_t k0 = key.key[0], k1 = key.key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    bits[0] = c0;
    bits[1] = c1;
    bits[2] = c2;
    bits[3] = c3;
}

static double unit(uint32_t hi, uint32_t lo)
{
    return (double)((((uint64_t)hi << 32) | lo) >> 11) * 0x1p-53;
}

double lws_rng_uniform(lws_rng_key key, uint64_t index)
{
    uint32_t b[4];
    lws_rng_bits(key, index, b);
    return unit(b[0], b[1]);
}

double lws_rng_normal(lws_rng_key key, uint64_t index)
{
    uint32_t b[4];
    lws_rng_bits(key, index, b);
    double radius = sqrt(-2 * log(1 - unit(b[0], b[1]))); /* 1 - u is never 0 */
    return radius * cos(6.283185307179586476925 * unit(b[2], b[3]));
}

uint64_t lws_rng_permute(lws_rng_key key, uint64_t n, uint64_t i)
{
    unsigned half = 3; /* bits of each side of the network; fewer mix badly */
    while (half < 32 && ((uint64_t)1 << (2 * half)) < n)
        half++;
    uint32_t mask = half == 32 ? 0xffffffffu : ((uint32_t)1 << half) - 1;
    do {
        uint32_t left = (uint32_t)(i >> half), right = (uint32_t)i & mask;
        for (uint32_t round = 0; round < 6; round++) {
            uint32_t b[4];
            lws_rng_bits(key, ((uint64_t)round << 32) | right, b);
            uint32_t next = left ^ (b[0] & mask);
            left = right;
            right = next;
        }
        i = ((uint64_t)left << half) | right;
    } while (i >= n);
    return i;
}
