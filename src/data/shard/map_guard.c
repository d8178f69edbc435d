/* The handler of SIGBUS, and the list of maps that it looks through. */
#include "map_guard.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Never freed but used again, so that the handler can walk the list at any moment. */
typedef struct guard {
    struct guard *next;
    _Atomic(const char *) base; /* NULL: not in use */
    size_t bytes;
    char *message;
} guard;

static _Atomic(guard *) guards;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before;

/* ---- the handler: calls nothing that could wait for a lock ------------------------------------------ */

static void pass_on(int number, siginfo_t *info, void *context)
{
    if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(number);
    } else { /* the instruction is run again, or the signal sent again, and ends the process as it would have */
        signal(number, SIG_DFL);
        if (info->si_code <= 0)
            raise(number);
    }
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    const char *at = info->si_addr;
    for (guard *g = atomic_load(&guards); g && info->si_code > 0; g = g->next) {
        const char *base = atomic_load(&g->base);
        if (base && at >= base && at < base + g->bytes) {
            if (write(STDERR_FILENO, g->message, strlen(g->message)) < 0)
                _exit(1); /* with nobody to tell */
            _exit(1);
        }
    }
    pass_on(number, info, context);
}

/* ---- the list -------------------------------------------------------------------------------------- */

/* Again for each map: MPI installs a handler of its own when it starts. */
static void take_signal(void)
{
    struct sigaction now, own = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigemptyset(&own.sa_mask);
    if (sigaction(SIGBUS, NULL, &now) != 0 || ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_bus_error))
        return;
    before = now;
    sigaction(SIGBUS, &own, NULL);
}

static guard *unused_guard(void)
{
    guard *g = atomic_load(&guards);
    while (g && atomic_load(&g->base))
        g = g->next;
    if (g)
        return g;
    g = calloc(1, sizeof *g);
    if (g) {
        g->next = atomic_load(&guards);
        atomic_store(&guards, g);
    }
    return g;
}

lws_status map_guard_add(const void *base, size_t bytes, const char *path)
{
    char *message;
    if (asprintf(&message,
                 "lwssim: error: %s was truncated while it was in use, or its disk fails: copy it again or prepare the "
                 "dataset again ('lwssim verify' tells which); training then goes on with --resume, a table with the "
                 "same command\n",
                 path) < 0)
        message = NULL;
    pthread_mutex_lock(&lock);
    guard *g = message ? unused_guard() : NULL;
    if (g) {
        g->bytes = bytes;
        g->message = message;
        atomic_store(&g->base, base);
        take_signal();
    }
    pthread_mutex_unlock(&lock);
    if (g)
        return LWS_OK;
    free(message);
    return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", path);
}

void map_guard_remove(const void *base)
{
    pthread_mutex_lock(&lock);
    guard *g = base ? atomic_load(&guards) : NULL;
    while (g && atomic_load(&g->base) != base)
        g = g->next;
    if (g) {
        atomic_store(&g->base, NULL);
        free(g->message);
        g->message = NULL;
    }
    pthread_mutex_unlock(&lock);
}
