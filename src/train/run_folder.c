#include "trainer.h"

#include <dirent.h>
#include <lwssim/log.h>
#include <lwssim/output.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool exists(const char *folder, const char *name)
{
    char path[LWS_PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
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

static lws_status prepare(const lws_train_request *request, int *descriptor)
{
    const char *run = request->run;
    LWS_TRY(lws_folder_make(run));
    LWS_TRY(lws_folder_lock(run, "--run", descriptor));
    bool holds_run = exists(run, "config.ini") || step_files(run, "checkpoints", ".h5", false) > 0;
    if (holds_run && !request->resume && !request->overwrite)
        return lws_fail(LWS_ERR_USAGE,
                        "%s already holds a run: go on with --resume, throw it away with "
                        "--overwrite, or choose another --run",
                        run);
    if (holds_run && request->overwrite) {
        step_files(run, "checkpoints", ".h5", true);
        step_files(run, "images", ".png", true);
        remove_file(run, "metrics.jsonl");
        remove_file(run, "config.ini");
    }
    char sub[LWS_PATH];
    snprintf(sub, sizeof sub, "%s/checkpoints", run);
    LWS_TRY(lws_folder_make(sub));
    snprintf(sub, sizeof sub, "%s/images", run);
    return lws_folder_make(sub);
}

lws_status run_folder_prepare(lws_comm *comm, const lws_train_request *request, int *descriptor)
{
    *descriptor = -1;
    return lws_comm_agree(comm, lws_comm_rank(comm) == 0 ? prepare(request, descriptor) : LWS_OK);
}

static lws_status write_config(const char *run, const lws_train_options *options)
{
    char path[LWS_PATH];
    snprintf(path, sizeof path, "%s/config.ini", run);
    char *text = lws_config_text(lws_train_table, options);
    if (!text)
        return lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", path);
    lws_status status = lws_output_write(path, text, strlen(text));
    free(text);
    return status;
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
