/* Training as a program of one's own calls it: again and again in one process, whose signals are its own before and
 * after; its log on the disk; and gathers on a rank that has no memory left. */
#include "prepared.h"

#include "mpi_folder.h"

#include "train/train.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

/* ---- the log -------------------------------------------------------------------------------------- */

/* Flushes of this rank's log: how many there were, and how many of the next fail. */
static int log_flushes, failing_flushes;

int fdatasync(int fd)
{
    log_flushes++;
    if (failing_flushes == 0)
        return fsync(fd);
    failing_flushes--;
    errno = EIO;
    return -1;
}

/* ---- signals --------------------------------------------------------------------------------- */

static void make_dataset(const char *path)
{
    lws_prepare_options o = options_of("synthetic", "48", "size", "16", "split", "1,0,0", "output", path, NULL);
    prepares(&o);
}

static lws_status train(int64_t steps, bool resume)
{
    char run[300];
    lws_train_options *o = malloc(sizeof *o);
    const lws_train_request request = {.run = run, .resume = resume};
    snprintf(run, sizeof run, "%s/run", folder);
    lws_config_defaults(lws_train_table(), o);
    snprintf(o->data, sizeof o->data, "%.200s/data", folder);
    const char *const pairs[][2] = {{"preset", "tiny16"},      {"batch-size", "16"}, {"micro-batches", "4"},
                                    {"windows", "3,7"},        {"threads", "1"},     {"eval-every", "0"},
                                    {"checkpoint-every", "0"}, {"grid", "0"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_int_equal(lws_config_set(lws_train_table(), o, pairs[i][0], pairs[i][1], "test"), LWS_OK);
    o->steps = steps;
    lws_status status = lws_train(comm, o, &request);
    if (status != LWS_OK && status != LWS_STOPPED)
        print_error("%s\n", lws_message());
    free(o);
    return status;
}

static void own_handler(int number)
{
    (void)number;
}

static void (*handler_of(int number))(int)
{
    struct sigaction action;
    assert_int_equal(sigaction(number, NULL, &action), 0);
    return action.sa_handler;
}

/* While the training catches signals: what was ignored still is, and is sent first, in vain. */
static void *interrupt(void *during)
{
    while (handler_of(SIGUSR1) == own_handler)
        usleep(1000);
    *(bool *)during = handler_of(SIGHUP) == SIG_IGN && handler_of(SIGINT) == SIG_IGN && handler_of(SIGTERM) != SIG_DFL;
    kill(getpid(), SIGINT);
    kill(getpid(), SIGUSR1);
    return NULL;
}

static void again(void **state)
{
    (void)state;
    pthread_t thread;
    bool ignored_during = false;
    if (rank == 0) {
        char data[300];
        snprintf(data, sizeof data, "%s/data", folder);
        make_dataset(data);
    }
    lws_comm_barrier(comm);
    signal(SIGUSR1, own_handler);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    assert_int_equal(pthread_create(&thread, NULL, interrupt, &ignored_during), 0);
    assert_int_equal(train(100000000, false), LWS_STOPPED);
    pthread_join(thread, NULL);
    assert_true(ignored_during);
    assert_ptr_equal(handler_of(SIGUSR1), own_handler);
    assert_ptr_equal(handler_of(SIGTERM), SIG_DFL);
    assert_ptr_equal(handler_of(SIGINT), SIG_IGN);
    signal(SIGINT, SIG_DFL);
    long long step = 0;
    assert_int_equal(sscanf(lws_message(), "stopped on request after step %lld", &step), 1);
    assert_int_equal(log_flushes, rank == 0);
    failing_flushes = 1;
    assert_int_equal(train(step + 3, true), LWS_OK); /* not stopped by the signal of the last one */
    assert_int_equal(log_flushes, 2 * (rank == 0));
    assert_int_equal(failing_flushes, rank != 0); /* the log went to another file */
    assert_ptr_equal(handler_of(SIGINT), SIG_DFL);
}

/* ---- memory ---------------------------------------------------------------------------------- */

#ifndef __SANITIZE_ADDRESS__
/* Calls of malloc() from the library fail while this is set; MPI's own do not. The library is where its functions are:
 * a file of its own, or this program. */
static bool no_memory;

void *__libc_malloc(size_t bytes);

void *malloc(size_t bytes)
{
    Dl_info caller, library;
    if (no_memory && dladdr(__builtin_return_address(0), &caller) &&
        dladdr((void *)(uintptr_t)lws_comm_gatherv, &library) && strcmp(caller.dli_fname, library.dli_fname) == 0)
        return NULL;
    return __libc_malloc(bytes);
}

/* All ranks take the same collective, whatever memory each has. */
static void gather_without_memory(void **state)
{
    (void)state;
    size_t bytes_of[64];
    int all[64] = {0};
    char *joined;
    no_memory = rank == size - 1;
    assert_int_not_equal(lws_comm_gatherv(comm, &rank, sizeof rank, false, &joined, bytes_of),
                         LWS_OK); /* it does fail */
    assert_null(joined);
    no_memory = false;
    for (int r = 0; r < size; r++)
        bytes_of[r] = sizeof *all;
    no_memory = rank == size - 1;
    lws_comm_allgather(comm, &rank, bytes_of, all);
    no_memory = false;
    for (int r = 0; r < size; r++)
        assert_int_equal(all[r], r);
}
#endif

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(again),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(gather_without_memory),
#endif
    };
    return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}

int main(void)
{
    return mpi_run_in_folder(all_tests);
}
