/* The gradient reduction: bits that depend on the leaves alone, against a serial fold of the tree. */
#include "check.h"

#include "mpi_check.h"

#include <lwssim/reduction.h>

/* Value i of leaf `leaf` in step `step`: magnitudes from 2^-12 to 2^12, so that sums depend on their order. */
static float value_of(int step, int64_t leaf, size_t i)
{
    check_rng r = {(uint64_t)step << 48 ^ (uint64_t)leaf << 32 ^ i};
    check_next(&r);
    return (float)ldexp(check_uniform(&r, -1, 1), check_int(&r, -12, 12));
}

/* The serial oracle: node (level, index) of the tree, added pair by pair in float. */
static float node_value(int step, int level, int64_t index, int64_t leaves, size_t i)
{
    if (level == 0)
        return value_of(step, index, i);
    float left = node_value(step, level - 1, 2 * index, leaves, i);
    if ((2 * index + 1) << (level - 1) >= leaves)
        return left;
    return left + node_value(step, level - 1, 2 * index + 1, leaves, i);
}

static float *serial_sum(int step, int64_t leaves, size_t count)
{
    float *sum = malloc(count * sizeof *sum);
    assert_non_null(sum);
    int level = 0;
    while ((int64_t)1 << level < leaves)
        level++;
    for (size_t i = 0; i < count; i++)
        sum[i] = node_value(step, level, 0, leaves, i);
    return sum;
}

static const float *reduce(lws_reduction *r, int step, size_t count)
{
    const lws_reduction_part *part = lws_reduction_get_part(r);
    for (int64_t leaf = part->first_leaf; leaf < part->first_leaf + part->leaves; leaf++) {
        float *gradient = lws_reduction_leaf(r);
        for (size_t i = 0; i < count; i++)
            gradient[i] = value_of(step, leaf, i);
        lws_reduction_push(r);
    }
    return lws_reduction_finish(r);
}

static lws_reduction *create(int64_t leaves, size_t count, size_t block)
{
    lws_reduction *r;
    assert_int_equal(lws_reduction_create(comm, leaves, count, block, &r), LWS_OK);
    return r;
}

static const size_t counts[] = {1, 7, 64, 1000, 4099};
static const size_t blocks[] = {1, 64, 1024};
enum { COUNTS = sizeof counts / sizeof *counts, BLOCKS = sizeof blocks / sizeof *blocks };

/* All leaf counts from 1 to 16 that this job can take, several steps with the same reduction. */
static void same_bits_as_serial(void **state)
{
    (void)state;
    for (int64_t leaves = size; leaves <= 16; leaves++) {
        for (int c = 0; c < COUNTS; c++) {
            lws_reduction *r = create(leaves, counts[c], blocks[c % BLOCKS]);
            const lws_reduction_part *part = lws_reduction_get_part(r);
            for (int step = 0; step < 3; step++) {
                float *expected = serial_sum(step, leaves, counts[c]);
                const float *sum = reduce(r, step, counts[c]);
                assert_memory_equal(sum, expected + part->begin, (part->end - part->begin) * sizeof *sum);
                free(expected);
            }
            lws_reduction_destroy(r);
        }
    }
}

/* The test above would pass any order if the order did not matter for these values. */
static void order_matters(void **state)
{
    (void)state;
    float *tree = serial_sum(0, 8, 1000);
    int differ = 0;
    for (size_t i = 0; i < 1000; i++) {
        float running = 0;
        for (int64_t leaf = 0; leaf < 8; leaf++)
            running += value_of(0, leaf, i);
        differ += running != tree[i];
    }
    free(tree);
    assert_true(differ > 100);
}

