/* A dataset as people want to see it before they train: how many images, how they were made, what they are like, which
 * of them are equal, and some of them. */
#include "inspect_dataset.h"

#include "cli.h"

#include "base/log.h"
#include "base/text.h"
#include "data/dataset_survey.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHOWN = 5 }; /* duplicates by name */

typedef lws_dataset *splits[LWS_SPLITS];

/* ---- counts ---------------------------------------------------------------------------------- */

static void print_digests(const splits of)
{
    for (int s = 0; s < LWS_SPLITS; s++) {
        const lws_dataset_info *info = lws_dataset_get_info(of[s]);
        printf("%s %s\n", info->rows > 0 ? info->digest : "-", lws_split_name[s]);
    }
}

static void print_counts(const splits of)
{
    const char *recipe = NULL;
    for (int s = 0; s < LWS_SPLITS; s++) {
        const lws_dataset_info *info = lws_dataset_get_info(of[s]);
        if (info->rows == 0)
            printf("%-6s no images\n", lws_split_name[s]);
        else
            printf("%-6s %8lld images of %d × %d × %d in %d shard%s, digest %s\n", lws_split_name[s],
                   (long long)info->rows, info->height, info->width, info->channels, info->shards,
                   lws_plural(info->shards), info->digest);
        recipe = info->recipe ? info->recipe : recipe;
    }
    if (recipe)
        printf("recipe %s\n", recipe);
}

/* ---- channels -------------------------------------------------------------------------------- */

static lws_status print_channels(const lws_dataset *train)
{
    lws_channel_stats stats;
    const lws_dataset_info *info = lws_dataset_get_info(train);
    if (info->rows == 0)
        return LWS_OK;
    LWS_TRY(lws_dataset_channels(train, &stats));
    printf("channels of train: mean");
    for (int c = 0; c < info->channels; c++)
        printf(" %.4f", stats.mean[c]);
    printf(", deviation");
    for (int c = 0; c < info->channels; c++)
        printf(" %.4f", stats.deviation[c]);
    printf("\n");
    return LWS_OK;
}

/* ---- duplicates ------------------------------------------------------------------------------ */

/* Names of images, of a split's when the first of them is asked for. */
typedef struct names {
    const lws_dataset *const *of;
    char **of_split[LWS_SPLITS];
} names;

static lws_status find_name(names *n, const lws_dataset_place *place, const char **name)
{
    if (!n->of_split[place->split])
        LWS_TRY(lws_dataset_names(n->of[place->split], &n->of_split[place->split]));
    *name = n->of_split[place->split][place->row];
    return LWS_OK;
}

static void free_names(names *n)
{
    for (int s = 0; s < LWS_SPLITS; s++)
        if (n->of_split[s])
            lws_dataset_free_names(n->of[s], n->of_split[s]);
}

static lws_status print_pair(names *n, const lws_dataset_repeat *r)
{
    const char *image, *first;
    LWS_TRY(find_name(n, &r->image, &image));
    LWS_TRY(find_name(n, &r->first, &first));
    printf("    %s in %s = %s in %s\n", image, lws_split_name[r->image.split], first, lws_split_name[r->first.split]);
    return LWS_OK;
}

/* "12 in train, 3 of test in train"; those across splits are warned of. */
static void print_sums(const lws_dataset_repeat *repeats, int64_t count)
{
    int64_t in[LWS_SPLITS][LWS_SPLITS] = {{0}}, across = 0;
    const char *before = "";
    for (int64_t i = 0; i < count; i++)
        in[repeats[i].image.split][repeats[i].first.split]++;
    printf("duplicates: %s", count ? "" : "none");
    for (int s = 0; s < LWS_SPLITS; s++) {
        for (int first = 0; first <= s; first++) {
            if (!in[s][first])
                continue;
            if (s == first)
                printf("%s%lld within %s", before, (long long)in[s][s], lws_split_name[s]);
            else
                printf("%s%lld of %s also in %s", before, (long long)in[s][first], lws_split_name[s],
                       lws_split_name[first]);
            across += s == first ? 0 : in[s][first];
            before = ", ";
        }
    }
    printf("\n");
    if (across)
        lws_warn("%lld image%s of one split stand%s in another one, too: validation and test will look too good",
                 (long long)across, lws_plural(across), across == 1 ? "s" : "");
}

