/* Looking for infinities and NaNs. */
#ifndef LWSSIM_FINITE_H
#define LWSSIM_FINITE_H

#include <stddef.h>

/* The index of the first value of x [n] that is infinite or no number; n where all are finite. As fast as reading the
 * array. */
size_t lws_first_not_finite(size_t n, const float *x);

#endif
