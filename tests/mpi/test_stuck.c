/* Jobs that hang, each run as a job of its own: one rank says who is to blame, the others end silently, and all within
 * seconds. A rank that waits for one that works is left alone. */
#include "scratch.h"

#include "mpi_check.h"

#include "comm_internal.h"

#ifndef LWS_CHECK_COLLECTIVE /* whether the library was compiled so or not */
#define LWS_CHECK_COLLECTIVE
#endif
#include "base/progress.h"
#include "comm/collective.h"
#include "comm/watchdog.h"

enum { DEADLINE = 2 };

/* ---- what a rank of such a job does ------------------------------------------------------------------------------ */

static void wait_for_nothing(void)
{
    MPI_Request request;
    int nothing;
    lws_watchdog_phase("wait", 4);
    pthread_mutex_lock(&comm_process.lock);
    MPI_Irecv(&nothing, 1, MPI_INT, (rank + 1) % size, 999, comm->mpi, &request);
    comm_wait(&request);
}

static void all_wait(void)
{
    wait_for_nothing();
}

static void one_works(void)
{
    lws_watchdog_phase("work", 7);
    while (rank == 1)
        pause();
    lws_comm_barrier(comm);
}

static void one_is_deaf(void)
{
    lws_watchdog_phase("deaf", -1);
    if (rank == 0)
        pthread_mutex_lock(&comm_process.lock);
    while (rank == 0)
        pause();
    lws_comm_barrier(comm);
}

static void two_stand_still(void)
{
    lws_watchdog_phase("asleep", 3);
    lws_comm_barrier(comm);
    usleep(300000); /* that rank 0 hears of the phase */
    if (rank != 0)
        raise(SIGSTOP);
    lws_comm_barrier(comm);
}

/* Longer than the deadline, but something goes on. */
static void one_works_for_long(void)
{
    lws_watchdog_phase("long work", -1);
    for (int i = 0; i < 300 && rank == 1; i++) {
        lws_progress();
        usleep(10000);
    }
    lws_comm_barrier(comm);
}

/* The part of all ranks but rank 0, in which its second rank gets stuck. */
static void one_of_a_part_works(void)
{
    lws_comm *part;
    if (lws_comm_split(comm, rank > 0, 0, &part) != LWS_OK)
        _exit(3);
    lws_context *before = lws_comm_enter(part);
    lws_watchdog_phase("work of the part", 7);
    lws_watchdog_set((lws_watch){DEADLINE, ". Do this"}, NULL);
    while (rank == 0) { /* another part, which gets on */
        lws_progress();
        usleep(10000);
    }
    while (lws_comm_rank(part) == 1)
        pause();
    lws_comm_barrier(part);
    lws_context_enter(before);
}

/* Longer than the deadline of the job: while a part works, the part's own counts, and this one has none. */
static void parts_work_for_long(void)
{
    lws_comm *part;
    if (lws_comm_split(comm, rank, 0, &part) != LWS_OK)
        _exit(3);
    lws_context *before = lws_comm_enter(part);
    lws_watchdog_phase("long work of the part", -1);
    sleep(2 * DEADLINE);
    lws_context_enter(before);
    lws_comm_destroy(part);
    lws_comm_barrier(comm);
}

static void takes_block(lws_comm *c, int block)
{
    LWS_LOGICALLY_COLLECTIVE_OR_END(c, block);
}

static void arguments_differ(void)
{
    takes_block(comm, 5);
    takes_block(comm, 5 + rank);
}

