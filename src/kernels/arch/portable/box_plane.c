/* Structural losses over uniform windows on any CPU: two doubles at a time. */
#define LANES 2
#include "arch/box_plane_template.h"
#include "arch/micro_kernels.h"

void box_plane_portable(const lws_box_plane *p)
{
    run_plane(p);
}
