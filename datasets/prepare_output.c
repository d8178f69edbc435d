/* The output folder: made ready, and filled with final names once every shard is good. */
#include "plan.h"

#include "shard_file.h"

#include <dirent.h>
#include <lwssim/folder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- before ---------------------------------------------------------------------------------- */

/* ".train-00000-of-00008.h5.partial" */
static bool is_temporary(const char *name)
{
    static const char suffix[] = ".partial";
    char inner[LWS_DATASET_SHARD_NAME];
    size_t n = strlen(name);
    if (name[0] != '.' || n < sizeof suffix || n - sizeof suffix >= sizeof inner ||
        strcmp(name + n - (sizeof suffix - 1), suffix) != 0)
        return false;
    snprintf(inner, sizeof inner, "%.*s", (int)(n - sizeof suffix), name + 1);
    return lws_dataset_is_shard_name(inner);
}

static lws_status remove_in(int folder, const char *output, const char *name)
{
    if (unlinkat(folder, name, 0) != 0)
        return lws_fail(LWS_ERR_IO, "cannot remove %s/%s: %m", output, name);
    return LWS_OK;
}

/* Looks through the folder twice: nothing may go before it is clear that this folder is meant. */
static lws_status clear_folder(const lws_prepare_options *o)
{
    DIR *dir = opendir(o->output);
    if (!dir)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", o->output);
    lws_status status = LWS_OK;
    for (struct dirent *entry; !o->overwrite && status == LWS_OK && (entry = readdir(dir));) {
        if (lws_dataset_is_shard_name(entry->d_name))
            status = lws_fail(LWS_ERR_USAGE,
                              "%s already holds a dataset (%s): name another folder, or "
                              "add --overwrite to replace it",
                              o->output, entry->d_name);
    }
    rewinddir(dir);
    for (struct dirent *entry; status == LWS_OK && (entry = readdir(dir));) {
        if (lws_dataset_is_shard_name(entry->d_name) || is_temporary(entry->d_name) ||
            strcmp(entry->d_name, LWS_PREPARE_REPORT) == 0)
            status = remove_in(dirfd(dir), o->output, entry->d_name);
    }
    closedir(dir);
    return status;
}

/* An early word is better than a full disk after an hour. Quotas do not show here. */
static lws_status check_space(const lws_prepare *plan)
{
    struct statvfs fs;
    double needed = 0;
    for (int i = 0; i < plan->shard_count; i++)
        needed += (double)plan->shards[i].count * (double)(lws_plan_row_bytes(plan) + 64);
    if (statvfs(plan->options.output, &fs) != 0 || fs.f_blocks == 0)
        return LWS_OK;
    double there = (double)fs.f_bavail * (double)fs.f_frsize;
    if (there < needed)
        return lws_fail(LWS_ERR_IO, "%s: the dataset takes about %.1f MB and the disk has %.1f MB left",
                        plan->options.output, needed / 1e6, there / 1e6);
    return LWS_OK;
}

lws_status lws_prepare_begin(lws_prepare *plan)
{
    LWS_TRY(lws_folder_make(plan->options.output));
    LWS_TRY(clear_folder(&plan->options));
    return check_space(plan);
}

/* ---- after ----------------------------------------------------------------------------------- */

/* Which images are rows, over all shards; *first_digest is where the split's digests begin. */
static lws_status gather(const lws_prepare *plan, int shard, const lws_prepare_result *results, lws_shard_facts *facts,
                         int64_t *first_digest)
{
    const lws_plan_shard *own = &plan->shards[shard];
    int64_t all = 0, listed = 0;
    *facts = (lws_shard_facts){.split = own->split, .shard = own->index, .recipe = plan->recipe_text};
    for (int i = 0; i < plan->shard_count; i++) {
        const lws_plan_shard *s = &plan->shards[i];
        if (s->split == own->split && s->index == 0)
            *first_digest = all;
        if (s->split == own->split && s->index < own->index)
            facts->first_row += results[i].rows;
        facts->rows_by_split[s->split] += results[i].rows;
        all += results[i].rows;
        listed += s->count;
    }
    for (int s = 0; s < LWS_SPLITS; s++)
        facts->shards_by_split[s] = facts->rows_by_split[s] ? plan->shards_in_split[s] : 0;
    if (all > 0)
        return LWS_OK;
    const char *problem = plan->first_problem;
    return lws_fail(LWS_ERR_FORMAT, "none of the %lld images can be used%s%s%s", (long long)listed,
                    problem[0] ? "; the first is " : "", problem,
                    strstr(problem, "the crop of") ? ": choose a smaller --crop (70 for Celeb-A at half "
                                                     "size)"
                                                   : "");
}

lws_status lws_prepare_complete(lws_prepare *plan, int shard, const lws_prepare_result *results,
                                const uint64_t *digests)
{
    lws_shard_facts facts;
    int64_t first = 0;
    char digest[LWS_DIGEST_TEXT], split_digest[LWS_DIGEST_TEXT];
    char *path = lws_plan_shard_path(plan, shard, true);
    if (!path)
        return lws_fail(LWS_ERR_MEMORY, "out of memory completing a shard");
    lws_status status = gather(plan, shard, results, &facts, &first);
    plan->shards[shard].dropped = status == LWS_OK && facts.rows_by_split[facts.split] == 0;
    if (status != LWS_OK || plan->shards[shard].dropped) {
        unlink(path);
    } else {
        lws_digest(digests + first + facts.first_row, (size_t)results[shard].rows * sizeof *digests, digest);
        lws_digest(digests + first, (size_t)facts.rows_by_split[facts.split] * sizeof *digests, split_digest);
        facts.digest = digest;
        facts.split_digest = split_digest;
        status = lws_shard_file_complete(path, &facts);
    }
    free(path);
    return status;
}

lws_status lws_prepare_publish(lws_prepare *plan, int shard)
{
    if (plan->shards[shard].dropped)
        return LWS_OK;
    char *from = lws_plan_shard_path(plan, shard, true), *to = lws_plan_shard_path(plan, shard, false);
    lws_status status = LWS_OK;
    if (!from || !to)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory publishing a shard");
    else if (rename(from, to) != 0)
        status = lws_fail(LWS_ERR_IO, "cannot rename %s to %s: %m", from, to);
    else
        status = lws_folder_flush(plan->options.output);
    free(from);
    free(to);
    return status;
}

void lws_prepare_discard(lws_prepare *plan)
{
    for (int i = 0; i < plan->shard_count; i++) {
        char *path = lws_plan_shard_path(plan, i, true);
        if (path)
            unlink(path);
        free(path);
    }
}
