/* The signs of life are counted in the context of the thread that gives them. */
#include "base/progress.h"

#include "base/context.h"

void lws_progress(void)
{
    lws_context *c = lws_context_current();
    atomic_fetch_add_explicit(&c->progress, 1, memory_order_relaxed);
    atomic_store_explicit(&c->waits, false, memory_order_relaxed);
}

void lws_progress_wait(void)
{
    atomic_store_explicit(&lws_context_current()->waits, true, memory_order_relaxed);
}

unsigned lws_progress_count(bool *waits)
{
    const lws_context *c = lws_context_current();
    *waits = atomic_load_explicit(&c->waits, memory_order_relaxed);
    return atomic_load_explicit(&c->progress, memory_order_relaxed);
}
