/* The parent's side of reading in a child process. */
#include "h5_reader.h"

#include "h5_lock.h"
#include "h5_protocol.h"
#include "h5_serve.h"

#include "base/input.h"
#include "base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct h5_reader {
    pid_t child; /* -1: lost */
    int socket;
    int64_t size; /* of the file, when it was opened */
    char path[];  /* for messages */
};

/* What follows a reply besides an array's elements is small against the file, unless it is made up. */
static uint64_t most_bytes(const h5_reader *file)
{
    return (16u << 20) + 64 * (uint64_t)file->size;
}

/* ---- the child's life -------------------------------------------------------------------------- */

/* Seconds without a word after which the child, or the disk that it reads, counts as stuck. Its processor time has a
 * tighter limit of its own. */
static int patience(const h5_reader *file)
{
    int64_t seconds = 60 + (file->size >> 20);
    return seconds < 86400 ? (int)seconds : 86400;
}

typedef enum loss { GONE, STUCK, CONFUSED } loss;

/* True where the child has ended, or is not there; *status as of waitpid, 0 where that is not known. */
static bool ends_soon(pid_t child, int *status)
{
    *status = 0;
    for (int i = 0; i < 200; i++) {
        if (waitpid(child, status, WNOHANG) != 0)
            return true;
        usleep(5000);
    }
    return false;
}

/* Sees to it that the child ends; returns how it did by itself, or 0. Its end of the socket closes a little before it
 * has ended, and what waits for a disk cannot even be killed: both are waited for, but not for ever. */
static int reap(h5_reader *file, loss how)
{
    pid_t child = file->child;
    int status = 0, unused;
    if (how != GONE || !ends_soon(child, &status)) {
        kill(child, SIGKILL);
        while (how == CONFUSED && waitpid(child, NULL, 0) < 0 && errno == EINTR)
            continue;
        if (how != CONFUSED)
            ends_soon(child, &unused);
    }
    close(file->socket);
    file->child = -1;
    return status;
}

static lws_status lose(h5_reader *file, loss how)
{
    int status = reap(file, how);
    int killer = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (how == STUCK)
        return lws_fail(LWS_ERR_IO, "%s: its disk does not answer: %d seconds without a byte", file->path,
                        patience(file));
    if (killer == SIGKILL)
        return lws_fail(LWS_ERR_MEMORY, "%s: the process that reads it was killed: is memory short?", file->path);
    if (killer && !h5_is_crash(killer))
        return lws_fail(LWS_ERR_IO, "%s: the process that reads it was ended from outside: %s", file->path,
                        strsignal(killer));
    if (killer == SIGXCPU)
        return lws_fail(LWS_ERR_FORMAT, "%s: damaged: the HDF5 library does not come to an end with it", file->path);
    return lws_fail(LWS_ERR_FORMAT, "%s: damaged: the HDF5 library fails on it", file->path);
}

static lws_status receive(h5_reader *file, void *data, size_t bytes)
{
    char *to = data;
    while (bytes > 0) {
        struct pollfd ready = {.fd = file->socket, .events = POLLIN};
        int polled = poll(&ready, 1, patience(file) * 1000);
        if (polled == 0)
            return lose(file, STUCK);
        ssize_t n = polled < 0 ? -1 : recv(file->socket, to, bytes, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return lose(file, GONE);
        lws_progress();
        to += n;
        bytes -= (size_t)n;
    }
    return LWS_OK;
}

static lws_status receive_reply(h5_reader *file, h5_reply *r)
{
    do
        LWS_TRY(receive(file, r, sizeof *r));
    while (r->is_busy);
    r->message[sizeof r->message - 1] = 0;
    switch (r->status) {
    case LWS_OK:
        return LWS_OK;
    case LWS_ERR_IO:
    case LWS_ERR_FORMAT:
    case LWS_ERR_MEMORY:
        return lws_fail(r->status, "%s", r->message);
    default: /* the child has taken harm */
        return lose(file, CONFUSED);
    }
}

/* Two ends of a socket beyond the standard streams: where one of those is closed, it must not become one. */
static bool connect_ends(int ends[2])
{
    int low[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, low) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(low[0]);
    close(low[1]);
    if (ends[0] >= 0 && ends[1] >= 0)
        return true;
    if (ends[0] >= 0)
        close(ends[0]);
    errno = error;
    return false;
}

static lws_status start(h5_reader *file)
{
    int ends[2];
    if (!connect_ends(ends))
        return lws_fail(LWS_ERR_IO, "%s: cannot reach a process to read it: %m", file->path);
    h5_lock_take(); /* no thread is inside HDF5 at the fork; the child, which is one thread, needs no lock */
    h5_serve_prepare();
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        h5_serve(ends[1], file->path, file->size);
    }
    lws_status status = LWS_OK;
    if (child < 0)
        status = lws_fail(LWS_ERR_MEMORY, "%s: cannot start a process to read it: %m", file->path);
    h5_lock_give(status);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return status;
    }
    file->child = child;
    file->socket = ends[0];
    h5_reply hello;
    return receive_reply(file, &hello);
}

lws_status h5_reader_start(const char *path, h5_reader **out)
{
    int fd;
    int64_t size;
    *out = NULL;
    LWS_TRY(lws_input_open(path, &fd, &size));
    close(fd);
    h5_reader *file = calloc(1, sizeof *file + strlen(path) + 1);
    if (!file)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", path);
    strcpy(file->path, path);
    file->child = -1;
    file->size = size;
    lws_status status = start(file);
    if (status == LWS_OK)
        *out = file;
    else
        h5_reader_end(file);
    return status;
}

