/* metrics.jsonl on a disk that fills up, and JSON read back. */
#include "check.h"

#include "report/metrics_log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[] = "/tmp/lws-log-XXXXXX", path[64];

/* While one of these is not 0, such calls fail with it. */
static int cut_error, flush_error, close_error;

static bool writes_nothing; /* write() says that it wrote 0 bytes, and leaves errno as it is */

static int unless(int error, long (*call)(int fd, off_t length), int fd, off_t length)
{
    if (!error)
        return (int)call(fd, length);
    errno = error;
    return -1;
}

static long real_ftruncate(int fd, off_t length)
{
    return syscall(SYS_ftruncate, fd, length);
}

static long real_fsync(int fd, off_t unused)
{
    (void)unused;
    return syscall(SYS_fsync, fd);
}

int ftruncate(int fd, off_t length)
{
    return unless(cut_error, real_ftruncate, fd, length);
}

int fsync(int fd)
{
    return unless(flush_error, real_fsync, fd, 0);
}

int fdatasync(int fd)
{
    return unless(flush_error, real_fsync, fd, 0);
}

ssize_t write(int fd, const void *from, size_t size)
{
    return writes_nothing ? 0 : syscall(SYS_write, fd, from, size);
}

int close(int fd)
{
    int closed = (int)syscall(SYS_close, fd);
    if (!close_error)
        return closed;
    errno = close_error;
    return -1;
}

/* The largest size of a file of this process: a disk that is full beyond it. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void add(lws_metrics_log *log, int step)
{
    lws_record *record = lws_record_new();
    lws_record_number(record, "step", step);
    lws_record_text(record, "text", "some more, so that a line has a middle");
    assert_int_equal(lws_metrics_log_add(log, record), LWS_OK);
}

static off_t size_of_file(void)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_size : -1;
}

/* Lines "step": first, first + 1, … to the end of the file, each whole. Returns how many. */
static int count_lines(void)
{
    FILE *in = fopen(path, "r");
    char line[256], want[32];
    int count = 0;
    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        snprintf(want, sizeof want, "{\"step\":%d,", ++count);
        assert_memory_equal(line, want, strlen(want));
        assert_string_equal(line + strlen(line) - 2, "}\n");
    }
    fclose(in);
    return count;
}

static void waits_for_room(void **state)
{
    (void)state;
    lws_metrics_log *log;
    assert_int_equal(lws_metrics_log_open(folder, 0, true, &log), LWS_OK);
    add(log, 1);
    assert_int_equal(lws_metrics_log_flush(log), LWS_OK);
    off_t line = size_of_file();
    for (int extra = 0; extra < 3; extra++) { /* none of the next line fits, or half of it, or one and a half */
        limit_files((rlim_t)(size_of_file() + extra * line * 3 / 4));
        off_t before = size_of_file();
        add(log, 2 + 2 * extra);
        add(log, 3 + 2 * extra);
        for (int attempt = 0; attempt < 3; attempt++) {
            assert_int_equal(lws_metrics_log_flush(log), LWS_ERR_LIMIT);
            check_mentions(lws_message(), path);
            assert_int_equal(size_of_file(), before);
        }
        limit_files(RLIM_INFINITY);
        assert_int_equal(lws_metrics_log_flush(log), LWS_OK);
        assert_int_equal(count_lines(), 3 + 2 * extra);
    }
    lws_metrics_log_close(log);
    assert_int_equal(lws_metrics_log_open(folder, 5, true, &log), LWS_OK); /* drops later steps */
    add(log, 6);
    lws_metrics_log_close(log); /* writes what is left */
    assert_int_equal(count_lines(), 6);
}

