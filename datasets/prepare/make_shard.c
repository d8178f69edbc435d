/* The work on one shard: every image read, decoded, cropped and resized, by all threads. */
#include "plan.h"

#include "base/progress.h"
#include "base/text.h"
#include "data/shard.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
    lws_prepare *plan;
    const lws_plan_shard *shard;
    size_t row_bytes;
    uint8_t *pixels;   /* [count, row_bytes] */
    uint64_t *digests; /* [count] */
    char **reasons;    /* [count]; NULL: the image is good */
    void (*progress)(void *user, int64_t done);
    void *user;
    atomic_llong done;
    /* The first image, in order, that stops the work: those before it are still seen to, so that the message is the
     * same for any number of threads. */
    atomic_llong stop;
    lws_status status;
    char message[1024];
} job;

/* What a thread keeps from one image to the next. */
typedef struct worker {
    lws_bytes bytes;
    lws_resizer *resizer;
    int thread;
} worker;

/* ---- one image ------------------------------------------------------------------------------- */

static lws_status choose_crop(const void *recipe, int width, int height, lws_crop *crop)
{
    return lws_recipe_crop(recipe, width, height, crop);
}

static lws_status read_image(job *j, worker *w, int64_t image, uint8_t *out)
{
    const lws_recipe *r = &j->plan->recipe;
    lws_source *source = j->plan->source;
    lws_image decoded;
    lws_crop crop;
    if (source->entries[image].is_long)
        return lws_fail(LWS_ERR_FORMAT, "a name of more than %d bytes", LWS_SOURCE_PATH);
    LWS_TRY(source->kind->read(source, image, w->thread, &w->bytes));
    lws_decode_args args = {.data = w->bytes.data,
                            .bytes = w->bytes.size,
                            .name = source->entries[image].name,
                            .channels = r->channels == 1 ? 1 : 4,
                            .choose = choose_crop,
                            .user = r};
    LWS_TRY(lws_image_decode_part(&args, &decoded, &crop));
    lws_status status = lws_image_resize(w->resizer, &decoded, crop, r->filter, r->size, r->size, out);
    lws_image_free(&decoded);
    return status;
}

static lws_status make_row(job *j, worker *w, int64_t image, uint8_t *out)
{
    const lws_recipe *r = &j->plan->recipe;
    const lws_source *source = j->plan->source;
    if (!w->resizer)
        return lws_fail(LWS_ERR_MEMORY, "out of memory");
    if (source->kind->draw)
        return source->kind->draw(source, image, r->size, r->channels, out);
    return read_image(j, w, image, out);
}

static void stop(job *j, int64_t i, lws_status status, const char *name)
{
#pragma omp critical(lws_prepare_stop)
    if (i < j->stop) {
        j->stop = i;
        j->status = status == LWS_ERR_USAGE ? LWS_ERR_IO : status; /* of the whole source: no fault of the user's */
        snprintf(j->message, sizeof j->message, "%s: %s", name, lws_message());
    }
}

static void do_image(job *j, worker *w, int64_t i)
{
    char buffer[LWS_SOURCE_NAME];
    int64_t image = j->plan->images[j->shard->first + i];
    uint8_t *out = j->pixels + (size_t)i * j->row_bytes;
    const char *name = lws_source_name(j->plan->source, image, buffer);
    lws_status status = make_row(j, w, image, out);
    if (status == LWS_OK) {
        j->digests[i] = lws_digest64(out, j->row_bytes);
    } else if (status == LWS_ERR_MEMORY || status == LWS_ERR_USAGE || j->plan->options.strict) {
        stop(j, i, status, name);
    } else {
        j->reasons[i] = strdup(lws_message());
        if (!j->reasons[i])
            stop(j, i, lws_fail(LWS_ERR_MEMORY, "out of memory"), name);
    }
    lws_progress();
    long long done = atomic_fetch_add(&j->done, 1) + 1;
    if (w->thread == 0 && j->progress)
        j->progress(j->user, done);
}

