/* Listing, splits and shards. */
#include "plan.h"

#include "target.h"

#include "base/folder.h"
#include "base/input.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Celeb-A by its names and sizes: a partition file makes nobody's photographs Celeb-A. */
static lws_status infer_kind(lws_prepare *plan, int *kind)
{
    bool fits = false;
    lws_celeba_names names = lws_celeba_look(plan->options.input, plan->source);
    if (names != LWS_CELEBA_OTHER)
        LWS_TRY(lws_celeba_fits(plan->source, &fits));
    plan->is_celeba = fits || names == LWS_CELEBA_FOLDER;
    *kind = fits ? LWS_RECIPE_CELEBA : LWS_RECIPE_FOLDER;
    plan->is_inferred = fits;
    return LWS_OK;
}

static lws_status choose_recipe(lws_prepare *plan)
{
    const lws_prepare_options *o = &plan->options;
    int kind = o->recipe;
    bool is_drawn = plan->source->kind->draw != NULL;
    if (kind == LWS_RECIPE_AUTO && is_drawn)
        kind = LWS_RECIPE_SYNTHETIC;
    if (kind == LWS_RECIPE_AUTO)
        LWS_TRY(infer_kind(plan, &kind));
    if ((kind == LWS_RECIPE_SYNTHETIC) != is_drawn)
        return lws_fail(LWS_ERR_USAGE, is_drawn ? "--synthetic goes with --recipe synthetic alone"
                                                : "--recipe synthetic needs --synthetic N, not --input");
    plan->is_celeba = plan->is_celeba || kind == LWS_RECIPE_CELEBA;
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

/* The list that is given, or Celeb-A's own. */
static lws_status find_partition(lws_prepare *plan)
{
    const char *given = plan->options.partition;
    snprintf(plan->partition, sizeof plan->partition, "%s", given);
    if (!given[0] && plan->is_celeba)
        LWS_TRY(lws_celeba_find_list(plan->options.input, plan->source, plan->partition, &plan->is_list_inside));
    plan->is_official = plan->is_celeba && strncmp(base_name(plan->partition), "list_eval_partition", 19) == 0;
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

/* By a list that lies in an archive. */
static lws_status read_list_inside(lws_prepare *plan, lws_assignment *split)
{
    lws_source *source = plan->source;
    lws_bytes bytes = {0};
    char *text = NULL;
    size_t length;
    lws_status status = source->kind->peek(source, &source->list, LWS_FILE_MAX, &bytes);
    if (status != LWS_OK)
        status = lws_fail(LWS_ERR_FORMAT, "the partition file %s: %s", plan->partition, lws_message());
    else
        status = lws_input_take_text(plan->partition, "partition file", bytes.data, bytes.size, &text, &length);
    if (status == LWS_OK)
        status = lws_partition_read_text(plan->partition, text, length, source, split, &plan->partition_report);
    lws_bytes_free(&bytes);
    free(text);
    return status;
}

static lws_status assign_splits(lws_prepare *plan)
{
    lws_assignment *split = calloc((size_t)plan->listed, sizeof *split);
    if (!split)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a list of %lld images", (long long)plan->listed);
    lws_status status = LWS_OK;
    if (plan->is_list_inside)
        status = read_list_inside(plan, split);
    else if (plan->partition[0])
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
    char crop[LWS_RECIPE_CROP], split[128], more[128] = "";
    if (plan->partition[0])
        snprintf(split, sizeof split, "%.100s", base_name(plan->partition));
    else
        snprintf(split, sizeof split, "%.15g,%.15g,%.15g seed=%lld", r->fraction[0], r->fraction[1], r->fraction[2],
                 (long long)plan->options.seed);
    if (plan->options.limit)
        snprintf(more, sizeof more, " limit=%lld", (long long)plan->options.limit);
    snprintf(plan->recipe_text, sizeof plan->recipe_text, "recipe=%s crop=%s filter=%s size=%d channels=%d split=%s%s",
             lws_recipe_name(r->kind), lws_recipe_crop_text(r, crop), r->filter == LWS_FILTER_AREA ? "area" : "lanczos",
             r->size, r->channels, split, more);
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
