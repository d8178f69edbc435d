/* The folder of a run's checkpoints: which there are, which is the newest that verifies, which may go. */
#include "checkpoint_format.h"

#include "base/log.h"
#include "data/run_names.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names ----------------------------------------------------------------------------------- */

void lws_checkpoint_path(const char *folder, int64_t step, char *path)
{
    char name[LWS_STEP_NAME];
    lws_step_name(step, LWS_CHECKPOINT_SUFFIX, name);
    snprintf(path, LWS_PATH, "%s/%s", folder, name);
}

static int newest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

lws_status lws_checkpoint_list(const char *folder, int64_t **steps, int64_t *count)
{
    int64_t capacity = 0, step;
    *steps = NULL;
    *count = 0;
    DIR *dir = opendir(folder);
    lws_status status = LWS_OK;
    if (!dir)
        return lws_fail(LWS_ERR_IO, "cannot read the checkpoint folder %s: %m", folder);
    for (struct dirent *entry; errno = 0, (entry = readdir(dir));) {
        if ((step = lws_step_of_name(entry->d_name, LWS_CHECKPOINT_SUFFIX)) < 0)
            continue;
        if (*count == capacity) {
            capacity = 2 * capacity + 16;
            int64_t *grown = realloc(*steps, (size_t)capacity * sizeof *grown);
            if (!grown) {
                status = lws_fail(LWS_ERR_MEMORY, "out of memory listing %s", folder);
                break;
            }
            *steps = grown;
        }
        (*steps)[(*count)++] = step;
    }
    if (status == LWS_OK && errno != 0) /* half a listing would hide checkpoints */
        status = lws_fail(LWS_ERR_IO, "cannot read the checkpoint folder %s: %m", folder);
    closedir(dir);
    if (status != LWS_OK) {
        free(*steps);
        *steps = NULL;
        *count = 0;
    } else if (*count > 0) {
        qsort(*steps, (size_t)*count, sizeof **steps, newest_first);
    }
    return status;
}

int64_t lws_checkpoint_count(const char *folder)
{
    int64_t count, *steps;
    lws_status status = lws_checkpoint_list(folder, &steps, &count);
    free(steps);
    return status == LWS_OK ? count : -1;
}

/* ---- looking --------------------------------------------------------------------------------- */

/* Is it, by what it says of itself, the checkpoint of that step? What cannot be read is not. */
static bool holds_step(const char *path, int64_t step)
{
    int64_t held;
    return lws_checkpoint_peek(path, &held) == LWS_OK && held == step;
}

/* (8) */
static lws_status check_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    int64_t step = lws_step_of_name(slash ? slash + 1 : path, LWS_CHECKPOINT_SUFFIX), held;
    if (step < 0)
        return LWS_OK;
    LWS_TRY(lws_checkpoint_peek(path, &held));
    if (held != step)
        return lws_fail(LWS_ERR_MISMATCH,
                        "%s holds the state of step %" PRId64 ", not of the step in its name: it was renamed or copied",
                        path, held);
    return LWS_OK;
}

lws_status lws_checkpoint_verify_name(const char *path)
{
    LWS_TRY(lws_checkpoint_verify(path));
    return check_name(path);
}

static lws_status find_newest(const char *folder, bool to_resume, char *path)
{
    int64_t count, *steps;
    LWS_TRY(lws_checkpoint_list(folder, &steps, &count));
    if (count == 0)
        return lws_fail(LWS_ERR_IO, "there is no checkpoint in %s", folder);
    lws_status status = LWS_OK;
    bool decided = false;
    char unread[2048] = ""; /* of the newest that may be good */
    for (int64_t i = 0; i < count && !decided; i++) {
        lws_checkpoint_path(folder, steps[i], path);
        status = lws_checkpoint_verify(path);
        bool is_other = status == LWS_ERR_MISMATCH; /* of another version; not misnamed, as below */
        if (status == LWS_OK)
            status = check_name(path);
        bool bars_resume = is_other || status == LWS_ERR_IO; /* it may be good */
        decided = status == LWS_OK || status == LWS_ERR_MEMORY || (to_resume && bars_resume);
        if (status == LWS_ERR_IO && !unread[0])
            snprintf(unread, sizeof unread, "%s", lws_message());
        if (!decided)
            lws_warn("%s; passing over it for the one before", lws_message());
    }
    free(steps);
    if (!decided && unread[0])
        return lws_fail(LWS_ERR_IO,
                        "none of the %" PRId64 " checkpoints in %s can be used; the newest that may be good: %s", count,
                        folder, unread);
    if (!decided)
        return lws_fail(LWS_ERR_FORMAT,
                        "none of the %" PRId64
                        " checkpoints in %s is whole: put one back from a copy, or start again with "
                        "--overwrite",
                        count, folder);
    return status;
}

