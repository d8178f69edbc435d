/* Messages in flight, and who moves them: private to this folder.
 *
 * MPI moves messages only inside its calls. So they are moved on at every call of this file; while the program waits
 * for anything (comm_wait()); and, with a pause above 0, by a thread that looks after them so often while the program
 * computes. Without messages the thread sleeps. */
#ifndef LWS_MESSAGES_H
#define LWS_MESSAGES_H

#include "comm_internal.h"

#include <lwssim/status.h>

#include <stdbool.h>
#include <stddef.h>

typedef struct messages messages;

/* For at most `most` messages at once. next(user) is called, with the lock held, whenever some have arrived or left, to
 * start others; it returns whether any are still to be started. pause: microseconds; 0: no thread. LWS_ERR_MEMORY,
 * lone. Not collective. */
lws_status messages_create(lws_comm *comm, size_t most, int pause, bool (*next)(void *user), void *user,
                           messages **out);

/* Waits for what is in flight or to be started. NULL is fine. Not collective. */
void messages_destroy(messages *m);

/* Whatever the thread touches is touched between these. _unlock moves messages on and wakes the thread. Not collective.
 */
void messages_lock(messages *m);
void messages_unlock(messages *m);

/* With the lock held: start a message of n floats, which adds one to *left; once it is through one is taken off. The
 * memory belongs to the message until then. Not collective. */
void messages_receive(messages *m, float *to, size_t n, int from_rank, int tag, int *left);
void messages_send(messages *m, const float *from, size_t n, int to_rank, int tag, int *left);

/* Gives the core away for a moment, for loops that wait between _unlock and _lock; lws_progress() when they end. */
void messages_yield(void);

#endif
