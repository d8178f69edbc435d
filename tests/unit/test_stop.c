/* Requests to stop: each training of a process sees the signals that came after it began to watch, and the handlers go
 * when nobody watches any more. */
#include "check.h"

#include "train/stop.h"

#include <signal.h>

static int own;

static void own_handler(int number)
{
    (void)number;
    own++;
}

static void set_handler(int number, void (*handler)(int))
{
    assert_true(signal(number, handler) != SIG_ERR);
}

static void counts_from_its_beginning(void **state)
{
    (void)state;
    static const int numbers[] = {SIGUSR1, SIGTERM, SIGHUP, SIGUSR1};
    lws_stop_watch first, second;
    lws_stop_catch(&first);
    assert_int_equal(lws_stop_requests(&first), 0);
    for (int i = 0; i < 4; i++) {
        raise(numbers[i]);
        assert_int_equal(lws_stop_requests(&first), i + 1);
    }
    lws_stop_catch(&second); /* what was asked of the first is no business of the second */
    assert_int_equal(lws_stop_requests(&second), 0);
    raise(SIGTERM);
    assert_int_equal(lws_stop_requests(&first), 5);
    assert_int_equal(lws_stop_requests(&second), 1);
    lws_stop_release();
    raise(SIGTERM); /* still caught */
    assert_int_equal(lws_stop_requests(&first), 6);
    lws_stop_release();
    lws_stop_catch(&first);
    assert_int_equal(lws_stop_requests(&first), 0);
    lws_stop_release();
}

static void puts_back_what_was(void **state)
{
    (void)state;
    lws_stop_watch first, second;
    set_handler(SIGUSR1, own_handler);
    set_handler(SIGHUP, SIG_IGN);
    own = 0;
    lws_stop_catch(&first);
    lws_stop_catch(&second);
    raise(SIGUSR1);
    assert_int_equal(own, 0);
    lws_stop_release();
    raise(SIGUSR1);
    assert_int_equal(own, 0); /* one still watches */
    raise(SIGHUP);
    assert_int_equal(lws_stop_requests(&first), 2); /* what was ignored stays so */
    lws_stop_release();
    raise(SIGUSR1);
    assert_int_equal(own, 1);
    assert_true(signal(SIGHUP, SIG_DFL) == SIG_IGN);
    set_handler(SIGUSR1, SIG_DFL);
}

/* The second one would end the process; a training that begins after the first is asked by it once. */
static void interrupts(void **state)
{
    (void)state;
    lws_stop_watch first, second;
    struct sigaction now;
    lws_stop_catch(&first);
    raise(SIGINT);
    assert_int_equal(lws_stop_requests(&first), 1);
    sigaction(SIGINT, NULL, &now);
    assert_true(now.sa_handler == SIG_DFL);
    lws_stop_catch(&second);
    raise(SIGINT);
    assert_int_equal(lws_stop_requests(&second), 1);
    lws_stop_release();
    lws_stop_release();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_from_its_beginning),
        cmocka_unit_test(puts_back_what_was),
        cmocka_unit_test(interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
