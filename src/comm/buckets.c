/* Where buckets and slices begin. */
#include "buckets.h"

#include <stdlib.h>

/* Many ranks cut a bucket into small slices, and each costs a message to every other rank. */
enum { FLOATS = 1 << 20, BUCKETS = 16, BLOCKS_OF_SLICE = 4 };

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t bucket_size(const lws_reduction_layout *layout, int ranks)
{
    if (layout->bucket > 0)
        return layout->bucket;
    return most(FLOATS, most(layout->count / BUCKETS, (size_t)ranks * BLOCKS_OF_SLICE * layout->block));
}

static size_t round_up(size_t n, size_t block)
{
    return (n + block - 1) / block * block;
}

/* Cuts [begin, end) into equal buckets, from its end; `cut` holds the buckets' begins in descending order. */
static int cut_part(size_t begin, size_t end, size_t size, size_t block, size_t *cut)
{
    size_t n = (end - begin + size / 2) / size, count = 0;
    n = n > 0 ? n : 1;
    for (size_t i = n; i-- > 0;) {
        size_t at = begin + round_up((end - begin) * i / n, block);
        if (i == 0 || (at < end && (count == 0 || at < cut[count - 1])))
            cut[count++] = i == 0 ? begin : at;
    }
    return (int)count;
}

/* Walks down the parts between starts: they are finished in this order. Returns the number of buckets. */
static int cut_all(const lws_reduction_layout *layout, size_t size, size_t *cut)
{
    size_t bottom = layout->count, top = layout->count; /* the bucket in the making */
    int count = 0;
    for (int i = layout->parts; i-- >= 0;) {
        size_t start = i >= 0 ? round_up(layout->starts[i], layout->block) : 0;
        if (start >= bottom)
            continue;
        if (bottom < top && top - start > size + size / 2) {
            cut[count++] = top = bottom;
        }
        bottom = start;
        if (top - bottom > size + size / 2) {
            count += cut_part(bottom, top, size, layout->block, cut + count);
            top = bottom;
        }
    }
    if (bottom < top)
        cut[count++] = bottom;
    return count;
}

lws_status buckets_create(const lws_reduction_layout *layout, int ranks, buckets *out)
{
    size_t size = bucket_size(layout, ranks), limit = 2 + (size_t)layout->parts + 2 * (layout->count / size + 1);
    size_t *cut = calloc(2 * limit, sizeof *cut);
    *out = (buckets){.ranks = ranks, .block = layout->block, .begin = cut};
    if (!cut)
        return lws_fail(LWS_ERR_MEMORY, "out of memory cutting an array into buckets");
    out->count = cut_all(layout, size, cut + limit);
    for (int b = 0; b < out->count; b++)
        cut[b] = cut[limit + (size_t)(out->count - 1 - b)];
    cut[out->count] = layout->count;
    return LWS_OK;
}

void buckets_destroy(buckets *all)
{
    free(all->begin);
    all->begin = NULL;
}

void buckets_slice(const buckets *all, int bucket, int rank, size_t *begin, size_t *end)
{
    size_t first = all->begin[bucket], last = all->begin[bucket + 1], ranks = (size_t)all->ranks;
    size_t blocks = (last - first + all->block - 1) / all->block;
    *begin = first + blocks * (size_t)rank / ranks * all->block;
    *end = first + blocks * (size_t)(rank + 1) / ranks * all->block;
    *begin = *begin < last ? *begin : last;
    *end = *end < last ? *end : last;
}

size_t buckets_before(const buckets *all, int bucket, int rank)
{
    size_t sum = 0, begin, end;
    for (int b = 0; b < bucket; b++) {
        buckets_slice(all, b, rank, &begin, &end);
        sum += end - begin;
    }
    return sum;
}
