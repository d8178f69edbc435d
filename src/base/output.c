/* Files that appear whole: written under another name, flushed, renamed. */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINKS = 40,      /* on the way to a file; more are a loop, as for the kernel */
    NAME_MOST = 200, /* of the target's name in that of the temporary file, as names have at most 255 bytes */
    TRIES = 1000,
};

/* ---- where to write -------------------------------------------------------------------------- */

/* The part of a path that names its folder, with the slash; 0 for none. */
static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash + 1 - path) : 0;
}

/* A file that is reached through a descriptor of a process, as /dev/stdout is. */
static bool is_descriptor(const char *path)
{
    return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/dev/fd/", 8) == 0;
}

/* Follows symbolic links to the file that they lead to, or would lead to: it need not be there. */
static bool follow_links(const char *path, char *target)
{
    char link[LWS_PATH], next[LWS_PATH];
    bool fits = snprintf(target, LWS_PATH, "%s", path) < LWS_PATH;
    for (int i = 0; fits && i < LINKS; i++) {
        ssize_t length = is_descriptor(target) ? 0 : readlink(target, link, sizeof link - 1);
        if (length <= 0) /* no link, or nothing there */
            return length == 0 || errno == EINVAL || errno == ENOENT;
        link[length] = 0;
        int folder = link[0] == '/' ? 0 : folder_length(target);
        fits = snprintf(next, sizeof next, "%.*s%s", folder, target, link) < LWS_PATH;
        memcpy(target, next, LWS_PATH);
    }
    errno = fits ? ELOOP : ENAMETOOLONG;
    return false;
}

/* A file of its own beside the target. */
static int open_temporary(lws_output *out)
{
    int folder = folder_length(out->target), fd = -1;
    const char *name = out->target + folder;
    if (!name[0]) {
        errno = EISDIR;
        return -1;
    }
    static atomic_uint count; /* of a file that could not be flushed nobody knows what a second attempt would say */
    for (int i = 0; i < TRIES && fd < 0; i++) {
        if (snprintf(out->path, sizeof out->path, "%.*s.%.*s.%ld%03u.partial", folder, out->target, NAME_MOST, name,
                     (long)getpid(), atomic_fetch_add(&count, 1) % TRIES) >= LWS_PATH) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(out->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

/* A pipe that nobody reads would hold up the program for ever. */
static int open_as_it_is(const char *path)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

static int open_any(const char *path, lws_output *out)
{
    struct stat there;
    bool is_there = stat(path, &there) == 0;
    if (!follow_links(path, out->target) || (is_there && access(path, W_OK) != 0))
        return -1;
    if (is_there && (!S_ISREG(there.st_mode) || is_descriptor(out->target))) {
        memcpy(out->path, out->target, sizeof out->path);
        out->target[0] = 0;
        return open_as_it_is(out->path);
    }
    int fd = open_temporary(out);
    if (fd >= 0 && is_there) {
        if (fchown(fd, there.st_uid, there.st_gid) != 0) {
            /* the file of another user becomes one's own */
        }
        fchmod(fd, there.st_mode & 07777);
    }
    return fd;
}

lws_status lws_output_open(const char *path, lws_output *out)
{
    *out = (lws_output){0};
    int fd = open_any(path, out);
    if (fd >= 0)
        out->file = fdopen(fd, "w");
    if (out->file)
        return LWS_OK;
    lws_status status = lws_fail(LWS_ERR_IO, "cannot write %s: %m", path);
    if (fd >= 0) {
        close(fd);
        lws_output_discard(out);
    }
    return status;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Keeps the message for an errno and takes the temporary file away. */
static lws_status give_up(lws_output *out, const char *doing, int error)
{
    lws_output_discard(out);
    return lws_fail(lws_write_status(error), "cannot %s %s%s: %s", doing, out->target[0] ? out->target : out->path,
                    strcmp(doing, "flush") == 0 ? " to disk" : "", strerror(error));
}

lws_status lws_output_commit(lws_output *out)
{
    bool is_temporary = out->target[0] != 0;
    if (fflush(out->file) != 0 || ferror(out->file))
        return give_up(out, "write", errno);
    if (is_temporary && fsync(fileno(out->file)) != 0)
        return give_up(out, "flush", errno);
    int closed = fclose(out->file);
    out->file = NULL;
    if (closed != 0)
        return give_up(out, "write", errno);
    if (!is_temporary)
        return LWS_OK;
    if (rename(out->path, out->target) != 0) {
        int error = errno;
        lws_output_discard(out);
        return lws_fail(LWS_ERR_IO, "cannot rename %s to %s: %s", out->path, out->target, strerror(error));
    }
    return lws_folder_flush_above(out->target);
}

void lws_output_discard(lws_output *out)
{
    if (out->file)
        fclose(out->file);
    out->file = NULL;
    if (out->target[0] && out->path[0])
        unlink(out->path);
}

lws_status lws_output_write(const char *path, const void *bytes, size_t count)
{
    lws_output out;
    LWS_TRY(lws_output_open(path, &out));
    fwrite(bytes, 1, count, out.file); /* what fails shows at the end */
    return lws_output_commit(&out);
}

bool lws_output_is_temporary(const char *name, char *inner)
{
    static const char suffix[] = ".partial";
    size_t end = strlen(name);
    if (name[0] != '.' || end > 255 || end < sizeof suffix || strcmp(name + end - (sizeof suffix - 1), suffix) != 0)
        return false;
    end -= sizeof suffix - 1;
    size_t digits = end;
    while (digits > 1 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
        digits--;
    if (digits == end || digits < 3 || name[digits - 1] != '.')
        return false;
    snprintf(inner, 256, "%.*s", (int)(digits - 2), name + 1);
    return true;
}
