/* Which instruction set has which micro-kernels. */
#include "arch/micro_kernels.h"

static const micro_kernels table[LWS_ARCHS] = {
    [LWS_ARCH_PORTABLE] = {&tile_kernels_portable, winograd_weights_portable, box_plane_portable, gauss_plane_portable},
#if defined(__x86_64__)
    [LWS_ARCH_AVX2] = {&tile_kernels_avx2, winograd_weights_avx2, box_plane_avx2, gauss_plane_avx2},
    [LWS_ARCH_AVX512] = {&tile_kernels_avx512, winograd_weights_avx512, box_plane_avx512, gauss_plane_avx512},
#endif
};

const micro_kernels *micro_kernels_in_use(void)
{
    return &table[lws_arch_in_use];
}
