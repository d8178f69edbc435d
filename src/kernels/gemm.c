/* Matrix products by OpenBLAS: the only place that knows it. */
#include "kernels/gemm.h"

#include "base/simd.h"
#include "base/text.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void lws_gemm(int m, int n, int k, lws_gemm_operand a, lws_gemm_operand b, lws_gemm_result c)
{
    cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans, m, n,
                k, 1.f, a.at, a.stride, b.at, b.stride, c.beta, c.at, c.stride);
}

void lws_gemm_single_thread(void)
{
    openblas_set_num_threads(1);
}

/* OpenBLAS's own: a buffer of those it keeps, one for each product under way. Not declared in its headers, and perhaps
 * not there. */
void *blas_memory_alloc(int position) __attribute__((weak));
void blas_memory_free(void *buffer) __attribute__((weak));

/* Bytes of a buffer, of address space; memory only as far as it is used. The largest of all CPUs that OpenBLAS knows.
 */
static const size_t buffer_size = (size_t)128 << 20;

/* Whether the address space has room for so many buffers, and some more: OpenBLAS aligns them. */
static bool has_room(int buffers)
{
    size_t size = (size_t)buffers * (buffer_size + ((size_t)4 << 20));
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        return false;
    munmap(room, size);
    return true;
}

/* All buffers at the same time, then all back: products find them from now on. */
static void take_buffers(int buffers)
{
    void **buffer = blas_memory_alloc && blas_memory_free ? calloc((size_t)buffers, sizeof *buffer) : NULL;
    for (int i = 0; buffer && i < buffers; i++)
        buffer[i] = blas_memory_alloc(0);
    for (int i = 0; buffer && i < buffers; i++)
        if (buffer[i])
            blas_memory_free(buffer[i]);
    free(buffer);
}

lws_status lws_gemm_reserve(int threads)
{
    enum { N = 16 };
    static const float a[N * N];
    if (!has_room(threads))
        return lws_fail(LWS_ERR_MEMORY,
                        "out of memory: matrix products on %d thread%s need %zu MB of address space. Raise the limit "
                        "(ulimit -v) or take fewer threads (OMP_NUM_THREADS)",
                        threads, lws_plural(threads), (size_t)threads * (buffer_size >> 20));
    take_buffers(threads);
#pragma omp parallel num_threads(threads)
    {
        float c[N * N]; /* where OpenBLAS was built to keep its buffers by thread */
        lws_gemm(N, N, N, (lws_gemm_operand){a, N, false}, (lws_gemm_operand){a, N, false}, (lws_gemm_result){c, N, 0});
    }
    return LWS_OK;
}

const char *lws_gemm_core(void)
{
    return openblas_get_corename();
}

const char *lws_gemm_better_core(void)
{
    /* OpenBLAS knows CPUs by model number and gives those it does not know a kernel from before AVX-512. */
    static const char *const before_avx512[] = {"Haswell", "Zen", "Sandybridge", "Nehalem", "Prescott"};
    const char *core = lws_gemm_core();
    for (size_t i = 0; i < sizeof before_avx512 / sizeof *before_avx512; i++) {
        if (lws_arch_has_skylake_avx512() && strcasecmp(core, before_avx512[i]) == 0)
            return "SkylakeX";
    }
    return NULL;
}
