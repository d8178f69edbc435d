/* Philox from the paper, and test data that scripts in other languages reproduce to the bit. */
#include "reference.h"

#include <stdlib.h>

void ref_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k[0], (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ k[1],
                            (uint32_t)a};
        for (int i = 0; i < 4; i++)
            c[i] = next[i];
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    for (int i = 0; i < 4; i++)
        out[i] = c[i];
}

static uint32_t lcg(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state;
}

void ref_golden_pair(int h, int w, int c, uint32_t seed, float *x, float *y)
{
    uint32_t a = seed, b = seed ^ 0x5bd1e995u;
    for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++)
            for (int ch = 0; ch < c; ch++) {
                int wave = abs((5 * i + 3 * j + 37 * ch + (int)(seed % 97)) % 254 - 127);
                int grain = (int)(lcg(&a) >> 26), noise = (int)(lcg(&b) >> 27) - 16;
                int px = 32 + wave + grain, py = px + noise + (i / 8 + j / 8) % 2 * 12;
                size_t at = ((size_t)i * w + j) * c + ch;
                x[at] = (float)(px / 255.0);
                y[at] = (float)((py < 0 ? 0 : py > 255 ? 255 : py) / 255.0);
            }
}

void ref_golden_values(uint32_t seed, size_t n, float *v)
{
    uint32_t state = seed;
    for (size_t i = 0; i < n; i++)
        v[i] = (float)((int)(lcg(&state) >> 8) % 2049 - 1024) / 1024.0f;
}
