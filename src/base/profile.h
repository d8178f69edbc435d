/* Where the time goes: nested stretches of work with names, added up by their place in the nesting, and a timeline of
 * the first of them.
 *
 * A thread has a profile of its own, or none: until its lws_profile_start() a stretch costs one branch. What threads
 * without one do passes unseen, so library code may mark a stretch wherever it runs, and several trainings in one
 * process, each in a thread, keep profiles side by side. Nothing allocates between start and stop. */
#ifndef LWSSIM_PROFILE_H
#define LWSSIM_PROFILE_H

#include <lwssim/status.h>

#include <stdbool.h>
#include <stdint.h>

enum { LWS_PROFILE_NAME = 64 }; /* longer names are cut */

typedef struct lws_profile_entry {
    char name[LWS_PROFILE_NAME];
    char group[LWS_PROFILE_NAME]; /* kind of work, for shares across the nesting; "": none */
    int depth;                    /* 0: in no other stretch */
    int64_t calls;
    double seconds; /* in all calls */
    double self;    /* seconds less those of the stretches inside */
} lws_profile_entry;

/* Begins the calling thread's profile anew, keeping the timeline of the first `events` stretches (24 bytes each).
 * LWS_ERR_MEMORY; the profile is then off. */
lws_status lws_profile_start(int64_t events);

/* Ends the calling thread's profile and frees what it holds. Fine when it is off; all below speak of it, too. */
void lws_profile_stop(void);

/* The sums so far, each stretch before those inside it, in order of first appearance. Returns their number; *entries
 * is owned by the profile and valid until the next call. Stretches still open count from their end on. */
int lws_profile_entries(const lws_profile_entry **entries);

/* Writes the timeline as Chrome trace JSON (chrome://tracing, ui.perfetto.dev), times in microseconds since the start,
 * as process number `process`. Stretches still open are left out. LWS_ERR_USAGE where
 * another file has that name, which stays as it is; LWS_ERR_IO. */
lws_status lws_profile_write(const char *path, int process);

/* Whether the file begins as such a timeline does. */
bool lws_profile_is_timeline(const char *path);

/* For the inline functions below. */
extern _Thread_local struct lws_profile *lws_profile_here; /* NULL: off */
void lws_profile_enter(const char *group, const char *name);
void lws_profile_leave(void);

/* Begins and ends a stretch inside the one begun last. `name` and `group` (NULL: none) are copied. The same name under
 * the same parent is the same stretch. */
static inline void lws_profile_begin(const char *group, const char *name)
{
    if (lws_profile_here)
        lws_profile_enter(group, name);
}

static inline void lws_profile_end(void)
{
    if (lws_profile_here)
        lws_profile_leave();
}

static inline void lws_profile_end_scope(const char *unused)
{
    (void)unused;
    lws_profile_end();
}

/* The rest of the enclosing block is a stretch, whichever way it is left. */
#define LWS_PROFILE_IN(group, name) LWS_PROFILE_AT_(group, name, __LINE__)
#define LWS_PROFILE_AT_(group, name, line) LWS_PROFILE_SCOPE_(group, name, line)
#define LWS_PROFILE_SCOPE_(group, name, line)                                                                          \
    __attribute__((cleanup(lws_profile_end_scope), unused)) char lws_profile_scope_##line =                            \
        (lws_profile_begin(group, name), 0)
#define LWS_PROFILE(name) LWS_PROFILE_IN(NULL, name)

#endif
