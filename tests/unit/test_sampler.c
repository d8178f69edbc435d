/* The sampler: each epoch a permutation, every batch a pure function of seed and step. */
#include "check.h"

#include "data/sampler.h"

static void every_epoch_is_a_permutation(void **state)
{
    (void)state;
    check_rng r = {1};
    for (int round = 0; round < 40; round++) {
        int64_t batch = check_int(&r, 1, 20), rows = batch + check_int(&r, 0, 400);
        lws_sampler s = {check_next(&r), rows, batch};
        int64_t steps = lws_sampler_steps_per_epoch(&s), left_out = rows - steps * batch;
        assert_int_equal(steps, rows / batch);
        int64_t *of_batch = calloc((size_t)batch, sizeof *of_batch);
        for (int64_t epoch = 0; epoch < 3; epoch++) {
            char *seen = calloc((size_t)rows, 1);
            for (int64_t step = epoch * steps; step < (epoch + 1) * steps; step++) {
                lws_sampler_batch(&s, step, 0, batch, of_batch);
                for (int64_t i = 0; i < batch; i++) {
                    assert_true(of_batch[i] >= 0 && of_batch[i] < rows);
                    assert_int_equal(seen[of_batch[i]]++, 0);
                }
            }
            int64_t missing = 0;
            for (int64_t i = 0; i < rows; i++)
                missing += !seen[i];
            assert_int_equal(missing, left_out);
            free(seen);
        }
        free(of_batch);
    }
}

/* A batch put together from pieces, in any order, is the batch asked for at once. */
static void pieces_make_the_batch(void **state)
{
    (void)state;
    lws_sampler s = {7, 1003, 24};
    int64_t whole[24], pieces[24];
    for (int64_t step = 0; step < 100; step += 7) {
        lws_sampler_batch(&s, step, 0, 24, whole);
        for (int64_t first = 18; first >= 0; first -= 6)
            lws_sampler_batch(&s, step, first, 6, pieces + first);
        check_same_bits(pieces, whole, sizeof whole);
    }
}

/* What an epoch leaves out has its turn in others: within some epochs every row is seen, and about as often. */
static void nothing_is_left_out_for_ever(void **state)
{
    (void)state;
    enum { ROWS = 37, BATCH = 10, EPOCHS = 200 };
    lws_sampler s = {11, ROWS, BATCH};
    int64_t rows[BATCH];
    int seen[ROWS] = {0};
    for (int64_t step = 0; step < EPOCHS * lws_sampler_steps_per_epoch(&s); step++) {
        lws_sampler_batch(&s, step, 0, BATCH, rows);
        for (int i = 0; i < BATCH; i++)
            seen[rows[i]]++;
        if (step == 29) /* ten epochs: a row is left out of all with a chance of 4e-8 */
            for (int i = 0; i < ROWS; i++)
                assert_true(seen[i] > 0);
    }
    double each = EPOCHS * 30. / ROWS;
    for (int i = 0; i < ROWS; i++)
        check_near(seen[i], each, 5 * sqrt(EPOCHS * 30. / ROWS * 7 / ROWS));
}

static int same_places(uint64_t seed, int64_t step, uint64_t other_seed, int64_t other_step)
{
    lws_sampler a = {seed, 5000, 500}, b = {other_seed, 5000, 500};
    int64_t x[500], y[500];
    int same = 0;
    lws_sampler_batch(&a, step, 0, 500, x);
    lws_sampler_batch(&b, other_step, 0, 500, y);
    for (int i = 0; i < 500; i++)
        same += x[i] == y[i];
    return same;
}

static void depends_on_seed_and_epoch(void **state)
{
    (void)state;
    assert_int_equal(same_places(1, 3, 1, 3), 500);
    assert_true(same_places(1, 3, 2, 3) < 10);
    assert_true(same_places(1, 3, 1, 4) == 0);  /* another batch of the epoch */
    assert_true(same_places(1, 3, 1, 13) < 10); /* the same place in the next epoch */
}

/* Rows should not stay near each other, or a batch would see neighbours. */
static void mixes(void **state)
{
    (void)state;
    lws_sampler s = {3, 4096, 64};
    int64_t rows[64];
    double sum = 0;
    int count = 0;
    for (int64_t step = 0; step < 64; step++) {
        lws_sampler_batch(&s, step, 0, 64, rows);
        for (int i = 1; i < 64; i++, count++)
            sum += llabs(rows[i] - rows[i - 1]);
    }
    check_near(sum / count, 4096 / 3., 60); /* of two random numbers; 5 standard deviations */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_epoch_is_a_permutation),
        cmocka_unit_test(pieces_make_the_batch),
        cmocka_unit_test(nothing_is_left_out_for_ever),
        cmocka_unit_test(depends_on_seed_and_epoch),
        cmocka_unit_test(mixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
