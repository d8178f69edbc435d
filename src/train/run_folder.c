#include "trainer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lwssim/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool exists(const char *folder, const char *name)
{
    char path[LWS_PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

/* mkdir -p */
static lws_status make_folder(const char *folder)
{
    char path[LWS_PATH];
    snprintf(path, sizeof path, "%s", folder);
    for (char *p = path + 1;; p++) {
        if (*p != '/' && *p != 0)
            continue;
        char kept = *p;
        *p = 0;
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return lws_fail(LWS_ERR_IO, "cannot make the folder %s: %m", path);
        *p = kept;
        if (kept == 0)
            break;
    }
    struct stat info;
    if (stat(folder, &info) == 0 && !S_ISDIR(info.st_mode))
        return lws_fail(LWS_ERR_IO, "%s is a file, not a folder", folder);
    if (access(folder, W_OK | X_OK) != 0)
        return lws_fail(LWS_ERR_IO, "the folder %s is not writable: %m", folder);
    return LWS_OK;
}

/* Files "step-NNNNNNNNN" with this suffix in one of the run's folders: how many; deleted if asked. Other files are not
 * the run's and stay. */
static int step_files(const char *run, const char *name, const char *suffix, bool delete)
{
    char path[LWS_PATH];
    int found = 0;
    snprintf(path, sizeof path, "%s/%s", run, name);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        long long step;
        int end = 0;
        if (sscanf(entry->d_name, "step-%lld%n", &step, &end) == 1 && strcmp(entry->d_name + end, suffix) == 0) {
            found++;
            if (delete)
                unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    if (dir)
        closedir(dir);
    return found;
}

static void remove_file(const char *run, const char *name)
{
    char path[LWS_PATH];
    snprintf(path, sizeof path, "%s/%s", run, name);
    unlink(path);
}

static void remove_failure(const char *run)
{
    char folder[LWS_PATH];
    failure_folder(run, folder);
    remove_file(run, "failure/" FAILURE_FILE);
    step_files(run, "failure", ".h5", true);
    rmdir(folder); /* unless it holds what is not the run's */
}

/* One job at a time: the lock goes with the process, however it ends. */
static lws_status lock(const char *run, int *descriptor)
{
    char path[LWS_PATH];
    snprintf(path, sizeof path, "%s/.lock", run);
    *descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*descriptor < 0)
        return lws_fail(LWS_ERR_IO, "cannot write %s: %m", path);
    if (flock(*descriptor, LOCK_EX | LOCK_NB) == 0)
        return LWS_OK;
    if (errno == EWOULDBLOCK) {
        close(*descriptor);
        *descriptor = -1;
        return lws_fail(LWS_ERR_IO, "%s is in use by another job: wait for it, stop it, or choose another --run", run);
    }
    lws_warn("this file system does not lock %s (%s): see to it that no other job uses the run", path, strerror(errno));
    return LWS_OK;
}

static lws_status prepare(const lws_train_request *request, int *descriptor)
{
    const char *run = request->run;
    LWS_TRY(make_folder(run));
    LWS_TRY(lock(run, descriptor));
    bool holds_run = exists(run, "config.ini") || step_files(run, "checkpoints", ".h5", false) > 0;
    if (holds_run && !request->resume && !request->overwrite)
        return lws_fail(LWS_ERR_USAGE,
                        "%s already holds a run: go on with --resume, throw it away with "
                        "--overwrite, or choose another --run",
                        run);
    if (holds_run && request->overwrite) {
        step_files(run, "checkpoints", ".h5", true);
        step_files(run, "images", ".png", true);
        remove_failure(run);
        remove_file(run, "metrics.jsonl");
        remove_file(run, "config.ini");
    }
    char sub[LWS_PATH];
    snprintf(sub, sizeof sub, "%s/checkpoints", run);
    LWS_TRY(make_folder(sub));
    snprintf(sub, sizeof sub, "%s/images", run);
    return make_folder(sub);
}

lws_status run_folder_prepare(lws_comm *comm, const lws_train_request *request, int *descriptor)
{
    *descriptor = -1;
    return lws_comm_agree(comm, lws_comm_rank(comm) == 0 ? prepare(request, descriptor) : LWS_OK);
}

static lws_status write_config(const char *run, const lws_train_options *options)
{
    char path[LWS_PATH], temporary[LWS_PATH];
    snprintf(path, sizeof path, "%s/config.ini", run);
    snprintf(temporary, sizeof temporary, "%s/.config.ini.partial", run);
    char *text = lws_config_text(lws_train_table, options);
    if (!text)
        return lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", path);
    FILE *out = fopen(temporary, "w");
    bool written = out && fputs(text, out) >= 0 && fflush(out) == 0 && fsync(fileno(out)) == 0;
    if (out)
        written = fclose(out) == 0 && written;
    free(text);
    if (!written || rename(temporary, path) != 0)
        return lws_fail(LWS_ERR_IO, "cannot write %s: %m", path);
    return LWS_OK;
}

lws_status run_folder_write_config(lws_comm *comm, const char *run, const lws_train_options *options)
{
    return lws_comm_agree(comm, lws_comm_rank(comm) == 0 ? write_config(run, options) : LWS_OK);
}

lws_status lws_train_load_options(lws_comm *comm, const char *run, lws_train_options *options)
{
    lws_status status = LWS_OK;
    if (lws_comm_rank(comm) == 0) {
        char path[LWS_PATH];
        snprintf(path, sizeof path, "%s/config.ini", run);
        if (!exists(run, "config.ini"))
            status = lws_fail(LWS_ERR_IO,
                              "there is no run to resume in %s: it has no config.ini. Leave out "
                              "--resume to start one.",
                              run);
        else
            status = lws_config_read_file(lws_train_table, options, path);
    }
    LWS_TRY(lws_comm_agree(comm, status));
    lws_comm_broadcast(comm, options, sizeof *options);
    return LWS_OK;
}
