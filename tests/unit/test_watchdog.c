/* The watchdog of one process: it ends what does nothing for as long as the deadline, with one message that says where,
 * and nothing else. Each case is a child process. */
#include "scratch.h"

#include "base/progress.h"
#include "comm/watchdog.h"

#include <sys/wait.h>
#include <time.h>

static void nap(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * fmod(seconds, 1))};
    while (nanosleep(&left, &left) != 0)
        ;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- children -------------------------------------------------------------------------------------------------- */

/* What a child that ran to its end returns: it was not ended. */
enum { SURVIVED = 17 };

typedef struct child {
    pid_t id;
    int said; /* the end of a pipe */
    double start;
} child;

typedef struct outcome {
    int code;
    double seconds;
    char said[4096];
} outcome;

static child start(void (*work)(void))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    child c = {.said = ends[0], .start = now(), .id = fork()};
    assert_true(c.id >= 0);
    if (c.id == 0) {
        alarm(60);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        work();
        _exit(SURVIVED);
    }
    close(ends[1]);
    return c;
}

static outcome end_of(const child *c)
{
    outcome o = {0};
    int status;
    size_t used = 0;
    for (ssize_t n; (n = read(c->said, o.said + used, sizeof o.said - 1 - used)) > 0;)
        used += (size_t)n;
    close(c->said);
    assert_int_equal(waitpid(c->id, &status, 0), c->id);
    o.seconds = now() - c->start;
    o.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return o;
}

static void survives(const child *c, const char *what)
{
    outcome o = end_of(c);
    if (o.code != SURVIVED || o.said[0])
        print_error("%s: code %d, said: %s\n", what, o.code, o.said);
    assert_int_equal(o.code, SURVIVED);
    assert_string_equal(o.said, "");
}

/* Ends with 1 and one line that begins and ends so, host and seconds between. */
static void is_ended(const child *c, const char *begin, const char *end)
{
    outcome o = end_of(c);
    char host[64] = "", first[256], *tail = strstr(o.said, end);
    gethostname(host, sizeof host - 1);
    snprintf(first, sizeof first, "lwssim: error: %s on %s made no progress for ", begin, host);
    if (o.code != 1 || strncmp(o.said, first, strlen(first)) != 0 || !tail || strcmp(tail + strlen(end), "\n") != 0)
        print_error("code %d, '%s'\nnot '%s…%s'\n", o.code, o.said, first, end);
    assert_int_equal(o.code, 1);
    assert_memory_equal(o.said, first, strlen(first));
    assert_non_null(tail);
    assert_string_equal(tail + strlen(end), "\n");
    assert_true(strchr(o.said, '\n') == o.said + strlen(o.said) - 1);
}

static void watch(double deadline)
{
    assert_int_equal(lws_watchdog_set((lws_watch){deadline, "; go home."}, NULL), LWS_OK);
}

/* ---- what is ended --------------------------------------------------------------------------------------------- */

static void hangs(void)
{
    watch(.3);
    lws_watchdog_phase("pages of book", 7);
    nap(20);
}

static void hangs_without_number(void)
{
    watch(.3);
    lws_watchdog_phase("the index", -1);
    nap(20);
}

static void hangs_under_a_launcher(void)
{
    setenv("PMIX_RANK", "1", 1);
    watch(.3);
    lws_watchdog_phase("pages of book", 0);
    nap(20);
}

/* A wait for others is no excuse where there are none. */
static void waits_alone(void)
{
    watch(.3);
    lws_watchdog_phase("pages of book", 7);
    lws_progress_wait();
    nap(20);
}

/* Progress first, and another deadline than at first. */
static void hangs_later(void)
{
    watch(1000);
    for (int i = 0; i < 5; i++, lws_progress())
        nap(.05);
    watch(.3);
    lws_watchdog_phase("second volume", 2);
    nap(20);
}

static void hangs_for_a_second(void)
{
    watch(1);
    nap(20);
}

/* ---- what is not ----------------------------------------------------------------------------------------------- */

