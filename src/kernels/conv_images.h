/* The images of a pass one by one: private to this folder. */
#ifndef LWS_CONV_IMAGES_H
#define LWS_CONV_IMAGES_H

#include "kernels/conv.h"

static inline bool is_given(const lws_image_source *source)
{
    return source->at || source->producer;
}

/* Image i, of `size` floats, in the array or made in `buffer`. */
static inline const float *source_image(const lws_image_source *source, int i, size_t size, float *buffer)
{
    if (!source->producer)
        return source->at + (size_t)i * size;
    source->producer(source->user, i, buffer);
    return buffer;
}

static inline void sink_epilogue(const lws_image_sink *sink, int i, size_t size)
{
    if (sink->epilogue)
        sink->epilogue(sink->user, i, sink->at + (size_t)i * size);
}

static inline size_t wide_size(const lws_conv2d *g)
{
    return (size_t)g->in_h * g->in_w * g->in_c;
}

static inline size_t narrow_size(const lws_conv2d *g)
{
    return (size_t)g->out_h * g->out_w * g->out_c;
}

#endif
