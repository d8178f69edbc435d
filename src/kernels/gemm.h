/* Single-precision matrix products, and which OpenBLAS kernel computes them. */
#ifndef LWSSIM_GEMM_H
#define LWSSIM_GEMM_H

#include <lwssim/status.h>

#include <stdbool.h>

/* A matrix that is read, row-major, its rows `stride` floats apart; as its transpose where that is set. */
typedef struct lws_gemm_operand {
    const float *at;
    int stride;
    bool transposed;
} lws_gemm_operand;

/* The matrix that is written, times beta before the product is added; 0 overwrites without reading. */
typedef struct lws_gemm_result {
    float *at;
    int stride;
    float beta;
} lws_gemm_result;

/* C [m, n] = op(A) · op(B) + beta · C. A is [m, k] ([k, m] when transposed), B is [k, n] ([n, k]). One thread; safe to
 * call from several at once on different C. The bits of the result depend on the shapes, on the OpenBLAS kernel and on
 * nothing else. */
void lws_gemm(int m, int n, int k, lws_gemm_operand a, lws_gemm_operand b, lws_gemm_result c);

/* Keeps OpenBLAS to the calling thread. Threads are dealt out above the products, where the split does not change the
 * bits; call once, before the first product. */
void lws_gemm_single_thread(void);

/* Takes the memory that products on `threads` threads at once need, at least, before the first product: where OpenBLAS
 * does not get its memory it asks for ever. LWS_ERR_MEMORY. Call after lws_threads_start(). */
lws_status lws_gemm_reserve(int threads);

/* The kernel that OpenBLAS runs ("SkylakeX"). Owned by OpenBLAS. */
const char *lws_gemm_core(void);

/* The name for OPENBLAS_CORETYPE that suits this CPU better than the kernel OpenBLAS chose by itself, or NULL
 * when its choice is right. OpenBLAS reads the variable when it is loaded, so a program that wants the better
 * kernel sets it and executes itself again before it starts MPI. */
const char *lws_gemm_better_core(void);

#endif
