/* Reading images as training does, and preparing synthetic ones. */
#include "bench.h"
#include "cli.h"

#include "base/clock.h"
#include "data/sampler.h"
#include "datasets/prepare/prepare.h"
#include "inference/agree_images.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FACES = 1024, FACES_SHARD = 1 };

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

/* A dataset of synthetic faces in one shard a split, of this rank alone: no disk need be shared. */
static lws_status write_shards(lws_prepare *plan)
{
    int shards = lws_prepare_shards(plan);
    lws_prepare_result results[LWS_SPLITS] = {{0, 0}};
    uint64_t digests[FACES], *of_shard;
    char *problems;
    int64_t rows = 0;
    if (shards > LWS_SPLITS)
        return lws_fail(LWS_ERR_USAGE, "bench: %d shards of synthetic faces", shards);
    LWS_TRY(lws_prepare_begin(plan));
    for (int s = 0; s < shards; s++) {
        LWS_TRY(lws_prepare_shard(plan, s, NULL, NULL, &results[s], &of_shard, &problems));
        memcpy(digests + rows, of_shard, (size_t)results[s].rows * sizeof *digests);
        rows += results[s].rows;
        free(of_shard);
        free(problems);
    }
    for (int s = 0; s < shards; s++)
        LWS_TRY(lws_prepare_complete(plan, s, results, digests));
    return lws_prepare_publish(plan, results, (const char *const[LWS_SPLITS]){NULL});
}

static lws_status make_faces(const char *folder, double *seconds)
{
    lws_prepare_options options;
    lws_prepare *plan;
    lws_config_defaults(lws_prepare_table, &options);
    snprintf(options.output, sizeof options.output, "%s", folder);
    options.synthetic = FACES;
    options.size = BENCH_SIDE;
    options.shards = FACES_SHARD;
    double start = lws_now();
    LWS_TRY(lws_prepare_plan(&options, &plan));
    lws_status status = write_shards(plan);
    *seconds = lws_now() - start;
    lws_prepare_free(plan);
    return status;
}

typedef struct read_case {
    const lws_dataset *dataset;
    lws_sampler sampler;
    int64_t step;
    int n;
    int64_t *rows;
    float *x;
    lws_status status; /* of all reads */
} read_case;

static void read_batch(void *user)
{
    read_case *c = user;
    int64_t steps = lws_sampler_steps_per_epoch(&c->sampler);
    lws_sampler_batch(&c->sampler, c->step++ % steps, 0, c->n, c->rows);
    lws_status status = lws_dataset_read(c->dataset, c->rows, c->n, c->x);
    c->status = c->status == LWS_OK ? status : c->status;
}

static lws_status measure(bench *b, const lws_dataset *dataset)
{
    const lws_dataset_info *info = lws_dataset_get_info(dataset);
    int64_t n = info->rows < b->images ? info->rows : b->images;
    size_t image = (size_t)info->height * info->width * info->channels;
    lws_status status = LWS_OK;
    if (n == 0)
        status = lws_fail(LWS_ERR_MISMATCH, "bench: %s has no training images", b->data);
    LWS_TRY(lws_comm_agree(b->comm, status));
    read_case c = {.dataset = dataset, .sampler = {1, info->rows, n}, .n = (int)n};
    c.rows = (int64_t *)bench_zeros(b, 2 * (size_t)n);
    c.x = bench_zeros(b, (size_t)n * image);
    LWS_TRY(bench_ready(b));
    char label[96];
    snprintf(label, sizeof label, "reading %d images of %d × %d × %d at random", c.n, info->height, info->width,
             info->channels);
    bench_time time = bench_measure(b, false, read_batch, &c);
    LWS_TRY(lws_comm_agree(b->comm, c.status));
    bench_rate rate = {"images_per_s", "images/s", c.n / time.median};
    bench_row(b, "read", label, &time, 1, &rate);
    return LWS_OK;
}

static lws_status measure_folder(bench *b, const char *folder)
{
    lws_dataset *dataset = NULL;
    lws_split split = LWS_TRAIN;
    lws_status status = lws_comm_agree(b->comm, lws_dataset_open(folder, split, &dataset));
    if (status == LWS_OK)
        status = lws_agree_on_images(b->comm, 1, &split, (const lws_dataset *const *)&dataset);
    if (status == LWS_OK)
        status = measure(b, dataset);
    lws_dataset_close(dataset);
    return status;
}

lws_status bench_data(bench *b)
{
    bench_section(b, "data", "Data%s%s", b->data[0] ? ": " : ", synthetic", b->data);
    LWS_TRY(cli_agree_given(b->comm, "data", b->data[0]));
    if (b->data[0])
        return measure_folder(b, b->data);
    const char *base = getenv("TMPDIR");
    char folder[512], faces[520];
    double seconds = 0;
    snprintf(folder, sizeof folder, "%s/lwssim-bench-XXXXXX", base ? base : "/tmp");
    lws_status status = LWS_OK;
    bool made = mkdtemp(folder) != NULL;
    if (!made)
        status = lws_fail(LWS_ERR_IO, "bench: cannot make the folder %s: %m; set TMPDIR, or give --data DIR", folder);
    snprintf(faces, sizeof faces, "%s/faces", folder);
    if (made)
        status = make_faces(faces, &seconds);
    status = lws_comm_agree(b->comm, status);
    if (status == LWS_OK) {
        char label[64];
        bench_time time = {seconds, seconds, seconds, 1};
        bench_rate rate = {"images_per_s", "images/s", FACES / seconds};
        snprintf(label, sizeof label, "preparing %d synthetic faces", FACES);
        bench_row(b, "prepare", label, &time, 1, &rate);
        status = measure_folder(b, faces);
    }
    if (made)
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}
