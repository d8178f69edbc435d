/* The code of stb_image_write, by itself, as it is compiled without warnings. It does not look whether there was memory
 * for what it asks: here a request that is refused ends the work. */
#include "png.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What the work holds, so that it can be freed; the bytes follow. */
typedef struct block {
    struct block *before, *after;
} block;

static _Thread_local block all;
static _Thread_local jmp_buf *way_out; /* NULL: a test uses the code by itself */

static void *take(size_t size)
{
    block *b = malloc(sizeof *b + size);
    if (!b && way_out)
        longjmp(*way_out, 1);
    if (!b)
        return NULL;
    *b = (block){&all, all.after};
    if (all.after)
        all.after->before = b;
    all.after = b;
    return b + 1;
}

static void give(void *bytes)
{
    if (!bytes)
        return;
    block *b = (block *)bytes - 1;
    b->before->after = b->after;
    if (b->after)
        b->after->before = b->before;
    free(b);
}

static void *resize(void *bytes, size_t size, size_t new_size)
{
    void *grown = take(new_size);
    if (grown && bytes)
        memcpy(grown, bytes, size < new_size ? size : new_size);
    if (grown)
        give(bytes);
    return grown;
}

#define STBIW_MALLOC take
#define STBIW_FREE give
#define STBIW_REALLOC_SIZED resize
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

static void put_big_endian(unsigned char *at, unsigned value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* A copy of a PNG with the mark behind its header. */
static unsigned char *marked(const unsigned char *png, int *bytes)
{
    enum { HEADER = PNG_MARK_AT - 4, MARK = sizeof PNG_MARK - 1, CHUNK = 4 + MARK + 4 };
    unsigned char *copy = malloc((size_t)*bytes + CHUNK);
    if (!copy)
        return NULL;
    memcpy(copy, png, HEADER);
    put_big_endian(copy + HEADER, MARK - 4); /* bytes of its data: not the type, nor the sum behind */
    memcpy(copy + PNG_MARK_AT, PNG_MARK, MARK);
    put_big_endian(copy + PNG_MARK_AT + MARK, stbiw__crc32(copy + PNG_MARK_AT, MARK));
    memcpy(copy + HEADER + CHUNK, png + HEADER, (size_t)*bytes - HEADER);
    *bytes += CHUNK;
    return copy;
}

unsigned char *png_encode(const unsigned char *pixels, int stride, int width, int height, int channels, int *bytes)
{
    jmp_buf out;
    unsigned char *volatile copy = NULL;
    way_out = &out;
    if (setjmp(out) == 0) {
        unsigned char *png = stbi_write_png_to_mem(pixels, stride, width, height, channels, bytes);
        copy = png ? marked(png, bytes) : NULL;
    }
    way_out = NULL;
    while (all.after)
        give(all.after + 1);
    return copy;
}
