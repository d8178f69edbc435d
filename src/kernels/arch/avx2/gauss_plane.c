/* Structural losses over a Gaussian window on AVX2: four doubles at a time. */
#if defined(__x86_64__)
#define LANES 4
#ifdef __clang__ /* which wants to know of vectors as arguments before they are inlined */
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#endif
#include "arch/gauss_plane_template.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#include "arch/micro_kernels.h"

__attribute__((target("avx2"))) void gauss_plane_avx2(lws_gauss_plane *p)
{
    run_gauss_plane(p);
}
#endif
