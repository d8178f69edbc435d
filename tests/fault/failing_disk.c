/* A disk with errors, for LD_PRELOAD: calls named in FAILING_DISK_CALLS ("pread,pwrite,fsync,rename,write") on files
 * whose path contains FAILING_DISK_PATH fail with the error number FAILING_DISK_ERRNO (5: input/output error), from the
 * FAILING_DISK_FIRST-th of them (1) to the FAILING_DISK_LAST-th (any), and, with FAILING_DISK_WHILE, as long as that
 * file exists. With FAILING_DISK_SIGNAL the process gets that signal in place of an error. They are counted over the
 * program and the processes that it forks. Of two writes that fail, the first writes half. Their paths are appended to
 * FAILING_DISK_LOG. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_long *calls; /* shared with children */

__attribute__((constructor)) static void share(void)
{
    calls = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (calls == MAP_FAILED)
        abort();
}

static long number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static void note(const char *call, const char *path)
{
    const char *log = getenv("FAILING_DISK_LOG");
    FILE *out = log ? fopen(log, "a") : NULL;
    if (out) {
        fprintf(out, "%s %s\n", call, path);
        fclose(out);
    }
}

static bool fails(const char *call, const char *path)
{
    const char *part = getenv("FAILING_DISK_PATH"), *which = getenv("FAILING_DISK_CALLS");
    const char *condition = getenv("FAILING_DISK_WHILE");
    if (!part || !which || !strstr(path, part) || !strstr(which, call))
        return false;
    if (condition && access(condition, F_OK) != 0)
        return false;
    long n = atomic_fetch_add(calls, 1) + 1;
    if (n < number("FAILING_DISK_FIRST", 1) || n > number("FAILING_DISK_LAST", LONG_MAX))
        return false;
    note(call, path);
    raise((int)number("FAILING_DISK_SIGNAL", 0)); /* 0: none */
    errno = (int)number("FAILING_DISK_ERRNO", EIO);
    return true;
}

static bool fails_at(const char *call, int fd)
{
    char link[64], path[PATH_MAX] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink(link, path, sizeof path - 1) > 0 && fails(call, path);
}

ssize_t pread(int fd, void *to, size_t size, off_t at)
{
    ssize_t (*next)(int, void *, size_t, off_t) = (ssize_t(*)(int, void *, size_t, off_t))real("pread");
    return fails_at("pread", fd) ? -1 : next(fd, to, size, at);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
    ssize_t (*next)(int, const void *, size_t, off_t) = (ssize_t(*)(int, const void *, size_t, off_t))real("pwrite");
    return fails_at("pwrite", fd) ? -1 : next(fd, from, size, at);
}

ssize_t write(int fd, const void *from, size_t size)
{
    ssize_t (*next)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))real("write");
    if (!fails_at("write", fd))
        return next(fd, from, size);
    static bool is_half;
    is_half = !is_half && size > 1;
    return is_half ? next(fd, from, size / 2) : -1;
}

int fsync(int fd)
{
    int (*next)(int) = (int (*)(int))real("fsync");
    return fails_at("fsync", fd) ? -1 : next(fd);
}

int rename(const char *from, const char *to)
{
    int (*next)(const char *, const char *) = (int (*)(const char *, const char *))real("rename");
    return fails("rename", to) ? -1 : next(from, to);
}

/* "readdir": from there on the listing of a folder of such a path breaks off. */
struct dirent *readdir(DIR *dir)
{
    struct dirent *(*next)(DIR *) = (struct dirent * (*)(DIR *)) real("readdir");
    int before = errno; /* at its end a listing leaves it alone */
    if (fails_at("readdir", dirfd(dir)))
        return NULL;
    errno = before;
    return next(dir);
}