static void do_all(job *j)
{
    int64_t count = j->shard->count;
#pragma omp parallel num_threads(j->plan->threads)
    {
        worker w = {.resizer = lws_resizer_create(), .thread = omp_get_thread_num()};
#pragma omp for schedule(dynamic, 4)
        for (int64_t i = 0; i < count; i++) {
            if (i < j->stop)
                do_image(j, &w, i);
        }
        lws_resizer_destroy(w.resizer);
        lws_bytes_free(&w.bytes);
    }
}

/* ---- results --------------------------------------------------------------------------------- */

/* "NAME: reason" for every image left out; NULL when out of memory. */
static char *problem_text(const job *j)
{
    char buffer[LWS_SOURCE_NAME];
    lws_text text = {0};
    for (int64_t i = 0; i < j->shard->count; i++) {
        if (!j->reasons[i])
            continue;
        const char *name = lws_source_name(j->plan->source, j->plan->images[j->shard->first + i], buffer);
        if (!j->plan->first_problem[0])
            snprintf(j->plan->first_problem, sizeof j->plan->first_problem, "%s: %s", name, j->reasons[i]);
        lws_text_add(&text, "%s: %s\n", name, j->reasons[i]);
    }
    return lws_text_take(&text, NULL);
}

/* Moves the good rows together and writes them, with their names, under the temporary name. */
static lws_status write_rows(job *j, int64_t *rows)
{
    int64_t count = j->shard->count, kept = 0;
    const char **names = calloc((size_t)count + 1, sizeof *names);
    char(*made_up)[LWS_SOURCE_NAME] = calloc((size_t)count + 1, sizeof *made_up);
    char *path = lws_plan_shard_path(j->plan, (int)(j->shard - j->plan->shards));
    lws_status status = LWS_OK;
    if (!names || !made_up || !path) {
        status = lws_fail(LWS_ERR_MEMORY, "out of memory for the names of %lld images", (long long)count);
    } else {
        for (int64_t i = 0; i < count; i++) {
            if (j->reasons[i])
                continue;
            if (kept < i)
                memcpy(j->pixels + (size_t)kept * j->row_bytes, j->pixels + (size_t)i * j->row_bytes, j->row_bytes);
            j->digests[kept] = j->digests[i];
            names[kept] = lws_source_name(j->plan->source, j->plan->images[j->shard->first + i], made_up[i]);
            kept++;
        }
        const lws_recipe *r = &j->plan->recipe;
        status = lws_shard_write(path, &(lws_shard_images){kept, r->size, r->channels, j->pixels, j->digests, names});
    }
    *rows = kept;
    free(names);
    free(made_up);
    free(path);
    return status;
}

static lws_status run(job *j, lws_prepare_result *result, char **problems)
{
    size_t count = (size_t)j->shard->count;
    j->pixels = malloc(count * j->row_bytes);
    j->digests = calloc(count, sizeof *j->digests);
    j->reasons = calloc(count, sizeof *j->reasons);
    if (!j->pixels || !j->digests || !j->reasons)
        return lws_fail(LWS_ERR_MEMORY,
                        "out of memory: a shard of %zu images takes %.0f MB. Use more "
                        "--shards.",
                        count, (double)(count * j->row_bytes) / 1e6);
    do_all(j);
    if (j->status != LWS_OK)
        return lws_fail(j->status, "%s", j->message);
    LWS_TRY(write_rows(j, &result->rows));
    result->skipped = j->shard->count - result->rows;
    *problems = problem_text(j);
    return *problems ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory reporting bad images");
}

lws_status lws_prepare_shard(lws_prepare *plan, int shard, void (*progress)(void *user, int64_t done), void *user,
                             lws_prepare_result *result, uint64_t **digests, char **problems)
{
    job j = {.plan = plan,
             .shard = &plan->shards[shard],
             .row_bytes = lws_plan_row_bytes(plan),
             .progress = progress,
             .user = user,
             .stop = plan->shards[shard].count};
    *result = (lws_prepare_result){0};
    *digests = NULL;
    *problems = NULL;
    lws_status status = run(&j, result, problems);
    for (int64_t i = 0; j.reasons && i < j.shard->count; i++)
        free(j.reasons[i]);
    free(j.reasons);
    free(j.pixels);
    if (status == LWS_OK)
        *digests = j.digests;
    else
        free(j.digests);
    return status;
}
