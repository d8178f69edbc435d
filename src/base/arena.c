/* A block of memory, counted first and taken then. */
#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 64, HUGE_PAGE = 2 << 20 };

/* Large blocks ask for huge pages: the kernels walk matrices whose rows lie further apart than a small page, and would
 * spend their time on the page table. */
static char *allocate(size_t size)
{
    if (size < HUGE_PAGE)
        return aligned_alloc(ALIGN, size);
    size_t whole = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    char *block = aligned_alloc(HUGE_PAGE, whole);
    if (block)
        madvise(block, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* a hint: without it all is right, if slower */
    return block;
}

lws_status lws_arena_create(lws_arena *arena, size_t size, const char *what)
{
    *arena = (lws_arena){0};
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (size == 0)
        size = ALIGN;
    arena->base = allocate(size);
    if (!arena->base)
        return lws_fail(LWS_ERR_MEMORY,
                        "out of memory: %s needs %.1f MB. Use smaller micro-batches "
                        "(more of them) or a smaller model.",
                        what, (double)size / 1e6);
    memset(arena->base, 0, size);
    arena->size = size;
    return LWS_OK;
}

void lws_arena_destroy(lws_arena *arena)
{
    free(arena->base);
    *arena = (lws_arena){0};
}

void *lws_arena_take(lws_arena *arena, size_t bytes)
{
    char *piece = arena->base ? arena->base + arena->used : NULL;
    arena->used += (bytes + ALIGN - 1) / ALIGN * ALIGN;
    assert(!arena->base || arena->used <= arena->size);
    return piece;
}

void lws_poison(float *p, size_t count)
{
#ifdef LWS_POISON
    memset(p, 0xff, count * sizeof *p); /* all ones is a NaN */
#else
    (void)p;
    (void)count;
#endif
}
