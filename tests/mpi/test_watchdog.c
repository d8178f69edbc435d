/* How ranks hear of each other: rank 0 of all, the others of rank 0; and the threads that look after that and after
 * messages, beside a rank that computes and sends (the thread sanitizer looks on). */
#include "check.h"

#include "mpi_check.h"

#include "pulse.h"

#include "base/progress.h"
#include "comm/reduction.h"
#include "comm/watchdog.h"

#include <unistd.h>

static beat beat_of(int r, int number)
{
    beat b = {.idle = 10 * r + number, .waits = r % 2, .ends = false};
    snprintf(b.where, sizeof b.where, "step %d of rank %d", number, r);
    snprintf(b.host, sizeof b.host, "host %d", r);
    return b;
}

static bool is_of(const beat *b, int r, int number)
{
    beat want = beat_of(r, number);
    return b->idle == want.idle && b->waits == want.waits && b->ends == want.ends &&
           strcmp(b->where, want.where) == 0 && strcmp(b->host, want.host) == 0;
}

static bool tells(int from, int to)
{
    return from != to && (from == 0 || to == 0);
}

/* Turns until beat `number` of all that this rank hears of is there; the seconds that it says have passed. */
static double turn_until(pulse *p, int number)
{
    beat mine = beat_of(rank, number);
    double passed = 0, silent;
    for (bool all = false; !all; usleep(1000)) {
        assert_true(pulse_turn(p, &mine, .125, 60));
        passed += .125;
        all = true;
        for (int r = 0; r < size; r++)
            all = all && (!tells(r, rank) || is_of(pulse_of(p, r, &silent), r, number));
    }
    return passed;
}

static void who_hears_of_whom(void **state)
{
    (void)state;
    pulse *p;
    double silent;
    assert_int_equal(pulse_create(comm, &p), LWS_OK);
    if (size == 1) {
        assert_null(p);
        return;
    }
    beat first = beat_of(rank, 0);
    pulse_meet(p, &first);
    for (int r = 0; r < size; r++) {
        assert_true(is_of(pulse_of(p, r, &silent), r, 0)); /* once, all of all */
        assert_true(silent == 0);
    }
    for (int number = 1; number <= 3; number++) {
        turn_until(p, number);
        lws_comm_barrier(comm);
    }
    for (int r = 0; r < size; r++)
        assert_true(is_of(pulse_of(p, r, &silent), r, tells(r, rank) ? 3 : r == rank ? 0 : 0));
    pulse_destroy(p);
}

/* A rank that is not heard of becomes silent by what has passed; one that is heard of again is not any more. */
static void silence(void **state)
{
    (void)state;
    pulse *p;
    if (size == 1)
        return;
    assert_int_equal(pulse_create(comm, &p), LWS_OK);
    beat first = beat_of(rank, 0);
    pulse_meet(p, &first);
    double silent;
    for (int r = 0; r < size && rank == 0; r++)
        pulse_of(p, r, &silent);
    if (rank == 0) {
        for (int i = 0; i < 3; i++)
            assert_true(pulse_turn(p, &first, 2.5, 60));
        for (int r = 1; r < size; r++) {
            pulse_of(p, r, &silent);
            assert_true(silent == 7.5);
        }
        pulse_of(p, 0, &silent);
        assert_true(silent == 0); /* nobody is silent to itself */
    }
    lws_comm_barrier(comm);
    turn_until(p, 1);
    for (int r = 0; r < size && rank == 0; r++) {
        pulse_of(p, r, &silent);
        assert_true(silent < 7.5 + .125);
    }
    pulse_destroy(p);
}

/* Somebody keeps MPI for himself: the turn comes to an end, and says so. */
static void deaf(void **state)
{
    (void)state;
    pulse *p;
    double silent;
    if (size == 1)
        return;
    assert_int_equal(pulse_create(comm, &p), LWS_OK);
    beat first = beat_of(rank, 0);
    pulse_meet(p, &first);
    lws_comm_barrier(comm);
    pthread_mutex_lock(&comm_process.lock);
    assert_false(pulse_turn(p, &first, 5, .05));
    pulse_of(p, rank == 0 ? 1 : 0, &silent);
    assert_true(silent == 0); /* not their fault */
    pthread_mutex_unlock(&comm_process.lock);
    assert_true(pulse_turn(p, &first, 5, 60));
    lws_comm_barrier(comm);
    pulse_destroy(p);
}

/* Messages with a thread of their own, and a watchdog that comes and goes. */
static void threads_beside_the_work(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    lws_reduction_layout layout = {.count = COUNT, .block = 64, .bucket = 9000, .pause = 20};
    lws_reduction *r;
    float *flat = calloc(COUNT, sizeof *flat);
    assert_non_null(flat);
    assert_int_equal(lws_reduction_create(comm, 2 * size, &layout, &r), LWS_OK);
    for (int step = 0; step < 12; step++) {
        assert_int_equal(lws_watchdog_set((lws_watch){step % 3 == 2 ? 0 : 300, NULL}, NULL), LWS_OK);
        lws_watchdog_phase("step", step);
        for (int leaf = 0; leaf < 2; leaf++) {
            float *gradient = lws_reduction_micro_batch(r);
            for (size_t at = COUNT; at > 0; at -= COUNT / 4) {
                for (size_t i = at - COUNT / 4; i < at; i++)
                    gradient[i] = (float)(step + leaf);
                lws_reduction_ready(r, at - COUNT / 4);
            }
            lws_reduction_push(r);
        }
        for (lws_reduction_slice slice; lws_reduction_reduce_scatter_next(r, true, &slice);) {
            for (size_t i = slice.begin; i < slice.end; i++)
                flat[i] = slice.sum[i - slice.begin];
            lws_reduction_allgather(r, slice.bucket, flat);
        }
        if (step % 4 == 1)
            assert_int_equal(lws_comm_agree(comm, LWS_OK), LWS_OK);
        lws_reduction_await(r, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            assert_true(flat[i] == (float)(size * (2 * step + 1)));
    }
    lws_reduction_destroy(r);
    free(flat);
    assert_int_equal(lws_watchdog_set((lws_watch){0, NULL}, NULL), LWS_OK);
}

/* A wait for others is a wait as long as it lasts, and progress when it is over. */
static void waits_are_told(void **state)
{
    (void)state;
    bool waits;
    lws_progress();
    unsigned before = lws_progress_count(&waits);
    assert_false(waits);
    lws_comm_barrier(comm);
    assert_int_not_equal(lws_progress_count(&waits), before);
    assert_false(waits);
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_hears_of_whom),
        cmocka_unit_test(silence),
        cmocka_unit_test(deaf),
        cmocka_unit_test(waits_are_told),
        cmocka_unit_test(threads_beside_the_work),
    };
    return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}

int main(void)
{
    return mpi_run(all_tests);
}
