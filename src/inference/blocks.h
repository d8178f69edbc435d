/* How images are dealt to ranks: in whole blocks, so that a model sees the same images together on any number of ranks.
 */
#ifndef LWSSIM_BLOCKS_H
#define LWSSIM_BLOCKS_H

#include <stdint.h>

/* The images [*first, *end) of rank `rank` of `size`, out of `images`: whole blocks of `block`, but where they end. Not
 * collective. */
void lws_block_range(int64_t images, int block, int size, int rank, int64_t *first, int64_t *end);

#endif
