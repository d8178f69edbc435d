/* The algorithms that convolutions choose from, each in a file of its own, and what they share, the images of a pass
 * one by one: private to this folder. */
#ifndef LWS_CONV_ALGORITHMS_H
#define LWS_CONV_ALGORITHMS_H

#include "kernels/conv.h"

/* The 4×4 convolution at stride 2 below its direct operation count, in tiles of 4×4 and of 2×2 outputs: winograd.c. */
extern const lws_conv_algorithm conv_winograd_4, conv_winograd_2;

/* From or to few channels, such as an image's three, on one side, in strips of rows: conv_small_channels.c. */
extern const lws_conv_algorithm conv_small_channels;

/* Any geometry, through tiles of columns and OpenBLAS: conv_im2col.c. */
extern const lws_conv_algorithm conv_im2col;

static inline bool is_given(const lws_image_source *source)
{
    return source->at || source->producer;
}

/* Image i, of `size` floats, in the array or, by its producer, in `buffer`. */
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

/* Floats of one image. */
static inline size_t input_size(const lws_conv2d *g)
{
    return (size_t)g->in_h * g->in_w * g->in_c;
}

static inline size_t output_size(const lws_conv2d *g)
{
    return (size_t)g->out_h * g->out_w * g->out_c;
}

#endif
