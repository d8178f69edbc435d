/* Files and streams read to their end or to a limit, through signals. */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 256 << 20, PATIENCE = 10 /* seconds */ };

/* Without O_NONBLOCK, opening a pipe waits for its other end. */
static int open_any(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && fstat(fd, st) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

lws_status lws_input_open(const char *path, int *fd, int64_t *size)
{
    struct stat st;
    *fd = open_any(path, &st);
    if (*fd < 0)
        return lws_fail(LWS_ERR_IO, "cannot open %s: %m", path);
    if (!S_ISREG(st.st_mode)) {
        close(*fd);
        *fd = -1;
        return lws_fail(LWS_ERR_IO, "cannot open %s: not a regular file but %s", path, kind_of(st.st_mode));
    }
    if (size)
        *size = st.st_size;
    return LWS_OK;
}

/* 0, or the error for which it cannot be told. */
static int look(const char *path, off_t at, const void *bytes, size_t count, bool *holds)
{
    char found[64];
    struct stat st;
    ssize_t n = 0;
    *holds = false;
    int fd = open_any(path, &st);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno; /* where there is nothing, nothing begins so */
    if (S_ISREG(st.st_mode) && count <= sizeof found) {
        do
            n = pread(fd, found, count, at);
        while (n < 0 && errno == EINTR);
        *holds = n == (ssize_t)count && memcmp(found, bytes, count) == 0;
    }
    int error = n < 0 ? errno : 0;
    close(fd);
    return error;
}

lws_status lws_input_look(const char *path, const void *bytes, size_t count, bool *begins)
{
    int error = look(path, 0, bytes, count, begins);
    return error ? lws_fail(LWS_ERR_IO, "cannot read %s: %s", path, strerror(error)) : LWS_OK;
}

bool lws_input_begins(const char *path, const void *bytes, size_t count)
{
    return lws_input_holds(path, 0, bytes, count);
}

bool lws_input_holds(const char *path, int64_t at, const void *bytes, size_t count)
{
    bool holds;
    return look(path, at, bytes, count, &holds) == 0 && holds;
}

/* Waits until `fd` has something to say: false after PATIENCE. */
static bool wait_for(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int polled;
    do
        polled = poll(&ready, 1, PATIENCE * 1000);
    while (polled < 0 && errno == EINTR);
    return polled > 0;
}

/* Reads to the end of what `fd` gives. A pipe without a writer seems to be at its end, so that its first bytes are
 * waited for. */
static lws_status read_all(int fd, bool is_pipe, const char *path, const char *what, char **text, size_t *length)
{
    size_t capacity = 0;
    for (*length = 0;;) {
        if (*length + 1 >= capacity) {
            capacity = 2 * capacity + 4096;
            char *grown = realloc(*text, capacity);
            if (!grown)
                return lws_fail(LWS_ERR_MEMORY, "out of memory reading the %s %s", what, path);
            *text = grown;
        }
        ssize_t n = read(fd, *text + *length, capacity - 1 - *length);
        bool nothing_yet = n < 0 ? errno == EAGAIN : n == 0 && is_pipe && *length == 0;
        if (nothing_yet && !wait_for(fd))
            return lws_fail(LWS_ERR_IO, "the %s %s is a pipe that nothing came from for %d seconds", what, path,
                            PATIENCE);
        is_pipe = is_pipe && !(nothing_yet && n == 0); /* who came and left without a word has written an empty text */
        if (nothing_yet || (n < 0 && errno == EINTR))
            continue;
        if (n < 0)
            return lws_fail(LWS_ERR_IO, "cannot read the %s %s: %m", what, path);
        if (n == 0)
            break;
        *length += (size_t)n;
        if (*length > TEXT_MAX)
            return lws_fail(LWS_ERR_IO, "the %s %s is longer than %d MB", what, path, TEXT_MAX >> 20);
    }
    (*text)[*length] = 0;
    return LWS_OK;
}

static int line_of(const char *text, size_t at)
{
    int line = 1;
    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

/* Leaves out a byte order mark; refuses what is no text of single bytes. */
static lws_status check_text(const char *path, const char *what, char *text, size_t *length)
{
    if (*length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return lws_fail(LWS_ERR_FORMAT, "the %s %s is in UTF-16: save it as UTF-8", what, path);
    if (*length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        memmove(text, text + 3, (*length -= 3) + 1);
    const char *zero = memchr(text, 0, *length);
    if (zero)
        return lws_fail(LWS_ERR_FORMAT, "%s:%d: a zero byte: the %s is no plain text, or was damaged", path,
                        line_of(text, (size_t)(zero - text)), what);
    return LWS_OK;
}

lws_status lws_input_read_text(const char *path, const char *what, char **text, size_t *length)
{
    struct stat st;
    *text = NULL;
    int fd = open_any(path, &st);
    if (fd < 0)
        return lws_fail(LWS_ERR_IO, "cannot open the %s %s: %m", what, path);
    lws_status status = S_ISDIR(st.st_mode) ? lws_fail(LWS_ERR_IO, "cannot read the %s %s: it is a folder", what, path)
                                            : read_all(fd, S_ISFIFO(st.st_mode), path, what, text, length);
    close(fd);
    if (status == LWS_OK)
        status = check_text(path, what, *text, length);
    if (status != LWS_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

lws_status lws_input_take_text(const char *path, const char *what, const void *bytes, size_t count, char **text,
                               size_t *length)
{
    *text = malloc(count + 1);
    if (!*text)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading the %s %s", what, path);
    if (count > 0)
        memcpy(*text, bytes, count);
    (*text)[ *length = count] = 0;
    lws_status status = check_text(path, what, *text, length);
    if (status != LWS_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}
