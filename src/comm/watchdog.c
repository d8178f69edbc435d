#include "watchdog_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    _Atomic(const char *) phase;
    atomic_int_fast64_t number;
    pthread_t thread;
    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t wake;
    bool running;
    lws_watch watch;
    int rank, size;
    char host[64];
    pulse *pulse; /* NULL: this rank alone */
    /* The thread's: */
    double idle, deaf; /* seconds since progress, and since MPI could be called */
    unsigned count;    /* progress at that time */
    bool waits;
} dog = {.phase = "start", .number = -1, .mutex = PTHREAD_MUTEX_INITIALIZER, .size = 1};

const char *lws_watchdog_where(void)
{
    static _Thread_local char text[96];
    int64_t number = atomic_load(&dog.number);
    if (number >= 0)
        snprintf(text, sizeof text, "%s %" PRId64, atomic_load(&dog.phase), number);
    else
        snprintf(text, sizeof text, "%s", atomic_load(&dog.phase));
    return text;
}

void lws_watchdog_phase(const char *phase, int64_t number)
{
    atomic_store(&dog.phase, phase);
    atomic_store(&dog.number, number);
    lws_progress();
}

static beat my_beat(void)
{
    beat mine = {.idle = dog.idle, .waits = dog.waits};
    memcpy(mine.host, dog.host, sizeof mine.host);
    snprintf(mine.where, sizeof mine.where, "%s", lws_watchdog_where());
    return mine;
}

/* ---- judging --------------------------------------------------------------------------------- */

static double tick(void)
{
    return fmin(1, fmax(.02, dog.watch.deadline / 10));
}

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    lws_log_set_root(true);
    lws_error("%s. Ending the job%s", what, dog.watch.advice ? dog.watch.advice : "");
}

/* The others end silently: the launcher may be slow to end them, or not do it at all. */
static __attribute__((noreturn)) void end_job(void)
{
    if (dog.pulse)
        pulse_turn(dog.pulse, &(beat){.ends = true}, 0, 1);
    _exit(1);
}

static void nap(double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};
    nanosleep(&time, NULL);
}

/* Once a rank ends, mpirun tells its daemons to end the others; and as long as it waits for a machine that is cut off
 * to take that in, it does not notice that the machine is gone. So it gets the time to notice it first, which under
 * launch/mpirun.sh takes 25 s, and ends the job itself. */
static void let_launcher_notice(void)
{
    enum { SECONDS = 30 };
    beat mine = my_beat();
    mine.idle = 0; /* nobody else needs to speak */
    for (double start = lws_now(); lws_now() - start < SECONDS; nap(tick()))
        pulse_turn(dog.pulse, &mine, 0, tick() / 2);
}

static __attribute__((noreturn)) void blame_silent(int r, double age, const beat *b, int others)
{
    char more[48] = "";
    bool is_far = strcmp(b->host, dog.host) != 0;
    if (is_far && dog.rank > 0) /* what this rank says would travel, too */
        let_launcher_notice();
    if (others > 0)
        snprintf(more, sizeof more, " (nor of %d more rank%s)", others, others == 1 ? "" : "s");
    say("nothing is heard of rank %d on %s for %.0f s%s, last in %s: it is suspended, or its machine or the network is "
        "down",
        r, b->host, age, more, b->where);
    if (is_far && dog.rank == 0)
        let_launcher_notice();
    end_job();
}

static __attribute__((noreturn)) void blame_idle(int r, const char *host, double idle, const char *where,
                                                 const char *what)
{
    say("rank %d on %s made no progress for %.0f s in %s: %s", r, host, idle, where, what);
    end_job();
}

/* What the launcher says of the rank, before MPI says it; -1 where there is none. */
static int rank_by_launcher(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            return atoi(getenv(names[i]));
    return -1;
}

/* A rank that hears of no other: alone, before MPI has started, or after its end. */
static void judge_self(const beat *mine)
{
    if (mine->idle > dog.watch.deadline)
        blame_idle(dog.rank, dog.host, mine->idle, mine->where,
                   rank_by_launcher() >= 0 ? "another rank, the network, a disk or a file system hangs"
                                           : "a disk or a file system hangs, or needs longer than the deadline");
}

