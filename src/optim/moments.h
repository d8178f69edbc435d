/* The moments of Adam (Kingma & Ba 2015, algorithm 1), which LAMB keeps as well: private to this folder. */
#ifndef LWS_MOMENTS_H
#define LWS_MOMENTS_H

#include "optim/optimizer.h"

#include "base/simd.h"

#include <math.h>

/* The slots of such an optimizer. */
enum { MOMENTS_M, MOMENTS_V, MOMENTS_SLOTS };

/* Its options, and their keys, with the optimizer's name before each. */
typedef struct moments_options {
    double beta1, beta2, epsilon;
} moments_options;

#define MOMENTS_KEY(name, field, initial, min, max, help)                                                              \
    {                                                                                                                  \
        name, LWS_CONFIG_REAL, offsetof(moments_options, field), initial, min, max, NULL, help, NULL                   \
    }
#define MOMENTS_KEYS(name, first_epsilon)                                                                              \
    MOMENTS_KEY(name "-beta1", beta1, "0.9", 0, .999999999, "decay of the first moment"),                              \
        MOMENTS_KEY(name "-beta2", beta2, "0.999", 0, .999999999, "decay of the second moment"),                       \
        MOMENTS_KEY(name "-epsilon", epsilon, first_epsilon, 1e-30, 1, "added to the root of the second moment")

/* What one update multiplies by. */
typedef struct moments {
    float beta1, rest1, beta2, rest2, scale, root_bias, epsilon;
} moments;

/* *bias1: what the first moment is to be divided by. */
static inline moments moments_of(const lws_update *u, double *bias1)
{
    const moments_options *o = u->options;
    *bias1 = 1 - pow(o->beta1, (double)u->step);
    return (moments){
        .beta1 = (float)o->beta1,
        .rest1 = (float)(1 - o->beta1),
        .beta2 = (float)o->beta2,
        .rest2 = (float)(1 - o->beta2),
        .scale = (float)u->gradient_scale,
        .root_bias = (float)(1 / sqrt(1 - pow(o->beta2, (double)u->step))),
        .epsilon = (float)o->epsilon,
    };
}

/* Both moments of one value after its gradient; returns the root of the second, without bias, and epsilon. */
LWS_INLINE float moments_update(const moments *k, float gradient, float *m, float *v)
{
    float g = k->scale * gradient;
    *m = k->beta1 * *m + k->rest1 * g;
    *v = k->beta2 * *v + k->rest2 * (g * g);
    return __builtin_sqrtf(*v) * k->root_bias + k->epsilon;
}

#endif
