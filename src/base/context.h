/* What a thread keeps of the work that it does: whether that work speaks in the log (log.h), where it is and whether it
 * gets on (progress.h, and watchdog.h of comm).
 *
 * Every thread works in a context; it begins in the process's own, as do the threads of OpenMP. A communicator that is
 * a part of another one has a context of its own, so that several trainings may live in one process side by side. */
#ifndef LWSSIM_CONTEXT_H
#define LWSSIM_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct lws_context {
    struct lws_context *parent;         /* NULL: none */
    atomic_int guests;                  /* threads that work in a context below this one */
    atomic_bool is_root;                /* its messages are printed */
    _Atomic(struct lws_log_file *) log; /* where they go instead (log.h); NULL: to standard error */
    _Atomic(const char *) phase;        /* a string literal */
    atomic_int_fast64_t number;         /* of the phase; below 0: none */
    atomic_uint progress;               /* how often something was done */
    atomic_bool waits;                  /* for another process */
} lws_context;

/* A context below `parent` (NULL: below none) that prints its messages or not. Owned by the caller; no thread may be in
 * it when it goes. */
void lws_context_init(lws_context *context, lws_context *parent, bool is_root);

/* The calling thread works in `context` from now on (NULL: in the process's own). Returns the one that it has left, to
 * be entered again in the end. */
lws_context *lws_context_enter(lws_context *context);

/* The calling thread's; never NULL. */
lws_context *lws_context_current(void);

/* The process's own. */
lws_context *lws_context_own(void);

#endif
