#define LANES 2
#include "box_plane_rows.h"

#include "box_plane_wide.h"

void box_plane_run(const box_plane *p)
{
#ifdef BOX_PLANE_WIDE
    if (__builtin_cpu_supports("avx512f"))
        box_plane_run_avx512(p);
    else if (__builtin_cpu_supports("avx2"))
        box_plane_run_avx2(p);
    else
#endif
        run_plane(p);
}
