/* Structural losses over uniform windows on AVX2: four doubles at a time. */
#if defined(__x86_64__)
#define LANES 4
#include "arch/box_plane_template.h"
#include "arch/micro_kernels.h"

__attribute__((target("avx2"))) void box_plane_avx2(const lws_box_plane *p)
{
    run_plane(p);
}
#endif
