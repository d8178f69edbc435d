/* A bit that changes in the memory of a rank between two steps, after the last one or while a checkpoint is written: it
 * is found by the next step or before the checkpoint counts, the rank is named, and the run goes on from the last
 * checkpoint to what it would have been. */
#include "prepared.h"

#include "training.h"

/* Whose memory is to change, and where. */
typedef enum array { PARAMETER, MOMENT_M, MOMENT_V, STATISTIC, COPY, LAST_COPY } array;

static struct {
    array of;
    int rank;
    point at;
    int64_t step;
    bool is_last; /* the last element in place of the first */
    int done;
} fault;

static void flip_bit(float *value)
{
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    bits ^= 1;
    memcpy(value, &bits, sizeof bits);
}

/* The first or last element that this rank owns of [from, to) of the flat array; NULL: none. `own`: in the arrays of
 * what it keeps of its slices. */
static float *own_element(trainer *t, size_t from, size_t to, float *of, bool own)
{
    float *found = NULL;
    for (int b = 0; b < own_part(&t->context)->buckets; b++) {
        lws_reduction_slice slice = lws_reduction_get_slice(t->context.reduction, b, rank);
        size_t begin = slice.begin > from ? slice.begin : from, end = slice.end < to ? slice.end : to;
        if (begin >= end || (found && !fault.is_last))
            continue;
        size_t at = fault.is_last ? end - 1 : begin;
        found = own ? of + slice.at + at - slice.begin : of + at;
    }
    return found;
}

/* Elements that belong to a tensor, not to a gap between two: the first and the last of all. */
static float *element(trainer *t)
{
    const lws_tensors *tensors = t->context.tensors;
    const lws_tensor *last = NULL, *last_state = NULL;
    for (int i = 0; i < tensors->count; i++)
        *(tensors->item[i].is_buffer ? &last_state : &last) = &tensors->item[i];
    size_t params = last->offset + last->count, buffers = t->state.param_count + last_state->offset + last_state->count;
    switch (fault.of) {
    case PARAMETER:
        return own_element(t, 0, params, t->state.params, false);
    case MOMENT_M:
        return own_element(t, 0, params, t->state.slot[0], true);
    case MOMENT_V:
        return own_element(t, 0, params, t->state.slot[1], true);
    case STATISTIC:
        return own_element(t, t->state.param_count, buffers, t->state.params, false);
    case COPY:
        return t->state.params; /* the first parameter is rank 0's */
    default:
        return t->state.params + buffers - 1; /* the last statistic is the last rank's */
    }
}

static void disturb(trainer *t, point at)
{
    int64_t step = at == IN_CHECKPOINT ? t->state.step : plan.at_step;
    if (at != fault.at || step != fault.step)
        return;
    if (at != IN_CHECKPOINT)
        state_wait_params(&t->context, &t->state); /* a bit of what is still on its way would be written over */
    if (rank != fault.rank)
        return;
    float *value = element(t);
    assert_non_null(value);
    flip_bit(value);
    fault.done++;
}

/* Rank `of_rank` loses a bit; *message on all ranks has all of these parts. */
static lws_status disturbed(const char *name, array of, int of_rank, point at, int64_t step, const char *check_every,
                            const char *overlap)
{
    plan = (struct plan){.touch = disturb};
    fault.of = of;
    fault.rank = of_rank;
    fault.at = at;
    fault.step = step;
    fault.done = 0;
    lws_status status =
        train(name, "steps", "8", "checkpoint-every", "3", "check-every", check_every, "overlap", overlap);
    assert_int_equal(fault.done, rank == of_rank);
    return status;
}

/* The last checkpoint is from before, and the run goes on from there. */
static void check_recovery(const char *name, const char *checkpoints)
{
    if (rank == 0)
        check_list_(files_of(name, "checkpoints", ".h5"), checkpoints, name, __FILE__, __LINE__);
    plan = (struct plan){0};
    check_status(train(name, "resume", ""), LWS_OK);
    check_same_state(name, "whole", 8);
}

