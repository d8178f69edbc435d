/* One aligned block of memory handed out in pieces.
 *
 * A plan runs twice: first over an arena without memory, which only counts, then over one of the counted
 * size. Nothing is freed piecewise. */
#ifndef LWSSIM_ARENA_H
#define LWSSIM_ARENA_H

#include <lwssim/status.h>

#include <stddef.h>

typedef struct lws_arena {
    char *base;  /* NULL while counting */
    size_t size; /* bytes at base */
    size_t used; /* bytes handed out, padding included */
} lws_arena;

/* Allocates `size` bytes, 64-byte aligned and zeroed. `what` names the use in the message on failure. */
lws_status lws_arena_create(lws_arena *arena, size_t size, const char *what);
void lws_arena_destroy(lws_arena *arena);

/* `bytes` bytes, 64-byte aligned; NULL while counting. The arena must be large enough. */
void *lws_arena_take(lws_arena *arena, size_t bytes);

/* Fills floats with NaN in builds with LWS_POISON, so that a read before a write shows; else nothing. */
void lws_poison(float *p, size_t count);

#endif
