/* Matrix products on AVX-512: up to 14 rows by two vectors of 16. */
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET "avx512f"
#define VECTOR __m512
#define ZERO _mm512_setzero_ps
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define SET1 _mm512_set1_ps
#define FMA _mm512_fmadd_ps
#define ADD _mm512_add_ps
#define AT(v, block) ((v) * (block))

#include "arch/tile_gemm_template.h"

#define AVX512(ROWS)                                                                                                   \
    BY_ROWS(avx512_rows_##ROWS, ROWS, 2)                                                                               \
    BY_ROWS(avx512_rows_1_##ROWS, ROWS, 1)
AVX512(1)
AVX512(2)
AVX512(3)
AVX512(4)
AVX512(5)
AVX512(6)
AVX512(7)
AVX512(8)
AVX512(9)
AVX512(10)
AVX512(11)
AVX512(12)
AVX512(13)
AVX512(14)
BY_COLUMNS(avx512_columns, 8, 2)
BY_COLUMNS(avx512_columns_1, 8, 1)

#define AVX512_TABLE(name)                                                                                             \
    {                                                                                                                  \
        name##1, name##2, name##3, name##4, name##5, name##6, name##7, name##8, name##9, name##10, name##11, name##12, \
            name##13, name##14                                                                                         \
    }
static tile_kernel *const avx512_by_rows[] = AVX512_TABLE(avx512_rows_);
static tile_kernel *const avx512_by_rows_1[] = AVX512_TABLE(avx512_rows_1_);
const tile_kernels tile_kernels_avx512 = {14, avx512_by_rows, avx512_by_rows_1, 8, avx512_columns, avx512_columns_1};
#endif
