/* Sizes of shapes, and the initial values of a table's tensors. */
#include "base/tensors.h"

#include "base/rng.h"

size_t lws_shape_size(lws_shape shape)
{
    return (size_t)shape.h * shape.w * shape.c;
}

void lws_tensors_init(const lws_tensors *tensors, uint64_t seed, float *params, float *buffers)
{
    for (int t = 0; t < tensors->count; t++) {
        const lws_tensor *tensor = &tensors->item[t];
        float *values = (tensor->is_buffer ? buffers : params) + tensor->offset;
        lws_rng_key key = lws_rng(seed, LWS_RNG_INIT, (uint64_t)t);
        for (size_t i = 0; i < tensor->count; i++) {
            double noise = tensor->init_std > 0 ? lws_rng_normal(key, i) * tensor->init_std : 0;
            values[i] = (float)(tensor->init_mean + noise);
        }
    }
}