/* Runs of leaves and segments of the array each cover everything once, in rank order, cut at whole blocks. */
static void parts(void **state)
{
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        for (int b = 0; b < BLOCKS; b++) {
            lws_reduction *r = create(16, counts[c], blocks[b]);
            size_t at = 0;
            for (int q = 0; q < size; q++) {
                size_t begin, end;
                lws_reduction_segment(r, q, &begin, &end);
                assert_int_equal(begin, at);
                assert_true(begin <= end);
                assert_true(begin % blocks[b] == 0 || begin == counts[c]);
                at = end;
                if (q == rank) {
                    assert_int_equal(begin, lws_reduction_get_part(r)->begin);
                    assert_int_equal(end, lws_reduction_get_part(r)->end);
                }
            }
            assert_int_equal(at, counts[c]);
            int64_t first, count;
            lws_comm_run(16, size, rank, &first, &count);
            assert_int_equal(first, lws_reduction_get_part(r)->first_leaf);
            assert_int_equal(count, lws_reduction_get_part(r)->leaves);
            lws_reduction_destroy(r);
        }
    }
}

/* What owners changed arrives everywhere, and only that. */
static void share(void **state)
{
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        lws_reduction *r = create(16, counts[c], blocks[c % BLOCKS]);
        const lws_reduction_part *part = lws_reduction_get_part(r);
        float *flat = malloc(counts[c] * sizeof *flat);
        assert_non_null(flat);
        for (size_t i = 0; i < counts[c]; i++)
            flat[i] = i >= part->begin && i < part->end ? value_of(9, 0, i) : -1000 - (float)rank;
        lws_reduction_share(r, flat);
        for (size_t i = 0; i < counts[c]; i++)
            assert_true(flat[i] == value_of(9, 0, i));
        free(flat);
        lws_reduction_destroy(r);
    }
}

/* Segments to rank 0 and back. */
static void collect_and_deal(void **state)
{
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        lws_reduction *r = create(16, counts[c], blocks[c % BLOCKS]);
        const lws_reduction_part *part = lws_reduction_get_part(r);
        size_t mine = part->end - part->begin;
        float *segment = malloc(mine * sizeof *segment + 1);
        float *full = rank == 0 ? malloc(counts[c] * sizeof *full) : NULL;
        assert_true(segment && (full || rank != 0));
        for (size_t i = 0; i < mine; i++)
            segment[i] = value_of(4, 0, part->begin + i);
        lws_reduction_collect(r, segment, full);
        for (size_t i = 0; i < counts[c] && rank == 0; i++) {
            assert_true(full[i] == value_of(4, 0, i));
            full[i] = value_of(5, 0, i);
        }
        lws_reduction_deal(r, full, segment);
        for (size_t i = 0; i < mine; i++)
            assert_true(segment[i] == value_of(5, 0, part->begin + i));
        free(segment);
        free(full);
        lws_reduction_destroy(r);
    }
}

static void too_many_ranks(void **state)
{
    (void)state;
    lws_reduction *r = (lws_reduction *)&state;
    for (int64_t leaves = 1; leaves < size; leaves++) {
        char ranks[32], parts_text[32];
        snprintf(ranks, sizeof ranks, "%d ranks", size);
        snprintf(parts_text, sizeof parts_text, "%d micro-batches", (int)leaves);
        assert_int_equal(lws_reduction_create(comm, leaves, 100, 1, &r), LWS_ERR_USAGE);
        assert_null(r);
        assert_non_null(strstr(lws_message(), ranks));
        assert_non_null(strstr(lws_message(), parts_text));
    }
    /* An array too long for MPI's counts is refused as well. */
    assert_int_equal(lws_reduction_create(comm, 16, (size_t)1 << 31, 1, &r), LWS_ERR_USAGE);
    assert_null(r);
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_matters), cmocka_unit_test(same_bits_as_serial), cmocka_unit_test(parts),
        cmocka_unit_test(share),         cmocka_unit_test(collect_and_deal),    cmocka_unit_test(too_many_ranks),
    };
    return cmocka_run_group_tests_name("reduction", tests, NULL, NULL);
}

int main(void)
{
    return mpi_run(all_tests);
}
