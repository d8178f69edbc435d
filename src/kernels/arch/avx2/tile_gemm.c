/* Matrix products on AVX2: up to 6 rows by two vectors of 8, one block of columns. */
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET "avx2,fma"
#define VECTOR __m256
#define ZERO _mm256_setzero_ps
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define SET1 _mm256_set1_ps
#define FMA _mm256_fmadd_ps
#define ADD _mm256_add_ps
#define AT(v, block) ((v) / 2 * (block) + (v) % 2 * 8) /* two vectors a block */

#include "arch/tile_gemm_template.h"

/* One block of columns at a time; two are two of these. */
#define AVX2_TWICE(name, one)                                                                                          \
    static void name(int k, bool add, const tile_part *t)                                                              \
    {                                                                                                                  \
        tile_part second = *t;                                                                                         \
        second.b += t->b_block;                                                                                        \
        second.c += t->c_block;                                                                                        \
        second.ahead_lines = 0;                                                                                        \
        one(k, add, t);                                                                                                \
        one(k, add, &second);                                                                                          \
    }
#define AVX2(ROWS)                                                                                                     \
    BY_ROWS(avx2_rows_1_##ROWS, ROWS, 2)                                                                               \
    AVX2_TWICE(avx2_rows_##ROWS, avx2_rows_1_##ROWS)
AVX2(1)
AVX2(2)
AVX2(3)
AVX2(4)
AVX2(5)
AVX2(6)
BY_COLUMNS(avx2_columns_1, 4, 2)
AVX2_TWICE(avx2_columns, avx2_columns_1)

#define AVX2_TABLE(name)                                                                                               \
    {                                                                                                                  \
        name##1, name##2, name##3, name##4, name##5, name##6                                                           \
    }
static tile_kernel *const avx2_by_rows[] = AVX2_TABLE(avx2_rows_);
static tile_kernel *const avx2_by_rows_1[] = AVX2_TABLE(avx2_rows_1_);
const tile_kernels tile_kernels_avx2 = {6, avx2_by_rows, avx2_by_rows_1, 4, avx2_columns, avx2_columns_1};
#endif
