/* The table of optimizers: what every row promises, and the half of an update that waits for norms. */
#include "adam_step.h"
#include "check.h"

#include "base/digest.h"

enum { N = 1003 };

/* The names of all rows, in their order, with | between them. */
static void choices(void **state)
{
    (void)state;
    char names[512] = "";
    const lws_optimizer *row;
    for (int i = 0; (row = lws_optimizer_row(i)); i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? "|" : "", row->name);
    assert_string_equal(lws_optimizer_choices, names);
    assert_string_equal(lws_optimizer_row(0)->name, "adam"); /* what runs have that do not say */
    assert_null(lws_optimizer_row(-1));
}

/* Options of all rows lie side by side in the block, and every key's field within its row's. */
static void options_lie_apart(void **state)
{
    (void)state;
    const lws_optimizer *row;
    size_t end = 0;
    for (int i = 0; (row = lws_optimizer_row(i)); i++) {
        size_t at = lws_optimizer_options_at(i);
        assert_true(at >= end && at % sizeof(double) == 0);
        end = at + row->options_size;
        assert_true(end <= LWS_OPTIMIZER_OPTIONS_SIZE);
        for (int k = 0; k < row->key_count; k++) {
            assert_true(row->keys[k].offset + sizeof(double) <= row->options_size);
            assert_memory_equal(row->keys[k].name, row->name, strlen(row->name)); /* "adam-beta1" */
            assert_null(row->keys[k].group);
        }
    }
}

/* Names become folders in checkpoints, meanings parts of messages. */
static void slots_have_names(void **state)
{
    (void)state;
    const lws_optimizer *row;
    for (int i = 0; (row = lws_optimizer_row(i)); i++) {
        assert_true(row->slots > 0 && row->slots <= LWS_SLOTS_MAX);
        assert_true(row->summary[0] && row->update);
        for (int k = 0; k < row->slots; k++) {
            assert_true(row->slot[k].name[0] && row->slot[k].meaning[0]);
            assert_null(strchr(row->slot[k].name, '/'));
            for (int other = 0; other < k; other++)
                assert_string_not_equal(row->slot[k].name, row->slot[other].name);
        }
    }
}

/* Every row, whatever it does: the sums are those of parameters and slots before and after; any cut gives the same
 * bits; a row with a trust ratio leaves the parameters. */
static void sums_and_cuts(void **state)
{
    (void)state;
    const lws_optimizer *row;
    for (int i = 0; (row = lws_optimizer_row(i)); i++) {
        check_rng r = {135};
        double options[LWS_OPTIMIZER_OPTIONS_SIZE / sizeof(double)];
        float *whole[LWS_SLOTS_MAX + 2], *parts[LWS_SLOTS_MAX + 2]; /* parameters, slots, proposal */
        float *g = check_random_floats(&r, N, -1, 1);
        int arrays = row->slots + 2;
        lws_config_defaults((lws_config_table){row->keys, (size_t)row->key_count, NULL}, options);
        for (int k = 0; k < arrays; k++) {
            whole[k] = check_random_floats(&r, N, k == 0 ? -1 : 0, 1);
            parts[k] = check_floats(N);
            memcpy(parts[k], whole[k], N * sizeof(float));
        }
        uint32_t before = 0, after = 0;
        for (int k = 0; k <= row->slots; k++)
            before += lws_bit_sum(N, whole[k]);
        lws_update update = {.options = options, .step = 7, .rate = 1e-3, .gradient_scale = .3, .weight_decay = .01};
        lws_update_bits sums = {0, 0};
        for (int cut = 0; cut < 4; cut++) { /* the whole, then three parts of a copy */
            float **at = cut ? parts : whole;
            size_t begin = cut ? (size_t)(cut - 1) * N / 3 : 0, end = cut ? (size_t)cut * N / 3 : N;
            update.n = end - begin;
            update.gradient = g + begin;
            update.theta = at[0] + begin;
            update.proposal = row->trust_ratio ? at[row->slots + 1] + begin : NULL;
            for (int k = 0; k < row->slots; k++)
                update.slot[k] = at[1 + k] + begin;
            lws_update_bits bits = row->update(&update);
            if (cut == 0)
                sums = bits;
            before -= cut ? bits.found : 0;
            after -= cut ? bits.left : 0;
        }
        assert_int_equal(before, 0);
        for (int k = 0; k <= row->slots; k++)
            after += lws_bit_sum(N, whole[k]);
        assert_int_equal(after, 0);
        uint32_t left = 0;
        for (int k = 0; k <= row->slots; k++)
            left += lws_bit_sum(N, parts[k]);
        assert_int_equal(sums.left, left);
        for (int k = 0; k < arrays; k++) {
            check_same_bits(whole[k], parts[k], N * sizeof(float));
            check_free(whole[k], N), check_free(parts[k], N);
        }
        check_free(g, N);
    }
}

/* θ − step · proposal, and its sums; the proposal stays. */
static void proposals_are_applied(void **state)
{
    (void)state;
    check_rng r = {136};
    float *theta = check_random_floats(&r, N, -1, 1), *proposal = check_random_floats(&r, N, -3, 3);
    double *want = check_widen(theta, N), *proposed = check_widen(proposal, N);
    uint32_t before = lws_bit_sum(N, theta), of_proposal = lws_bit_sum(N, proposal);
    for (int i = 0; i < N; i++)
        want[i] -= .125 * proposed[i];
    lws_update_bits sums = lws_optimizer_apply(N, .125, proposal, theta);
    check_floats_near(theta, want, N, 1e-7);
    assert_int_equal(sums.found, before);
    assert_int_equal(sums.left, lws_bit_sum(N, theta));
    assert_int_equal(lws_bit_sum(N, proposal), of_proposal);
    check_free(theta, N), check_free(proposal, N), check_free(want, N), check_free(proposed, N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices),       cmocka_unit_test(options_lie_apart),     cmocka_unit_test(slots_have_names),
        cmocka_unit_test(sums_and_cuts), cmocka_unit_test(proposals_are_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
