/* A folder for a test's files, and whole files read, written and altered. */
#ifndef LWS_SCRATCH_H
#define LWS_SCRATCH_H

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include "lsan.h"
#endif

/* "FOLDER/NAME" with printf arguments, in one of 64 static buffers that take turns. */
CHECK_UNUSED __attribute__((format(printf, 1, 2))) static char *path_of(const char *format, ...)
{
    static char buffers[64][512];
    static int next;
    char *text = buffers[next++ % 64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof buffers[0], format, args);
    va_end(args);
    return text;
}

CHECK_UNUSED static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

CHECK_UNUSED static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* cmocka setup and teardown: *state is the path of an empty folder. */
CHECK_UNUSED static int scratch_make(void **state)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(256);
    snprintf(path, 256, "%s/lwssim-test-XXXXXX", base ? base : "/tmp");
    *state = path;
    return mkdtemp(path) ? 0 : -1;
}

CHECK_UNUSED static int scratch_remove(void **state)
{
    remove_tree(*state);
    free(*state);
    return 0;
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

typedef struct blob {
    uint8_t *data;
    size_t size;
} blob;

CHECK_UNUSED static blob file_read(const char *path)
{
    blob b = {0};
    FILE *in = fopen(path, "rb");
    if (!in) {
        print_error("cannot read %s: %s\n", path, strerror(errno));
        fail();
    }
    fseek(in, 0, SEEK_END);
    b.size = (size_t)ftell(in);
    rewind(in);
    b.data = malloc(b.size + 1);
    assert_non_null(b.data);
    assert_int_equal(fread(b.data, 1, b.size, in), b.size);
    b.data[b.size] = 0; /* so that it serves as text */
    fclose(in);
    return b;
}

CHECK_UNUSED static void file_holds(const char *path, const char *text)
{
    blob b = file_read(path);
    assert_string_equal((char *)b.data, text);
    free(b.data);
}

/* How many things are in a folder. */
CHECK_UNUSED static int folder_entries(const char *folder)
{
    int count = -2; /* . and .. */
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

CHECK_UNUSED static void file_write(const char *path, const void *data, size_t size)
{
    FILE *out = fopen(path, "wb");
    if (!out) {
        print_error("cannot write %s: %s\n", path, strerror(errno));
        fail();
    }
    assert_int_equal(fwrite(data, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

CHECK_UNUSED static void file_text(const char *path, const char *text)
{
    file_write(path, text, strlen(text));
}

CHECK_UNUSED static void file_copy(const char *from, const char *to)
{
    blob b = file_read(from);
    file_write(to, b.data, b.size);
    free(b.data);
}

/* Flips bits in place. */
CHECK_UNUSED static void file_flip(const char *path, size_t at, uint8_t bits)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= bits;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

CHECK_UNUSED static bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

CHECK_UNUSED static bool same_files(const char *a, const char *b)
{
    blob x = file_read(a), y = file_read(b);
    bool same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    free(x.data);
    free(y.data);
    return same;
}

/* Where `part` first stands in a file. */
CHECK_UNUSED static size_t file_find(const char *path, const void *part, size_t size)
{
    blob b = file_read(path);
    uint8_t *found = memmem(b.data, b.size, part, size);
    assert_non_null(found);
    size_t at = (size_t)(found - b.data);
    free(b.data);
    return at;
}

/* Runs work(user) in a child process whose files cannot grow past `limit` bytes, as on a full disk.
 * The child ends by exit(), so that what libraries do then happens too. Returns its exit status,
 * 255 where it did not exit within 20 seconds or printed anything to standard error. */
CHECK_UNUSED static int with_full_disk(rlim_t limit, int (*work)(void *user), void *user)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit bytes = {limit, RLIM_INFINITY};
        signal(SIGXFSZ, SIG_IGN);
        signal(SIGALRM, SIG_DFL);
        alarm(20);
        dup2(ends[1], STDERR_FILENO);
        setrlimit(RLIMIT_FSIZE, &bytes);
        exit(work(user));
    }
    close(ends[1]);
    char said[2048];
    size_t used = 0;
    for (ssize_t n; (n = read(ends[0], said + used, sizeof said - 1 - used)) > 0;)
        used += (size_t)n;
    said[used] = 0;
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (used)
        print_error("the child said: %s\n", said);
    return WIFEXITED(status) && !used ? WEXITSTATUS(status) : 255;
}

#endif
