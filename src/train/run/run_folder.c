/* The folder made, locked, taken over or refused; its configuration written and read. */
#include "run/run_folder.h"

#include "run/run_contents.h"

#include "base/folder.h"
#include "base/log.h"
#include "base/output.h"
#include "data/checkpoint.h"
#include "data/run_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Refuses or clears what is there. In a folder where no run lives and none may begin, no lock is left. */
static lws_status make_room(const lws_train_request *request, int *lock)
{
    const char *run = request->run;
    bool holds_run;
    LWS_TRY(run_contents_look(run, &holds_run));
    if (!holds_run) {
        lws_status status = run_contents_refuse_foreign(run);
        if (status != LWS_OK) {
            lws_folder_unlock(run, *lock);
            *lock = -1;
        }
        return status;
    }
    if (!request->resume && !request->overwrite)
        return lws_fail(LWS_ERR_USAGE,
                        "%s already holds a run: go on with --resume, throw it away with "
                        "--overwrite, or choose another --run",
                        run);
    LWS_TRY(run_contents_refuse_others(run));
    run_contents_sweep(run);
    return request->overwrite ? run_contents_remove(run) : LWS_OK;
}

static lws_status prepare(const lws_train_request *request, int *descriptor)
{
    const char *run = request->run;
    char sub[LWS_PATH];
    LWS_TRY(lws_folder_make(run));
    LWS_TRY(lws_folder_lock(run, "--run", descriptor));
    LWS_TRY(make_room(request, descriptor));
    lws_run_checkpoints(run, sub);
    LWS_TRY(lws_folder_make(sub));
    snprintf(sub, sizeof sub, "%s/" LWS_RUN_PICTURES, run);
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
    snprintf(path, sizeof path, "%s/" LWS_RUN_CONFIG, run);
    char *text = lws_config_text(lws_train_table(), options);
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

/* Where config.ini is gone, a checkpoint has most of it. */
static lws_status load_from_checkpoint(const char *run, lws_train_options *options)
{
    char folder[LWS_PATH], path[LWS_PATH], *config;
    lws_checkpoint_meta meta;
    lws_run_checkpoints(run, folder);
    if (lws_checkpoint_count(folder) <= 0)
        return lws_fail(LWS_ERR_IO,
                        "there is no run to resume in %s: it has no config.ini. Leave out "
                        "--resume to start one.",
                        run);
    LWS_TRY(lws_checkpoint_find(folder, -1, path));
    LWS_TRY(lws_checkpoint_read_meta(path, &meta, &config));
    lws_status status = lws_config_read_text(lws_train_table(), options, config, path);
    free(config);
    if (status == LWS_OK)
        lws_warn("%s has no config.ini: its configuration is that in %s, but for where its data is, how often it saves "
                 "and the like, which have their defaults",
                 run, path);
    return status;
}

lws_status lws_train_load_options(lws_comm *comm, const char *run, lws_train_options *options)
{
    lws_status status = LWS_OK;
    if (lws_comm_rank(comm) == 0) {
        char path[LWS_PATH];
        snprintf(path, sizeof path, "%s/" LWS_RUN_CONFIG, run);
        status = access(path, F_OK) == 0 ? lws_config_read_file(lws_train_table(), options, path)
                                         : load_from_checkpoint(run, options);
    }
    LWS_TRY(lws_comm_agree(comm, status));
    lws_comm_broadcast(comm, options, sizeof *options);
    return LWS_OK;
}