void h5_reader_end(h5_reader *file)
{
    if (file->child > 0)
        reap(file, CONFUSED);
    free(file);
}

/* ---- requests ---------------------------------------------------------------------------------- */

static lws_status ask(h5_reader *file, h5_request_kind kind, const char *object, const char *name, h5_request more,
                      h5_reply *r)
{
    more.kind = kind;
    if (file->child < 0)
        return lws_fail(LWS_ERR_FORMAT, "%s: damaged: the HDF5 library fails on it", file->path);
    if (strlen(object) >= sizeof more.object || strlen(name) >= sizeof more.name)
        return lws_fail(LWS_ERR_FORMAT, "%s: a name of more than %d bytes", file->path, H5_REQUEST_NAME - 1);
    strcpy(more.object, object);
    strcpy(more.name, name);
    if (!h5_send(file->socket, &more, sizeof more))
        return lose(file, GONE);
    return receive_reply(file, r);
}

/* What follows a reply of any length, with a zero behind it; the caller frees it. */
static lws_status receive_data(h5_reader *file, const h5_reply *r, char **data)
{
    *data = NULL;
    if (r->bytes > most_bytes(file))
        return lose(file, CONFUSED);
    *data = malloc(r->bytes + 1);
    if (!*data) {
        lose(file, CONFUSED);
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading it", file->path);
    }
    (*data)[r->bytes] = 0;
    lws_status status = receive(file, *data, r->bytes);
    if (status != LWS_OK) {
        free(*data);
        *data = NULL;
    }
    return status;
}

/* The child may have taken harm from the file. */
static bool is_sane(const lws_h5_info *info)
{
    return info->rank >= 0 && info->rank <= LWS_H5_RANK;
}

lws_status h5_reader_describe(h5_reader *file, const char *name, lws_h5_info *info)
{
    h5_reply r;
    LWS_TRY(ask(file, H5_DESCRIBE, name, "", (h5_request){0}, &r));
    *info = r.info;
    return is_sane(info) ? LWS_OK : lose(file, CONFUSED);
}

lws_status h5_reader_read(h5_reader *file, const char *name, lws_h5_type type, int64_t count, void *data)
{
    h5_reply r;
    LWS_TRY(ask(file, H5_READ, name, "", (h5_request){.type = type, .count = count}, &r));
    if (r.bytes != (uint64_t)count * lws_h5_size_of(type))
        return lose(file, CONFUSED);
    return receive(file, data, r.bytes);
}

/* Cuts strings, each with its zero, apart. */
static char **cut(const char *data, uint64_t bytes, int64_t count)
{
    char **list = calloc((size_t)count + 1, sizeof *list);
    const char *end = data + bytes;
    for (int64_t i = 0; list && i < count; i++) {
        list[i] = strdup(data < end ? data : "");
        if (!list[i]) {
            lws_h5_free_strings(count, list);
            return NULL;
        }
        data += strlen(list[i]) + 1;
    }
    return list;
}

lws_status h5_reader_strings(h5_reader *file, const char *name, int64_t *count, char ***text)
{
    h5_reply r;
    char *data;
    *count = 0;
    *text = NULL;
    LWS_TRY(ask(file, H5_STRINGS, name, "", (h5_request){0}, &r));
    LWS_TRY(receive_data(file, &r, &data));
    if (r.count < 0 || (uint64_t)r.count > r.bytes) {
        free(data);
        return lose(file, CONFUSED);
    }
    *text = cut(data, r.bytes, r.count);
    *count = r.count;
    free(data);
    return *text ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, name);
}

lws_status h5_reader_exists(h5_reader *file, const char *name, bool *exists)
{
    h5_reply r;
    LWS_TRY(ask(file, H5_EXISTS, name, "", (h5_request){0}, &r));
    *exists = r.has;
    return LWS_OK;
}

lws_status h5_reader_has(h5_reader *file, const char *object, const char *name, bool *has)
{
    h5_reply r;
    LWS_TRY(ask(file, H5_HAS, object, name, (h5_request){0}, &r));
    *has = r.has;
    return LWS_OK;
}

lws_status h5_reader_text(h5_reader *file, const char *object, const char *name, char **text)
{
    h5_reply r;
    *text = NULL;
    LWS_TRY(ask(file, H5_TEXT, object, name, (h5_request){0}, &r));
    return receive_data(file, &r, text);
}

lws_status h5_reader_i64(h5_reader *file, const char *object, const char *name, int64_t *value)
{
    h5_reply r;
    LWS_TRY(ask(file, H5_I64, object, name, (h5_request){0}, &r));
    *value = r.whole;
    return LWS_OK;
}

lws_status h5_reader_f64(h5_reader *file, const char *object, const char *name, double *value)
{
    h5_reply r;
    LWS_TRY(ask(file, H5_F64, object, name, (h5_request){0}, &r));
    *value = r.real;
    return LWS_OK;
}

lws_status h5_reader_visit(h5_reader *file, lws_h5_visitor *visit, void *user)
{
    h5_reply r;
    char *data;
    LWS_TRY(ask(file, H5_VISIT, "/", "", (h5_request){0}, &r));
    LWS_TRY(receive_data(file, &r, &data));
    lws_status status = LWS_OK;
    for (uint64_t at = 0; status == LWS_OK && at + sizeof(lws_h5_info) < r.bytes;) {
        lws_h5_info info;
        memcpy(&info, data + at, sizeof info);
        const char *name = data + at + sizeof info;
        status = is_sane(&info) ? visit(user, name, &info) : lose(file, CONFUSED);
        at += sizeof info + strlen(name) + 1;
    }
    free(data);
    return status;
}