static lws_status print_duplicates(const lws_dataset *const of[LWS_SPLITS])
{
    int64_t count;
    lws_dataset_repeat *repeats;
    names n = {.of = of};
    LWS_TRY(lws_dataset_repeats(of, &repeats, &count));
    print_sums(repeats, count);
    lws_status status = LWS_OK;
    for (int64_t i = 0; i < count && i < SHOWN && status == LWS_OK; i++)
        status = print_pair(&n, &repeats[i]);
    if (count > SHOWN && status == LWS_OK)
        printf("    … and %lld more\n", (long long)(count - SHOWN));
    free_names(&n);
    free(repeats);
    return status;
}

/* ---- the picture ----------------------------------------------------------------------------- */

/* Image i of n that stand evenly over `rows`. */
static int64_t row_of(int64_t i, int64_t n, int64_t rows)
{
    return i * rows / n;
}

static lws_status draw(const lws_dataset *train, const inspect_grid *grid, int64_t n)
{
    const lws_dataset_info *info = lws_dataset_get_info(train);
    lws_shape shape = {info->height, info->width, info->channels};
    gallery g;
    float *image = malloc(lws_shape_size(shape) * sizeof *image);
    lws_status status = image ? gallery_open(&grid->to, "", shape, n, &g)
                              : lws_fail(LWS_ERR_MEMORY, "out of memory drawing %s", grid->to.output);
    if (status == LWS_OK) {
        for (int64_t i = 0; i < n && status == LWS_OK; i++) {
            int64_t row = row_of(i, n, info->rows);
            status = lws_dataset_read(train, &row, 1, image);
            if (status == LWS_OK)
                status = gallery_add(&g, 1, image);
        }
        status = gallery_close(&g, status);
    }
    free(image);
    return status;
}

static lws_status print_grid(const lws_dataset *train, const inspect_grid *grid)
{
    int64_t rows = lws_dataset_get_info(train)->rows, n = grid->count < rows ? grid->count : rows;
    char **name;
    if (rows == 0)
        return lws_fail(LWS_ERR_MISMATCH, "--grid %s: there are no images in train", grid->to.output);
    LWS_TRY(draw(train, grid, n));
    LWS_TRY(lws_dataset_names(train, &name));
    printf("%s, row by row:\n", grid->to.output);
    for (int64_t i = 0; i < n; i++)
        printf("%s%s", name[row_of(i, n, rows)], (i + 1) % grid->to.columns && i + 1 < n ? "  " : "\n");
    lws_dataset_free_names(train, name);
    return LWS_OK;
}

/* ---------------------------------------------------------------------------------------------- */

static lws_status print_all(const splits of, const inspect_grid *grid)
{
    const lws_dataset *const read[LWS_SPLITS] = {of[LWS_TRAIN], of[LWS_VALID], of[LWS_TEST]};
    print_counts(of);
    LWS_TRY(print_channels(of[LWS_TRAIN]));
    LWS_TRY(print_duplicates(read));
    return grid->to.output[0] ? print_grid(of[LWS_TRAIN], grid) : LWS_OK;
}

lws_status inspect_dataset(const char *folder, bool digest_only, const inspect_grid *grid)
{
    splits of = {NULL};
    lws_status status = LWS_OK;
    if (grid->to.output[0]) {
        LWS_TRY(cli_check_png("--grid", grid->to.output));
        LWS_TRY(cli_check_output("--grid", grid->to.output, (const char *const[]){folder, NULL}));
    }
    for (int s = 0; s < LWS_SPLITS && status == LWS_OK; s++)
        status = lws_dataset_open(folder, (lws_split)s, &of[s]);
    if (status == LWS_OK && digest_only)
        print_digests(of);
    else if (status == LWS_OK)
        status = print_all(of, grid);
    for (int s = 0; s < LWS_SPLITS; s++)
        lws_dataset_close(of[s]);
    return status;
}
