#include "base/progress.h"

#include <stdatomic.h>

static atomic_uint done;
static atomic_bool waiting;

void lws_progress(void)
{
    atomic_fetch_add_explicit(&done, 1, memory_order_relaxed);
    atomic_store_explicit(&waiting, false, memory_order_relaxed);
}

void lws_progress_wait(void)
{
    atomic_store_explicit(&waiting, true, memory_order_relaxed);
}

unsigned lws_progress_count(bool *waits)
{
    *waits = atomic_load_explicit(&waiting, memory_order_relaxed);
    return atomic_load_explicit(&done, memory_order_relaxed);
}
