/* The wider variants of box_plane_run, chosen by it: the same bits at another speed. Vectors wider than the CPU's would
 * live in memory, so LWS_VARIANTS does not do here. */
#ifndef LWS_BOX_PLANE_WIDE_H
#define LWS_BOX_PLANE_WIDE_H

#include "box_plane.h"

#if defined(__x86_64__)
#define BOX_PLANE_WIDE
void box_plane_run_avx2(const box_plane *p);
void box_plane_run_avx512(const box_plane *p);
#endif

#endif
