/* Structural losses over uniform windows on AVX-512: eight doubles at a time. */
#if defined(__x86_64__)
#define LANES 8
#ifdef __clang__ /* which wants to know of vectors as arguments before they are inlined */
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#endif
#include "arch/box_plane_template.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#include "arch/micro_kernels.h"

__attribute__((target("avx512f"))) void box_plane_avx512(const lws_box_plane *p)
{
    run_plane(p);
}
#endif
