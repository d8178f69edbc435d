/* How a flat array is cut for the exchange: how many buckets, where they end, and which slice is whose. No messages. */
#include "check.h"

#include "buckets.h"

static buckets create(const lws_reduction_layout *layout, int ranks)
{
    buckets all;
    assert_int_equal(buckets_create(layout, ranks, &all), LWS_OK);
    return all;
}

static void begins_at(const lws_reduction_layout *layout, int count, const size_t *begin)
{
    buckets all = create(layout, 2);
    bool same = all.count == count;
    for (int b = 0; same && b <= count; b++)
        same = all.begin[b] == begin[b];
    for (int b = 0; !same && b <= all.count; b++)
        print_error("%zu ", all.begin[b]);
    assert_true(same);
    buckets_destroy(&all);
    assert_null(all.begin);
}

/* Cut by hand: equal parts where there is nothing to end at; whole blocks; parts that are joined and cut. */
static void by_hand(void **state)
{
    (void)state;
    begins_at(&(lws_reduction_layout){.count = 100, .block = 1, .bucket = 100}, 1, (size_t[]){0, 100});
    begins_at(&(lws_reduction_layout){.count = 100, .block = 1, .bucket = 1000}, 1, (size_t[]){0, 100});
    begins_at(&(lws_reduction_layout){.count = 100, .block = 1, .bucket = 50}, 2, (size_t[]){0, 50, 100});
    begins_at(&(lws_reduction_layout){.count = 150, .block = 1, .bucket = 100}, 1, (size_t[]){0, 150});
    begins_at(&(lws_reduction_layout){.count = 151, .block = 1, .bucket = 100}, 2, (size_t[]){0, 75, 151});
    begins_at(&(lws_reduction_layout){.count = 100, .block = 30, .bucket = 40}, 3, (size_t[]){0, 60, 90, 100});
    begins_at(&(lws_reduction_layout){.count = 100, .block = 64, .bucket = 10}, 2, (size_t[]){0, 64, 100});
    /* Layers: 0 and 304 are joined, as are 900's with nothing; 7001's begins at the next whole block. */
    static const size_t starts[] = {0, 304, 900, 7001};
    begins_at(&(lws_reduction_layout){.count = 10000, .block = 10, .bucket = 1000, .parts = 4, .starts = starts}, 10,
              (size_t[]){0, 900, 1920, 2940, 3960, 4980, 6000, 7010, 8010, 9010, 10000});
    /* Layers of half a bucket each: three of them are no more than one and a half. */
    static const size_t halves[] = {0, 50, 100, 150, 200, 250};
    begins_at(&(lws_reduction_layout){.count = 300, .block = 1, .bucket = 100, .parts = 6, .starts = halves}, 2,
              (size_t[]){0, 150, 300});
    /* The first layer begins behind 0: what lies before it is the last to be complete. */
    static const size_t late[] = {200};
    begins_at(&(lws_reduction_layout){.count = 300, .block = 1, .bucket = 100, .parts = 1, .starts = late}, 3,
              (size_t[]){0, 100, 200, 300});
}

/* Where the caller does not say: some 4 MB; no more than 16 of them in long arrays; and with many ranks slices of four
 * blocks at least. */
static void usual_size(void **state)
{
    (void)state;
    static const struct {
        size_t count, block;
        int ranks, buckets;
    } cases[] = {
        {(size_t)1 << 20, 1024, 2, 1},     {(size_t)3 << 20, 1024, 2, 3},     {(size_t)16 << 20, 1024, 2, 16},
        {(size_t)64 << 20, 1024, 2, 16},   {(size_t)16 << 20, 1024, 256, 16}, {(size_t)16 << 20, 1024, 512, 8},
        {(size_t)16 << 20, 1024, 1024, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buckets all = create(&(lws_reduction_layout){.count = cases[i].count, .block = cases[i].block}, cases[i].ranks);
        assert_int_equal(all.count, cases[i].buckets);
        buckets_destroy(&all);
    }
}

/* Pieces are equal but for a block, none is given twice, and what an owner keeps has no gaps. */
static void slices(void **state)
{
    (void)state;
    check_rng r = {3};
    for (int trial = 0; trial < 300; trial++) {
        int ranks = check_int(&r, 1, 9);
        size_t starts[6] = {0};
        lws_reduction_layout layout = {.count = (size_t)check_int(&r, 1, 5000),
                                       .block = (size_t)1 << check_int(&r, 0, 7),
                                       .bucket = (size_t)check_int(&r, 1, 900),
                                       .parts = check_int(&r, 0, 6),
                                       .starts = starts};
        for (int i = 1; i < layout.parts; i++)
            starts[i] = starts[i - 1] + (size_t)check_int(&r, 0, (int)(layout.count - starts[i - 1]));
        buckets all = create(&layout, ranks);
        size_t kept[9] = {0}, at = 0;
        for (int b = 0; b < all.count; b++) {
            size_t blocks = (all.begin[b + 1] - all.begin[b] + layout.block - 1) / layout.block;
            assert_int_equal(all.begin[b], at);
            assert_true(all.begin[b] % layout.block == 0 && all.begin[b + 1] > all.begin[b]);
            for (int q = 0; q < ranks; q++) {
                size_t begin, end, of_rank;
                buckets_slice(&all, b, q, &begin, &end);
                of_rank = (end - begin + layout.block - 1) / layout.block;
                assert_int_equal(begin, at);
                assert_true(of_rank == blocks / (size_t)ranks ||
                            of_rank == (blocks + (size_t)ranks - 1) / (size_t)ranks);
                assert_int_equal(buckets_before(&all, b, q), kept[q]);
                kept[q] += end - begin;
                at = end;
            }
        }
        assert_int_equal(at, layout.count);
        assert_int_equal(all.begin[all.count], layout.count);
        for (int q = 0; q < ranks; q++)
            assert_int_equal(buckets_before(&all, all.count, q), kept[q]);
        buckets_destroy(&all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(usual_size),
        cmocka_unit_test(slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
