/* Folders made, listed, locked and flushed to the disk. */
#include "base/folder.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Waits until the disk has the entries of a folder: 0 or the error. Some cluster file systems refuse to flush folders:
 * they need no flush. */
static int flush(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    bool needs_none = fd >= 0 && (error == EINVAL || error == ENOTSUP || error == ENOSYS || error == EROFS);
    return needs_none ? 0 : error;
}

/* The folder that an entry is in, with the slash behind it. */
static void folder_above(const char *path, char above[LWS_PATH])
{
    int length = snprintf(above, LWS_PATH, "%s", path);
    while (length > 0 && above[length - 1] == '/')
        length--;
    while (length > 0 && above[length - 1] != '/')
        length--;
    snprintf(above + length, LWS_PATH - (size_t)length, "%s", length ? "" : ".");
}

static lws_status cannot_flush(const char *folder, int error)
{
    return lws_fail(LWS_ERR_IO, "cannot flush the folder %s to disk: %s", folder, strerror(error));
}

/* Makes one folder, and sees to it that a crash of the machine does not take it away with all that will be in it. */
static lws_status make_one(const char *path)
{
    char above[LWS_PATH];
    if (mkdir(path, 0777) != 0) /* another process may be first */
        return errno == EEXIST ? LWS_OK : lws_fail(LWS_ERR_IO, "cannot make the folder %s: %m", path);
    folder_above(path, above);
    int error = flush(above);
    if (!error || error == EACCES) /* what one may write to, one need not be allowed to list */
        return LWS_OK;
    rmdir(path); /* the next attempt makes it again, and flushes */
    return cannot_flush(above, error);
}

lws_status lws_folder_make(const char *folder)
{
    char path[LWS_PATH];
    struct stat info;
    if (snprintf(path, sizeof path, "%s", folder) >= LWS_PATH)
        return lws_fail(LWS_ERR_IO, "cannot make the folder %s: %s", folder, strerror(ENAMETOOLONG));
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (stat(path, &info) != 0)
            make_one(path); /* what matters is whether the last one is there in the end */
        *slash = '/';
    }
    if (stat(folder, &info) != 0)
        LWS_TRY(make_one(folder));
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return lws_fail(LWS_ERR_IO, "%s is not a folder", folder);
    if (access(folder, W_OK | X_OK) != 0)
        return lws_fail(LWS_ERR_IO, "cannot write to the folder %s: %m", folder);
    return LWS_OK;
}

lws_status lws_folder_each(const char *folder, lws_folder_visit *visit, void *user)
{
    DIR *dir = opendir(folder);
    lws_status status = LWS_OK;
    if (!dir)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", folder);
    for (struct dirent *entry; status == LWS_OK;) {
        errno = 0; /* tells an error from the end */
        if (!(entry = readdir(dir)))
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = visit(user, folder, entry->d_name);
    }
    if (status == LWS_OK && errno != 0)
        status = lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", folder);
    closedir(dir);
    return status;
}

lws_status lws_folder_flush(const char *folder)
{
    int error = flush(folder);
    return error ? cannot_flush(folder, error) : LWS_OK;
}

lws_status lws_folder_flush_above(const char *path)
{
    char above[LWS_PATH];
    folder_above(path, above);
    return lws_folder_flush(above);
}

static bool is_file_of(int fd, const char *path)
{
    struct stat open_one, there;
    return fstat(fd, &open_one) == 0 && stat(path, &there) == 0 && open_one.st_dev == there.st_dev &&
           open_one.st_ino == there.st_ino;
}

lws_status lws_folder_lock(const char *folder, const char *option, int *lock)
{
    char path[LWS_PATH + sizeof LWS_FOLDER_LOCK];
    snprintf(path, sizeof path, "%s/%s", folder, LWS_FOLDER_LOCK);
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0)
            return lws_fail(LWS_ERR_IO, "cannot write %s: %m", path);
        bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (!locked && errno == EWOULDBLOCK) {
            close(fd);
            return lws_fail(LWS_ERR_IO, "%s is in use by another job: wait for it, stop it, or choose another %s",
                            folder, option);
        }
        if (!locked)
            lws_warn("this file system does not lock %s (%m): see to it that no other job uses the folder", path);
        *lock = fd;
        if (!locked || is_file_of(fd, path)) /* else the job before has just removed it */
            return LWS_OK;
        close(fd);
    }
}

void lws_folder_unlock(const char *folder, int lock)
{
    if (lock < 0)
        return;
    char path[LWS_PATH + sizeof LWS_FOLDER_LOCK];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", folder, LWS_FOLDER_LOCK);
    if (fstat(lock, &info) == 0 && info.st_size == 0)
        unlink(path);
    close(lock);
}

/* ---- out of the way -------------------------------------------------------------------------- */

/* Fails with EEXIST where `to` is there. */
static bool rename_to_new(const char *from, const char *to)
{
    struct stat info;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (lstat(to, &info) == 0) { /* a file system that knows only the plain rename */
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

lws_status lws_folder_rename_aside(const char *path, const char *suffix)
{
    char to[LWS_PATH + 64];
    snprintf(to, sizeof to, "%s.%s", path, suffix);
    for (int i = 2; !rename_to_new(path, to); i++) {
        if (errno != EEXIST)
            return lws_fail(LWS_ERR_IO, "cannot rename %s to %s: %m", path, to);
        snprintf(to, sizeof to, "%s.%s-%d", path, suffix, i);
    }
    lws_warn("%s is kept as %s", path, to);
    return LWS_OK;
}
