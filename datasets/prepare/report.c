/* prepare-report.txt: what was taken, what was left out, and why. */
#include "plan.h"

#include "target.h"

#include "base/output.h"

#include <stdio.h>

static void write_names(FILE *out, const char *what, int64_t count, char *const *names, int64_t shown)
{
    fprintf(out, "%s: %lld\n", what, (long long)count);
    shown = shown < LWS_PARTITION_SHOWN ? shown : LWS_PARTITION_SHOWN;
    for (int64_t i = 0; i < shown; i++)
        fprintf(out, "    %s\n", names[i] ? names[i] : "?");
    if (count > shown)
        fprintf(out, "    … and %lld more\n", (long long)(count - shown));
}

static void write_source(FILE *out, const lws_prepare *plan)
{
    fprintf(out, "%s%s\n", LWS_TARGET_REPORT_BEGINS, plan->recipe_text);
    if (plan->source->kind->draw) {
        fprintf(out, "Source: %lld %s\n", (long long)plan->listed, plan->source->kind->name);
        return;
    }
    fprintf(out, "Source: %s\n", plan->options.input);
    fprintf(out, "Images listed: %lld\n", (long long)plan->listed);
    fprintf(out, "Files of other kinds, not looked at: %lld\n", (long long)plan->source->others);
    if (plan->source->devices.count)
        fprintf(out, "Pipes, sockets and devices, not opened: %lld\n", (long long)plan->source->devices.count);
    if (plan->source->outside.count)
        fprintf(out, "Files whose names lead out of the archive: %lld\n", (long long)plan->source->outside.count);
    if (plan->source->repeats)
        fprintf(out, "Images with the same path as another: %lld\n", (long long)plan->source->repeats);
}

static void write_partition(FILE *out, const lws_prepare *plan)
{
    const lws_partition_report *p = &plan->partition_report;
    if (!plan->partition[0])
        return;
    fprintf(out, "\nPartition: %s, %lld names\n", plan->partition, (long long)p->lines);
    write_names(out, "Images that it does not name, left out", p->unlisted, p->unlisted_names, p->unlisted);
    write_names(out, "Names in it without an image", p->absent, p->absent_names, p->absent);
    if (p->by_stem)
        fprintf(out, "Images whose names fit but for their folders or extension: %lld\n", (long long)p->by_stem);
    write_names(out, "Names that occur twice, in it or among the images", p->repeated_lines + p->repeated_images,
                p->repeated_names, p->repeated_shown);
}

static void write_rows(FILE *out, const lws_prepare *plan, const lws_prepare_result *results)
{
    int64_t rows[LWS_SPLITS] = {0}, skipped[LWS_SPLITS] = {0};
    for (int i = 0; i < plan->shard_count; i++) {
        rows[plan->shards[i].split] += results[i].rows;
        skipped[plan->shards[i].split] += results[i].skipped;
    }
    fprintf(out, "\nSplit   images   skipped   files\n");
    for (int s = 0; s < LWS_SPLITS; s++)
        fprintf(out, "%-5s %8lld  %8lld  %6d\n", lws_split_name[s], (long long)rows[s], (long long)skipped[s],
                rows[s] ? plan->shards_in_split[s] : 0);
}

static void write_all(FILE *out, const lws_prepare *plan, const lws_prepare_result *results,
                      const char *const *problems)
{
    write_source(out, plan);
    write_partition(out, plan);
    write_rows(out, plan, results);
    bool any = false;
    for (int i = 0; i < plan->shard_count; i++)
        any = any || (problems[i] && problems[i][0]);
    fprintf(out, "\n%s\n", any ? "Images skipped, and why:" : "No image was skipped.");
    for (int i = 0; i < plan->shard_count; i++)
        fputs(problems[i] ? problems[i] : "", out);
}

lws_status lws_plan_write_report(const lws_prepare *plan, const lws_prepare_result *results,
                                 const char *const *problems, const char *path)
{
    lws_output out;
    LWS_TRY(lws_output_open(path, &out));
    write_all(out.file, plan, results, problems);
    return lws_output_commit(&out);
}
