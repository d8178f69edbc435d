#include "tile_gemm.h"

#include "base/simd.h"

#include <math.h>

enum { LINE = 16 }; /* floats in a cache line */

/* A few rows and one or two blocks of columns of C, and where their operands begin. */
typedef struct part {
    const float *a, *b;
    float *c;
    size_t a_row, a_block, b_row, b_block, c_row, c_block;
    const float *ahead; /* A · B: what will be read next from memory, ... */
    int ahead_lines;    /* ... and how many cache lines of it to fetch every TILE steps */
} part;

/* The sums of a part, over k. */
typedef void kernel(int k, bool add, const part *t);

typedef struct kernel_set {
    int rows_max;             /* of A · B: most rows at once */
    kernel *const *by_rows;   /* of A · B: [rows - 1], PANEL columns */
    kernel *const *by_rows_1; /* of A · B: [rows - 1], TILE columns */
    int columns;              /* of Aᵀ · B: columns of A at once, a divisor of TILE */
    kernel *by_columns, *by_columns_1;
} kernel_set;

/* ---- portable: one row at a time, the same chain of operations --------------------------------------------------- */

static void portable(int k, bool add, const part *t, int blocks, bool transposed)
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

static void portable_rows(int k, bool add, const part *t)
{
    portable(k, add, t, 2, false);
}

static void portable_rows_1(int k, bool add, const part *t)
{
    portable(k, add, t, 1, false);
}

static void portable_columns(int k, bool add, const part *t)
{
    portable(k, add, t, 2, true);
}

static void portable_columns_1(int k, bool add, const part *t)
{
    portable(k, add, t, 1, true);
}

static kernel *const portable_by_rows[] = {portable_rows}, *const portable_by_rows_1[] = {portable_rows_1};
static const kernel_set portable_set = {1, portable_by_rows, portable_by_rows_1,
                                        1, portable_columns, portable_columns_1};

#if defined(__x86_64__)
#include <immintrin.h>

/* ROWS × VECTORS vectors of sums stay in registers: 14 × 2 of AVX-512's 32, 6 × 2 of AVX2's 16, with those of B's row
 * and of A's element beside them. Vector v of a row stands at offset AT(v, block). */
#define EACH_ROW(ROWS) _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; r++)
#define EACH_VECTOR(VECTORS) _Pragma("GCC unroll 4") for (int v = 0; v < VECTORS; v++)

#define BEGIN(ROWS, VECTORS, ISA)                                                                                      \
    ISA##_vector sum[ROWS][VECTORS];                                                                                   \
    EACH_ROW(ROWS) EACH_VECTOR(VECTORS) sum[r][v] = ISA##_zero();                                                      \
    const float *a = t->a, *b = t->b;                                                                                  \
    size_t a_row = t->a_row, b_row = t->b_row, b_block = t->b_block;

#define MULTIPLY(ROWS, VECTORS, ISA, ELEMENT)                                                                          \
    {                                                                                                                  \
        ISA##_vector row[VECTORS];                                                                                     \
        EACH_VECTOR(VECTORS) row[v] = ISA##_load(b + ISA##_at(v, b_block));                                            \
        EACH_ROW(ROWS)                                                                                                 \
        {                                                                                                              \
            ISA##_vector element = ISA##_set1(ELEMENT);                                                                \
            EACH_VECTOR(VECTORS) sum[r][v] = ISA##_fma(element, row[v], sum[r][v]);                                    \
        }                                                                                                              \
    }

#define END(ROWS, VECTORS, ISA)                                                                                        \
    EACH_ROW(ROWS) EACH_VECTOR(VECTORS)                                                                                \
    {                                                                                                                  \
        float *c = t->c + r * t->c_row + ISA##_at(v, t->c_block);                                                      \
        ISA##_store(c, add ? ISA##_add(ISA##_load(c), sum[r][v]) : sum[r][v]);                                         \
    }

