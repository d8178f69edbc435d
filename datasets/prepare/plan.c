/* Listing, splits and shards. */
#include "plan.h"

#include "target.h"

#include "base/folder.h"
#include "base/log.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SHARD_BYTES = 64 << 20, /* of pixels, when --shards does not say */
    SHARD_MOST = 1 << 30,   /* a shard is held in memory until it is written */
};

/* ---- what is there --------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The input without slashes at its end. */
static void trimmed_input(const lws_prepare *plan, char input[LWS_CONFIG_TEXT])
{
    snprintf(input, LWS_CONFIG_TEXT, "%s", plan->options.input);
    for (size_t n = strlen(input); n > 1 && input[n - 1] == '/';)
        input[--n] = 0;
}

/* The published archive unpacks to img_align_celeba/000001.jpg and so on. */
static bool looks_like_celeba(const lws_prepare *plan)
{
    static const char folder[] = "img_align_celeba";
    char input[LWS_CONFIG_TEXT];
    trimmed_input(plan, input);
    return plan->options.partition[0] || strstr(plan->source->entries[0].name, folder) ||
           strncmp(base_name(input), folder, sizeof folder - 1) == 0;
}

static lws_status choose_recipe(lws_prepare *plan)
{
    const lws_prepare_options *o = &plan->options;
    int kind = o->recipe;
    bool is_drawn = plan->source->kind->draw != NULL;
    if (kind == LWS_RECIPE_AUTO)
        kind = is_drawn ? LWS_RECIPE_SYNTHETIC : looks_like_celeba(plan) ? LWS_RECIPE_CELEBA : LWS_RECIPE_FOLDER;
    if ((kind == LWS_RECIPE_SYNTHETIC) != is_drawn)
        return lws_fail(LWS_ERR_USAGE, is_drawn ? "--synthetic goes with --recipe synthetic alone"
                                                : "--recipe synthetic needs --synthetic N, not --input");
    return lws_recipe_resolve(o, kind, &plan->recipe);
}

static lws_status open_source(lws_prepare *plan)
{
    const lws_prepare_options *o = &plan->options;
    if (!o->output[0])
        return lws_fail(LWS_ERR_USAGE, "prepare needs --output DIR");
    if ((o->input[0] != 0) == (o->synthetic > 0))
        return lws_fail(LWS_ERR_USAGE, "prepare needs either --input DIR|ARCHIVE or --synthetic N");
    if (o->synthetic > 0 && o->partition[0])
        return lws_fail(LWS_ERR_USAGE, "--partition has no meaning with --synthetic");
    lws_source_args args = {.path = o->input[0] ? o->input : NULL,
                            .faces = o->synthetic,
                            .seed = (uint64_t)o->seed,
                            .threads = plan->threads};
    LWS_TRY(lws_source_open(&args, &plan->source));
    plan->listed = plan->source->count;
    return LWS_OK;
}

/* Celeb-A's own partition lies in the folder of images, or beside it or the zip. */
static lws_status find_partition(lws_prepare *plan)
{
    static const char name[] = "list_eval_partition.txt";
    char input[LWS_CONFIG_TEXT], *place[2] = {NULL, NULL};
    snprintf(plan->partition, sizeof plan->partition, "%s", plan->options.partition);
    if (plan->partition[0] || plan->recipe.kind != LWS_RECIPE_CELEBA)
        return LWS_OK;
    trimmed_input(plan, input);
    place[0] = lws_path(input, "", name, "");
    if (asprintf(&place[1], "%.*s%s", (int)(base_name(input) - input), input, name) < 0)
        place[1] = NULL;
    bool complete = place[0] && place[1];
    for (int i = 0; complete && i < 2 && !plan->partition[0]; i++) {
        if (access(place[i], F_OK) == 0 && strlen(place[i]) < sizeof plan->partition)
            strcpy(plan->partition, place[i]);
    }
    free(place[0]);
    free(place[1]);
    if (!complete)
        return lws_fail(LWS_ERR_MEMORY, "out of memory planning the preparation");
    if (plan->partition[0])
        lws_info("prepare: splits by %s, found with the images (--partition names another)", plan->partition);
    return LWS_OK;
}

/* ---- splits and shards ----------------------------------------------------------------------- */