/* Deadlines that a busy machine does not reach between two signs of life, and longer work. */
static void works(void)
{
    watch(2);
    for (int i = 0; i < 60; i++, lws_progress())
        nap(.05);
}

static void enters_phases(void)
{
    watch(2);
    for (int i = 0; i < 60; i++) {
        nap(.05);
        lws_watchdog_phase("step", i);
    }
}

static void is_not_watched(void)
{
    watch(0);
    nap(.3);
}

static void is_watched_no_more(void)
{
    lws_watch before = {0};
    watch(1);
    assert_int_equal(lws_watchdog_set((lws_watch){0, NULL}, &before), LWS_OK);
    assert_true(before.deadline == 1);
    assert_string_equal(before.advice, "; go home.");
    nap(2.5);
    assert_int_equal(lws_watchdog_set((lws_watch){2, NULL}, &before), LWS_OK); /* and again: from now on */
    assert_true(before.deadline == 0);
    nap(.1);
    watch(0);
}

static void works_slowly(void)
{
    watch(2);
    for (int i = 0; i < 10; i++, lws_progress())
        nap(.1);
}

/* ---- all of them, side by side --------------------------------------------------------------------------------- */

static void deadlines(void **state)
{
    (void)state;
    static const char alone[] =
        ": a disk or a file system hangs, or needs longer than the deadline. Ending the job; go home.";
    static const char launched[] =
        ": another rank, the network, a disk or a file system hangs. Ending the job; go home.";
    unsetenv("OMPI_COMM_WORLD_RANK");
    unsetenv("PMIX_RANK");
    unsetenv("PMI_RANK");
    child second = start(hangs_for_a_second), slow = start(works_slowly);
    child hung = start(hangs), unnumbered = start(hangs_without_number), waiting = start(waits_alone);
    child later = start(hangs_later), launcher = start(hangs_under_a_launcher);
    child working = start(works), phases = start(enters_phases), unwatched = start(is_not_watched);
    child no_more = start(is_watched_no_more);
    nap(.2); /* the time that a process stands still is not its own */
    kill(slow.id, SIGSTOP);
    nap(3);
    kill(slow.id, SIGCONT);

    outcome o = end_of(&second); /* not before the deadline, and not long after */
    assert_int_equal(o.code, 1);
    if (!strstr(o.said, "made no progress for 1 s in start: "))
        print_error("%s\n", o.said);
    assert_non_null(strstr(o.said, "made no progress for 1 s in start: "));
    assert_true(o.seconds >= 1);
    assert_true(o.seconds < 15);
    is_ended(&hung, "rank 0", path_of(" s in pages of book 7%s", alone));
    is_ended(&unnumbered, "rank 0", path_of(" s in the index%s", alone));
    is_ended(&waiting, "rank 0", path_of(" s in pages of book 7%s", alone));
    is_ended(&later, "rank 0", path_of(" s in second volume 2%s", alone));
    is_ended(&launcher, "rank 1", path_of(" s in pages of book 0%s", launched));
    survives(&working, "progress");
    survives(&phases, "phases");
    survives(&unwatched, "no deadline");
    survives(&no_more, "no deadline any more");
    survives(&slow, "suspended");
}

static void where(void **state)
{
    (void)state;
    lws_watchdog_phase("step", 12);
    assert_string_equal(lws_watchdog_where(), "step 12");
    lws_watchdog_phase("step", 0);
    assert_string_equal(lws_watchdog_where(), "step 0");
    lws_watchdog_phase("setup of run", -1);
    assert_string_equal(lws_watchdog_where(), "setup of run");
    bool waits;
    lws_progress_wait();
    unsigned before = lws_progress_count(&waits);
    assert_true(waits);
    lws_watchdog_phase("step", 1); /* is progress */
    assert_int_equal(lws_progress_count(&waits), before + 1);
    assert_false(waits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines), /* first: the phase of this process is still "start" */
        cmocka_unit_test(where),
    };
    return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
