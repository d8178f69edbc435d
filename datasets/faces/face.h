/* Synthetic faces: drawn from a number, with enough to vary that an auto-encoder has something to learn. */
#ifndef LWSSIM_FACE_H
#define LWSSIM_FACE_H

#include <lwssim/status.h>

#include <stdint.h>

/* Draws face `index` of the seed to out [size, size, channels]; channels 1 (luma) or 3. A pure function of its
 * arguments; any thread. LWS_ERR_MEMORY. */
lws_status lws_face_draw(uint64_t seed, uint64_t index, int size, int channels, uint8_t *out);

#endif
