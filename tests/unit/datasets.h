/* Small datasets of random pixels, in several shards. */
#ifndef TEST_DATASETS_H
#define TEST_DATASETS_H

#include "scratch.h"

#include "data/dataset.h"
#include "data/shard.h"

enum { SIDE = 4, ROW = SIDE * SIDE * 3, SHARDS = 3 };

/* Rows in the shards of train; the one in the middle is empty, as where all its images were bad. */
static const int64_t train_rows[SHARDS] = {5, 0, 3};

typedef struct split_data {
    uint8_t pixels[8][ROW];
    uint64_t digests[8];
    char names[8][32];
} split_data;

static void fill(split_data *d, uint64_t seed)
{
    check_rng r = {seed};
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < ROW; j++)
            d->pixels[i][j] = (uint8_t)check_next(&r);
        d->digests[i] = lws_digest64(d->pixels[i], ROW);
        snprintf(d->names[i], sizeof d->names[i], "image-%d.jpg", i);
    }
}

/* One shard with rows [first, first + rows) of d, of a dataset with `total` rows in the split. */
static void make_shard(const char *path, const split_data *d, int64_t first, int64_t rows, int64_t total,
                       lws_shard_facts facts)
{
    const char *names[8];
    char digest[LWS_DIGEST_TEXT], all[LWS_DIGEST_TEXT];
    for (int i = 0; i < 8; i++)
        names[i] = d->names[i];
    lws_digest(d->digests + first, (size_t)rows * 8, digest);
    lws_digest(d->digests, (size_t)total * 8, all);
    facts.first_row = first;
    facts.digest = digest;
    facts.split_digest = all;
    assert_int_equal(
        lws_shard_write(path, &(lws_shard_images){rows, SIDE, 3, d->pixels[first], d->digests + first, names + first}),
        LWS_OK);
    assert_int_equal(lws_shard_complete(path, &facts), LWS_OK);
}

/* A dataset of 8 rows in three train shards and 8 in one test shard; nothing in valid. */
static void write_dataset(const char *folder, const char *recipe, const split_data *train, const split_data *test)
{
    lws_shard_facts facts = {.recipe = recipe, .rows_by_split = {8, 0, 8}, .shards_by_split = {SHARDS, 0, 1}};
    int64_t first = 0;
    for (int i = 0; i < SHARDS; i++) {
        facts.split = LWS_TRAIN;
        facts.shard = i;
        make_shard(path_of("%s/train-%05d-of-%05d.h5", folder, i, SHARDS), train, first, train_rows[i], 8, facts);
        first += train_rows[i];
    }
    facts.split = LWS_TEST;
    facts.shard = 0;
    make_shard(path_of("%s/test-00000-of-00001.h5", folder), test, 0, 8, 8, facts);
}

static inline void make_dataset(const char *folder, uint64_t seed, const char *recipe, split_data *train,
                                split_data *test)
{
    fill(train, seed);
    fill(test, seed + 1000);
    write_dataset(folder, recipe, train, test);
}

#endif