static const struct scenario {
    const char *name, *ranks;
    void (*run)(void);
    const char *message; /* NULL: it ends well */
} scenarios[] = {
    {"all_wait", "2", all_wait, "in wait 4: all ranks wait for each other, as the network loses messages. Ending"},
    {"one_works", "3", one_works,
     "in work 7: a disk or a file system hangs, or needs longer than the deadline. Ending"},
    {"one_is_deaf", "2", one_is_deaf, "in deaf: MPI does not answer, as the network hangs. Ending"},
    {"two_stand_still", "3", two_stand_still, "last in asleep 3: it is suspended"},
    {"one_works_for_long", "2", one_works_for_long, NULL},
    {"one_of_a_part_works", "3", one_of_a_part_works,
     "in work of the part 7: a disk or a file system hangs, or needs longer than the deadline. Ending"},
    {"parts_work_for_long", "2", parts_work_for_long, NULL},
    {"arguments_differ", "2", arguments_differ, "has 'block = 5': all ranks must give takes_block() the same\n"},
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static const char *const blamed[SCENARIOS] = {"error: rank 0 on ",
                                              "error: rank 1 on ",
                                              "error: rank 0 on ",
                                              "error: nothing is heard of rank ",
                                              "",
                                              "error: rank 1 on ",
                                              "",
                                              "error: rank 1 on "};

static int play(const char *name)
{
    for (int i = 0; i < SCENARIOS; i++) {
        if (strcmp(scenarios[i].name, name) != 0)
            continue;
        if (lws_comm_start(&comm) != LWS_OK)
            return 3;
        rank = lws_comm_rank(comm);
        size = lws_comm_size(comm);
        lws_comm_barrier(comm);
        if (lws_watchdog_set((lws_watch){DEADLINE, ". Do this"}, NULL) != LWS_OK)
            return 3;
        scenarios[i].run();
        lws_comm_end(comm);
        lws_watchdog_set((lws_watch){0, NULL}, NULL);
        return 0;
    }
    return 4;
}

/* ---- the jobs ---------------------------------------------------------------------------------------------------- */

static char self[512];

/* Side by side, as each waits most of the time. What they say goes to FOLDER/NAME. */
static pid_t start(const char *folder, const struct scenario *s)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    int out = open(path_of("%s/%s", folder, s->name), O_WRONLY | O_CREAT, 0666);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    const char *mpirun = getenv("MPIEXEC");
    execlp("timeout", "timeout", "--kill-after=5", "60", mpirun ? mpirun : "mpirun", "--oversubscribe", "-n", s->ranks,
           self, s->name, (char *)NULL);
    _exit(5);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

/* All that a job said. */
static char *said_by(const char *folder, int i)
{
    blob b = file_read(path_of("%s/%s", folder, scenarios[i].name));
    char *said = malloc(b.size + 1);
    assert_non_null(said);
    memcpy(said, b.data, b.size);
    said[b.size] = 0;
    free(b.data);
    return said;
}

static void check_job(const char *folder, int i, pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    char *said = said_by(folder, i);
    assert_true(WIFEXITED(status));
    if (!scenarios[i].message) {
        if (WEXITSTATUS(status) != 0 || count(said, "error:") != 0)
            fail_msg("%s ended with %d: %s", scenarios[i].name, WEXITSTATUS(status), said);
    } else {
        /* A deaf rank cannot tell the others that it ends the job; they may find out by themselves before mpirun ends.
         */
        int most = scenarios[i].run == one_is_deaf ? 2 : 1;
        if (WEXITSTATUS(status) != 1 || count(said, "error:") < 1 || count(said, "error:") > most)
            fail_msg("%s ended with %d: %s", scenarios[i].name, WEXITSTATUS(status), said);
        check_mentions(said, scenarios[i].message);
        check_mentions(said, blamed[i]);
        if (scenarios[i].run == arguments_differ)
            check_mentions(said, "has 'block = 6', rank 0 on ");
        else
            check_mentions(said, "Ending the job. Do this");
    }
    free(said);
}

/* Ranks that fall silent together are counted, if they are found so at the same look: on a busy machine one may be
 * found first, now and then. */
static void all_silent_ranks_count(const char *folder)
{
    enum { TWO_STAND_STILL = 3 };
    for (int again = 0; again < 5; again++) {
        char *said = said_by(folder, TWO_STAND_STILL);
        bool is_counted = strstr(said, "rank 1 on ") && strstr(said, " (nor of 1 more rank), last in ");
        free(said);
        if (is_counted)
            return;
        unlink(path_of("%s/%s", folder, scenarios[TWO_STAND_STILL].name));
        check_job(folder, TWO_STAND_STILL, start(folder, &scenarios[TWO_STAND_STILL]));
    }
    fail_msg("two ranks were silent, and one was counted, five times");
}

static void jobs(void **state)
{
    pid_t pid[SCENARIOS];
    for (int i = 0; i < SCENARIOS; i++)
        pid[i] = start(*state, &scenarios[i]);
    for (int i = 0; i < SCENARIOS; i++)
        check_job(*state, i, pid[i]);
    all_silent_ranks_count(*state);
}

int main(int argc, char **argv)
{
    (void)mpi_run;
    if (argc > 1)
        return play(argv[1]);
    snprintf(self, sizeof self, "%s", argv[0]);
    const struct CMUnitTest tests[] = {scratch_test(jobs)};
    return cmocka_run_group_tests_name("stuck", tests, NULL, NULL);
}
