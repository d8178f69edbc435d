/* The norm of a gradient that is spread over ranks: sums over fixed blocks, added in fixed order. */
#ifndef LWSSIM_NORM_H
#define LWSSIM_NORM_H

#include <stddef.h>

enum { LWS_NORM_BLOCK = 4096 }; /* values a block */

/* sums[b] = Σ g², in double, over block b of g [n]; n / LWS_NORM_BLOCK blocks, rounded up. */
void lws_norm_blocks(size_t n, const float *g, double *sums);

#endif
