/* Winograd's weights on any CPU. */
#include "arch/micro_kernels.h"
#include "arch/winograd_weights_template.h"

void winograd_weights_portable(const lws_conv2d *g, int m, int row, const float *w, float *transformed)
{
    weight_rows(g, m, row, w, transformed, false);
}
