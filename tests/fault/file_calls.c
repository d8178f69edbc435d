/* What a program asks of its files and of memory, for LD_PRELOAD: recorded, and refused on demand.
 *
 *   FILE_CALLS_UNDER   only files whose path begins so count
 *   FILE_CALLS_LOG     gets "CALL PATH [BYTES or PATH]" of each call that succeeded, one a line; with FILE_CALLS_MEMORY
 *                      also "CALL PLACE NUMBER memory" of each request, PLACE being that of the call in the code
 *   FILE_CALLS_FAIL    the number of the call, from 1, that is refused, over the program and the processes it forks
 *   FILE_CALLS_MEMORY  the same for the memory that lwssim itself asks for (and cJSON for it), not that of MPI or HDF5
 *   FILE_CALLS_ONWARD  set: and all after it
 *   FILE_CALLS_ERRNO   the error (5, input/output)
 *   FILE_CALLS_HIT     gets a line for each call that was refused
 *   FILE_CALLS_TOTAL   gets a line for each process: how many file calls and requests for memory there were, of those
 *                      that FAIL and MEMORY count
 *
 * Streams of stdio have calls of their own inside the C library: what they write counts as a "write" where they are
 * flushed or closed. Of two refused writes the first writes half. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(result, name, ...)                                                                                        \
    static result (*next)(__VA_ARGS__);                                                                                \
    if (!next)                                                                                                         \
    *(void **)&next = dlsym(RTLD_NEXT, name)

static atomic_long *counts; /* of file calls and of requests for memory; shared with children */
static const char *under, *log_path, *hit_path;
static long fail_file, fail_memory, error_number;
static bool onward;

/* The code of the program, of its library and of cJSON. */
static struct {
    uintptr_t begin, end;
} ours[16];
static int ranges;

static int note_object(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size, (void)unused;
    const char *name = object->dlpi_name;
    if (name[0] && !strstr(name, "liblwssim") && !strstr(name, "libcjson"))
        return 0;
    for (int i = 0; i < object->dlpi_phnum && ranges < 16; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            ours[ranges].begin = object->dlpi_addr + part->p_vaddr;
            ours[ranges].end = ours[ranges].begin + part->p_memsz;
            ranges++;
        }
    }
    return 0;
}

