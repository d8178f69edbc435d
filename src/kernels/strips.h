/* Images cut into strips, so that windows slide from vector to vector.
 *
 * A row of w pixels of one channel is cut into LWS_STRIPS strips of length = ceil(w / LWS_STRIPS) pixels, and vector j
 * holds pixel j of every strip: lane k is pixel k · length + j. Pixels from w on are 0. The pixel to the right is then
 * in the next vector, and the pixel `length` further on in the next lane: no step of a window straddles cache lines. */
#ifndef LWSSIM_STRIPS_H
#define LWSSIM_STRIPS_H

#include "base/simd.h"

#include <stddef.h>

enum { LWS_STRIPS = 8 };

LWS_INLINE int lws_strips_length(int w)
{
    return (w + LWS_STRIPS - 1) / LWS_STRIPS;
}

/* Floats of scratch for both directions. */
size_t lws_strips_scratch(int w, int c);

/* An image [h, w, c] to planes [c, h, length, LWS_STRIPS], and back. */
void lws_strips_split(int h, int w, int c, const float *image, float *planes, float *scratch);
void lws_strips_join(int h, int w, int c, const float *planes, float *image, float *scratch);

#endif
