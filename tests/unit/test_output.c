/* Output files, which appear whole or not at all, and folders taken for one process. */
#include "scratch.h"

#include "base/output.h"

#include <dirent.h>

static void writes(const char *path, const char *text)
{
    lws_status status = lws_output_write(path, text, strlen(text));
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void a_file(void **state)
{
    char *path = path_of("%s/x.json", (char *)*state);
    mode_t before = umask(027);
    writes(path, "one");
    umask(before);
    file_holds(path, "one");
    assert_int_equal(mode_of(path), 0640);
    chmod(path, 0604);
    writes(path, "two");
    file_holds(path, "two");
    assert_int_equal(mode_of(path), 0604);
    assert_int_equal(folder_entries(*state), 1);
}

/* Whoever reads meanwhile has the old file, whole. */
static void appears_at_the_end(void **state)
{
    lws_output out;
    char *path = path_of("%s/x", (char *)*state);
    writes(path, "old");
    assert_int_equal(lws_output_open(path, &out), LWS_OK);
    fprintf(out.file, "half");
    fflush(out.file);
    file_holds(path, "old");
    lws_output_discard(&out);
    file_holds(path, "old");
    assert_int_equal(folder_entries(*state), 1);
}

static void a_users_files_stay(void **state)
{
    lws_output out;
    char *path = path_of("%s/x.png", (char *)*state), *first;
    char *mine[] = {path_of("%s/x.png.partial", (char *)*state), path_of("%s/.x.png.partial", (char *)*state)};
    for (int i = 0; i < 2; i++)
        file_text(mine[i], "mine");
    assert_int_equal(lws_output_open(path, &out), LWS_OK);
    first = path_of("%s", out.path); /* the name that it would take again */
    lws_output_discard(&out);
    file_text(first, "mine");
    writes(path, "new");
    file_holds(first, "mine");
    for (int i = 0; i < 2; i++)
        file_holds(mine[i], "mine");
    assert_int_equal(folder_entries(*state), 4);
}

static void links_are_followed(void **state)
{
    char *folder = *state, *link = path_of("%s/link", folder), *second = path_of("%s/second", folder);
    struct stat info;
    mkdir(path_of("%s/sub", folder), 0777);
    assert_int_equal(symlink("sub/target", link), 0);
    assert_int_equal(symlink(link, second), 0);
    writes(second, "new"); /* the target is not there yet */
    file_holds(path_of("%s/sub/target", folder), "new");
    writes(second, "newer");
    file_holds(path_of("%s/sub/target", folder), "newer");
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(lstat(second, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(folder_entries(folder), 3);
    assert_int_equal(folder_entries(path_of("%s/sub", folder)), 1);
}

static void refuses(const char *path, int error)
{
    assert_int_equal(lws_output_write(path, "x", 1), LWS_ERR_IO);
    check_mentions(lws_message(), path);
    check_mentions(lws_message(), strerror(error));
}

static void what_cannot_be_written(void **state)
{
    char *folder = *state, *loop = path_of("%s/loop", folder), *file = path_of("%s/file", folder), longest[300] = {0};
    assert_int_equal(symlink("loop", loop), 0);
    file_text(file, "");
    memset(longest, 'x', 256);
    refuses(loop, ELOOP);
    refuses(folder, EISDIR);
    refuses(path_of("%s/new/", folder), EISDIR);
    refuses(path_of("%s/no/x", folder), ENOENT);
    refuses(path_of("%s/x", file), ENOTDIR);
    refuses("/proc/x", ENOENT);
    refuses(path_of("%s/%s", folder, longest), ENAMETOOLONG);
    longest[255] = 0; /* the longest name that there is */
    writes(path_of("%s/%s", folder, longest), "x");
    assert_int_equal(folder_entries(folder), 3);
}

static int fill(void *path)
{
    char text[5000] = {0};
    return lws_output_write(path, text, sizeof text) == LWS_ERR_LIMIT && strstr(lws_message(), "too large") ? 0 : 1;
}

static void full_disk(void **state)
{
    char *path = path_of("%s/x", (char *)*state);
    writes(path, "old");
    assert_int_equal(with_full_disk(1000, fill, path), 0);
    assert_int_equal(with_full_disk(0, fill, path), 0);
    file_holds(path, "old");
    assert_int_equal(folder_entries(*state), 1);
}

static void pipes_and_devices(void **state)
{
    char *path = path_of("%s/pipe", (char *)*state), got[8] = {0};
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    writes(path, "text");
    assert_int_equal(read(fd, got, sizeof got), 4);
    assert_string_equal(got, "text");
    close(fd);
    writes("/dev/null", "text");
    /* A file that is open, by its descriptor: whoever opened it must see what is written. */
    fd = open(path_of("%s/open", (char *)*state), O_RDWR | O_CREAT, 0600);
    writes(path_of("/dev/fd/%d", fd), "seen");
    assert_int_equal(pread(fd, got, sizeof got, 0), 4);
    assert_string_equal(got, "seen");
    close(fd);
    assert_int_equal(folder_entries(*state), 2);
}

static void tells_temporary_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      ".",
                                      "x.12.partial",
                                      ".x.partial",
                                      ".x.1a.partial",
                                      ".12.partial",
                                      "..partial",
                                      ".x.12.partial.bak",
                                      ".xy12.partial",
                                      ".x..partial"};
    char inner[256];
    assert_true(lws_output_is_temporary(".step-000000010.h5.4711.partial", inner));
    assert_string_equal(inner, "step-000000010.h5");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(lws_output_is_temporary(bad[i], inner));
    lws_output out;
    assert_int_equal(lws_output_open(path_of("%s/x.png", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp"), &out), LWS_OK);
    assert_true(lws_output_is_temporary(strrchr(out.path, '/') + 1, inner));
    assert_string_equal(inner, "x.png");
    lws_output_discard(&out);
}

static void folders(void **state)
{
    char *file = path_of("%s/file", (char *)*state);
    file_text(file, "");
    for (int i = 0; i < 2; i++)
        assert_int_equal(lws_folder_make(path_of("%s/a/b//c/", (char *)*state)), LWS_OK);
    assert_int_equal(lws_folder_make(file), LWS_ERR_IO);
    check_mentions(lws_message(), "file is not a folder");
    assert_int_equal(lws_folder_make(path_of("%s/x/y", file)), LWS_ERR_IO);
    assert_int_equal(lws_folder_make("/proc/x"), LWS_ERR_IO);
    assert_int_equal(lws_folder_flush(*state), LWS_OK);
    assert_int_equal(lws_folder_flush(file), LWS_ERR_IO);
}

/* Two that begin at once in a new folder: whoever makes it, both have it. */
static void made_by_several(void **state)
{
    enum { ROUNDS = 300, PROCESSES = 6 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() != 0)
            continue;
        int failures = 0;
        char byte;
        close(ends[1]);
        (void)!read(ends[0], &byte, 1); /* until all are here */
        for (int k = 0; k < ROUNDS; k++)
            failures += lws_folder_make(path_of("%s/%d/b", (char *)*state, k)) != LWS_OK;
        if (failures)
            print_error("%s\n", lws_message());
        _exit(failures != 0);
    }
    close(ends[0]);
    close(ends[1]);
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
}

static void one_at_a_time(void **state)
{
    int first, second;
    assert_int_equal(lws_folder_lock(*state, "--run", &first), LWS_OK);
    assert_int_equal(lws_folder_lock(*state, "--run", &second), LWS_ERR_IO);
    check_mentions(lws_message(), "in use by another job");
    check_mentions(lws_message(), "choose another --run");
    close(first); /* as when its process ends */
    assert_int_equal(lws_folder_lock(*state, "--run", &second), LWS_OK);
    lws_folder_unlock(*state, second);
    assert_int_equal(folder_entries(*state), 0);
    lws_folder_unlock(*state, -1);
    file_text(path_of("%s/target", (char *)*state), "mine");
    assert_int_equal(symlink("target", path_of("%s/%s", (char *)*state, LWS_FOLDER_LOCK)), 0);
    assert_int_equal(lws_folder_lock(*state, "--run", &first), LWS_ERR_IO); /* nobody's file becomes a lock */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_file),
        scratch_test(appears_at_the_end),
        scratch_test(a_users_files_stay),
        scratch_test(links_are_followed),
        scratch_test(what_cannot_be_written),
        scratch_test(full_disk),
        scratch_test(pipes_and_devices),
        cmocka_unit_test(tells_temporary_names),
        scratch_test(folders),
        scratch_test(made_by_several),
        scratch_test(one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