static void undisturbed(void **state)
{
    (void)state;
    plan = (struct plan){0};
    check_status(train("whole", "steps", "8", "check-every", "1"), LWS_OK);
}

static void owners(void **state)
{
    (void)state;
    static const char *const names[] = {"parameter", "m", "v", "statistic"};
    for (int of = PARAMETER; of <= STATISTIC; of++) {
        for (int last = 0; last < 2; last++) {
            int owner = of == STATISTIC || last ? size - 1 : 0; /* statistics are at the end of the flat array */
            char *name = path_of("%s-%d", names[of], last);
            fault.is_last = last;
            check_status(disturbed(name, (array)of, owner, BEFORE_STEP, 5, "0", last ? "true" : "false"),
                         LWS_ERR_MISMATCH);
            check_message(path_of("memory was altered on rank %d on ", owner));
            check_message("are not what the update of step 4 left. Have that machine's memory checked");
            check_recovery(name, "3");
        }
    }
    fault.is_last = false;
}

static const char *first_tensor, *last_tensor;

static void note_names(trainer *t, point at)
{
    const lws_tensors *tensors = t->context.tensors;
    static char first[64], last[64];
    snprintf(first, sizeof first, "%s", tensors->item[0].name);
    snprintf(last, sizeof last, "%s", tensors->item[tensors->count - 1].name);
    first_tensor = first;
    last_tensor = last;
    disturb(t, at);
}

/* After the step that a checkpoint is to be made of. */
static void before_a_checkpoint(void **state)
{
    (void)state;
    for (int of = PARAMETER; of <= STATISTIC; of++) {
        char *name = path_of("before-%d", of);
        int owner = of == STATISTIC ? size - 1 : 0;
        check_status(disturbed(name, (array)of, owner, AFTER_STEP, 6, "0", "true"), LWS_ERR_MISMATCH);
        check_message(path_of("memory was altered on rank %d on ", owner));
        check_message("are not what the update of step 6 left");
        check_recovery(name, "3");
    }
    plan = (struct plan){.touch = note_names};
    fault.of = PARAMETER;
    fault.at = AFTER_STEP;
    fault.rank = 0;
    check_status(train("names", "steps", "8", "checkpoint-every", "6"), LWS_ERR_MISMATCH);
    check_message(path_of("between %s and ", first_tensor));
    if (size == 1)
        check_message(path_of("and %s are not", last_tensor));
}

/* What is in memory is no longer what was looked at. */
static void during_a_checkpoint(void **state)
{
    (void)state;
    for (int of = PARAMETER; of <= STATISTIC; of++) {
        if (size > 1 && of != PARAMETER)
            continue; /* rank 0 writes the moments from another array then, and has no slice of the statistics */
        char *name = path_of("during-%d", of);
        check_status(disturbed(name, (array)of, 0, IN_CHECKPOINT, 6, "0", "true"), LWS_ERR_MISMATCH);
        check_message("memory was altered on rank 0 on ");
        check_message("while the checkpoint of step 6 was written, which is thrown away");
        check_recovery(name, "3");
    }
}

