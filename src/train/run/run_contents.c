/* Which files of a folder are a run's, by what is in them; and their removal. */
#include "run/run_contents.h"

#include "run/failure_folder.h"
#include "run/profile_report.h"

#include "base/folder.h"
#include "base/input.h"
#include "base/output.h"
#include "data/checkpoint.h"
#include "data/run_names.h"
#include "options/train_options.h"
#include "page/page.h"
#include "report/events.h"
#include "report/grid.h"
#include "report/metrics_log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void join(const char *folder, const char *name, char path[LWS_PATH])
{
    snprintf(path, LWS_PATH, "%s/%s", folder, name);
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ---- is it a run? ---------------------------------------------------------------------------- */

/* A run's config.ini has only keys of ours, and names the data: every run has some. */
static lws_status look_at_config(const char *run, bool *is_own)
{
    char path[LWS_PATH];
    lws_train_options options;
    *is_own = false;
    join(run, LWS_RUN_CONFIG, path);
    if (access(path, F_OK) != 0)
        return LWS_OK;
    lws_config_defaults(lws_train_table(), &options);
    memset(options.data, 0, sizeof options.data);
    lws_status status = lws_config_read_file(lws_train_table(), &options, path);
    *is_own = status == LWS_OK && options.data[0];
    return status == LWS_ERR_USAGE ? LWS_OK : status;
}

static lws_status look_at_checkpoints(const char *run, bool *any)
{
    char folder[LWS_PATH];
    int64_t *steps, count, held;
    *any = false;
    join(run, LWS_RUN_CHECKPOINTS, folder);
    if (!is_folder(folder))
        return LWS_OK;
    LWS_TRY(lws_checkpoint_list(folder, &steps, &count));
    lws_status status = LWS_OK;
    for (int64_t i = 0; i < count && !*any && status == LWS_OK; i++) {
        char path[LWS_PATH];
        lws_checkpoint_path(folder, steps[i], path);
        status = lws_checkpoint_peek(path, &held);
        *any = status == LWS_OK;
        if (status == LWS_ERR_FORMAT)
            status = LWS_OK;
    }
    free(steps);
    return status;
}

lws_status run_contents_look(const char *run, bool *holds_run)
{
    LWS_TRY(look_at_config(run, holds_run));
    return *holds_run ? LWS_OK : look_at_checkpoints(run, holds_run);
}

/* ---- what is not of a run -------------------------------------------------------------------- */

static int has_no_dot(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Of the folder `under` of the run ("" for itself); `found` [LWS_PATH] gets the first name, "" for none. */
static lws_status find_foreign(const char *run, const char *under, char *found)
{
    char folder[LWS_PATH];
    struct dirent **entry;
    lws_status status = LWS_OK;
    join(run, under, folder);
    int count = scandir(folder, &entry, has_no_dot, alphasort);
    if (count < 0 && errno == ENOTDIR) { /* a file in place of checkpoints or images */
        snprintf(found, LWS_PATH, "%s", under);
        return LWS_OK;
    }
    if (count < 0)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", folder);
    for (int i = 0; i < count; i++) {
        const char *name = entry[i]->d_name;
        bool is_known = !under[0] && (strcmp(name, LWS_RUN_CHECKPOINTS) == 0 || strcmp(name, LWS_RUN_PICTURES) == 0);
        if (is_known && !found[0] && status == LWS_OK)
            status = find_foreign(run, name, found);
        else if (!is_known && !found[0])
            snprintf(found, LWS_PATH, "%s%s%s", under, under[0] ? "/" : "", name);
        free(entry[i]);
    }
    free(entry);
    return status;
}

lws_status run_contents_refuse_foreign(const char *run)
{
    char found[LWS_PATH] = "";
    LWS_TRY(find_foreign(run, "", found));
    if (found[0])
        return lws_fail(LWS_ERR_USAGE,
                        "%s holds %s, and no run: a run is made in a folder of its own. Choose another --run.", run,
                        found);
    return LWS_OK;
}

static lws_status refuse_other(const char *path)
{
    return lws_fail(LWS_ERR_USAGE, "%s has a name that a run gives, but is not of a run: move it away", path);
}

/* A text of a run begins so, as far as it was written. What is no file is left to whoever opens it. */
static lws_status refuse_foreign_text(const char *path, const char *begins)
{
    struct stat info;
    bool is_own;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return LWS_OK;
    size_t length = strlen(begins);
    LWS_TRY(lws_input_look(path, begins, (size_t)info.st_size < length ? (size_t)info.st_size : length, &is_own));
    return is_own ? LWS_OK : refuse_other(path);
}

lws_status run_contents_refuse_others(const char *run)
{
    static const struct {
        const char *name, *begins;
    } text[] = {{LWS_METRICS_LOG, "{\"type\":"}, {FAILURE_FOLDER "/" FAILURE_FILE, "{\n\t\"step\":"}};
    char path[LWS_PATH];
    bool is_own;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        join(run, text[i].name, path);
        LWS_TRY(refuse_foreign_text(path, text[i].begins));
    }
    join(run, LWS_RUN_CONFIG, path);
    LWS_TRY(look_at_config(run, &is_own));
    return is_own ? LWS_OK : refuse_foreign_text(path, "[model]\n"); /* a damaged one is the run's */
}

/* ---- removing -------------------------------------------------------------------------------- */

/* Is it meant? By its name; where that is not enough, by what is in it. */
typedef bool choice(const char *path, const char *name);

static bool is_picture(const char *path, const char *name)
{
    return lws_step_of_name(name, LWS_PICTURE_SUFFIX) >= 0 && lws_grid_is_picture(path);
}

static bool is_timeline_name(const char *name)
{
    char again[64];
    int rank;
    if (sscanf(name, PROFILE_FILE, &rank) != 1 || rank < 0)
        return false;
    snprintf(again, sizeof again, PROFILE_FILE, rank);
    return strcmp(name, again) == 0;
}

static bool is_temporary_checkpoint(const char *path, const char *name)
{
    char target[256];
    (void)path;
    return lws_output_is_temporary(name, target) && lws_step_of_name(target, LWS_CHECKPOINT_SUFFIX) >= 0;
}

static bool is_temporary_failure(const char *path, const char *name)
{
    char target[256];
    return is_temporary_checkpoint(path, name) ||
           (lws_output_is_temporary(name, target) && strcmp(target, FAILURE_FILE) == 0);
}

static bool is_temporary_picture(const char *path, const char *name)
{
    char target[256];
    (void)path;
    return lws_output_is_temporary(name, target) && lws_step_of_name(target, LWS_PICTURE_SUFFIX) >= 0;
}

static bool is_page(const char *path, const char *name)
{
    return strcmp(name, LWS_PAGE_FILE) == 0 && lws_page_is_own(path);
}

static bool is_temporary_text(const char *path, const char *name)
{
    char target[256];
    (void)path;
    return lws_output_is_temporary(name, target) &&
           (strcmp(target, LWS_RUN_CONFIG) == 0 || strcmp(target, LWS_PAGE_FILE) == 0 ||
            strcmp(target, LWS_METRICS_LOG) == 0 || is_timeline_name(target));
}

static lws_status remove_chosen(void *user, const char *folder, const char *name)
{
    char path[LWS_PATH];
    choice *const *is_meant = user;
    join(folder, name, path);
    if ((*is_meant)(path, name))
        unlink(path);
    return LWS_OK;
}

/* Removes those files in a folder of the run. What cannot be removed stays. */
static void remove_named(const char *run, const char *under, choice *is_meant)
{
    char folder[LWS_PATH];
    join(run, under, folder);
    if (is_folder(folder))
        lws_folder_each(folder, remove_chosen, &is_meant);
}

void run_contents_sweep(const char *run)
{
    remove_named(run, "", is_temporary_text);
    remove_named(run, LWS_RUN_CHECKPOINTS, is_temporary_checkpoint);
    remove_named(run, LWS_RUN_PICTURES, is_temporary_picture);
    remove_named(run, FAILURE_FOLDER, is_temporary_failure);
}

static lws_status remove_checkpoints(const char *folder)
{
    return is_folder(folder) ? lws_checkpoint_remove_all(folder) : LWS_OK;
}

lws_status run_contents_remove(const char *run)
{
    static const char *const names[] = {(FAILURE_FOLDER "/" FAILURE_FILE), LWS_METRICS_LOG, LWS_RUN_CONFIG};
    char path[LWS_PATH];
    join(run, LWS_RUN_CHECKPOINTS, path);
    LWS_TRY(remove_checkpoints(path));
    join(run, FAILURE_FOLDER, path);
    LWS_TRY(remove_checkpoints(path));
    remove_named(run, LWS_RUN_PICTURES, is_picture);
    remove_named(run, "", lws_events_is_own);
    remove_named(run, "", is_page);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        join(run, names[i], path);
        if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
            return lws_fail(LWS_ERR_IO, "cannot remove %s: %m", path);
    }
    join(run, FAILURE_FOLDER, path);
    rmdir(path); /* unless it holds what is not the run's */
    return LWS_OK;
}
