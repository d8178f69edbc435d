/* A sequential net as its two files see it: net.c builds it, answers questions and plans its memory, pass.c runs it.
 * Private to this room; layers do not look into it. */
#ifndef LWS_NET_H
#define LWS_NET_H

#include "layer.h"

enum { LAYERS_MAX = 64 };

struct lws_net {
    char prefix[LAYER_NAME];
    lws_shape in, out;
    lws_tensors *tensors;
    int threads; /* that the plan counted scratch for */
    int count;
    layer *layers[LAYERS_MAX];
    float *gradient[2]; /* one is read while the other is written */
};

/* The branches of a layer: for (int k = 0; k < net_branches(l); k++) … l->branch[k]. */
static inline int net_branches(const layer *l)
{
    int count = 0;
    while (count < LWS_BRANCHES_MAX && l->branch[count])
        count++;
    return count;
}

#endif
