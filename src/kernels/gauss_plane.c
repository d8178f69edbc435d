/* Structural losses over a Gaussian window on one channel of an image: all of it is a micro-kernel. */
#include "kernels/gauss_plane.h"

#include "arch/micro_kernels.h"

void lws_gauss_plane_run(lws_gauss_plane *p)
{
    micro_kernels_in_use()->gauss_plane(p);
}
