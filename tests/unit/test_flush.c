/* What is flushed, and when: a file before it gets its name, its folder after that, and a folder that was made in the
 * one above; and what is said where the disk refuses it. */
#include "scratch.h"

#include "half_listing.h"

#include "base/log.h"
#include "base/output.h"
#include "data/h5.h"
#include "report/metrics_log.h"

#include <sys/file.h>
#include <sys/syscall.h>

/* What was done, in order: "flush NAME SIZE", "rename NAME" and so on, the names without folders. */
static char done[4096];
static int file_error, folder_error, rename_error; /* where not 0, such calls fail */

static const char *name_of(int fd)
{
    static char path[512];
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

static bool is_partial(const char *name)
{
    size_t n = strlen(name);
    return n > 8 && strcmp(name + n - 8, ".partial") == 0;
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    va_list args;
    size_t used = strlen(done);
    va_start(args, format);
    vsnprintf(done + used, sizeof done - used, format, args);
    va_end(args);
}

int fsync(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    errno = S_ISDIR(st.st_mode) ? folder_error : file_error;
    if (errno)
        return -1;
    if (S_ISDIR(st.st_mode))
        note("folder %s; ", name_of(fd));
    else
        note("file %s of %d; ", is_partial(name_of(fd)) ? "partial" : name_of(fd), (int)st.st_size);
    return 0;
}

int fdatasync(int fd)
{
    return fsync(fd);
}

int rename(const char *from, const char *to)
{
    if (rename_error) {
        errno = rename_error;
        return -1;
    }
    struct stat st;
    assert_int_equal(stat(from, &st), 0);
    note("%s of %d becomes %s; ", is_partial(from) ? "partial" : from, (int)st.st_size, strrchr(to, '/') + 1);
    return (int)syscall(SYS_rename, from, to);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
    if (!strstr(done, "wrote"))
        note("wrote; ");
    char *end = strstr(done, "file x.h5"); /* after a flush, each write shows */
    if (end)
        note("wrote more; ");
    return syscall(SYS_pwrite64, fd, from, size, at);
}

/* The job before removes its lock just when this one gets it; or the file system knows no locks. */
static const char *removed_meanwhile;
static int lock_error;

int flock(int fd, int how)
{
    if (removed_meanwhile) {
        assert_int_equal(unlink(removed_meanwhile), 0);
        removed_meanwhile = NULL;
    }
    if (lock_error) {
        errno = lock_error;
        return -1;
    }
    return (int)syscall(SYS_flock, fd, how);
}

static int begin(void **state)
{
    done[0] = 0;
    given = -1;
    lock_error = 0;
    file_error = folder_error = rename_error = 0;
    if (scratch_make(state) != 0)
        return -1;
    char *folder = path_of("%s/here", (char *)*state);
    return mkdir(folder, 0777);
}

static void an_output(void **state)
{
    char *folder = path_of("%s/here", (char *)*state), *path = path_of("%s/x", folder);
    assert_int_equal(lws_output_write(path, "words", 5), LWS_OK);
    assert_string_equal(done, "file partial of 5; partial of 5 becomes x; folder here; ");
    done[0] = 0;
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0); /* a name without a folder */
    assert_int_equal(lws_output_write("./y", "more words", 10), LWS_OK);
    assert_int_equal(chdir(before), 0);
    assert_string_equal(done, "file partial of 10; partial of 10 becomes y; folder here; ");
}

/* Whatever is refused, the old file stays and nothing is left beside it; but the folder is flushed last. */
static void a_refused_output(void **state)
{
    char *folder = path_of("%s/here", (char *)*state), *path = path_of("%s/x", folder);
    file_text(path, "old");
    file_error = EIO;
    assert_int_equal(lws_output_write(path, "new", 3), LWS_ERR_IO);
    check_mentions(lws_message(), path_of("cannot flush %s to disk: Input/output error", path));
    file_holds(path, "old");
    file_error = EFBIG;
    assert_int_equal(lws_output_write(path, "new", 3), LWS_ERR_LIMIT);
    file_error = 0;
    rename_error = EXDEV;
    assert_int_equal(lws_output_write(path, "new", 3), LWS_ERR_IO);
    check_mentions(lws_message(), strerror(EXDEV));
    file_holds(path, "old");
    assert_int_equal(folder_entries(folder), 1);
    rename_error = 0;
    folder_error = EIO;
    assert_int_equal(lws_output_write(path, "new", 3), LWS_ERR_IO);
    check_mentions(lws_message(), "cannot flush the folder");
    file_holds(path, "new");
    assert_int_equal(folder_entries(folder), 1);
    static const int none[] = {EINVAL, ENOTSUP, ENOSYS, EROFS}; /* of file systems that need no flush */
    for (int i = 0; i < 4; i++) {
        folder_error = none[i];
        assert_int_equal(lws_output_write(path, "newer", 5), LWS_OK);
        assert_int_equal(lws_folder_flush(folder), LWS_OK);
    }
    folder_error = 0;
    assert_int_equal(lws_folder_flush(path_of("%s/nowhere", folder)), LWS_ERR_IO);
    check_mentions(lws_message(), strerror(ENOENT));
}