/* Rank 0 looks at all. Not heard of for some ticks is silent. */
static void judge_all(const beat *mine)
{
    double deadline = dog.watch.deadline, all_idle = mine->idle;
    int silent = 0, first_silent = -1;
    for (int r = 0; r < dog.size; r++) {
        double since = 0;
        const beat *b = r == 0 ? mine : pulse_of(dog.pulse, r, &since);
        if (b->ends)
            _exit(1);
        double age = b->idle + since;
        bool is_silent = since > 5 * tick();
        all_idle = fmin(all_idle, age);
        if (age <= deadline)
            continue;
        if (is_silent) {
            silent++;
            first_silent = first_silent < 0 ? r : first_silent;
        } else if (!b->waits) {
            blame_idle(r, b->host, age, b->where, "a disk or a file system hangs, or needs longer than the deadline");
        }
    }
    if (silent > 0) {
        double since;
        const beat *b = pulse_of(dog.pulse, first_silent, &since);
        blame_silent(first_silent, since, b, silent - 1);
    }
    if (all_idle > deadline)
        blame_idle(dog.rank, dog.host, all_idle, mine->where,
                   "all ranks wait for each other, as the network loses messages");
}

/* Other ranks leave that to rank 0 as long as they hear of it; one after the other, so that one message is enough. */
static void judge_root(void)
{
    double since, patience = dog.rank == 1 ? 2 : 10;
    const beat *b = pulse_of(dog.pulse, 0, &since);
    if (b->ends)
        _exit(1);
    if (since > 5 * tick() && b->idle + since > dog.watch.deadline + patience)
        blame_silent(0, since, b, 0);
}

static void judge(double passed)
{
    unsigned count = lws_progress_count(&dog.waits);
    dog.idle = count == dog.count ? dog.idle + passed : 0;
    dog.count = count;
    beat mine = my_beat();
    bool is_deaf = dog.pulse && !pulse_turn(dog.pulse, &mine, passed, tick() / 2);
    dog.deaf = is_deaf ? dog.deaf + passed : 0;
    if (is_deaf && dog.deaf > dog.watch.deadline)
        blame_idle(dog.rank, dog.host, dog.deaf, mine.where, "MPI does not answer, as the network hangs");
    if (is_deaf)
        return;
    if (!dog.pulse)
        judge_self(&mine);
    else if (dog.rank > 0)
        judge_root();
    else
        judge_all(&mine);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Waits for the next tick, or for less where somebody signals; the seconds that passed, but for those in which this
 * process stood still. */
static double rest(void)
{
    double start = lws_now(), end = start + tick();
    struct timespec until = {.tv_sec = (time_t)end, .tv_nsec = (long)(1e9 * (end - floor(end)))};
    pthread_cond_timedwait(&dog.wake, &dog.mutex, &until);
    return fmin(lws_now() - start, 2 * tick());
}

static void *look(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&dog.mutex);
    for (double passed = 0; dog.running; passed = rest())
        judge(passed);
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

lws_status lws_watchdog_set(lws_watch watch, lws_watch *before)
{
    lws_status status = LWS_OK;
    lws_progress();
    pthread_mutex_lock(&dog.mutex);
    if (before)
        *before = dog.watch;
    dog.watch = watch;
    bool was_running = dog.running;
    dog.idle = dog.deaf = 0;
    if (watch.deadline > 0 && !was_running) {
        if (!dog.pulse) {
            gethostname(dog.host, sizeof dog.host - 1);
            dog.rank = rank_by_launcher() > 0 ? rank_by_launcher() : 0;
        }
        status = start_thread();
    } else if (was_running) {
        dog.running = watch.deadline > 0;
        pthread_cond_signal(&dog.wake);
    }
    bool ends = was_running && !dog.running;
    pthread_mutex_unlock(&dog.mutex);
    if (ends) {
        pthread_join(dog.thread, NULL);
        pthread_cond_destroy(&dog.wake);
    }
    return status;
}

void watchdog_connect(const lws_comm *comm, pulse *p)
{
    pthread_mutex_lock(&dog.mutex);
    dog.rank = comm->rank;
    dog.size = comm->size;
    snprintf(dog.host, sizeof dog.host, "%.63s", comm->host);
    beat mine = my_beat();
    pthread_mutex_unlock(&dog.mutex);
    pulse_meet(p, &mine); /* may wait for others, which the watchdog must go on to watch */
    pthread_mutex_lock(&dog.mutex);
    dog.pulse = p;
    pthread_mutex_unlock(&dog.mutex);
}

void watchdog_disconnect(void)
{
    pthread_mutex_lock(&dog.mutex);
    dog.pulse = NULL;
    pthread_mutex_unlock(&dog.mutex);
}
