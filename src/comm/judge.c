/* Who is to blame when nothing is done for too long: the judgement on one communicator's ranks, and the end of the job.
 */
#include "judge.h"

#include "pulse.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SILENT_TICKS = 5 }; /* a rank not heard of for longer is silent */

void judge_tell_where(const lws_context *context, char *text, size_t size)
{
    const char *phase = atomic_load(&context->phase);
    int64_t number = atomic_load(&context->number);
    if (number >= 0)
        snprintf(text, size, "%s %" PRId64, phase, number);
    else
        snprintf(text, size, "%s", phase);
}

double judge_tick(const watched *w)
{
    return fmin(1, fmax(.02, w->watch.deadline / 10));
}

beat judge_beat(const watched *w)
{
    beat mine = {.idle = w->idle, .waits = w->waits};
    memcpy(mine.host, w->host, sizeof mine.host);
    judge_tell_where(w->context, mine.where, sizeof mine.where);
    return mine;
}

static __attribute__((format(printf, 2, 3))) void say(const watched *w, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    lws_error("%s. Ending the job%s", what, w->watch.advice ? w->watch.advice : "");
}

/* The others end silently: the launcher may be slow to end them, or not do it at all. */
static __attribute__((noreturn)) void end_job(const watched *w)
{
    if (w->pulse)
        pulse_turn(w->pulse, &(beat){.ends = true}, 0, 1);
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
static void let_launcher_notice(const watched *w)
{
    enum { SECONDS = 30 };
    beat mine = judge_beat(w);
    mine.idle = 0; /* nobody else needs to speak */
    for (double start = lws_now(); lws_now() - start < SECONDS; nap(judge_tick(w)))
        pulse_turn(w->pulse, &mine, 0, judge_tick(w) / 2);
}

static __attribute__((noreturn)) void blame_silent(const watched *w, int r, double age, const beat *b, int others)
{
    char more[48] = "";
    bool is_far = strcmp(b->host, w->host) != 0;
    if (is_far && w->rank > 0) /* what this rank says would travel, too */
        let_launcher_notice(w);
    if (others > 0)
        snprintf(more, sizeof more, " (nor of %d more rank%s)", others, lws_plural(others));
    say(w,
        "nothing is heard of rank %d on %s for %.0f s%s, last in %s: it is suspended, or its machine or the network is "
        "down",
        r, b->host, age, more, b->where);
    if (is_far && w->rank == 0)
        let_launcher_notice(w);
    end_job(w);
}

static __attribute__((noreturn)) void blame_idle(const watched *w, int r, const char *host, double idle,
                                                 const char *where, const char *what)
{
    say(w, "rank %d on %s made no progress for %.0f s in %s: %s", r, host, idle, where, what);
    end_job(w);
}

/* What the launcher says of the rank, before MPI says it; -1 where there is none. */
int judge_rank_by_launcher(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            return atoi(getenv(names[i]));
    return -1;
}

/* A rank that hears of no other: alone, before MPI has started, or after its end. */
static void judge_self(const watched *w, const beat *mine)
{
    if (mine->idle > w->watch.deadline)
        blame_idle(w, w->rank, w->host, mine->idle, mine->where,
                   judge_rank_by_launcher() >= 0 ? "another rank, the network, a disk or a file system hangs"
                                                 : "a disk or a file system hangs, or needs longer than the deadline");
}

/* Whether a rank that this one hears of has ended the job, and said why. */
static bool has_ended(const watched *w)
{
    bool has = false;
    double since;
    for (int r = 0; r < (w->rank == 0 ? w->size : 1); r++)
        has = has || (r != w->rank && pulse_of(w->pulse, r, &since)->ends);
    return has;
}

/* Of a process that stood still the others have thought by now, and may have ended the job for it; until the launcher
 * has ended this rank, too, they look silent from here. So for a while it leaves the judgement to them. */
static bool is_spared(watched *w, double passed, double stood)
{
    enum { SECONDS = 10 };
    w->spared = stood > SILENT_TICKS * judge_tick(w) ? SECONDS : fmax(0, w->spared - passed);
    return w->spared > 0;
}

/* Rank 0 looks at all. */
static void judge_all(const watched *w, const beat *mine)
{
    double deadline = w->watch.deadline, all_idle = mine->idle;
    int silent = 0, first_silent = -1;
    for (int r = 0; r < w->size; r++) {
        double since = 0;
        const beat *b = r == 0 ? mine : pulse_of(w->pulse, r, &since);
        if (b->is_last)
            continue;
        double age = b->idle + since;
        bool is_silent = since > SILENT_TICKS * judge_tick(w);
        all_idle = fmin(all_idle, age);
        if (age <= deadline)
            continue;
        if (is_silent) {
            silent++;
            first_silent = first_silent < 0 ? r : first_silent;
        } else if (!b->waits) {
            blame_idle(w, r, b->host, age, b->where,
                       "a disk or a file system hangs, or needs longer than the deadline");
        }
    }
    if (silent > 0) {
        double since;
        const beat *b = pulse_of(w->pulse, first_silent, &since);
        blame_silent(w, first_silent, since, b, silent - 1);
    }
    if (all_idle > deadline)
        blame_idle(w, w->rank, w->host, all_idle, mine->where,
                   "all ranks wait for each other, as the network loses messages");
}

/* Other ranks leave that to rank 0 as long as they hear of it; one after the other, so that one message is enough. */
static void judge_root(const watched *w)
{
    double since, patience = w->rank == 1 ? 2 : 10;
    const beat *b = pulse_of(w->pulse, 0, &since);
    if (!b->is_last && since > SILENT_TICKS * judge_tick(w) && b->idle + since > w->watch.deadline + patience)
        blame_silent(w, 0, since, b, 0);
}

/* While a thread of this process works for a part of the ranks, it is the part's watch that counts. */
static void take_progress(watched *w, double passed)
{
    const lws_context *c = w->context;
    unsigned count = atomic_load_explicit(&c->progress, memory_order_relaxed);
    bool is_elsewhere = atomic_load(&c->guests) > 0;
    w->waits = atomic_load_explicit(&c->waits, memory_order_relaxed);
    w->idle = count == w->count && !is_elsewhere ? w->idle + passed : 0;
    w->count = count;
}

void judge(watched *w, double passed, double stood, double patience)
{
    take_progress(w, passed);
    bool is_quiet = is_spared(w, passed, stood);
    beat mine = judge_beat(w);
    bool is_deaf = w->pulse && !pulse_turn(w->pulse, &mine, passed, patience);
    w->deaf = is_deaf ? w->deaf + passed : 0;
    if (is_deaf && w->deaf > w->watch.deadline)
        blame_idle(w, w->rank, w->host, w->deaf, mine.where, "MPI does not answer, as the network hangs");
    if (is_deaf)
        return;
    if (w->pulse && has_ended(w))
        _exit(1);
    if (!w->pulse)
        judge_self(w, &mine);
    else if (is_quiet)
        return;
    else if (w->rank > 0)
        judge_root(w);
    else
        judge_all(w, &mine);
}