/* Puts the images of each split one after the other, in the order of the listing. */
static lws_status group(lws_prepare *plan, const lws_assignment *split)
{
    int64_t at[LWS_SPLITS], total = 0;
    lws_partition_count(plan->listed, split, plan->images_in_split);
    for (int s = 0; s < LWS_SPLITS; s++) {
        at[s] = total;
        total += plan->images_in_split[s];
    }
    if (total == 0)
        return lws_fail(LWS_ERR_USAGE, "none of the %lld images in %s is named in %s", (long long)plan->listed,
                        plan->options.input, plan->partition);
    plan->images = calloc((size_t)total, sizeof *plan->images);
    if (!plan->images)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a list of %lld images", (long long)total);
    for (int64_t i = 0; i < plan->listed; i++) {
        if (split[i] < LWS_SPLITS)
            plan->images[at[split[i]]++] = i;
    }
    return LWS_OK;
}

static lws_status assign_splits(lws_prepare *plan)
{
    lws_assignment *split = calloc((size_t)plan->listed, sizeof *split);
    if (!split)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a list of %lld images", (long long)plan->listed);
    lws_status status = LWS_OK;
    if (plan->partition[0])
        status = lws_partition_read(plan->partition, plan->source, split, &plan->partition_report);
    else
        lws_partition_random((uint64_t)plan->options.seed, plan->listed, plan->recipe.fraction, split);
    if (status == LWS_OK) {
        lws_partition_limit(plan->listed, plan->options.limit, split);
        status = group(plan, split);
    }
    free(split);
    return status;
}

/* How many shards a split of n images gets; the largest split has `largest` images. */
static int64_t shards_of(const lws_prepare *plan, int64_t n, int64_t largest)
{
    int64_t bytes = (int64_t)lws_plan_row_bytes(plan), wanted;
    if (n == 0)
        return 0;
    if (plan->options.shards)
        wanted = (plan->options.shards * n + largest / 2) / largest;
    else
        wanted = (n * bytes + SHARD_BYTES - 1) / SHARD_BYTES;
    wanted = wanted < 1 ? 1 : wanted;
    wanted = wanted > LWS_SHARDS_MAX ? LWS_SHARDS_MAX : wanted;
    return wanted > n ? n : wanted;
}

static lws_status cut_shards(lws_prepare *plan)
{
    int64_t largest = 0, row_bytes = (int64_t)lws_plan_row_bytes(plan), total = 0;
    for (int s = 0; s < LWS_SPLITS; s++)
        largest = plan->images_in_split[s] > largest ? plan->images_in_split[s] : largest;
    for (int s = 0; s < LWS_SPLITS; s++) {
        int64_t n = plan->images_in_split[s], count = shards_of(plan, n, largest);
        if (n && (n + count - 1) / count > SHARD_MOST / row_bytes)
            return lws_fail(LWS_ERR_USAGE,
                            "--shards %lld would make files of more than %d MB, and each is "
                            "held in memory while it is made: use --shards %lld or more, or leave it out",
                            (long long)plan->options.shards, SHARD_MOST >> 20,
                            (long long)(largest / (SHARD_MOST / row_bytes) + 1));
        plan->shards_in_split[s] = (int)count;
        total += count;
    }
    plan->shards = calloc((size_t)total, sizeof *plan->shards);
    if (!plan->shards)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a list of %lld shards", (long long)total);
    int64_t start = 0;
    for (int s = 0; s < LWS_SPLITS; s++) {
        int64_t n = plan->images_in_split[s], count = plan->shards_in_split[s];
        for (int64_t i = 0; i < count; i++) {
            int64_t first = n * i / count, end = n * (i + 1) / count;
            plan->shards[plan->shard_count++] = (lws_plan_shard){(lws_split)s, (int)i, start + first, end - first};
        }
        start += n;
    }
    return LWS_OK;
}

/* Everything that decides the bytes, and nothing that does not (such as where the files lie). */
static void describe(lws_prepare *plan)
{
    const lws_recipe *r = &plan->recipe;
    char crop[64] = "none", split[128], more[128] = "";
    if (r->crop == LWS_CROP_SQUARE)
        snprintf(crop, sizeof crop, "square");
    else if (r->crop == LWS_CROP_SIZE)
        snprintf(crop, sizeof crop, "%dx%d", r->crop_width, r->crop_height);
    if (plan->partition[0])
        snprintf(split, sizeof split, "%.100s", base_name(plan->partition));
    else
        snprintf(split, sizeof split, "%.15g,%.15g,%.15g seed=%lld", r->fraction[0], r->fraction[1], r->fraction[2],
                 (long long)plan->options.seed);
    if (plan->options.limit)
        snprintf(more, sizeof more, " limit=%lld", (long long)plan->options.limit);
    snprintf(plan->recipe_text, sizeof plan->recipe_text, "recipe=%s crop=%s filter=%s size=%d channels=%d split=%s%s",
             lws_recipe_name(r->kind), crop, r->filter == LWS_FILTER_AREA ? "area" : "lanczos", r->size, r->channels,
             split, more);
}

