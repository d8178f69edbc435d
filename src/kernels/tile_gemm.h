/* Matrix products for operands whose layout we choose, so that nothing is packed: private to this folder.
 *
 * Every element of C is one chain of fused multiply-adds from 0 over k in rising order, whatever the CPU, the number of
 * threads, or the rows and columns computed with it: its bits depend on its row of A and its column of B alone. */
#ifndef LWS_TILE_GEMM_H
#define LWS_TILE_GEMM_H

#include <stdbool.h>
#include <stddef.h>

enum { TILE = 16 };  /* columns in a block of a matrix */
enum { PANEL = 32 }; /* columns in a panel of B */

/* Element (i, j) of a matrix stands at at[i · row + j / TILE · block + j % TILE], in floats: row-major with block =
 * TILE, blocks of columns that lie one after the other with row = TILE. */
typedef struct tile_matrix {
    const float *at;
    size_t row, block;
} tile_matrix;

/* One that is written, or, with add, added to. */
typedef struct tile_result {
    float *at;
    size_t row, block;
    bool add;
} tile_result;

/* C [m, n] = A [m, k] · B. B(p, j) at panels[j / PANEL · k · PANEL + p · PANEL + j % PANEL]. n and k are multiples of
 * TILE. */
void tile_gemm(int m, int n, int k, tile_matrix a, const float *panels, tile_result c);

/* C [m, n] = Aᵀ · B for A [k, m] and B [k, n]. m and n are multiples of TILE. */
void tile_gemm_transposed(int m, int n, int k, tile_matrix a, tile_matrix b, tile_result c);

#endif