lws_status lws_checkpoint_find(const char *folder, int64_t step, char *path)
{
    if (step < 0)
        return find_newest(folder, false, path);
    lws_checkpoint_path(folder, step, path);
    return lws_checkpoint_verify_name(path);
}

lws_status lws_checkpoint_find_to_resume(const char *folder, char *path)
{
    char kept[2048];
    lws_status status = find_newest(folder, true, path);
    if (status != LWS_ERR_IO && status != LWS_ERR_MISMATCH)
        return status;
    snprintf(kept, sizeof kept, "%s", lws_message());
    return lws_fail(status, "%s. The run would lose what is in it: see to it that it can be read, or move it away.",
                    kept);
}

/* ---- moving and removing --------------------------------------------------------------------- */

lws_status lws_checkpoint_set_aside(const char *folder, int64_t step)
{
    int64_t count, *steps;
    char path[LWS_PATH];
    LWS_TRY(lws_checkpoint_list(folder, &steps, &count));
    lws_status status = LWS_OK;
    for (int64_t i = 0; i < count && steps[i] > step && status == LWS_OK; i++) {
        lws_checkpoint_path(folder, steps[i], path);
        if (lws_checkpoint_verify(path) == LWS_ERR_FORMAT)
            status = lws_folder_rename_aside(path, "damaged");
    }
    free(steps);
    return status;
}

lws_status checkpoint_make_way(const char *path, int64_t step)
{
    struct stat info;
    int64_t held;
    if (lstat(path, &info) != 0)
        return LWS_OK;
    lws_status status = lws_checkpoint_peek(path, &held);
    if (status == LWS_OK && held == step)
        return LWS_OK;
    if (status == LWS_ERR_MEMORY || status == LWS_ERR_IO)
        return status;
    return lws_folder_rename_aside(path, status == LWS_OK ? "misnamed" : "damaged");
}

void lws_checkpoint_prune(const char *folder, int64_t step, int64_t keep, int64_t best_step)
{
    int64_t count, *steps, kept = 0;
    char path[LWS_PATH];
    if (lws_checkpoint_list(folder, &steps, &count) != LWS_OK)
        return;
    int64_t first = 0;
    while (first < count && steps[first] > step)
        first++;
    /* What files hold is looked at only where there are enough names for one to go. */
    for (int64_t i = first; i < count && count - first > keep; i++) {
        lws_checkpoint_path(folder, steps[i], path);
        if (!holds_step(path, steps[i]))
            continue;
        kept++;
        if (kept > keep && steps[i] != best_step)
            unlink(path);
    }
    free(steps);
}

lws_status lws_checkpoint_remove_all(const char *folder)
{
    int64_t count, *steps;
    char path[LWS_PATH];
    LWS_TRY(lws_checkpoint_list(folder, &steps, &count));
    lws_status status = LWS_OK;
    for (int64_t i = 0; i < count && status == LWS_OK; i++) {
        lws_checkpoint_path(folder, steps[i], path);
        status = checkpoint_make_way(path, steps[i]);
        if (status == LWS_OK && unlink(path) != 0 && errno != ENOENT)
            status = lws_fail(LWS_ERR_IO, "cannot remove %s: %m", path);
    }
    free(steps);
    return status;
}
