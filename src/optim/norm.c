/* Sums of squares over blocks, each in one fixed order whatever the instruction set. */
#include "optim/norm.h"

#include "base/simd.h"

LWS_VARIANTS(static, double, squares, (size_t n, const float *g), (n, g))
{
    enum { LANES = 16 };
    double lane[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] += (double)g[i + k] * (double)g[i + k];
    for (int k = 0; k < LANES; k++)
        sum += lane[k];
    for (; i < n; i++)
        sum += (double)g[i] * (double)g[i];
    return sum;
}

void lws_norm_blocks(size_t n, const float *g, double *sums)
{
    for (size_t b = 0; b * LWS_NORM_BLOCK < n; b++) {
        size_t first = b * LWS_NORM_BLOCK;
        sums[b] = squares(n - first < LWS_NORM_BLOCK ? n - first : LWS_NORM_BLOCK, g + first);
    }
}
