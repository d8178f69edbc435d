#define LANES 4
#include "box_plane_rows.h"

#include "box_plane_wide.h"

#ifdef BOX_PLANE_WIDE
__attribute__((target("avx2"))) void box_plane_run_avx2(const box_plane *p)
{
    run_plane(p);
}
#endif
