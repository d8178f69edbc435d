/* The folder of a run's checkpoints: which there are, which is the newest that verifies, which may go. */
#include <lwssim/checkpoint.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <lwssim/log.h>
#include <lwssim/output.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>
#include <unistd.h>

static int newest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* Steps of the checkpoints in the folder, newest first; *count is -1 when the folder cannot be read. The caller frees
 * the list. With clean, what interrupted writes left behind is deleted. */
static int64_t *list_steps(const char *folder, bool clean, int64_t *count)
{
    DIR *dir = opendir(folder);
    int64_t *steps = NULL, capacity = 0;
    char target[256];
    *count = -1;
    if (!dir)
        return NULL;
    *count = 0;
    bool failed = false;
    for (struct dirent *entry; errno = 0, !failed && (entry = readdir(dir));) {
        int64_t step;
        int end = 0;
        size_t length = strlen(entry->d_name);
        if (sscanf(entry->d_name, "step-%" SCNd64 ".h5%n", &step, &end) == 1 && (size_t)end == length) {
            if (*count == capacity) {
                capacity = 2 * capacity + 16;
                int64_t *grown = realloc(steps, (size_t)capacity * sizeof *steps);
                failed = !grown;
                if (failed)
                    continue;
                steps = grown;
            }
            steps[(*count)++] = step;
        } else if (clean && strncmp(entry->d_name, ".step-", 6) == 0 &&
                   lws_output_is_temporary(entry->d_name, target)) {
            unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    failed |= errno != 0;
    closedir(dir);
    if (failed) { /* half a listing would hide checkpoints */
        free(steps);
        *count = -1;
        return NULL;
    }
    if (*count > 0)
        qsort(steps, (size_t)*count, sizeof *steps, newest_first);
    return steps;
}

static void step_path(const char *folder, int64_t step, char *path)
{
    snprintf(path, LWS_PATH, "%s/step-%09" PRId64 ".h5", folder, step);
}

int64_t lws_checkpoint_count(const char *folder)
{
    int64_t count;
    free(list_steps(folder, false, &count));
    return count;
}

lws_status lws_checkpoint_find(const char *folder, int64_t step, char *path)
{
    if (step >= 0) {
        step_path(folder, step, path);
        return lws_checkpoint_verify(path);
    }
    int64_t count, *steps = list_steps(folder, false, &count);
    lws_status status = LWS_ERR_IO;
    for (int64_t i = 0; i < count && status != LWS_OK; i++) {
        step_path(folder, steps[i], path);
        status = lws_checkpoint_verify(path);
        if (status == LWS_ERR_MEMORY)
            break;
        if (status != LWS_OK)
            lws_warn("%s; passing over it for the one before", lws_message());
    }
    free(steps);
    if (count < 0)
        return lws_fail(LWS_ERR_IO, "cannot read the checkpoint folder %s: %m", folder);
    if (count == 0)
        return lws_fail(LWS_ERR_IO, "there is no checkpoint in %s", folder);
    if (status == LWS_ERR_MEMORY)
        return status;
    if (status != LWS_OK)
        return lws_fail(LWS_ERR_FORMAT, "none of the %" PRId64 " checkpoints in %s is whole", count, folder);
    return LWS_OK;
}

void lws_checkpoint_prune(const char *folder, int64_t step, int64_t keep, int64_t best_step)
{
    int64_t count, *steps = list_steps(folder, true, &count), kept = 0;
    for (int64_t i = 0; i < count; i++) {
        char path[LWS_PATH];
        step_path(folder, steps[i], path);
        bool later = steps[i] > step;
        kept += !later;
        if (later || (kept > keep && steps[i] != best_step))
            unlink(path);
    }
    free(steps);
}