/* Half a line that cannot be cut off: the cause is that of the cut, whatever failed last; and nothing is written. */
static void waits_to_be_cut(void **state)
{
    (void)state;
    lws_metrics_log *log;
    unlink(path);
    assert_int_equal(lws_metrics_log_open(folder, 0, true, &log), LWS_OK);
    add(log, 1);
    assert_int_equal(lws_metrics_log_flush(log), LWS_OK);
    off_t torn = size_of_file() * 3 / 2;
    limit_files((rlim_t)torn);
    add(log, 2);
    cut_error = EIO;
    assert_int_equal(lws_metrics_log_flush(log), LWS_ERR_LIMIT);
    limit_files(RLIM_INFINITY);
    for (int attempt = 0; attempt < 2; attempt++) {
        errno = EFBIG;
        assert_int_equal(lws_metrics_log_flush(log), LWS_ERR_IO);
        check_mentions(lws_message(), strerror(EIO));
        assert_int_equal(size_of_file(), torn);
        add(log, 3 + attempt);
    }
    cut_error = 0;
    assert_int_equal(lws_metrics_log_flush(log), LWS_OK);
    assert_int_equal(count_lines(), 4);
    assert_int_equal(lws_metrics_log_close(log), LWS_OK);
}

/* A line too long to be kept is lost for good, but not those before it. */
static void loses_what_is_too_much(void **state)
{
    (void)state;
    enum { LONG = 65 << 20 };
    lws_metrics_log *log;
    lws_record *record = lws_record_new();
    char *text = malloc(LONG + 1);
    assert_non_null(text);
    memset(text, 'x', LONG);
    text[LONG] = 0;
    lws_record_text(record, "text", text);
    free(text);
    unlink(path);
    assert_int_equal(lws_metrics_log_open(folder, 0, true, &log), LWS_OK);
    add(log, 1);
    assert_int_equal(lws_metrics_log_add(log, record), LWS_ERR_LIMIT);
    assert_int_equal(lws_metrics_log_flush(log), LWS_ERR_LIMIT);
    check_mentions(lws_message(), path);
    lws_metrics_log_close(log);
    assert_int_equal(count_lines(), 1);
}

static ino_t inode(void)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_ino;
}

/* A file that could not be flushed is not trusted again: its lines go to another. */
static void flushes_to_the_disk(void **state)
{
    (void)state;
    lws_metrics_log *log;
    unlink(path);
    assert_int_equal(lws_metrics_log_open(folder, 0, true, &log), LWS_OK);
    add(log, 1);
    ino_t first = inode();
    assert_int_equal(lws_metrics_log_sync(log), LWS_OK);
    assert_int_equal(count_lines(), 1);
    add(log, 2);
    flush_error = EIO;
    for (int attempt = 0; attempt < 2; attempt++) {
        assert_int_equal(lws_metrics_log_sync(log), LWS_ERR_IO);
        check_mentions(lws_message(), path);
        check_mentions(lws_message(), strerror(EIO));
        assert_int_equal(inode(), first);
    }
    flush_error = 0;
    assert_int_equal(lws_metrics_log_sync(log), LWS_OK);
    assert_int_not_equal(inode(), first);
    add(log, 3);
    assert_int_equal(lws_metrics_log_sync(log), LWS_OK);
    assert_int_equal(count_lines(), 3);
    assert_int_equal(lws_metrics_log_close(log), LWS_OK);
}

static void tells_what_closing_said(void **state)
{
    (void)state;
    lws_metrics_log *log;
    assert_int_equal(lws_metrics_log_open(folder, 3, true, &log), LWS_OK);
    close_error = EIO;
    assert_int_equal(lws_metrics_log_close(log), LWS_ERR_IO);
    close_error = 0;
    check_mentions(lws_message(), path);
    assert_int_equal(lws_metrics_log_close(NULL), LWS_OK);
}

/* A disk that takes nothing and does not say why. */
static void nothing_written(void **state)
{
    (void)state;
    lws_metrics_log *log;
    unlink(path);
    assert_int_equal(lws_metrics_log_open(folder, 0, true, &log), LWS_OK);
    add(log, 1);
    errno = 0;
    writes_nothing = true;
    lws_status status = lws_metrics_log_flush(log);
    writes_nothing = false;
    assert_int_equal(status, LWS_ERR_IO);
    check_mentions(lws_message(), path);
    check_mentions(lws_message(), strerror(EIO));
    assert_int_equal(size_of_file(), 0);
    assert_int_equal(lws_metrics_log_flush(log), LWS_OK);
    assert_int_equal(lws_metrics_log_close(log), LWS_OK);
    assert_int_equal(count_lines(), 1);
}

static int next_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    return fd;
}

