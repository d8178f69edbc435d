/* What people read: messages, exit codes, lines on standard error, durations; and what the program says of its build.
 */
#include "scratch.h"

#include "base/build.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"
#include <lwssim/status.h>

#include <gnu/libc-version.h>
#include <pthread.h>

static void *in_another_thread(void *unused)
{
    (void)unused;
    assert_string_equal(lws_message(), "");
    lws_fail(LWS_ERR_IO, "theirs");
    return NULL;
}

static void keeps_a_message(void **state)
{
    (void)state;
    char longer[3000];
    pthread_t thread;
    assert_int_equal(lws_fail(LWS_ERR_FORMAT, "%s %d", "line", 7), LWS_ERR_FORMAT);
    assert_string_equal(lws_message(), "line 7");
    assert_int_equal(lws_fail(LWS_ERR_IO, "file: %s", lws_message()), LWS_ERR_IO); /* of the old one */
    assert_string_equal(lws_message(), "file: line 7");
    assert_int_equal(pthread_create(&thread, NULL, in_another_thread, NULL), 0);
    pthread_join(thread, NULL);
    assert_string_equal(lws_message(), "file: line 7");
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;
    lws_fail(LWS_ERR_IO, "%s", longer);
    assert_int_equal(strlen(lws_message()), 2047);
}

static void exit_codes(void **state)
{
    (void)state;
    assert_int_equal(lws_exit_code(LWS_OK), 0);
    assert_int_equal(lws_exit_code(LWS_ERR_USAGE), 2);
    assert_int_equal(lws_exit_code(LWS_STOPPED), 75);
    static const lws_status failures[] = {LWS_ERR_IO,       LWS_ERR_FORMAT, LWS_ERR_MEMORY, LWS_ERR_NUMERIC,
                                          LWS_ERR_MISMATCH, LWS_ERR_RANKS,  LWS_ERR_LIMIT,  (lws_status)99};
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        assert_int_equal(lws_exit_code(failures[i]), 1);
    assert_int_equal(lws_write_status(EFBIG), LWS_ERR_LIMIT);
    assert_int_equal(lws_write_status(ENOSPC), LWS_ERR_IO);
    assert_int_equal(lws_write_status(EIO), LWS_ERR_IO);
}

/* Programs of others were compiled with these values. */
static void status_codes(void **state)
{
    (void)state;
    static const lws_status in_order[] = {LWS_OK,         LWS_ERR_USAGE,   LWS_ERR_IO,       LWS_ERR_FORMAT,
                                          LWS_ERR_MEMORY, LWS_ERR_NUMERIC, LWS_ERR_MISMATCH, LWS_ERR_RANKS,
                                          LWS_ERR_LIMIT,  LWS_STOPPED};
    enum { COUNT = sizeof in_order / sizeof *in_order };
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(in_order[i], i);
        assert_true(strlen(lws_status_text(in_order[i])) > 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(lws_status_text(in_order[i]), lws_status_text(in_order[j]));
    }
    assert_string_equal(lws_status_text(LWS_ERR_MEMORY), "out of memory");
    assert_string_equal(lws_status_text((lws_status)COUNT), "");
    assert_string_equal(lws_status_text((lws_status)-1), "");
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "0 s"},
                 {.49, "0 s"},
                 {.5, "1 s"},
                 {59.4, "59 s"},
                 {59.5, "1 min 00 s"},
                 {60, "1 min 00 s"},
                 {754, "12 min 34 s"},
                 {3599.4, "59 min 59 s"},
                 {3600, "1 h 00 min"},
                 {3725, "1 h 02 min"},
                 {360000, "100 h 00 min"},
                 {-1, "?"},
                 {1e9, "?"},
                 {NAN, "?"},
                 {INFINITY, "?"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(lws_duration(cases[i].seconds), cases[i].text);
}

