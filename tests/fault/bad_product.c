/* A CPU that computes wrong, for LD_PRELOAD: on rank BAD_PRODUCT_RANK (0), matrix products number BAD_PRODUCT_FIRST
 * (counted from 1) to BAD_PRODUCT_LAST (the same) of the process come out with a NaN in front. */
#include <dlfcn.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef void product(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                     int lda, const float *b, int ldb, float beta, float *c, int ldc);
product cblas_sgemm;

static long number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc)
{
    static product *real;
    static atomic_long calls;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "cblas_sgemm");
    real(order, transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    long call = ++calls, first = number("BAD_PRODUCT_FIRST", 0);
    if (number("OMPI_COMM_WORLD_RANK", 0) == number("BAD_PRODUCT_RANK", 0) && first > 0 && call >= first &&
        call <= number("BAD_PRODUCT_LAST", first))
        c[0] = (float)NAN;
}
