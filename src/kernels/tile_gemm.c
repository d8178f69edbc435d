#include "tile_gemm.h"

#include <math.h>

/* `rows` × `width` elements of C at once, from a, b and c on. */
typedef void kernel(int k, bool accumulate, const float *a, size_t a_row, size_t a_k, const float *b, size_t b_k,
                    float *c, size_t c_row);

typedef struct kernel_set {
    int rows_max;          /* most rows at once */
    kernel *const *wide;   /* [rows - 1]: 32 columns */
    kernel *const *narrow; /* [rows - 1]: 16 columns */
} kernel_set;

/* ---- portable: one row at a time, the same chain of operations --------------------------------------------------- */

#define PORTABLE(name, width)                                                                                          \
    static void name(int k, bool accumulate, const float *a, size_t a_row, size_t a_k, const float *b, size_t b_k,     \
                     float *c, size_t c_row)                                                                           \
    {                                                                                                                  \
        (void)a_row;                                                                                                   \
        (void)c_row;                                                                                                   \
        float sum[width];                                                                                              \
        for (int j = 0; j < width; j++)                                                                                \
            sum[j] = accumulate ? c[j] : 0;                                                                            \
        for (int p = 0; p < k; p++)                                                                                    \
            for (int j = 0; j < width; j++)                                                                            \
                sum[j] = fmaf(a[p * a_k], b[p * b_k + j], sum[j]);                                                     \
        for (int j = 0; j < width; j++)                                                                                \
            c[j] = sum[j];                                                                                             \
    }
PORTABLE(portable_wide, 32)
PORTABLE(portable_narrow, 16)

static kernel *const portable_wide_kernels[] = {portable_wide};
static kernel *const portable_narrow_kernels[] = {portable_narrow};
static const kernel_set portable_set = {1, portable_wide_kernels, portable_narrow_kernels};

#if defined(__x86_64__)
#include <immintrin.h>

/* ROWS × VECTORS vectors of sums stay in registers: 14 × 2 of AVX-512's 32, 6 × 2 of AVX2's 16, with those of B's row
 * and of A's element beside them. */
#define VECTOR_KERNEL(name, target_name, ROWS, VECTORS, type, lanes, zero, load, store, set1, fma)                     \
    __attribute__((target(target_name))) static void name(int k, bool accumulate, const float *a, size_t a_row,        \
                                                          size_t a_k, const float *b, size_t b_k, float *c,            \
                                                          size_t c_row)                                                \
    {                                                                                                                  \
        type sum[ROWS][VECTORS];                                                                                       \
        _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; r++)                                                        \
            _Pragma("GCC unroll 4") for (int v = 0; v < VECTORS; v++) sum[r][v] =                                      \
                accumulate ? load(c + r * c_row + v * lanes) : zero();                                                 \
        for (int p = 0; p < k; p++, a += a_k, b += b_k) {                                                              \
            type row[VECTORS];                                                                                         \
            _Pragma("GCC unroll 4") for (int v = 0; v < VECTORS; v++) row[v] = load(b + v * lanes);                    \
            _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; r++)                                                    \
            {                                                                                                          \
                type element = set1(a[r * a_row]);                                                                     \
                _Pragma("GCC unroll 4") for (int v = 0; v < VECTORS; v++) sum[r][v] = fma(element, row[v], sum[r][v]); \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; r++)                                                        \
            _Pragma("GCC unroll 4") for (int v = 0; v < VECTORS; v++) store(c + r * c_row + v * lanes, sum[r][v]);     \
    }

#define AVX512(ROWS)                                                                                                   \
    VECTOR_KERNEL(avx512_wide_##ROWS, "avx512f", ROWS, 2, __m512, 16, _mm512_setzero_ps, _mm512_loadu_ps,              \
                  _mm512_storeu_ps, _mm512_set1_ps, _mm512_fmadd_ps)                                                   \
    VECTOR_KERNEL(avx512_narrow_##ROWS, "avx512f", ROWS, 1, __m512, 16, _mm512_setzero_ps, _mm512_loadu_ps,            \
                  _mm512_storeu_ps, _mm512_set1_ps, _mm512_fmadd_ps)
