/* Calls that a signal interrupts, or that do only part of what they were asked for: nothing is lost, nothing is an
 * error. Every other call of each function that reads or writes fails with EINTR, and the others move a few hundred
 * bytes at most. */
#include "scratch.h"

#include "base/input.h"
#include "data/checkpoint.h"
#include "data/h5.h"
#include "report/metrics_log.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { MOST = 700 };

static bool is_rough;

/* Whether this call is interrupted, of those that are counted here; else *size is cut. */
static bool interrupted(int *calls, size_t *size)
{
    if (!is_rough)
        return false;
    if ((*calls)++ % 2 == 0) {
        errno = EINTR;
        return true;
    }
    *size = *size < MOST ? *size : MOST;
    return false;
}

ssize_t read(int fd, void *to, size_t size)
{
    static int calls;
    return interrupted(&calls, &size) ? -1 : syscall(SYS_read, fd, to, size);
}

ssize_t write(int fd, const void *from, size_t size)
{
    static int calls;
    return interrupted(&calls, &size) ? -1 : syscall(SYS_write, fd, from, size);
}

ssize_t pread(int fd, void *to, size_t size, off_t at)
{
    static int calls;
    return interrupted(&calls, &size) ? -1 : syscall(SYS_pread64, fd, to, size, at);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
    static int calls;
    return interrupted(&calls, &size) ? -1 : syscall(SYS_pwrite64, fd, from, size, at);
}

ssize_t send(int fd, const void *from, size_t size, int flags)
{
    static int calls;
    return interrupted(&calls, &size) ? -1 : syscall(SYS_sendto, fd, from, size, flags, NULL, 0);
}

ssize_t recv(int fd, void *to, size_t size, int flags)
{
    static int calls;
    return interrupted(&calls, &size) ? -1 : syscall(SYS_recvfrom, fd, to, size, flags, NULL, NULL);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    static int calls;
    size_t unused = 0;
    return interrupted(&calls, &unused) ? -1 : (int)syscall(SYS_poll, fds, count, timeout);
}

/* Larger than any buffer on the way. */
static void files_of_hdf5(void **state)
{
    enum { COUNT = 60001 };
    static float values[COUNT], back[COUNT];
    char *path = path_of("%s/x.h5", (char *)*state), *text;
    static char words[5000];
    int64_t dims[] = {COUNT};
    lws_h5 *file;
    check_rng r = {1};
    for (int i = 0; i < COUNT; i++)
        values[i] = (float)check_uniform(&r, -1, 1);
    memset(words, 'x', sizeof words - 1);
    is_rough = true;
    assert_int_equal(lws_h5_create(path, &file), LWS_OK);
    assert_int_equal(lws_h5_write(file, "/a/b", LWS_H5_F32, 1, dims, values), LWS_OK);
    assert_int_equal(lws_h5_put_text(file, "/", "words", words), LWS_OK);
    assert_int_equal(lws_h5_sync(file), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    for (int own = 0; own < 2; own++) {
        memset(back, 0, sizeof back);
        assert_int_equal(own ? lws_h5_open_own(path, &file) : lws_h5_open(path, &file), LWS_OK);
        assert_int_equal(lws_h5_read(file, "/a/b", LWS_H5_F32, COUNT, back), LWS_OK);
        check_same_bits(back, values, sizeof values);
        assert_int_equal(lws_h5_get_text(file, "/", "words", &text), LWS_OK);
        assert_string_equal(text, words);
        free(text);
        assert_int_equal(lws_h5_close(file), LWS_OK);
    }
    is_rough = false;
}

static void the_log(void **state)
{
    enum { LINES = 300 };
    lws_metrics_log *log;
    is_rough = true;
    assert_int_equal(lws_metrics_log_open(*state, 0, true, &log), LWS_OK);
    for (int i = 1; i <= LINES; i++) {
        lws_record *record = lws_record_new();
        lws_record_number(record, "step", i);
        assert_int_equal(lws_metrics_log_add(log, record), LWS_OK);
        if (i % 100 == 0)
            assert_int_equal(lws_metrics_log_flush(log), LWS_OK);
    }
    assert_int_equal(lws_metrics_log_sync(log), LWS_OK);
    assert_int_equal(lws_metrics_log_close(log), LWS_OK);
    is_rough = false;
    blob b = file_read(path_of("%s/metrics.jsonl", (char *)*state));
    char *at = (char *)b.data;
    for (int i = 1; i <= LINES; i++) {
        char *want = path_of("{\"step\":%d}\n", i);
        assert_memory_equal(at, want, strlen(want));
        at += strlen(want);
    }
    assert_int_equal(*at, 0);
    free(b.data);
}

static void a_text(void **state)
{
    char *path = path_of("%s/x.ini", (char *)*state), *text;
    static char words[9999];
    size_t length;
    memset(words, 'a', sizeof words - 1);
    words[5000] = '\n';
    file_text(path, words);
    is_rough = true;
    assert_int_equal(lws_input_read_text(path, "text", &text, &length), LWS_OK);
    is_rough = false;
    assert_int_equal(length, strlen(words));
    assert_string_equal(text, words);
    free(text);
}

/* A pipe that is written to after a while: its first bytes are waited for, though a signal comes in between. */
static void a_pipe(void **state)
{
    char *path = path_of("%s/pipe", (char *)*state), *text = NULL;
    size_t length = 0;
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(100000);
        int fd = open(path, O_WRONLY);
        _exit(fd >= 0 && syscall(SYS_write, fd, "late", 4) == 4 ? 0 : 1);
    }
    is_rough = true;
    lws_status status = lws_input_read_text(path, "text", &text, &length);
    is_rough = false;
    int code;
    if (status != LWS_OK) /* it waits for a reader */
        kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(status, LWS_OK);
    assert_string_equal(text, "late");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(files_of_hdf5),
        scratch_test(the_log),
        scratch_test(a_text),
        scratch_test(a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
