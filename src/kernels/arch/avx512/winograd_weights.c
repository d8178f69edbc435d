/* Winograd's weights on AVX-512, past the caches where whole lines can be. */
#if defined(__x86_64__)
#include "arch/micro_kernels.h"
#include "winograd_1d.h"

#include <immintrin.h>
#include <stdint.h>

__attribute__((target("avx512f"))) static void stream_points(int count, const vec *p, float *to, size_t stride)
{
    for (int i = 0; i < count; i++)
        _mm512_stream_ps(to + i * stride, _mm512_loadu_ps(&p[i]));
}

#define STREAMS
#include "arch/winograd_weights_template.h"

__attribute__((target("avx512f"))) void winograd_weights_avx512(const lws_conv2d *g, int m, int row, const float *w,
                                                                float *transformed)
{
    bool stream = ((uintptr_t)transformed & 63) == 0; /* and so are all rows of panels */
    weight_rows(g, m, row, w, transformed, stream);
    if (stream)
        _mm_sfence(); /* makes them visible */
}
#endif
