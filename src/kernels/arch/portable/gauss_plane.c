/* Structural losses over a Gaussian window on any CPU: two doubles at a time. */
#define LANES 2
#include "arch/gauss_plane_template.h"
#include "arch/micro_kernels.h"

void gauss_plane_portable(lws_gauss_plane *p)
{
    run_gauss_plane(p);
}
