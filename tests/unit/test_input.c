/* Files that are read may be anything: what is no regular file is refused and named, and nothing waits. */
#include "scratch.h"

#include "base/input.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

static int read_error; /* where not 0, the disk refuses */

ssize_t read(int fd, void *to, size_t size)
{
    errno = read_error;
    return read_error ? -1 : syscall(SYS_read, fd, to, size);
}

ssize_t pread(int fd, void *to, size_t size, off_t at)
{
    errno = read_error;
    return read_error ? -1 : syscall(SYS_pread64, fd, to, size, at);
}

static void refused_as(const char *path, const char *kind)
{
    int fd = 7;
    assert_int_equal(lws_input_open(path, &fd, NULL), LWS_ERR_IO);
    assert_int_equal(fd, -1);
    check_mentions(lws_message(), path);
    check_mentions(lws_message(), kind);
    assert_false(lws_input_begins(path, "", 0));
}

static void opens_regular_files(void **state)
{
    char *folder = *state, *file = path_of("%s/file", folder), *pipe = path_of("%s/pipe", folder), bytes[8] = "";
    int fd;
    int64_t size = -1;
    file_text(file, "seven c");
    assert_int_equal(lws_input_open(file, &fd, &size), LWS_OK);
    assert_int_equal(size, 7);
    assert_int_equal(read(fd, bytes, 8), 7);
    assert_string_equal(bytes, "seven c");
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    assert_int_equal(lws_input_open(file, &fd, NULL), LWS_OK);
    close(fd);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    refused_as(pipe, "not a regular file but a pipe");
    refused_as(folder, "not a regular file but a folder");
    refused_as("/dev/null", "not a regular file but a device");
    refused_as(path_of("%s/nothing", folder), strerror(ENOENT));
    char *place = path_of("%s/socket", folder);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", place);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (s >= 0 && bind(s, (struct sockaddr *)&address, sizeof address) == 0)
        refused_as(place, "cannot open"); /* the system refuses it by itself */
    close(s);
}

static void begins(void **state)
{
    char *file = path_of("%s/file", (char *)*state), longer[66];
    memset(longer, 'x', sizeof longer);
    file_write(file, longer, 65);
    assert_true(lws_input_begins(file, "", 0));
    assert_true(lws_input_begins(file, "xxx", 3));
    assert_false(lws_input_begins(file, "xxy", 3));
    assert_false(lws_input_begins(file, "yxx", 3));
    assert_true(lws_input_begins(file, longer, 64));
    assert_false(lws_input_begins(file, longer, 65)); /* more than it looks at */
    file_write(file, longer, 5);
    assert_true(lws_input_begins(file, longer, 5));
    assert_false(lws_input_begins(file, longer, 6)); /* shorter than that */
    file_write(file, "abcdef", 6);
    assert_true(lws_input_holds(file, 2, "cde", 3));
    assert_true(lws_input_holds(file, 4, "ef", 2));
    assert_false(lws_input_holds(file, 2, "abc", 3));
    assert_false(lws_input_holds(file, 4, "efg", 3)); /* beyond its end */
    assert_false(lws_input_holds(file, 7, "e", 1));
    file_write(file, longer, 5);

    bool does = true;
    assert_int_equal(lws_input_look(path_of("%s/nothing", (char *)*state), "x", 1, &does), LWS_OK);
    assert_false(does);
    assert_int_equal(lws_input_look(file, "xx", 2, &does), LWS_OK);
    assert_true(does);
    read_error = EIO; /* which says nothing of what it holds */
    assert_int_equal(lws_input_look(file, "xx", 2, &does), LWS_ERR_IO);
    check_mentions(lws_message(), path_of("cannot read %s: Input/output error", file));
    assert_false(does);
    assert_false(lws_input_begins(file, "xx", 2));
    read_error = 0;
}

/* Around the sizes at which its memory grows; and what is none. */
static void texts(void **state)
{
    char *file = path_of("%s/file", (char *)*state), *text;
    static char words[20000];
    static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 12287, 12288, 12289, 20000};
    size_t length;
    for (size_t i = 0; i < sizeof words; i++)
        words[i] = (char)('a' + i % 26);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        file_write(file, words, sizes[i]);
        assert_int_equal(lws_input_read_text(file, "list", &text, &length), LWS_OK);
        assert_int_equal(length, sizes[i]);
        assert_memory_equal(text, words, length);
        assert_int_equal(text[length], 0);
        free(text);
    }
    file_write(file, "a\nb\n\0c", 6);
    assert_int_equal(lws_input_read_text(file, "list", &text, &length), LWS_ERR_FORMAT);
    check_mentions(lws_message(), path_of("%s:3: a zero byte: the list is no plain text", file));
    assert_null(text);
    static const char *const marks[] = {"\xff\xfeX", "\xfe\xffX", "\xef\xbb\xbfX"};
    for (int i = 0; i < 3; i++) {
        file_text(file, marks[i]);
        lws_status status = lws_input_read_text(file, "list", &text, &length);
        assert_int_equal(status, i < 2 ? LWS_ERR_FORMAT : LWS_OK);
        if (i < 2) {
            check_mentions(lws_message(), "is in UTF-16");
        } else {
            assert_string_equal(text, "X");
            assert_int_equal(length, 1);
        }
        free(text);
    }
    assert_int_equal(lws_input_read_text(*state, "list", &text, &length), LWS_ERR_IO);
    check_mentions(lws_message(), "it is a folder");
    assert_int_equal(lws_input_read_text(path_of("%s/none", (char *)*state), "list", &text, &length), LWS_ERR_IO);
    check_mentions(lws_message(), "cannot open the list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(opens_regular_files),
        scratch_test(begins),
        scratch_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
