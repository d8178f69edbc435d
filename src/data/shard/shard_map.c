/* A shard in memory: its pixels are read where they lie in the file. */
#include "map_guard.h"
#include "shard_format.h"

#include "base/input.h"

#include <sys/mman.h>
#include <unistd.h>

/* True where bytes [0, offset + rows * H * W * C) lie in a file of `size` bytes. */
static bool long_enough(const lws_shard_header *h, int64_t size)
{
    int64_t pixels, end;
    return !__builtin_mul_overflow((int64_t)h->height * h->width * h->channels, h->rows, &pixels) &&
           !__builtin_add_overflow(pixels, h->offset, &end) && end <= size;
}

static lws_status map_file(const char *path, int fd, size_t bytes, lws_shard_map *map)
{
    void *base = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return lws_fail(LWS_ERR_IO, "cannot map %s into memory: %m", path);
    lws_status status = map_guard_add(base, bytes, path);
    if (status == LWS_OK)
        *map = (lws_shard_map){base, bytes};
    else
        munmap(base, bytes);
    return status;
}

lws_status lws_shard_map_open(const char *path, const lws_shard_header *header, lws_shard_map *map)
{
    int fd;
    int64_t size;
    *map = (lws_shard_map){0};
    if (header->rows == 0)
        return LWS_OK;
    LWS_TRY(lws_input_open(path, &fd, &size));
    lws_status status =
        long_enough(header, size)
            ? map_file(path, fd, (size_t)size, map)
            : lws_fail(LWS_ERR_FORMAT, "%s is truncated: copy it again, or prepare the dataset again", path);
    close(fd);
    return status;
}

void lws_shard_map_close(lws_shard_map *map)
{
    map_guard_remove(map->base);
    if (map->base)
        munmap(map->base, map->bytes);
    *map = (lws_shard_map){0};
}