/* No log, with this in the message, and no descriptor is left open. */
static void does_not_open(const char *in, const char *message)
{
    lws_metrics_log *log = (lws_metrics_log *)path;
    int next = next_descriptor();
    lws_status status = lws_metrics_log_open(in, 9, true, &log);
    int after = next_descriptor();
    assert_int_equal(status, LWS_ERR_IO);
    assert_null(log);
    check_mentions(lws_message(), message);
    assert_int_equal(after, next);
}

/* A log that cannot be cut at the step is not gone on with, and stays as it is. */
static void cannot_be_opened(void **state)
{
    (void)state;
    lws_metrics_log *log;
    unlink(path);
    flush_error = EIO; /* of a new one's folder */
    does_not_open(folder, "cannot flush the folder");
    flush_error = 0;
    assert_int_equal(lws_metrics_log_open(folder, 0, true, &log), LWS_OK);
    add(log, 1), add(log, 2);
    assert_int_equal(lws_metrics_log_close(log), LWS_OK);
    flush_error = EIO; /* of the one in its place */
    does_not_open(folder, "cannot flush");
    flush_error = 0;
    struct rlimit usual, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    few = usual;
    few.rlim_cur = (rlim_t)next_descriptor() + 1; /* one to read, none to write */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    does_not_open(folder, "cannot write ");
    check_mentions(lws_message(), strerror(EMFILE));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(count_lines(), 2);

    does_not_open(path, "cannot open "); /* a file in place of the folder */
    check_mentions(lws_message(), strerror(ENOTDIR));
    unlink(path);
    assert_int_equal(mkdir(path, 0777), 0);
    does_not_open(folder, "not a regular file but a folder");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/proc/self/mem", path), 0); /* a file whose first byte cannot be read */
    does_not_open(folder, "cannot read ");
    check_mentions(lws_message(), strerror(EIO));
    unlink(path);
}

static void a_sink_takes_all(void **state)
{
    (void)state;
    lws_metrics_log *log;
    assert_int_equal(lws_metrics_log_open("/nowhere", 0, false, &log), LWS_OK);
    add(log, 1);
    assert_int_equal(lws_metrics_log_flush(log), LWS_OK);
    assert_int_equal(lws_metrics_log_sync(log), LWS_OK);
    assert_int_equal(lws_metrics_log_close(log), LWS_OK);
}

static void reads_records(void **state)
{
    (void)state;
    lws_record *record = lws_record_new(), *again;
    double number;
    lws_record_text(record, "text", "a \"quoted\" line\nand another");
    lws_record_number(record, "number", .1);
    lws_record_number(record, "none", (double)NAN);
    assert_int_equal(lws_record_save(record, path), LWS_OK);
    lws_record_free(record);
    assert_int_equal(lws_record_load(path, &again), LWS_OK);
    assert_string_equal(lws_record_get_text(again, "text"), "a \"quoted\" line\nand another");
    assert_true(lws_record_get_number(again, "number", &number));
    assert_true(number == .1);
    assert_false(lws_record_get_number(again, "none", &number));
    assert_false(lws_record_get_number(again, "text", &number));
    assert_null(lws_record_get_text(again, "number"));
    assert_null(lws_record_get_text(again, "nothing"));
    lws_record_free(again);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(lws_record_load(path, &again), LWS_ERR_FORMAT);
    assert_null(again);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fwrite("{\"number\": 1}\0more", 1, 19, out);
    fclose(out);
    assert_int_equal(lws_record_load(path, &again), LWS_ERR_FORMAT);
    assert_null(again);
    unlink(path);
    assert_int_equal(lws_record_load(path, &again), LWS_ERR_IO);
    check_mentions(lws_message(), path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_for_room),          cmocka_unit_test(waits_to_be_cut),
        cmocka_unit_test(loses_what_is_too_much),  cmocka_unit_test(flushes_to_the_disk),
        cmocka_unit_test(tells_what_closing_said), cmocka_unit_test(a_sink_takes_all),
        cmocka_unit_test(reads_records),           cmocka_unit_test(nothing_written),
        cmocka_unit_test(cannot_be_opened),
    };
    signal(SIGXFSZ, SIG_IGN);
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/metrics.jsonl", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
