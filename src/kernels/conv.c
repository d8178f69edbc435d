/* Which algorithm computes a convolution. */
#include "kernels/conv.h"

#include "conv_algorithms.h"

const lws_conv_algorithm *const lws_conv_algorithms[] = {&conv_winograd_4, &conv_winograd_2, &conv_small_channels,
                                                         &conv_im2col, NULL};

const lws_conv_algorithm *lws_conv_choose(const lws_conv2d *g)
{
    const lws_conv_algorithm *const *a = lws_conv_algorithms;
    while (!(*a)->fits(g) || ((*a)->pays && !(*a)->pays(g)))
        a++;
    return *a;
}

size_t lws_conv_transformed(const lws_conv_algorithm *algorithm, const lws_conv2d *g)
{
    return algorithm->transformed ? algorithm->transformed(g) : 0;
}

void lws_conv2d_run(const lws_conv_algorithm *algorithm, const lws_conv2d *g, int n, const lws_conv2d_args *args,
                    const float *w, float *scratch)
{
    algorithm->run(g, n, args, w, scratch);
}
