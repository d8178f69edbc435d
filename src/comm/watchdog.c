/* The watchdog's thread, and what it looks at: the process, and every communicator that is a part of another. */
#include "comm/watchdog.h"

#include "judge.h"
#include "watchdog_internal.h"

#include "base/clock.h"
#include "base/progress.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    pthread_mutex_t life; /* of the thread: held while it is started or ended */
    pthread_t thread;
    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t wake;
    bool running;
    watched own;    /* the process, and the communicator that MPI started with */
    watched *parts; /* of the ranks, the latest first */
} dog = {.life = PTHREAD_MUTEX_INITIALIZER, .mutex = PTHREAD_MUTEX_INITIALIZER, .own.size = 1};

const char *lws_watchdog_where(void)
{
    static _Thread_local char text[96];
    judge_tell_where(lws_context_current(), text, sizeof text);
    return text;
}

void lws_watchdog_phase(const char *phase, int64_t number)
{
    lws_context *c = lws_context_current();
    atomic_store(&c->phase, phase);
    atomic_store(&c->number, number);
    lws_progress();
}

/* ---- who is watched: with the mutex held ------------------------------------------------------------- */

/* What the watchdog keeps of a context; the process's own where it is no communicator's. */
static watched *find(const lws_context *context)
{
    watched *w = dog.parts;
    while (w && w->context != context)
        w = w->next;
    return w ? w : &dog.own;
}

static watched *next_of(const watched *w)
{
    return w == &dog.own ? dog.parts : w->next;
}

/* Seconds to the next look at any: 0 where nobody is watched. */
static double shortest_tick(void)
{
    double least = 0;
    for (const watched *w = &dog.own; w; w = next_of(w))
        if (w->watch.deadline > 0 && (least == 0 || judge_tick(w) < least))
            least = judge_tick(w);
    return least;
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Waits for the next tick, or for less where somebody signals; the seconds that passed, but for those in which this
 * process stood still. */
static double rest(void)
{
    double tick = shortest_tick(), start = lws_now(), end = start + tick;
    struct timespec until = {.tv_sec = (time_t)end, .tv_nsec = (long)(1e9 * (end - floor(end)))};
    pthread_cond_timedwait(&dog.wake, &dog.mutex, &until);
    return fmin(lws_now() - start, 2 * tick);
}

/* MPI may keep all of them waiting: together no longer than half a tick. */
static void look_at_all(double passed, double stood)
{
    int count = 0;
    for (watched *w = &dog.own; w; w = next_of(w))
        count += w->watch.deadline > 0;
    for (watched *w = &dog.own; w; w = next_of(w))
        if (w->watch.deadline > 0)
            judge(w, passed, stood, judge_tick(w) / 2 / count);
}

static void *look(void *unused)
{
    lws_context speaker;
    (void)unused;
    lws_context_init(&speaker, NULL, true); /* this thread speaks whichever rank it is */
    lws_context_enter(&speaker);
    pthread_mutex_lock(&dog.mutex);
    for (double passed = 0, stood = 0, last = lws_now(); dog.running;) {
        look_at_all(passed, stood);
        passed = rest();
        double now = lws_now();
        stood = now - last - passed; /* where it stood still while it looked, too */
        last = now;
    }
    pthread_mutex_unlock(&dog.mutex);
    return NULL;
}

/* With the mutex held. Signals are for the thread that works. */
static lws_status start_thread(void)
{
    pthread_condattr_t attributes;
    sigset_t all, before;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC); /* the time of day may be set at any time */
    pthread_cond_init(&dog.wake, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&dog.thread, NULL, look, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    dog.running = error == 0;
    return error ? lws_fail(LWS_ERR_MEMORY, "cannot start the watchdog thread: %s", strerror(error)) : LWS_OK;
}

/* Starts the thread where somebody is watched now, or ends it where nobody is any more. With both mutexes held; the
 * second is given up to wait for the end. */
static lws_status start_or_end(void)
{
    bool is_needed = shortest_tick() > 0;
    if (!dog.running)
        return is_needed ? start_thread() : LWS_OK;
    dog.running = is_needed;
    pthread_cond_signal(&dog.wake);
    if (is_needed)
        return LWS_OK;
    pthread_mutex_unlock(&dog.mutex);
    pthread_join(dog.thread, NULL);
    pthread_mutex_lock(&dog.mutex);
    pthread_cond_destroy(&dog.wake);
    return LWS_OK;
}

static void lock(void)
{
    pthread_mutex_lock(&dog.life);
    pthread_mutex_lock(&dog.mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&dog.mutex);
    pthread_mutex_unlock(&dog.life);
}

lws_status lws_watchdog_set(lws_watch watch, lws_watch *before)
{
    lws_progress();
    lock();
    watched *w = find(lws_context_current());
    if (before)
        *before = w->watch;
    w->watch = watch;
    w->idle = w->deaf = 0;
    dog.own.context = lws_context_own();
    if (!dog.own.pulse && !dog.running) { /* before MPI has started, this process is known by its launcher alone */
        gethostname(dog.own.host, sizeof dog.own.host - 1);
        dog.own.rank = judge_rank_by_launcher() > 0 ? judge_rank_by_launcher() : 0;
    }
    lws_status status = start_or_end();
    unlock();
    return status;
}

/* ---- communicators ----------------------------------------------------------------------------------- */

void watchdog_connect(lws_comm *comm, pulse *p)
{
    bool is_part = comm->context != lws_context_own();
    watched *w = is_part ? &comm->watched : &dog.own;
    lock();
    w->context = comm->context;
    w->rank = comm->rank;
    w->size = comm->size;
    snprintf(w->host, sizeof w->host, "%.63s", comm->host);
    beat mine = judge_beat(w);
    unlock();
    pulse_meet(p, &mine); /* may wait for others, which the watchdog must go on to watch */
    lock();
    w->pulse = p;
    if (is_part) {
        w->next = dog.parts;
        dog.parts = w;
    }
    unlock();
}

pulse *watchdog_disconnect(lws_comm *comm)
{
    lock();
    watched *w = find(comm->context), **at = &dog.parts;
    pulse *p = w->pulse;
    w->pulse = NULL;
    while (*at && *at != w)
        at = &(*at)->next;
    if (*at)
        *at = w->next;
    start_or_end(); /* it may have been the last that was watched */
    unlock();
    return p;
}
