/* Images cut into strips, so that windows slide from vector to vector: private to this folder.
 *
 * A row of w pixels of one channel is cut into STRIPS strips of length = ceil(w / STRIPS) pixels, and vector j holds
 * pixel j of every strip: lane k is pixel k · length + j. Pixels from w on are 0. The pixel to the right is then in the
 * next vector, and the pixel `length` further on in the next lane: no step of a window straddles cache lines. */
#ifndef LWS_STRIPS_H
#define LWS_STRIPS_H

#include "base/simd.h"

#include <stddef.h>

enum { STRIPS = 8 };

LWS_INLINE int strips_length(int w)
{
    return (w + STRIPS - 1) / STRIPS;
}

/* Floats of scratch for both directions. */
size_t strips_scratch(int w, int c);

/* An image [h, w, c] to planes [c, h, length, STRIPS], and back. */
void strips_split(int h, int w, int c, const float *image, float *planes, float *scratch);
void strips_join(int h, int w, int c, const float *planes, float *image, float *scratch);

#endif
