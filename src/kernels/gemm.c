#include <lwssim/gemm.h>

#include <cblas.h>
#include <string.h>

void lws_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const float *a, int lda, const float *b, int ldb,
              float beta, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n,
                k, 1.f, a, lda, b, ldb, beta, c, ldc);
}

void lws_gemm_single_thread(void)
{
    openblas_set_num_threads(1);
}

const char *lws_gemm_core(void)
{
    return openblas_get_corename();
}

const char *lws_gemm_better_core(void)
{
#if defined(__x86_64__)
    /* OpenBLAS knows CPUs by model number and gives those it does not know a kernel from before AVX-512. */
    static const char *const before_avx512[] = {"Haswell", "Zen", "Sandybridge", "Nehalem", "Prescott"};
    __builtin_cpu_init();
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512cd");
    const char *core = lws_gemm_core();
    for (size_t i = 0; i < sizeof before_avx512 / sizeof *before_avx512; i++) {
        if (avx512 && strcasecmp(core, before_avx512[i]) == 0)
            return "SkylakeX";
    }
#endif
    return NULL;
}
