/* The child that reads a file for h5_reader.c. */
#include "h5_serve.h"

#include "h5_array.h"
#include "h5_attribute.h"
#include "h5_protocol.h"
#include "h5_visit.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static bool receive(int socket, void *data, size_t bytes)
{
    char *to = data;
    while (bytes > 0) {
        ssize_t n = recv(socket, to, bytes, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        bytes -= (size_t)n;
    }
    return true;
}

/* ---- what the child may do --------------------------------------------------------------------- */

static void limit(int resource, rlim_t most)
{
    struct rlimit now;
    if (getrlimit(resource, &now) == 0 && (now.rlim_cur == RLIM_INFINITY || now.rlim_cur > most)) {
        now.rlim_cur = most;
        setrlimit(resource, &now);
    }
}

static rlim_t address_space(void)
{
    unsigned long long pages = 0;
    FILE *in = fopen("/proc/self/statm", "re");
    if (in) {
        if (fscanf(in, "%llu", &pages) != 1)
            pages = 0;
        fclose(in);
    }
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGXCPU};

bool h5_is_crash(int number)
{
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        if (crashes[i] == number)
            return true;
    }
    return false;
}

/* `socket` is none of the standard streams. A crash is to end the process at once and without a word, whatever handlers
 * MPI has installed; a hang is to end, too. Nothing of the parent's stays open: its locks and connections are its own.
 */
static int confine(int socket, int64_t size)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        signal(crashes[i], SIG_DFL);
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; nothing >= 0 && fd < 3; fd++) {
#ifdef __SANITIZE_ADDRESS__
        if (fd == STDERR_FILENO)
            break; /* where a sanitizer speaks of this program's own mistakes */
#endif
        dup2(nothing, fd);
    }
    if (socket > 3)
        socket = dup2(socket, 3);
    close_range(4, ~0u, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, 10 + (rlim_t)size / (4 << 20));
    rlim_t used = address_space();
    if (used)
        limit(RLIMIT_AS, used + (1u << 30) + 40 * (rlim_t)size);
    return socket;
}

/* ---- requests ---------------------------------------------------------------------------------- */

static lws_status read_array(h5_file *file, const h5_request *q, h5_reply *r, char **data)
{
    lws_h5_info info;
    LWS_TRY(h5_describe(file, q->object, &info)); /* before memory is taken for a wild count */
    LWS_TRY(h5_check_shape(file, q->object, &info, q->type, q->count));
    r->bytes = (uint64_t)q->count * lws_h5_size_of(q->type);
    *data = malloc(r->bytes + 1);
    if (!*data)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, q->object);
    return h5_read(file, q->object, q->type, q->count, *data);
}

static lws_status read_strings(h5_file *file, const h5_request *q, h5_reply *r, lws_text *out)
{
    char **text;
    LWS_TRY(h5_read_strings(file, q->object, &r->count, &text));
    for (int64_t i = 0; i < r->count; i++)
        lws_text_add_bytes(out, text[i], strlen(text[i]) + 1);
    lws_h5_free_strings(r->count, text);
    return LWS_OK;
}

static lws_status read_text(h5_file *file, const h5_request *q, lws_text *out)
{
    char *text;
    LWS_TRY(h5_get_text(file, q->object, q->name, &text));
    lws_text_add_bytes(out, text, strlen(text) + 1);
    free(text);
    return LWS_OK;
}

static lws_status list_array(void *user, const char *name, const lws_h5_info *info)
{
    lws_text_add_bytes(user, info, sizeof *info);
    lws_text_add_bytes(user, name, strlen(name) + 1);
    return LWS_OK;
}

static lws_status collect(h5_file *file, const h5_request *q, h5_reply *r, char **data)
{
    size_t bytes;
    lws_text out = {0};
    lws_status status = q->kind == H5_STRINGS ? read_strings(file, q, r, &out)
                        : q->kind == H5_TEXT  ? read_text(file, q, &out)
                                              : h5_visit(file, list_array, &out);
    *data = lws_text_take(&out, &bytes);
    if (!*data && status == LWS_OK)
        status = lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading it", file->path);
    r->bytes = bytes;
    return status;
}

/* What the disk refused is the reason of all that came of it, whatever HDF5 made of it on the way. */
static lws_status blame_disk(const h5_file *file, lws_status status)
{
    int error = h5_driver_take_errno();
    return error ? lws_fail(LWS_ERR_IO, "%s: cannot read: %s", file->path, strerror(error)) : status;
}

static bool answer(int socket, h5_file *file, const h5_request *q)
{
    h5_reply r = {0};
    char *data = NULL;
    h5_driver_take_errno();
    switch (q->kind) {
    case H5_DESCRIBE:
        r.status = h5_describe(file, q->object, &r.info);
        break;
    case H5_EXISTS:
        r.status = h5_exists(file, q->object, &r.has);
        break;
    case H5_HAS:
        r.status = h5_has(file, q->object, q->name, &r.has);
        break;
    case H5_I64:
        r.status = h5_get_i64(file, q->object, q->name, &r.whole);
        break;
    case H5_F64:
        r.status = h5_get_f64(file, q->object, q->name, &r.real);
        break;
    case H5_READ:
        r.status = read_array(file, q, &r, &data);
        break;
    default:
        r.status = collect(file, q, &r, &data);
    }
    r.status = blame_disk(file, r.status);
    if (r.status != LWS_OK) {
        r.bytes = 0;
        snprintf(r.message, sizeof r.message, "%s", lws_message());
    }
    bool sent = h5_send(socket, &r, sizeof r) && h5_send(socket, data, r.bytes);
    free(data);
    return sent;
}

static int to_parent;

/* A slow disk is none that hangs: the parent hears of it a few times a second. */
static void tell_parent(void)
{
    static struct timespec last;
    struct timespec now;
    h5_reply busy = {.is_busy = true};
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - last.tv_sec + 1e-9 * (double)(now.tv_nsec - last.tv_nsec) < 0.2)
        return;
    last = now;
    h5_send(to_parent, &busy, sizeof busy);
}

void h5_serve_prepare(void)
{
    H5open();
}

void h5_serve(int socket, const char *path, int64_t size)
{
    static h5_request q;
    h5_file *file = NULL;
    socket = to_parent = confine(socket, size);
    h5_driver_tell(tell_parent);
    h5_reply hello = {.status = h5_open(path, &file)};
    if (hello.status != LWS_OK)
        snprintf(hello.message, sizeof hello.message, "%s", lws_message());
    if (h5_send(socket, &hello, sizeof hello) && file) {
        while (receive(socket, &q, sizeof q) && answer(socket, file, &q))
            continue;
    }
    _exit(0); /* without closing the file: that, too, may crash */
}
