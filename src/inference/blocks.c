/* Images are dealt to ranks. */
#include "inference/blocks.h"

#include "comm/comm.h"

void lws_block_range(int64_t images, int block, int size, int rank, int64_t *first, int64_t *end)
{
    int64_t first_block, count;
    lws_comm_run((images + block - 1) / block, size, rank, &first_block, &count);
    *first = first_block * block;
    *end = (first_block + count) * block < images ? (first_block + count) * block : images;
    *end = count > 0 ? *end : *first;
}
