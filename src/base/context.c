/* Which context each thread works in. */
#include "base/context.h"

#include <stddef.h>

static lws_context own = {.is_root = true, .phase = "start", .number = -1};
static _Thread_local lws_context *current; /* NULL: the process's own */

void lws_context_init(lws_context *context, lws_context *parent, bool is_root)
{
    context->parent = parent;
    atomic_init(&context->guests, 0);
    atomic_init(&context->is_root, is_root);
    atomic_init(&context->log, NULL);
    atomic_init(&context->phase, "setup");
    atomic_init(&context->number, -1);
    atomic_init(&context->progress, 0);
    atomic_init(&context->waits, false);
}

static void count_guest(lws_context *context, int by)
{
    for (lws_context *above = context->parent; above; above = above->parent)
        atomic_fetch_add(&above->guests, by);
}

lws_context *lws_context_enter(lws_context *context)
{
    lws_context *before = lws_context_current();
    current = context ? context : &own;
    count_guest(current, 1);
    count_guest(before, -1);
    return before;
}

lws_context *lws_context_current(void)
{
    return current ? current : &own;
}

lws_context *lws_context_own(void)
{
    return &own;
}
