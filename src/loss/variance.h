/* What all that compares windows does to variances: private to this folder. */
#ifndef LWS_LOSS_VARIANCE_H
#define LWS_LOSS_VARIANCE_H

#include "base/simd.h"

/* A difference of means that rounding may have left a little below 0. */
LWS_INLINE double at_least_0(double v)
{
    return v > 0 ? v : 0;
}

#endif
