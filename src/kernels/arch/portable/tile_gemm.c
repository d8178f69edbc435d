/* Matrix products on any CPU: one row at a time, the same chain of operations as everywhere. */
#include "arch/micro_kernels.h"

#include <math.h>

static void portable(int k, bool add, const tile_part *t, int blocks, bool transposed)
{
    for (int v = 0; v < blocks; v++) {
        float sum[TILE] = {0}, *c = t->c + (size_t)v * t->c_block;
        for (int p = 0; p < k; p++) {
            const float *b = t->b + (size_t)v * t->b_block + (size_t)p * t->b_row;
            float a = transposed ? t->a[(size_t)p * t->a_row] : t->a[(size_t)(p / TILE) * t->a_block + p % TILE];
            for (int j = 0; j < TILE; j++)
                sum[j] = fmaf(a, b[j], sum[j]);
        }
        for (int j = 0; j < TILE; j++)
            c[j] = add ? c[j] + sum[j] : sum[j];
    }
}

static void portable_rows(int k, bool add, const tile_part *t)
{
    portable(k, add, t, 2, false);
}

static void portable_rows_1(int k, bool add, const tile_part *t)
{
    portable(k, add, t, 1, false);
}

static void portable_columns(int k, bool add, const tile_part *t)
{
    portable(k, add, t, 2, true);
}

static void portable_columns_1(int k, bool add, const tile_part *t)
{
    portable(k, add, t, 1, true);
}

static tile_kernel *const by_rows[] = {portable_rows}, *const by_rows_1[] = {portable_rows_1};
const tile_kernels tile_kernels_portable = {1, by_rows, by_rows_1, 1, portable_columns, portable_columns_1};