AVX512(1)
AVX512(2)
AVX512(3)
AVX512(4) AVX512(5) AVX512(6) AVX512(7) AVX512(8) AVX512(9) AVX512(10) AVX512(11) AVX512(12) AVX512(13) AVX512(14)

    static kernel *const avx512_wide_kernels[] = {
        avx512_wide_1, avx512_wide_2, avx512_wide_3,  avx512_wide_4,  avx512_wide_5,  avx512_wide_6,  avx512_wide_7,
        avx512_wide_8, avx512_wide_9, avx512_wide_10, avx512_wide_11, avx512_wide_12, avx512_wide_13, avx512_wide_14};
static kernel *const avx512_narrow_kernels[] = {avx512_narrow_1,  avx512_narrow_2,  avx512_narrow_3,  avx512_narrow_4,
                                                avx512_narrow_5,  avx512_narrow_6,  avx512_narrow_7,  avx512_narrow_8,
                                                avx512_narrow_9,  avx512_narrow_10, avx512_narrow_11, avx512_narrow_12,
                                                avx512_narrow_13, avx512_narrow_14};
static const kernel_set avx512_set = {14, avx512_wide_kernels, avx512_narrow_kernels};

/* 16 columns at a time; 32 are two of these. */
#define AVX2(ROWS)                                                                                                     \
    VECTOR_KERNEL(avx2_narrow_##ROWS, "avx2,fma", ROWS, 2, __m256, 8, _mm256_setzero_ps, _mm256_loadu_ps,              \
                  _mm256_storeu_ps, _mm256_set1_ps, _mm256_fmadd_ps)                                                   \
    static void avx2_wide_##ROWS(int k, bool accumulate, const float *a, size_t a_row, size_t a_k, const float *b,     \
                                 size_t b_k, float *c, size_t c_row)                                                   \
    {                                                                                                                  \
        avx2_narrow_##ROWS(k, accumulate, a, a_row, a_k, b, b_k, c, c_row);                                            \
        avx2_narrow_##ROWS(k, accumulate, a, a_row, a_k, b + 16, b_k, c + 16, c_row);                                  \
    }
AVX2(1)
AVX2(2)
AVX2(3)
AVX2(4) AVX2(5) AVX2(6)

    static kernel *const avx2_wide_kernels[] = {avx2_wide_1, avx2_wide_2, avx2_wide_3,
                                                avx2_wide_4, avx2_wide_5, avx2_wide_6};
static kernel *const avx2_narrow_kernels[] = {avx2_narrow_1, avx2_narrow_2, avx2_narrow_3,
                                              avx2_narrow_4, avx2_narrow_5, avx2_narrow_6};
static const kernel_set avx2_set = {6, avx2_wide_kernels, avx2_narrow_kernels};
#endif

static const kernel_set *choose(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return &avx512_set;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &avx2_set;
#endif
    return &portable_set;
}

void tile_gemm(int m, int n, int k, bool accumulate, const tile_gemm_operands *o)
{
    const kernel_set *set = choose();
    int blocks = (m + set->rows_max - 1) / set->rows_max; /* of nearly equal rows: few rows are slow */
    for (int j = 0; j < n; j += TILE_GEMM_PANEL) {
        kernel *const *kernels = n - j >= TILE_GEMM_PANEL ? set->wide : set->narrow;
        const float *b = o->b + (size_t)(j / TILE_GEMM_PANEL) * o->b_panel;
        for (int block = 0; block < blocks; block++) {
            int first = (int)((long)m * block / blocks), rows = (int)((long)m * (block + 1) / blocks) - first;
            kernels[rows - 1](k, accumulate, o->a + (size_t)first * o->a_row, o->a_row, o->a_k, b, o->b_k,
                              o->c + (size_t)first * o->c_row + j, o->c_row);
        }
    }
}