/* ---- the plan -------------------------------------------------------------------------------- */

lws_status lws_prepare_plan(const lws_prepare_options *options, lws_prepare **out)
{
    *out = NULL;
    lws_prepare *plan = calloc(1, sizeof *plan);
    if (!plan)
        return lws_fail(LWS_ERR_MEMORY, "out of memory planning the preparation");
    plan->options = *options;
    plan->lock = -1;
    plan->threads = omp_get_max_threads();
    lws_status status = open_source(plan);
    if (status == LWS_OK)
        status = choose_recipe(plan);
    if (status == LWS_OK)
        status = find_partition(plan);
    if (status == LWS_OK) {
        describe(plan);
        status = assign_splits(plan);
    }
    if (status == LWS_OK)
        status = cut_shards(plan);
    if (status == LWS_OK)
        *out = plan;
    else
        lws_prepare_free(plan);
    return status;
}

void lws_prepare_free(lws_prepare *plan)
{
    if (!plan)
        return;
    lws_folder_unlock(plan->options.output, plan->lock);
    lws_source_close(plan->source);
    lws_partition_report_free(&plan->partition_report);
    free(plan->images);
    free(plan->shards);
    free(plan);
}

int lws_prepare_shards(const lws_prepare *plan)
{
    return plan->shard_count;
}

int64_t lws_prepare_images(const lws_prepare *plan, int shard)
{
    return plan->shards[shard].count;
}

/* Of the names of all images taken, in the order of the shards. */
static lws_status digest_names(const lws_prepare *plan, int64_t images, char digest[LWS_DIGEST_TEXT])
{
    const char **name = calloc((size_t)images + 1, sizeof *name);
    if (!name)
        return LWS_ERR_MEMORY;
    for (int64_t i = 0; i < images; i++)
        name[i] = plan->source->entries ? plan->source->entries[plan->images[i]].name : "";
    lws_status status = lws_shard_names_digest(images, name, digest);
    free(name);
    return status;
}

/* Of what the listing shows of the contents of all images taken. */
static lws_status digest_marks(const lws_prepare *plan, int64_t images, char digest[LWS_DIGEST_TEXT])
{
    uint64_t *mark = calloc((size_t)images + 1, sizeof *mark);
    if (!mark)
        return LWS_ERR_MEMORY;
    for (int64_t i = 0; i < images && plan->source->entries; i++)
        mark[i] = plan->source->entries[plan->images[i]].mark;
    lws_digest(mark, (size_t)images * sizeof *mark, digest);
    free(mark);
    return LWS_OK;
}

char *lws_prepare_describe(const lws_prepare *plan)
{
    char *text = NULL, names[LWS_DIGEST_TEXT], marks[LWS_DIGEST_TEXT];
    const int64_t *in = plan->images_in_split;
    const int *files = plan->shards_in_split;
    int64_t images = in[LWS_TRAIN] + in[LWS_VALID] + in[LWS_TEST];
    if (digest_names(plan, images, names) != LWS_OK || digest_marks(plan, images, marks) != LWS_OK)
        return NULL;
    int length = asprintf(&text, "%s\nimages listed = %lld\n", plan->recipe_text, (long long)plan->listed);
    for (int s = 0; s < LWS_SPLITS && length >= 0; s++) {
        char *longer = NULL;
        length = asprintf(&longer, "%simages for %s = %lld in %d files\n", text, lws_split_name[s], (long long)in[s],
                          files[s]);
        free(text);
        text = longer;
    }
    char *whole = NULL;
    if (length >= 0)
        length = asprintf(&whole, "%snames = digest %s\nsizes = digest %s\n", text, names, marks);
    free(text);
    return length < 0 ? NULL : whole;
}

size_t lws_plan_row_bytes(const lws_prepare *plan)
{
    return (size_t)plan->recipe.size * (size_t)plan->recipe.size * (size_t)plan->recipe.channels;
}

char *lws_plan_shard_path(const lws_prepare *plan, int shard)
{
    const lws_plan_shard *s = &plan->shards[shard];
    char name[LWS_SHARD_NAME];
    lws_shard_name(s->split, s->index, plan->shards_in_split[s->split], name);
    return lws_path(plan->options.output, ".", name, LWS_SHARD_PARTIAL);
}
