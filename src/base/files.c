/* Whole files read into memory that is used again. */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

lws_status lws_bytes_reserve(lws_bytes *bytes, size_t size)
{
    if (size > bytes->capacity) {
        size_t capacity = size + size / 2 + 4096;
        free(bytes->data);
        bytes->data = malloc(capacity);
        bytes->capacity = bytes->data ? capacity : 0;
        if (!bytes->data)
            return lws_fail(LWS_ERR_MEMORY, "out of memory for a file of %zu bytes", size);
    }
    bytes->size = size;
    return LWS_OK;
}

void lws_bytes_free(lws_bytes *bytes)
{
    free(bytes->data);
    *bytes = (lws_bytes){0};
}

static lws_status read_all(int fd, lws_bytes *bytes)
{
    size_t done = 0;
    while (done < bytes->size) {
        ssize_t n = read(fd, bytes->data + done, bytes->size - done);
        if (n == 0)
            break; /* it has shrunk meanwhile: the decoder will tell */
        if (n < 0 && errno != EINTR)
            return lws_fail(LWS_ERR_IO, "cannot be read: %m");
        if (n > 0)
            done += (size_t)n;
    }
    bytes->size = done;
    return LWS_OK;
}

/* At most `most` bytes of a file, which may have `limit`. With LWS_ERR_IO errno is set. */
static lws_status read_once(int folder, const char *path, size_t most, off_t limit, lws_bytes *bytes)
{
    struct stat st;
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block */
    if (fd < 0)
        return lws_fail(LWS_ERR_IO, "cannot be opened: %m");
    lws_status status;
    errno = 0;
    if (fstat(fd, &st) != 0)
        status = lws_fail(LWS_ERR_IO, "cannot be read: %m");
    else if (!S_ISREG(st.st_mode))
        status = lws_fail(LWS_ERR_IO, "not a regular file");
    else if (st.st_size > limit)
        status = lws_fail(LWS_ERR_FORMAT, "a file of more than %d MB", LWS_FILE_MAX >> 20);
    else
        status = lws_bytes_reserve(bytes, (size_t)st.st_size < most ? (size_t)st.st_size : most);
    if (status == LWS_OK)
        status = read_all(fd, bytes);
    int error = errno;
    close(fd);
    errno = error;
    return status;
}

bool lws_file_may_pass(int error)
{
    return error == EIO || error == EMFILE || error == ENFILE || error == ESTALE || error == EINTR;
}

bool lws_file_wait(int tries)
{
    if (tries >= LWS_FILE_TRIES)
        return false;
    usleep(20000U << tries); /* 40, 80, 160 and 320 ms */
    return true;
}

static lws_status read_file(int folder, const char *path, size_t most, off_t limit, lws_bytes *bytes)
{
    lws_status status;
    int tries = 0, error;
    do {
        status = read_once(folder, path, most, limit, bytes);
        error = errno;
    } while (status == LWS_ERR_IO && lws_file_may_pass(error) && lws_file_wait(++tries));
    errno = error;
    return status;
}

lws_status lws_file_read(int folder, const char *path, lws_bytes *bytes)
{
    return read_file(folder, path, LWS_FILE_MAX, LWS_FILE_MAX, bytes);
}

lws_status lws_file_peek(int folder, const char *path, size_t most, lws_bytes *bytes)
{
    return read_file(folder, path, most, INT64_MAX, bytes);
}

char *lws_path(const char *folder, const char *prefix, const char *name, const char *suffix)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s%s%s", folder, prefix, name, suffix) < 0 ? NULL : path;
}
