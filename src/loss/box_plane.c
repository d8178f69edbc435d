#define LANES 2
#include "box_plane_rows.h"

#include "box_plane_wide.h"

void box_plane_run(const box_plane *p)
{
#ifdef BOX_PLANE_WIDE
    if (lws_arch_in_use == LWS_ARCH_AVX512)
        box_plane_run_avx512(p);
    else if (lws_arch_in_use == LWS_ARCH_AVX2)
        box_plane_run_avx2(p);
    else
#endif
        run_plane(p);
}
