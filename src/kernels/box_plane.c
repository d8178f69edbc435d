/* Structural losses over uniform windows on one channel of an image: all of it is a micro-kernel. */
#include "kernels/box_plane.h"

#include "arch/micro_kernels.h"

void lws_box_plane_run(const lws_box_plane *p)
{
    micro_kernels_in_use()->box_plane(p);
}