#define BY_ROWS(name, ROWS, VECTORS, ISA)                                                                              \
    __attribute__((target(ISA##_target))) static void name(int k, bool add, const part *t)                             \
    {                                                                                                                  \
        BEGIN(ROWS, VECTORS, ISA)                                                                                      \
        const float *ahead = t->ahead;                                                                                 \
        for (int block = 0; block < k; block += TILE, a += t->a_block) {                                               \
            for (int line = 0; line < t->ahead_lines; line++, ahead += LINE)                                           \
                __builtin_prefetch(ahead, 0, 2);                                                                       \
            for (int p = 0; p < TILE; p++, b += b_row)                                                                 \
                MULTIPLY(ROWS, VECTORS, ISA, a[r * a_row + p])                                                         \
        }                                                                                                              \
        END(ROWS, VECTORS, ISA)                                                                                        \
    }

#define BY_COLUMNS(name, COLUMNS, VECTORS, ISA)                                                                        \
    __attribute__((target(ISA##_target))) static void name(int k, bool add, const part *t)                             \
    {                                                                                                                  \
        BEGIN(COLUMNS, VECTORS, ISA)                                                                                   \
        for (int p = 0; p < k; p++, a += a_row, b += b_row)                                                            \
            MULTIPLY(COLUMNS, VECTORS, ISA, a[r])                                                                      \
        END(COLUMNS, VECTORS, ISA)                                                                                     \
    }

#define avx512_target "avx512f"
#define avx512_vector __m512
#define avx512_zero _mm512_setzero_ps
#define avx512_load _mm512_loadu_ps
#define avx512_store _mm512_storeu_ps
#define avx512_set1 _mm512_set1_ps
#define avx512_fma _mm512_fmadd_ps
#define avx512_add _mm512_add_ps
#define avx512_at(v, block) ((v) * (block))

#define AVX512(ROWS)                                                                                                   \
    BY_ROWS(avx512_rows_##ROWS, ROWS, 2, avx512)                                                                       \
    BY_ROWS(avx512_rows_1_##ROWS, ROWS, 1, avx512)
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
BY_COLUMNS(avx512_columns, 8, 2, avx512)
BY_COLUMNS(avx512_columns_1, 8, 1, avx512)

#define AVX512_TABLE(name)                                                                                             \
    {                                                                                                                  \
        name##1, name##2, name##3, name##4, name##5, name##6, name##7, name##8, name##9, name##10, name##11, name##12, \
            name##13, name##14                                                                                         \
    }
static kernel *const avx512_by_rows[] = AVX512_TABLE(avx512_rows_);
static kernel *const avx512_by_rows_1[] = AVX512_TABLE(avx512_rows_1_);
static const kernel_set avx512_set = {14, avx512_by_rows, avx512_by_rows_1, 8, avx512_columns, avx512_columns_1};

#define avx2_target "avx2,fma"
#define avx2_vector __m256
#define avx2_zero _mm256_setzero_ps
#define avx2_load _mm256_loadu_ps
#define avx2_store _mm256_storeu_ps
#define avx2_set1 _mm256_set1_ps
#define avx2_fma _mm256_fmadd_ps
#define avx2_add _mm256_add_ps
#define avx2_at(v, block) ((v) / 2 * (block) + (v) % 2 * 8) /* two vectors a block */

/* One block of columns at a time; two are two of these. */
#define AVX2_TWICE(name, one)                                                                                          \
    static void name(int k, bool add, const part *t)                                                                   \
    {                                                                                                                  \
        part second = *t;                                                                                              \
        second.b += t->b_block;                                                                                        \
        second.c += t->c_block;                                                                                        \
        second.ahead_lines = 0;                                                                                        \
        one(k, add, t);                                                                                                \
        one(k, add, &second);                                                                                          \
    }
#define AVX2(ROWS)                                                                                                     \
    BY_ROWS(avx2_rows_1_##ROWS, ROWS, 2, avx2)                                                                         \
    AVX2_TWICE(avx2_rows_##ROWS, avx2_rows_1_##ROWS)
AVX2(1)
AVX2(2)
AVX2(3)
AVX2(4)
AVX2(5)
AVX2(6)
BY_COLUMNS(avx2_columns_1, 4, 2, avx2)
AVX2_TWICE(avx2_columns, avx2_columns_1)

#define AVX2_TABLE(name)                                                                                               \
    {                                                                                                                  \
        name##1, name##2, name##3, name##4, name##5, name##6                                                           \
    }
static kernel *const avx2_by_rows[] = AVX2_TABLE(avx2_rows_);
static kernel *const avx2_by_rows_1[] = AVX2_TABLE(avx2_rows_1_);
static const kernel_set avx2_set = {6, avx2_by_rows, avx2_by_rows_1, 4, avx2_columns, avx2_columns_1};
#endif

static const kernel_set *choose(void)
{
#if defined(__x86_64__)
    if (lws_arch_in_use == LWS_ARCH_AVX512)
        return &avx512_set;
    if (lws_arch_in_use == LWS_ARCH_AVX2)
        return &avx2_set;
#endif
    return &portable_set;
}

void tile_gemm(int m, int n, int k, bool add, const float *a, tile_layout at, const float *panels, float *c,
               tile_layout ct)
{
    const kernel_set *set = choose();
    int runs = (m + set->rows_max - 1) / set->rows_max; /* of nearly equal rows: few rows are slow */
    /* The first run over a panel would wait for memory: while one panel is multiplied, the next is fetched. Behind the
     * last one lies what is multiplied next, or nothing that could be hurt by a fetch. */
    int ahead_lines = (PANEL * TILE / LINE + runs - 1) / runs;
    for (int j = 0; j < n; j += PANEL) {
        kernel *const *kernels = n - j >= PANEL ? set->by_rows : set->by_rows_1;
        for (int run = 0; run < runs; run++) {
            int first = (int)((long)m * run / runs), rows = (int)((long)m * (run + 1) / runs) - first;
            kernels[rows - 1](k, add,
                              &(part){.a = a + (size_t)first * at.row,
                                      .a_row = at.row,
                                      .a_block = at.block,
                                      .b = panels + (size_t)j * k,
                                      .b_row = PANEL,
                                      .b_block = TILE,
                                      .c = c + (size_t)first * ct.row + (size_t)(j / TILE) * ct.block,
                                      .c_row = ct.row,
                                      .c_block = ct.block,
                                      .ahead = panels + ((size_t)j + PANEL) * k + (size_t)run * ahead_lines * k,
                                      .ahead_lines = run * ahead_lines < PANEL * TILE / LINE ? ahead_lines : 0});
        }
    }
}

void tile_gemm_transposed(int m, int n, int k, bool add, const float *a, tile_layout at, const float *b, tile_layout bt,
                          float *c, tile_layout ct)
{
    const kernel_set *set = choose();
    for (int j = 0; j < n; j += PANEL) {
        kernel *columns = n - j >= PANEL ? set->by_columns : set->by_columns_1;
        for (int i = 0; i < m; i += set->columns)
            columns(k, add,
                    &(part){.a = a + (size_t)(i / TILE) * at.block + i % TILE,
                            .a_row = at.row,
                            .b = b + (size_t)(j / TILE) * bt.block,
                            .b_row = bt.row,
                            .b_block = bt.block,
                            .c = c + (size_t)i * ct.row + (size_t)(j / TILE) * ct.block,
                            .c_row = ct.row,
                            .c_block = ct.block});
    }
}
