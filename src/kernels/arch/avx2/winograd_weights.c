/* Winograd's weights on AVX2. */
#if defined(__x86_64__)
#include "arch/micro_kernels.h"
#include "arch/winograd_weights_template.h"

__attribute__((target("avx2"))) void winograd_weights_avx2(const lws_conv2d *g, int m, int row, const float *w,
                                                           float *transformed)
{
    weight_rows(g, m, row, w, transformed, false);
}
#endif