static long number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
    counts = mmap(NULL, 2 * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    under = getenv("FILE_CALLS_UNDER");
    log_path = getenv("FILE_CALLS_LOG");
    hit_path = getenv("FILE_CALLS_HIT");
    error_number = number("FILE_CALLS_ERRNO", EIO);
    onward = getenv("FILE_CALLS_ONWARD") != NULL;
    fail_file = number("FILE_CALLS_FAIL", 0);
    dl_iterate_phdr(note_object, NULL);
    fail_memory = number("FILE_CALLS_MEMORY", 0);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("FILE_CALLS_TOTAL");
    FILE *out = path ? fopen(path, "a") : NULL;
    fail_file = fail_memory = 0;
    if (out) {
        fprintf(out, "%ld %ld\n", (long)counts[0], (long)counts[1]);
        fclose(out);
    }
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void append(const char *path, const char *call, const char *a, const char *b)
{
    char line[2 * PATH_MAX + 64];
    int before = errno, length = snprintf(line, sizeof line, "%s %s %s\n", call, a, b);
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    if (fd >= 0 && syscall(SYS_write, fd, line, (size_t)length) < 0)
        abort();
    if (fd >= 0)
        syscall(SYS_close, fd);
    errno = before;
}

static bool counts_for(const char *path)
{
    return under && strncmp(path, under, strlen(under)) == 0;
}

/* In full: from "/" on. */
static const char *full(const char *path, char text[PATH_MAX])
{
    char here[PATH_MAX];
    if (path[0] == '/' || !getcwd(here, sizeof here))
        return path;
    snprintf(text, PATH_MAX, "%.2000s/%.2000s", here, path);
    return text;
}

static bool path_of(int fd, char path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0 && counts_for(path);
}

static bool refused(const char *call, const char *path)
{
    if (!fail_file || !counts_for(path))
        return false;
    long n = atomic_fetch_add(&counts[0], 1) + 1;
    if (n < fail_file || (n > fail_file && !onward))
        return false;
    append(hit_path, call, path, "");
    errno = (int)error_number;
    return true;
}

static void done(const char *call, const char *path, const char *more)
{
    if (log_path && counts_for(path))
        append(log_path, call, path, more);
}

/* ---- files ----------------------------------------------------------------------------------- */

static const char *opening(int flags)
{
    return flags & O_DIRECTORY ? "look" : (flags & O_ACCMODE) == O_RDONLY ? "read" : "open";
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        REAL(int, #name, const char *, int, ...);                                                                      \
        char text[PATH_MAX];                                                                                           \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        int mode = flags & O_CREAT ? va_arg(more, int) : 0;                                                            \
        va_end(more);                                                                                                  \
        const char *whole = full(path, text);                                                                          \
        bool is_new = (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;                          \
        if (refused(opening(flags), whole))                                                                            \
            return -1;                                                                                                 \
        errno = 0;                                                                                                     \
        int fd = next(path, flags, mode);                                                                              \
        if (fd >= 0)                                                                                                   \
            done(opening(flags), whole, is_new ? "new" : flags &O_TRUNC ? "truncated" : "");                           \
        return fd;                                                                                                     \
    }
OPEN(open)
OPEN(open64)

FILE *fopen(const char *path, const char *mode)
{
    REAL(FILE *, "fopen", const char *, const char *);
    char text[PATH_MAX];
    return refused(mode[0] == 'r' ? "read" : "open", full(path, text)) ? NULL : next(path, mode);
}

DIR *opendir(const char *path)
{
    REAL(DIR *, "opendir", const char *);
    char text[PATH_MAX];
    return refused("look", full(path, text)) ? NULL : next(path);
}

static void bytes_done(const char *call, int fd, ssize_t bytes)
{
    char path[PATH_MAX], text[32];
    snprintf(text, sizeof text, "%zd", bytes);
    if (log_path && bytes >= 0 && path_of(fd, path))
        done(call, path, text);
}

static bool refused_at(const char *call, int fd)
{
    char path[PATH_MAX];
    return fail_file && path_of(fd, path) && refused(call, path);
}

ssize_t write(int fd, const void *from, size_t size)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    if (refused_at("write", fd)) {
        static bool is_half;
        is_half = !is_half && size > 1;
        return is_half ? next(fd, from, size / 2) : -1;
    }
    ssize_t n = next(fd, from, size);
    bytes_done("write", fd, n);
    return n;
}

#define PWRITE(name)                                                                                                   \
    ssize_t name(int fd, const void *from, size_t size, off_t at)                                                      \
    {                                                                                                                  \
        REAL(ssize_t, #name, int, const void *, size_t, off_t);                                                        \
        if (refused_at("write", fd))                                                                                   \
            return -1;                                                                                                 \
        ssize_t n = next(fd, from, size, at);                                                                          \
        bytes_done("write", fd, n);                                                                                    \
        return n;                                                                                                      \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define WITH_NUMBER(name, call)                                                                                        \
    int name(int fd, off_t length)                                                                                     \
    {                                                                                                                  \
        REAL(int, #name, int, off_t);                                                                                  \
        int result = refused_at(call, fd) ? -1 : next(fd, length);                                                     \
        bytes_done(call, fd, result);                                                                                  \
        return result;                                                                                                 \
    }
WITH_NUMBER(ftruncate, "truncate")
WITH_NUMBER(ftruncate64, "truncate")

#define WITH_FILE(name)                                                                                                \
    int name(int fd)                                                                                                   \
    {                                                                                                                  \
        REAL(int, #name, int);                                                                                         \
        int result = refused_at(#name, fd) ? -1 : next(fd);                                                            \
        bytes_done(#name, fd, result);                                                                                 \
        return result;                                                                                                 \
    }
WITH_FILE(fsync)
WITH_FILE(fdatasync)

int close(int fd)
{
    REAL(int, "close", int);
    bool is_refused = refused_at("close", fd);
    int error = errno, result = next(fd);
    if (is_refused)
        errno = error;
    return is_refused ? -1 : result;
}

#define WITH_PATH(name, more, type, argument)                                                                          \
    int name(const char *path more type argument)                                                                      \
    {                                                                                                                  \
        REAL(int, #name, const char *more type);                                                                       \
        char text[PATH_MAX];                                                                                           \
        const char *whole = full(path, text);                                                                          \
        int result = refused(#name, whole) ? -1 : next(path more argument);                                            \
        if (result == 0)                                                                                               \
            done(#name, whole, "");                                                                                    \
        return result;                                                                                                 \
    }
#define COMMA ,
#define NOTHING
WITH_PATH(unlink, NOTHING, NOTHING, NOTHING)
WITH_PATH(mkdir, COMMA, mode_t, mode)

int rename(const char *from, const char *to)
{
    REAL(int, "rename", const char *, const char *);
    char a[PATH_MAX], b[PATH_MAX];
    const char *whole_from = full(from, a), *whole_to = full(to, b);
    int result = refused("rename", whole_to) ? -1 : next(from, to);
    if (result == 0)
        done("rename", whole_from, whole_to);
    return result;
}

int renameat2(int at, const char *from, int other, const char *to, unsigned flags)
{
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    char a[PATH_MAX], b[PATH_MAX];
    const char *whole_from = full(from, a), *whole_to = full(to, b);
    int result = refused("rename", whole_to) ? -1 : next(at, from, other, to, flags);
    if (result == 0)
        done("rename", whole_from, whole_to);
    return result;
}

/* ---- streams --------------------------------------------------------------------------------- */

static bool stream_path(FILE *stream, char path[PATH_MAX])
{
    int fd = stream ? fileno(stream) : -1;
    return fd >= 0 && path_of(fd, path);
}

int fflush(FILE *stream)
{
    REAL(int, "fflush", FILE *);
    char path[PATH_MAX], text[32];
    size_t waiting = stream ? __fpending(stream) : 0;
    bool counts_here = stream_path(stream, path);
    if (counts_here && waiting && refused("write", path))
        return EOF;
    int result = next(stream);
    snprintf(text, sizeof text, "%zu", waiting);
    if (counts_here && waiting && result == 0)
        done("write", path, text);
    return result;
}

int fclose(FILE *stream)
{
    REAL(int, "fclose", FILE *);
    char path[PATH_MAX];
    bool counts_here = stream_path(stream, path), has_more = counts_here && __fwriting(stream) && __fpending(stream);
    bool is_refused = counts_here && __fwriting(stream) && refused("close", path);
    int error = errno, result = next(stream);
    if (has_more && result == 0)
        done("write", path, "when it was closed");
    if (is_refused)
        errno = error;
    return is_refused ? EOF : result;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool no_memory(const char *call, const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    char place[64];
    int i = 0;
    while (fail_memory && i < ranges && (at < ours[i].begin || at >= ours[i].end))
        i++;
    if (!fail_memory || i == ranges)
        return false;
    long n = atomic_fetch_add(&counts[1], 1) + 1;
    snprintf(place, sizeof place, "%d+%lx", i, (unsigned long)(at - ours[i].begin));
    if (n < fail_memory || (n > fail_memory && !onward)) {
        snprintf(place + strlen(place), sizeof place - strlen(place), " %ld", n);
        append(log_path, call, place, "memory");
        return false;
    }
    append(hit_path, call, place, "");
    errno = ENOMEM;
    return true;
}

#define CALLER __builtin_return_address(0)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    return no_memory("malloc", CALLER) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return no_memory("calloc", CALLER) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return no_memory("realloc", CALLER) ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    REAL(void *, "aligned_alloc", size_t, size_t);
    return no_memory("aligned_alloc", CALLER) ? NULL : next(alignment, size);
}

char *strdup(const char *text)
{
    REAL(char *, "strdup", const char *);
    return no_memory("strdup", CALLER) ? NULL : next(text);
}

char *strndup(const char *text, size_t most)
{
    REAL(char *, "strndup", const char *, size_t);
    return no_memory("strndup", CALLER) ? NULL : next(text, most);
}

FILE *open_memstream(char **text, size_t *size)
{
    REAL(FILE *, "open_memstream", char **, size_t *);
    return no_memory("open_memstream", CALLER) ? NULL : next(text, size);
}

FILE *fdopen(int fd, const char *mode)
{
    REAL(FILE *, "fdopen", int, const char *);
    return no_memory("fdopen", CALLER) ? NULL : next(fd, mode);
}

ssize_t getline(char **line, size_t *capacity, FILE *in)
{
    REAL(ssize_t, "getline", char **, size_t *, FILE *);
    return no_memory("getline", CALLER) ? -1 : next(line, capacity, in);
}

int vasprintf(char **text, const char *format, va_list more)
{
    REAL(int, "vasprintf", char **, const char *, va_list);
    return no_memory("vasprintf", CALLER) ? -1 : next(text, format, more);
}

int asprintf(char **text, const char *format, ...)
{
    if (no_memory("asprintf", CALLER))
        return -1;
    REAL(int, "vasprintf", char **, const char *, va_list);
    va_list more;
    va_start(more, format);
    int length = next(text, format, more);
    va_end(more);
    return length;
}
