/* A matrix product for operands whose layout we choose, so that nothing is packed: private to this folder.
 *
 * Every element of C is one chain of fused multiply-adds over k in rising order, whatever the CPU, the number of
 * threads, or the rows and columns computed with it: its bits depend on its row of A and its column of B alone. */
#ifndef LWS_TILE_GEMM_H
#define LWS_TILE_GEMM_H

#include <stdbool.h>
#include <stddef.h>

enum { TILE_GEMM_PANEL = 32 }; /* columns of B that are computed together */

/* C[m, n] = A · B, or C += A · B with accumulate. n is a multiple of 16.
 *   A(i, p) at a[i · a_row + p · a_k]
 *   B(p, j) at b[(j / PANEL) · b_panel + p · b_k + j % PANEL]: b_panel = PANEL for rows of B that are contiguous
 *   C(i, j) at c[i · c_row + j]
 * Strides in floats; those that are multiples of 1024 make the caches thrash. */
typedef struct tile_gemm_operands {
    const float *a, *b;
    float *c;
    size_t a_row, a_k, b_k, b_panel, c_row;
} tile_gemm_operands;

void tile_gemm(int m, int n, int k, bool accumulate, const tile_gemm_operands *o);

#endif
