/* The output folder: made ready, and filled with final names once every shard is good. */
#include "plan.h"

#include "target.h"

#include "base/folder.h"
#include "base/output.h"
#include "data/shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- before ---------------------------------------------------------------------------------- */

/* Nothing may go that is not of a dataset. */
static lws_status check_contents(const char *output, const lws_target_contents *c)
{
    bool is_ours = c->has_dataset || c->has_marker;
    const char *in_the_way = c->in_the_way[0] ? c->in_the_way : is_ours ? "" : c->partial;
    if (in_the_way[0])
        return lws_fail(LWS_ERR_USAGE,
                        "%s/%s has a name that lwssim prepare gives, but is not of a dataset: move it away, or "
                        "choose another --output",
                        output, in_the_way);
    if (!is_ours && c->foreign[0])
        return lws_fail(LWS_ERR_USAGE,
                        "%s holds %s, and no dataset: a dataset is made in a folder of its own. Choose another "
                        "--output.",
                        output, c->foreign);
    return LWS_OK;
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

static lws_status write_marker(lws_prepare *plan)
{
    char text[128];
    uint64_t random[2];
    if (getentropy(random, sizeof random) != 0)
        return lws_fail(LWS_ERR_IO, "cannot draw a random number: %m");
    snprintf(plan->token, sizeof plan->token, "%016llx%016llx", (unsigned long long)random[0],
             (unsigned long long)random[1]);
    char *marker = lws_path(plan->options.output, "", LWS_TARGET_PREPARING, "");
    int length = snprintf(text, sizeof text, LWS_TARGET_MARKER_BEGINS "%s\n", plan->token);
    lws_status status = marker ? lws_output_write(marker, text, (size_t)length)
                               : lws_fail(LWS_ERR_MEMORY, "out of memory preparing %s", plan->options.output);
    free(marker);
    return status;
}

static lws_status make_ready(lws_prepare *plan)
{
    const lws_prepare_options *o = &plan->options;
    lws_target_contents contents;
    bool was_replacing; /* then the next run was asked for, to repair it */
    LWS_TRY(lws_target_replace_resume(o->output, &was_replacing));
    LWS_TRY(lws_target_look(o->output, &contents));
    if (contents.has_dataset && !o->overwrite && !was_replacing)
        return lws_fail(LWS_ERR_USAGE,
                        "%s already holds a dataset (%s): name another folder, or "
                        "add --overwrite to replace it",
                        o->output, contents.shard);
    LWS_TRY(check_contents(o->output, &contents));
    LWS_TRY(lws_target_clear(o->output));
    LWS_TRY(check_space(plan));
    return write_marker(plan);
}

lws_status lws_prepare_begin(lws_prepare *plan)
{
    const char *output = plan->options.output;
    LWS_TRY(lws_folder_make(output));
    LWS_TRY(lws_folder_lock(output, "--output", &plan->lock));
    lws_status status = make_ready(plan);
    if (status != LWS_OK) {
        lws_folder_unlock(output, plan->lock);
        plan->lock = -1;
        plan->token[0] = 0;
    }
    return status;
}

const char *lws_prepare_token(const lws_prepare *plan)
{
    return plan->token;
}

lws_status lws_prepare_join(const lws_prepare *plan, const char *token)
{
    char there[LWS_PREPARE_TOKEN] = "";
    char *marker = lws_path(plan->options.output, "", LWS_TARGET_PREPARING, "");
    if (!marker)
        return lws_fail(LWS_ERR_MEMORY, "out of memory preparing %s", plan->options.output);
    FILE *in = fopen(marker, "re");
    bool same = in && fscanf(in, LWS_TARGET_MARKER_BEGINS "%32s", there) == 1 && strcmp(there, token) == 0;
    if (in)
        fclose(in);
    free(marker);
    if (!same)
        return lws_fail(LWS_ERR_IO,
                        "%s is not the same folder here as on the host of rank 0: choose an --output on a file system "
                        "that all hosts share",
                        plan->options.output);
    return LWS_OK;
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
    char *path = lws_plan_shard_path(plan, shard);
    if (!path)
        return lws_fail(LWS_ERR_MEMORY, "out of memory completing a shard");
    lws_status status = gather(plan, shard, results, &facts, &first);
    if (status != LWS_OK || facts.rows_by_split[facts.split] == 0) {
        unlink(path);
    } else {
        lws_digest(digests + first + facts.first_row, (size_t)results[shard].rows * sizeof *digests, digest);
        lws_digest(digests + first, (size_t)facts.rows_by_split[facts.split] * sizeof *digests, split_digest);
        facts.digest = digest;
        facts.split_digest = split_digest;
        status = lws_shard_complete(path, &facts);
    }
    free(path);
    return status;
}

static char *report_path(const lws_prepare *plan)
{
    return lws_path(plan->options.output, ".", LWS_PREPARE_REPORT, LWS_SHARD_PARTIAL);
}

lws_status lws_prepare_publish(lws_prepare *plan, const lws_prepare_result *results, const char *const *problems)
{
    lws_target_contents contents;
    int shards[LWS_SPLITS] = {0};
    char *report = report_path(plan);
    lws_status status = report ? lws_plan_write_report(plan, results, problems, report)
                               : lws_fail(LWS_ERR_MEMORY, "out of memory writing the report");
    free(report);
    LWS_TRY(status);
    for (int i = 0; i < plan->shard_count; i++) {
        lws_split split = plan->shards[i].split;
        if (results[i].rows > 0)
            shards[split] = plan->shards_in_split[split];
    }
    LWS_TRY(lws_target_look(plan->options.output, &contents));
    LWS_TRY(check_contents(plan->options.output, &contents));
    return lws_target_replace(plan->options.output, shards, &plan->is_replacing);
}

void lws_prepare_discard(lws_prepare *plan)
{
    if (plan->token[0] && !plan->is_replacing)
        lws_target_clear(plan->options.output);
}