/* Standard error goes to a file or a terminal while `say` runs; what came there is in `text` [size]. */
static void listen_to(void (*say)(void), int to, int from, char *text, size_t size)
{
    int before = dup(STDERR_FILENO);
    fflush(stderr);
    dup2(to, STDERR_FILENO);
    say();
    dup2(before, STDERR_FILENO);
    close(before);
    if (from == to)
        lseek(from, 0, SEEK_SET);
    size_t used = 0;
    text[0] = 0;
    for (ssize_t n; used + 1 < size && !strstr(text, "d\r\n"); used += (size_t)n) { /* a terminal gives it in pieces */
        n = read(from, text + used, size - 1 - used);
        if (n <= 0)
            break;
        text[used + (size_t)n] = 0;
    }
}

static void say_all(void)
{
    char longer[5000];
    memset(longer, 'y', sizeof longer);
    longer[sizeof longer - 1] = 0;
    lws_info("one %d", 1);
    lws_warn("two");
    lws_error("three %s", "3");
    lws_log_status("four %d%%", 4);
    lws_info("five");
    lws_log_set_root(false);
    assert_false(lws_log_is_root());
    lws_info("not");
    lws_error("this");
    lws_log_status("nor this");
    lws_log_set_root(true);
    assert_true(lws_log_is_root());
    lws_info("%s", longer); /* is cut, and still a line */
}

static void lines(void **state)
{
    char text[10000];
    int fd = open(path_of("%s/x", (char *)*state), O_RDWR | O_CREAT, 0600);
    listen_to(say_all, fd, fd, text, sizeof text);
    static const char want[] = "one 1\nlwssim: warning: two\nlwssim: error: three 3\nfour 4%\nfive\nyyyy";
    assert_memory_equal(text, want, sizeof want - 1);
    assert_int_equal(strlen(text), sizeof want - 1 - 4 + 4095 + 1);
    assert_int_equal(text[strlen(text) - 1], '\n');
    close(fd);
}

static void say_status(void)
{
    assert_true(lws_log_is_terminal());
    lws_log_status("a %d", 1);
    lws_log_status("b %d", 2);
    lws_warn("c");
    lws_info("d");
}

/* On a terminal a status takes the place of the one before, and other lines begin below it. */
static void on_a_terminal(void **state)
{
    (void)state;
    char text[1000];
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        skip();
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0)
        skip();
    listen_to(say_status, slave, master, text, sizeof text);
    assert_string_equal(text, "\r\033[Ka 1\r\033[Kb 2\r\nlwssim: warning: c\r\nd\r\n");
    close(slave);
    close(master);
}

static void signs_of_life(void **state)
{
    (void)state;
    bool waits = true;
    unsigned before = lws_progress_count(&waits);
    assert_false(waits);
    lws_progress();
    lws_progress();
    lws_progress_wait();
    assert_int_equal(lws_progress_count(&waits), before + 2);
    assert_true(waits);
    lws_progress();
    assert_int_equal(lws_progress_count(&waits), before + 3);
    assert_false(waits);
}

static void time_goes_on(void **state)
{
    (void)state;
    double before = lws_now();
    usleep(20000);
    assert_true(lws_now() - before >= .0199 && lws_now() - before < 60);
}

/* The identity is the note in the program's own file, here found by its bytes. */
static void build_of_this_program(void **state)
{
    (void)state;
    static const char note[] = "\4\0\0\0\24\0\0\0\3\0\0\0GNU";
    char want[41] = "unknown";
    blob b = file_read("/proc/self/exe");
    const uint8_t *at = memmem(b.data, b.size, note, sizeof note);
    for (int i = 0; at && i < 20; i++)
        snprintf(want + 2 * i, 3, "%02x", at[sizeof note + (size_t)i]);
    free(b.data);
    assert_string_equal(lws_build_id(), want);
    assert_string_equal(lws_build_libc() + strlen("glibc "), gnu_get_libc_version());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_message),
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(status_codes),
        cmocka_unit_test(durations),
        scratch_test(lines),
        cmocka_unit_test(on_a_terminal),
        cmocka_unit_test(signs_of_life),
        cmocka_unit_test(time_goes_on),
        cmocka_unit_test(build_of_this_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
