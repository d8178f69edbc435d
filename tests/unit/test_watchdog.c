/* The watchdog of a process by itself: what it says when nothing goes on, and that it says nothing while something
 * does. Among ranks: tests/mpi/test_watchdog.c and test_stuck.c. */
#include "scratch.h"

#include <lwssim/progress.h>
#include <lwssim/watchdog.h>

/* A child does this; its exit code (-1: a signal), and what it says in `said`. */
static int child(void (*run)(void), char *said, size_t size)
{
    int pipes[2], status = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipes[1], STDERR_FILENO);
        alarm(60);
        run();
        _exit(0);
    }
    close(pipes[1]);
    size_t at = 0;
    for (ssize_t n; at + 1 < size && (n = read(pipes[0], said + at, size - 1 - at)) > 0;)
        at += (size_t)n;
    said[at] = 0;
    close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void watch(double deadline)
{
    if (lws_watchdog_set((lws_watch){deadline, ". Some advice"}, NULL) != LWS_OK)
        _exit(77);
}

static void hang(void)
{
    watch(.1);
    lws_watchdog_phase("sleep of step", 120);
    for (;;)
        pause();
}

static void hang_in_a_job(void)
{
    setenv("PMIX_RANK", "3", 1);
    hang();
}

static void says_where_it_hangs(void **state)
{
    (void)state;
    char said[1024], expected[256];
    unsetenv("OMPI_COMM_WORLD_RANK"), unsetenv("PMIX_RANK"), unsetenv("PMI_RANK");
    snprintf(expected, sizeof expected,
             "made no progress for 0 s in sleep of step 120: a disk or a file system hangs, or "
             "needs longer than the deadline. Ending the job. Some advice\n");
    assert_int_equal(child(hang, said, sizeof said), 1);
    check_mentions(said, "error: rank 0 on ");
    check_mentions(said, expected);
    assert_int_equal(child(hang_in_a_job, said, sizeof said), 1);
    check_mentions(said, "error: rank 3 on ");
    check_mentions(said, "in sleep of step 120: another rank, the network, a disk or a file system hangs. Ending");
}

static void work(void)
{
    watch(1);
    lws_watchdog_phase("work", -1);
    for (int i = 0; i < 160; i++) {
        lws_progress();
        usleep(10000);
    }
    /* Nobody watches any more, then somebody does again. */
    watch(0);
    usleep(200000);
    watch(1);
    watch(0);
}

static void work_begins_anew(void)
{
    lws_watch before = {0};
    watch(100);
    usleep(150000); /* of no progress */
    if (lws_watchdog_set((lws_watch){.3, NULL}, &before) != LWS_OK || before.deadline != 100 ||
        strcmp(before.advice, ". Some advice") != 0)
        _exit(78);
    usleep(10000);
    if (lws_watchdog_set(before, &before) != LWS_OK || before.deadline != .3 || before.advice)
        _exit(79);
    watch(0);
}

static void lets_work_go_on(void **state)
{
    (void)state;
    char said[1024];
    assert_int_equal(child(work, said, sizeof said), 0);
    assert_string_equal(said, "");
    assert_int_equal(child(work_begins_anew, said, sizeof said), 0);
    assert_string_equal(said, "");
}

/* A shorter deadline counts at once, not after a tick of the longer one. */
static void shorten(void)
{
    watch(1000);
    watch(.1);
    sleep(30);
}

static void a_new_deadline_counts(void **state)
{
    (void)state;
    char said[1024];
    assert_int_equal(child(shorten, said, sizeof said), 1);
    check_mentions(said, "made no progress for");
}

static void phases(void **state)
{
    (void)state;
    bool waits;
    unsigned before = lws_progress_count(&waits);
    assert_false(waits);
    lws_progress_wait();
    assert_int_equal(lws_progress_count(&waits), before);
    assert_true(waits);
    lws_watchdog_phase("reduction of step", 0);
    assert_string_equal(lws_watchdog_where(), "reduction of step 0");
    assert_int_equal(lws_progress_count(&waits), before + 1);
    assert_false(waits);
    lws_watchdog_phase("setup", -1);
    assert_string_equal(lws_watchdog_where(), "setup");
    assert_int_equal(lws_progress_count(&waits), before + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases),
        cmocka_unit_test(says_where_it_hangs),
        cmocka_unit_test(lets_work_go_on),
        cmocka_unit_test(a_new_deadline_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
