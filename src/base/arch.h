/* The choice of the instruction set: private to this folder. */
#ifndef LWS_ARCH_H
#define LWS_ARCH_H

#include "base/simd.h"

/* What LWSSIM_ARCH (NULL, "": nothing) asks for on a CPU with `most`. LWS_ERR_USAGE, with `most` in *arch, where
 * there is none of this name or the CPU has it not. */
lws_status arch_choose(const char *name, lws_arch most, lws_arch *arch);

#endif
