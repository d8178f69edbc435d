/* Means of channels, by sums of whole numbers; and equal images, found by their digests. */
#include "data/dataset_survey.h"

#include "base/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- channels -------------------------------------------------------------------------------- */

typedef struct channel_sums {
    uint64_t values[LWS_SURVEY_CHANNELS], squares[LWS_SURVEY_CHANNELS];
} channel_sums;

static void add_image(channel_sums *s, const uint8_t *pixels, int64_t count, int channels)
{
    for (int64_t i = 0; i < count; i++) {
        for (int c = 0; c < channels; c++) {
            unsigned v = pixels[i * channels + c];
            s->values[c] += v;
            s->squares[c] += v * v;
        }
    }
}

lws_status lws_dataset_channels(const lws_dataset *dataset, lws_channel_stats *out)
{
    const lws_dataset_info *info = lws_dataset_get_info(dataset);
    int64_t count = (int64_t)info->height * info->width;
    channel_sums s = {0};
    for (int64_t row = 0; row < info->rows; row++) {
        lws_progress();
        LWS_TRY(lws_dataset_check_row(dataset, row));
        add_image(&s, lws_dataset_row(dataset, row), count, info->channels);
    }
    double pixels = (double)count * (double)info->rows;
    for (int c = 0; c < info->channels; c++) {
        double mean = (double)s.values[c] / pixels, variance = (double)s.squares[c] / pixels - mean * mean;
        out->mean[c] = mean / 255;
        out->deviation[c] = sqrt(variance > 0 ? variance : 0) / 255;
    }
    return LWS_OK;
}

/* ---- equal images ---------------------------------------------------------------------------- */

typedef struct candidate {
    uint64_t digest;
    lws_dataset_place place;
} candidate;

static int compare_places(const lws_dataset_place *x, const lws_dataset_place *y)
{
    int order = (x->split > y->split) - (x->split < y->split);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int by_digest(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    int order = (x->digest > y->digest) - (x->digest < y->digest);
    return order ? order : compare_places(&x->place, &y->place);
}

static int by_image(const void *a, const void *b)
{
    const lws_dataset_repeat *x = a, *y = b;
    return compare_places(&x->image, &y->image);
}

static int64_t collect(const lws_dataset *const of[LWS_SPLITS], candidate *out)
{
    int64_t count = 0;
    for (int s = 0; s < LWS_SPLITS; s++) {
        int64_t rows = lws_dataset_get_info(of[s])->rows;
        for (int64_t row = 0; row < rows; row++)
            out[count++] = (candidate){lws_dataset_row_digest(of[s], row), {(lws_split)s, row}};
    }
    return count;
}

static bool are_equal(const lws_dataset *const of[LWS_SPLITS], const lws_dataset_place *a, const lws_dataset_place *b)
{
    const lws_dataset_info *info = lws_dataset_get_info(of[a->split]);
    size_t bytes = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    return memcmp(lws_dataset_row(of[a->split], a->row), lws_dataset_row(of[b->split], b->row), bytes) == 0;
}

/* Of images [count] sorted by digest; returns how many. */
static int64_t find(const lws_dataset *const of[LWS_SPLITS], const candidate *c, int64_t count, lws_dataset_repeat *out)
{
    int64_t found = 0, first = 0;
    for (int64_t i = 1; i < count; i++) {
        if (c[i].digest != c[first].digest)
            first = i;
        else if (are_equal(of, &c[i].place, &c[first].place))
            out[found++] = (lws_dataset_repeat){c[i].place, c[first].place};
    }
    return found;
}

lws_status lws_dataset_repeats(const lws_dataset *const of[LWS_SPLITS], lws_dataset_repeat **repeats, int64_t *count)
{
    size_t rows = 1;
    for (int s = 0; s < LWS_SPLITS; s++)
        rows += (size_t)lws_dataset_get_info(of[s])->rows;
    candidate *all = calloc(rows, sizeof *all);
    lws_dataset_repeat *found = calloc(rows, sizeof *found);
    if (!all || !found) {
        free(all);
        free(found);
        return lws_fail(LWS_ERR_MEMORY, "out of memory comparing %zu images", rows - 1);
    }
    int64_t images = collect(of, all);
    qsort(all, (size_t)images, sizeof *all, by_digest);
    *count = find(of, all, images, found);
    qsort(found, (size_t)*count, sizeof *found, by_image);
    *repeats = found;
    free(all);
    return LWS_OK;
}