static void folders(void **state)
{
    char *folder = path_of("%s/here", (char *)*state);
    assert_int_equal(lws_folder_make(path_of("%s/a/b//c/", folder)), LWS_OK);
    assert_string_equal(done, "folder here; folder a; folder b; ");
    done[0] = 0;
    assert_int_equal(lws_folder_make(path_of("%s/a/b", folder)), LWS_OK); /* nothing is new */
    assert_string_equal(done, "");
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(lws_folder_make("plain"), LWS_OK);
    assert_int_equal(chdir(before), 0);
    assert_string_equal(done, "folder here; ");
    folder_error = EIO;
    assert_int_equal(lws_folder_make(path_of("%s/d", folder)), LWS_ERR_IO);
    check_mentions(lws_message(), "cannot flush the folder");
    folder_error = EACCES;
    assert_int_equal(lws_folder_make(path_of("%s/e", folder)), LWS_OK);
}

/* HDF5 writes to the last: the flush comes when all of that is done, and its failure shows. */
static void a_file_of_hdf5(void **state)
{
    char *path = path_of("%s/here/x.h5", (char *)*state);
    lws_h5 *file;
    for (int round = 0; round < 3; round++) {
        done[0] = 0;
        file_error = round == 2 ? EIO : 0;
        assert_int_equal(lws_h5_create(path, &file), LWS_OK);
        assert_int_equal(lws_h5_write(file, "/a", LWS_H5_F32, 1, (const int64_t[]){3}, (const float[]){1, 2, 3}),
                         LWS_OK);
        if (round > 0)
            assert_int_equal(lws_h5_sync(file), LWS_OK);
        assert_int_equal(lws_h5_close(file), round == 2 ? LWS_ERR_IO : LWS_OK);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        if (round == 1)
            assert_string_equal(done, path_of("wrote; file x.h5 of %d; ", (int)st.st_size));
        else
            assert_string_equal(done, "wrote; ");
    }
    check_mentions(lws_message(), "x.h5: cannot write: Input/output error");
}

static void the_log(void **state)
{
    char *folder = path_of("%s/here", (char *)*state);
    lws_metrics_log *log;
    assert_int_equal(lws_metrics_log_open(folder, 0, true, &log), LWS_OK);
    assert_string_equal(done, "folder here; "); /* its name */
    lws_record *record = lws_record_new();
    lws_record_number(record, "step", 1);
    assert_int_equal(lws_metrics_log_add(log, record), LWS_OK);
    assert_int_equal(lws_metrics_log_sync(log), LWS_OK);
    assert_string_equal(done, "folder here; file metrics.jsonl of 11; ");
    assert_int_equal(lws_metrics_log_close(log), LWS_OK);
    folder_error = EIO;
    assert_int_equal(lws_metrics_log_open(folder, 1, true, &log), LWS_ERR_IO);
    assert_null(log);
}

static lws_status count_one(void *user, const char *folder, const char *name)
{
    (void)folder;
    assert_true(name[0] != '.');
    return ++*(int *)user == 4 ? LWS_ERR_LIMIT : LWS_OK;
}

/* Half a listing is none. */
static void listings(void **state)
{
    char *folder = path_of("%s/here", (char *)*state);
    int count = 0;
    for (int i = 0; i < 3; i++)
        file_text(path_of("%s/%d", folder, i), "");
    assert_int_equal(lws_folder_each(folder, count_one, &count), LWS_OK);
    assert_int_equal(count, 3);
    for (given = 0; given < 5; given++) {
        int all = given;
        assert_int_equal(lws_folder_each(folder, count_one, &(int){0}), LWS_ERR_IO);
        check_mentions(lws_message(), "cannot read the folder");
        given = all;
    }
    given = -1;
    file_text(path_of("%s/3", folder), "");
    file_text(path_of("%s/4", folder), "");
    assert_int_equal(lws_folder_each(folder, count_one, &(int){0}), LWS_ERR_LIMIT); /* the visitor's own */
    assert_int_equal(lws_folder_each(path_of("%s/0", folder), count_one, &count), LWS_ERR_IO);
}

static void locks(void **state)
{
    char *folder = path_of("%s/here", (char *)*state), *path = path_of("%s/%s", folder, LWS_FOLDER_LOCK);
    int lock, other;
    struct stat held, there;
    file_text(path, "");
    removed_meanwhile = path; /* a lock on a file that is gone keeps nobody out */
    assert_int_equal(lws_folder_lock(folder, "--run", &lock), LWS_OK);
    assert_int_equal(fstat(lock, &held), 0);
    assert_int_equal(stat(path, &there), 0);
    assert_int_equal(held.st_ino, there.st_ino);
    assert_int_equal(lws_folder_lock(folder, "--run", &other), LWS_ERR_IO);
    lws_folder_unlock(folder, lock);
    assert_false(file_exists(path));

    file_text(path, "a user's");
    assert_int_equal(lws_folder_lock(folder, "--run", &lock), LWS_OK);
    lws_folder_unlock(folder, lock);
    file_holds(path, "a user's");

    lock_error = ENOLCK;
    lws_log_set_root(false);
    assert_int_equal(lws_folder_lock(folder, "--run", &lock), LWS_OK);
    lws_log_set_root(true);
    assert_true(lock >= 0);
    lws_folder_unlock(folder, lock);
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_output), test(a_refused_output), test(folders), test(a_file_of_hdf5),
        test(the_log),   test(listings),         test(locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
