/* Matrix products whose sums stay in vector registers. Included by the file of an instruction set, which says what its
 * vectors are:
 *
 *     TARGET, VECTOR                    for the compiler; the type
 *     ZERO, LOAD, STORE, SET1, FMA, ADD of vectors of floats, as _mm512_setzero_ps and so on
 *     AT(v, block)                      where vector v of a row stands, in floats
 *
 * and makes kernels of BY_ROWS and BY_COLUMNS. */
#ifndef LWS_TILE_GEMM_TEMPLATE_H
#define LWS_TILE_GEMM_TEMPLATE_H

#include "arch/micro_kernels.h"

/* ROWS × VECTORS vectors of sums stay in registers: 14 × 2 of AVX-512's 32, 6 × 2 of AVX2's 16, with those of B's row
 * and of A's element beside them. */
#define EACH_ROW(ROWS) _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; r++)
#define EACH_VECTOR(VECTORS) _Pragma("GCC unroll 4") for (int v = 0; v < VECTORS; v++)

#define BEGIN(ROWS, VECTORS)                                                                                           \
    VECTOR sum[ROWS][VECTORS];                                                                                         \
    EACH_ROW(ROWS) EACH_VECTOR(VECTORS) sum[r][v] = ZERO();                                                            \
    const float *a = t->a, *b = t->b;                                                                                  \
    size_t a_row = t->a_row, b_row = t->b_row, b_block = t->b_block;

#define MULTIPLY(ROWS, VECTORS, ELEMENT)                                                                               \
    {                                                                                                                  \
        VECTOR row[VECTORS];                                                                                           \
        EACH_VECTOR(VECTORS) row[v] = LOAD(b + AT(v, b_block));                                                        \
        EACH_ROW(ROWS)                                                                                                 \
        {                                                                                                              \
            VECTOR element = SET1(ELEMENT);                                                                            \
            EACH_VECTOR(VECTORS) sum[r][v] = FMA(element, row[v], sum[r][v]);                                          \
        }                                                                                                              \
    }

#define END(ROWS, VECTORS)                                                                                             \
    EACH_ROW(ROWS) EACH_VECTOR(VECTORS)                                                                                \
    {                                                                                                                  \
        float *c = t->c + r * t->c_row + AT(v, t->c_block);                                                            \
        STORE(c, add ? ADD(LOAD(c), sum[r][v]) : sum[r][v]);                                                           \
    }

/* A · B for ROWS rows: a tile_kernel. */
#define BY_ROWS(name, ROWS, VECTORS)                                                                                   \
    __attribute__((target(TARGET))) static void name(int k, bool add, const tile_part *t)                              \
    {                                                                                                                  \
        BEGIN(ROWS, VECTORS)                                                                                           \
        const float *ahead = t->ahead;                                                                                 \
        for (int block = 0; block < k; block += TILE, a += t->a_block) {                                               \
            for (int line = 0; line < t->ahead_lines; line++, ahead += LINE)                                           \
                __builtin_prefetch(ahead, 0, 2);                                                                       \
            for (int p = 0; p < TILE; p++, b += b_row)                                                                 \
                MULTIPLY(ROWS, VECTORS, a[r * a_row + p])                                                              \
        }                                                                                                              \
        END(ROWS, VECTORS)                                                                                             \
    }

/* Aᵀ · B for COLUMNS columns of A. */
#define BY_COLUMNS(name, COLUMNS, VECTORS)                                                                             \
    __attribute__((target(TARGET))) static void name(int k, bool add, const tile_part *t)                              \
    {                                                                                                                  \
        BEGIN(COLUMNS, VECTORS)                                                                                        \
        for (int p = 0; p < k; p++, a += a_row, b += b_row)                                                            \
            MULTIPLY(COLUMNS, VECTORS, a[r])                                                                           \
        END(COLUMNS, VECTORS)                                                                                          \
    }

#endif