/* What a rank holds of another's slice: where all are compared, every so many steps and before a checkpoint. */
static void copies(void **state)
{
    (void)state;
    if (size == 1)
        return;
    for (int overlap = 0; overlap < 2; overlap++) {
        const char *with = overlap ? "true" : "false";
        char *name = path_of("copy-%d", overlap);
        check_status(disturbed(name, COPY, size - 1, BEFORE_STEP, 5, "4", with), LWS_ERR_MISMATCH);
        check_message(path_of("rank %d on ", size - 1));
        check_message("holds other parameters than their owner, rank 0, after step 4: its memory was altered");
        check_recovery(name, "3");
        check_status(disturbed(path_of("seldom-%d", overlap), COPY, size - 1, BEFORE_STEP, 5, "3", with), LWS_OK);
        check_status(disturbed(path_of("never-%d", overlap), COPY, size - 1, BEFORE_STEP, 5, "0", with), LWS_OK);
    }
    check_status(disturbed("copy-last", LAST_COPY, 0, BEFORE_STEP, 5, "4", "true"), LWS_ERR_MISMATCH);
    check_message(path_of("holds other parameters than their owner, rank %d, after step 4: its memory", size - 1));
    check_recovery("copy-last", "3");
    check_status(disturbed("copy-saved", COPY, size - 1, AFTER_STEP, 6, "0", "true"), LWS_ERR_MISMATCH);
    check_message("holds other parameters than their owner, rank 0, after step 6: its memory was altered");
    check_recovery("copy-saved", "3");
}

/* What ranks tell each other of their parameters is not what they have: all end, whichever half of the digest it is,
 * and though only one of them heard it. */
static void messages(void **state)
{
    (void)state;
    if (size == 1)
        return; /* none to tell */
    for (int half = 1; half <= 2; half++) {
        for (int i = 0; i < 4; i++) {
            int overlap = i % 2;
            char *name = path_of("message-%d-%d", half, i);
            plan = (struct plan){.alters_news = 5, .news = half, .of_rank = size - 1, .only_there = i >= 2};
            check_status(train(name, "steps", "8", "checkpoint-every", "3", "check-every", "4", "overlap",
                               overlap ? "true" : "false"),
                         LWS_ERR_MISMATCH);
            check_message("the digests of the parameters that ranks exchanged after step 4 differ, though the "
                          "parameters do not: a message was altered on its way, or memory.");
            assert_int_equal(plan.at_step, 5);
            check_recovery(name, "3");
        }
    }
}

/* With clip-norm or a trust ratio the update comes after the ranks have heard of each other: they hear of it in the
 * next step, or before the checkpoint. */
static void late_updates(void **state)
{
    (void)state;
    static const char *const late[][2] = {{"clip-norm", "0.01"}, {"optimizer", "lamb"}};
    for (int i = 0; i < 4; i++) {
        const char *key = late[i / 2][0], *value = late[i / 2][1];
        char *whole = path_of("whole-%s", key), *name = path_of("%s-%d", key, i % 2);
        int step = 5 + i % 2;
        if (i % 2 == 0) {
            plan = (struct plan){0};
            check_status(train(whole, "steps", "8", key, value, "check-every", "0", "checkpoint-every", "3"), LWS_OK);
        }
        plan = (struct plan){.touch = disturb};
        fault.of = i < 2 ? PARAMETER : MOMENT_M;
        fault.rank = 0;
        fault.at = BEFORE_STEP;
        fault.step = step;
        fault.done = 0;
        check_status(train(name, "steps", "8", key, value, "check-every", "0", "checkpoint-every", "3"),
                     LWS_ERR_MISMATCH);
        assert_int_equal(fault.done, rank == 0);
        assert_int_equal(plan.at_step, 6);
        check_message("memory was altered on rank 0 on ");
        check_message(path_of("are not what the update of step %d left", step - 1));
        if (rank == 0)
            check_list_(files_of(name, "checkpoints", ".h5"), "3", name, __FILE__, __LINE__);
        plan = (struct plan){0};
        check_status(train(name, "resume", ""), LWS_OK);
        check_same_state(name, whole, 8);
    }
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undisturbed),         cmocka_unit_test(owners), cmocka_unit_test(before_a_checkpoint),
        cmocka_unit_test(during_a_checkpoint), cmocka_unit_test(copies), cmocka_unit_test(messages),
        cmocka_unit_test(late_updates),
    };
    return cmocka_run_group_tests_name("integrity", tests, setup_datasets, NULL);
}

int main(void)
{
    return mpi_run_in_folder(all_tests);
}
