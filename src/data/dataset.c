/* A dataset folder: its shards brought together. */
#include "data/dataset.h"

#include "base/folder.h"
#include "data/shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Static_assert((int)LWS_DATASET_DIGEST == (int)LWS_DIGEST_TEXT, "the public header has a digest's length of its own");

typedef struct mapped_shard {
    int64_t first_row;
    const uint8_t *images; /* in the map */
    lws_shard_map map;
} mapped_shard;

struct lws_dataset {
    lws_dataset_info info;
    lws_split split;
    char *folder, *recipe;
    size_t row_bytes;
    mapped_shard *shards; /* [info.shards] */
    uint64_t *digests;    /* [info.rows] of the images when the dataset was opened */
};

static char *join(const char *folder, const char *name)
{
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    if (path)
        sprintf(path, "%s/%s", folder, name);
    return path;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* Reads the header of one shard, whose name need not be that of the split that is wanted. */
static lws_status read_header(const char *folder, const char *name, lws_shard_header *header)
{
    char *path = join(folder, name);
    if (!path)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", folder);
    lws_status status = lws_shard_header_read(path, header);
    free(path);
    return status;
}

typedef struct listing {
    char first[LWS_SHARD_NAME]; /* shard by name; "": none */
    bool interrupted, replacing;
} listing;

static lws_status note_file(void *user, const char *folder, const char *name)
{
    listing *l = user;
    (void)folder;
    char inner[LWS_SHARD_NAME];
    l->interrupted = l->interrupted || (lws_shard_parse_partial(name, inner) && lws_shard_is_name(inner));
    l->replacing = l->replacing || strcmp(name, LWS_DATASET_REPLACING) == 0;
    if (lws_shard_is_name(name) && (!l->first[0] || strcmp(name, l->first) < 0))
        strcpy(l->first, name); /* such a name fits */
    return LWS_OK;
}

/* (1) The first shard file by name, of whatever split: each knows the counts of all. */
static lws_status find_any(const char *folder, char found[LWS_SHARD_NAME])
{
    listing l = {0};
    LWS_TRY(lws_folder_each(folder, note_file, &l));
    memcpy(found, l.first, sizeof l.first);
    if (found[0] && !l.replacing)
        return LWS_OK;
    if (l.interrupted || l.replacing)
        return lws_fail(LWS_ERR_MISMATCH,
                        "%s: the dataset is not complete. 'lwssim prepare' is still at "
                        "work, or was interrupted: run it again.",
                        folder);
    return lws_fail(LWS_ERR_IO,
                    "%s holds no dataset (no file as train-00000-of-00001.h5): make one with "
                    "'lwssim prepare'",
                    folder);
}

/* (2) Half a dataset must not pass for a whole one, even if the missing half is of another split. */
static lws_status check_complete(const char *folder, const lws_shard_header *any)
{
    for (int s = 0; s < LWS_SPLITS; s++) {
        for (int64_t i = 0; i < any->shards_by_split[s]; i++) {
            char name[LWS_SHARD_NAME];
            lws_shard_name((lws_split)s, (int)i, (int)any->shards_by_split[s], name);
            char *path = join(folder, name);
            if (!path)
                return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", folder);
            int missing = access(path, F_OK);
            free(path);
            if (missing)
                return lws_fail(LWS_ERR_MISMATCH,
                                "%s: the shard %s is missing (%m). 'lwssim prepare' was "
                                "interrupted, or not every file was copied: run it, or the copy, again.",
                                folder, name);
        }
    }
    return LWS_OK;
}

/* (3) to (5) Does shard `h` belong to the same dataset as `any`, at place `index` of `split`, from row `first`
 * on? */
static lws_status check_member(const char *folder, const char *name, const lws_shard_header *any,
                               const lws_shard_header *h, lws_split split, int64_t index, int64_t first)
{
    const char *what = NULL;
    if (h->split != split || h->shard != index)
        what = "its contents belong under another name";
    else if (memcmp(h->rows_by_split, any->rows_by_split, sizeof h->rows_by_split) != 0 ||
             memcmp(h->shards_by_split, any->shards_by_split, sizeof h->shards_by_split) != 0)
        what = "it counts other rows and shards than the rest";
    else if (h->height != any->height || h->width != any->width || h->channels != any->channels)
        what = "its images have another size";
    else if (strcmp(h->recipe, any->recipe) != 0)
        what = "it was made by another recipe";
    else if (h->first_row != first)
        what = "its rows do not follow those of the shard before";
    if (!what)
        return LWS_OK;
    return lws_fail(LWS_ERR_MISMATCH,
                    "%s: the shard %s is of another dataset (%s). Prepare the dataset "
                    "again into an empty folder.",
                    folder, name, what);
}

static lws_status open_shard(lws_dataset *d, const char *folder, const char *name, lws_shard_header *header,
                             mapped_shard *out)
{
    char *path = join(folder, name);
    if (!path)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", folder);
    lws_status status = lws_shard_map_open(path, header, &out->map);
    free(path);
    out->first_row = header->first_row;
    if (out->map.base)
        out->images = (const uint8_t *)out->map.base + header->offset;
    if (d->info.digest[0] == 0)
        memcpy(d->info.digest, header->split_digest, LWS_DIGEST_TEXT);
    if (status == LWS_OK && strcmp(d->info.digest, header->split_digest) != 0)
        status =
            lws_fail(LWS_ERR_MISMATCH,
                     "%s: the %s shards are not all of the same dataset (that of the split has another digest in %s "
                     "than in the first). Prepare it again into an empty folder.",
                     folder, lws_split_name[d->split], name);
    return status;
}

/* (6) Opens the shards one after the other and collects the images' digests. */
static lws_status open_shards(lws_dataset *d, const char *folder, lws_split split, const lws_shard_header *any)
{
    int64_t row = 0;
    for (int i = 0; i < d->info.shards; i++) {
        char name[LWS_SHARD_NAME];
        lws_shard_header header;
        lws_shard_name(split, i, d->info.shards, name);
        LWS_TRY(read_header(folder, name, &header));
        lws_status status = check_member(folder, name, any, &header, split, i, row);
        if (status == LWS_OK)
            status = open_shard(d, folder, name, &header, &d->shards[i]);
        if (status == LWS_OK) /* first_row + rows <= rows of the split: it fits */
            memcpy(d->digests + row, header.digests, (size_t)header.rows * sizeof *d->digests);
        row += header.rows;
        lws_shard_header_free(&header);
        LWS_TRY(status);
    }
    char digest[LWS_DIGEST_TEXT];
    lws_digest(d->digests, (size_t)row * sizeof *d->digests, digest);
    if (row != d->info.rows || strcmp(digest, d->info.digest) != 0)
        return lws_fail(LWS_ERR_MISMATCH,
                        "%s: the %s shards are not all of the same dataset (their "
                        "digests do not add up). Prepare it again into an empty folder.",
                        folder, lws_split_name[split]);
    return LWS_OK;
}

/* Takes what `any` tells about the split. */
static lws_status set_up(lws_dataset *d, const char *folder, lws_split split, const lws_shard_header *any)
{
    d->info = (lws_dataset_info){.height = any->height,
                                 .width = any->width,
                                 .channels = any->channels,
                                 .rows = any->rows_by_split[split],
                                 .shards = (int)any->shards_by_split[split]};
    memcpy(d->info.rows_by_split, any->rows_by_split, sizeof d->info.rows_by_split);
    d->row_bytes = (size_t)any->height * (size_t)any->width * (size_t)any->channels;
    d->split = split;
    d->folder = strdup(folder);
    d->recipe = strdup(any->recipe);
    d->info.recipe = d->recipe;
    d->shards = calloc((size_t)d->info.shards + 1, sizeof *d->shards);
    d->digests = calloc((size_t)d->info.rows + 1, sizeof *d->digests);
    if (!d->folder || !d->recipe || !d->shards || !d->digests)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory for %lld rows", folder, (long long)d->info.rows);
    if (d->info.rows > 0)
        return open_shards(d, folder, split, any);
    lws_digest(NULL, 0, d->info.digest);
    return LWS_OK;
}

lws_status lws_dataset_open(const char *folder, lws_split split, lws_dataset **out)
{
    char name[LWS_SHARD_NAME];
    lws_shard_header any;
    *out = NULL;
    LWS_TRY(find_any(folder, name));
    LWS_TRY(read_header(folder, name, &any));
    lws_status status = check_complete(folder, &any);
    lws_dataset *d = calloc(1, sizeof *d);
    if (status == LWS_OK)
        status = d ? set_up(d, folder, split, &any) : lws_fail(LWS_ERR_MEMORY, "%s: out of memory", folder);
    lws_shard_header_free(&any);
    if (status == LWS_OK)
        *out = d;
    else
        lws_dataset_close(d);
    return status;
}

void lws_dataset_close(lws_dataset *dataset)
{
    if (!dataset)
        return;
    for (int i = 0; dataset->shards && i < dataset->info.shards; i++)
        lws_shard_map_close(&dataset->shards[i].map);
    free(dataset->shards);
    free(dataset->digests);
    free(dataset->folder);
    free(dataset->recipe);
    free(dataset);
}

/* ---- reading --------------------------------------------------------------------------------- */

void lws_dataset_keep_first(lws_dataset *dataset, int64_t rows)
{
    if (rows < dataset->info.rows)
        dataset->info.rows = rows;
}

const lws_dataset_info *lws_dataset_get_info(const lws_dataset *dataset)
{
    return &dataset->info;
}

/* The shard that holds the row. */
static int shard_of(const lws_dataset *dataset, int64_t row)
{
    int low = 0, high = dataset->info.shards; /* shards[low].first_row <= row < shards[high].first_row */
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (dataset->shards[middle].first_row <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

const uint8_t *lws_dataset_row(const lws_dataset *dataset, int64_t row)
{
    const mapped_shard *s = &dataset->shards[shard_of(dataset, row)];
    return s->images + (size_t)(row - s->first_row) * dataset->row_bytes;
}

uint64_t lws_dataset_row_digest(const lws_dataset *dataset, int64_t row)
{
    return dataset->digests[row];
}

static lws_status tell_changed(const lws_dataset *d, int64_t row)
{
    int shard = shard_of(d, row);
    char name[LWS_SHARD_NAME];
    lws_shard_name(d->split, shard, d->info.shards, name);
    return lws_fail(
        LWS_ERR_FORMAT,
        "%s/%s: image %lld is no longer what was written (it does not match its digest): the file was changed, "
        "or the disk or memory is not sound. Copy the file again, or prepare the dataset again.",
        d->folder, name, (long long)(row - d->shards[shard].first_row));
}

lws_status lws_dataset_check_row(const lws_dataset *dataset, int64_t row)
{
    bool is_same = lws_digest64(lws_dataset_row(dataset, row), dataset->row_bytes) == dataset->digests[row];
    return is_same ? LWS_OK : tell_changed(dataset, row);
}

lws_status lws_dataset_read(const lws_dataset *dataset, const int64_t *rows, int n, float *out)
{
    size_t bytes = dataset->row_bytes;
    for (int i = 0; i < n; i++, out += bytes) {
        if (rows[i] < 0 || rows[i] >= dataset->info.rows)
            return lws_fail(LWS_ERR_USAGE, "%s: there is no image %lld among the %lld of the split %s", dataset->folder,
                            (long long)rows[i], (long long)dataset->info.rows, lws_split_name[dataset->split]);
        LWS_TRY(lws_dataset_check_row(dataset, rows[i]));
        const uint8_t *in = lws_dataset_row(dataset, rows[i]);
        for (size_t j = 0; j < bytes; j++)
            out[j] = (float)in[j] / 255.0f;
    }
    return LWS_OK;
}

/* ---- names ----------------------------------------------------------------------------------- */

static lws_status add_names(const lws_dataset *d, int shard, char **all)
{
    char name[LWS_SHARD_NAME], **names;
    int64_t first = d->shards[shard].first_row;
    int64_t end = shard + 1 < d->info.shards ? d->shards[shard + 1].first_row : d->info.rows_by_split[d->split];
    lws_shard_name(d->split, shard, d->info.shards, name);
    char *path = join(d->folder, name);
    if (!path)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", d->folder);
    lws_status status = lws_shard_read_names(path, end - first, &names);
    free(path);
    LWS_TRY(status);
    for (int64_t i = 0; i < end - first; i++)
        all[first + i] = names[i];
    free(names);
    return LWS_OK;
}

lws_status lws_dataset_names(const lws_dataset *dataset, char ***names)
{
    *names = calloc((size_t)dataset->info.rows_by_split[dataset->split] + 1, sizeof **names);
    if (!*names)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory for the names of images", dataset->folder);
    lws_status status = LWS_OK;
    for (int i = 0; i < dataset->info.shards && status == LWS_OK; i++)
        status = add_names(dataset, i, *names);
    if (status != LWS_OK) {
        lws_dataset_free_names(dataset, *names);
        *names = NULL;
    }
    return status;
}

void lws_dataset_free_names(const lws_dataset *dataset, char **names)
{
    for (int64_t i = 0; names && i < dataset->info.rows_by_split[dataset->split]; i++)
        free(names[i]);
    free(names);
}

/* ---- reading ahead --------------------------------------------------------------------------- */

static void will_need(uintptr_t begin, uintptr_t end)
{
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_WILLNEED); /* a hint: it may fail */
}

void lws_dataset_prefetch(const lws_dataset *dataset, const int64_t *rows, int n)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = 0, end = 0; /* pages not yet asked for */
    for (int i = 0; i < n; i++) {
        if (rows[i] < 0 || rows[i] >= dataset->info.rows)
            continue;
        uintptr_t row = (uintptr_t)lws_dataset_row(dataset, rows[i]);
        uintptr_t first = row / page * page, last = (row + dataset->row_bytes + page - 1) / page * page;
        if (first <= end && last >= begin) {
            begin = first < begin ? first : begin;
            end = last > end ? last : end;
        } else {
            will_need(begin, end);
            begin = first;
            end = last;
        }
    }
    will_need(begin, end);
}
