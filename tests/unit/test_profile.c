/* The profile: nesting, sums, the bound on the timeline, and a trace that a JSON parser takes. */
#include "check.h"
#include "scratch.h"

#include "base/clock.h"
#include "base/profile.h"

#include <cjson/cJSON.h>

static const lws_profile_entry *entry_at(int i)
{
    const lws_profile_entry *entries;
    int count = lws_profile_entries(&entries);
    assert_in_range(i, 0, count - 1);
    return &entries[i];
}

static int entries_now(void)
{
    const lws_profile_entry *entries;
    return lws_profile_entries(&entries);
}

static void spend(double seconds)
{
    for (double until = lws_now() + seconds; lws_now() < until;)
        ;
}

static int stop(void **state)
{
    (void)state;
    lws_profile_stop();
    return 0;
}

static void nothing_until_started(void **state)
{
    (void)state;
    lws_profile_begin(NULL, "a");
    lws_profile_end();
    lws_profile_end();
    assert_null(lws_profile_here);
    assert_int_equal(entries_now(), 0);
    assert_int_equal(lws_profile_start(4), LWS_OK);
    assert_int_equal(entries_now(), 0);
    lws_profile_end(); /* one too many does no harm */
    lws_profile_stop();
    lws_profile_stop();
    lws_profile_begin(NULL, "a");
    assert_int_equal(entries_now(), 0);
}

static void one_layer(const char *name)
{
    LWS_PROFILE_IN("convolution", name);
    spend(.001);
}

static void one_step(void)
{
    LWS_PROFILE("step");
    {
        LWS_PROFILE("forward");
        one_layer("conv1");
        one_layer("conv2");
    }
    lws_profile_begin(NULL, "backward");
    one_layer("conv2");
    one_layer("conv1");
    lws_profile_end();
    spend(.001);
}

static void nesting_and_totals(void **state)
{
    (void)state;
    static const struct {
        const char *name, *group;
        int depth, calls;
    } want[] = {{"step", "", 0, 3},
                {"forward", "", 1, 3},
                {"conv1", "convolution", 2, 3},
                {"conv2", "convolution", 2, 3},
                {"backward", "", 1, 3},
                {"conv2", "convolution", 2, 3},
                {"conv1", "convolution", 2, 3},
                {"evaluation", "", 0, 1},
                {"forward", "", 1, 1},
                {"conv1", "convolution", 2, 1}};
    int count = (int)(sizeof want / sizeof *want);
    double before = lws_now();
    assert_int_equal(lws_profile_start(0), LWS_OK);
    for (int i = 0; i < 3; i++)
        one_step();
    lws_profile_begin(NULL, "evaluation");
    lws_profile_begin(NULL, "forward");
    one_layer("conv1");
    lws_profile_end();
    lws_profile_end();
    double whole = lws_now() - before, top = 0, self = 0;

    assert_int_equal(entries_now(), count);
    for (int i = 0; i < count; i++) {
        const lws_profile_entry *e = entry_at(i);
        assert_string_equal(e->name, want[i].name);
        assert_string_equal(e->group, want[i].group);
        assert_int_equal(e->depth, want[i].depth);
        assert_int_equal(e->calls, want[i].calls);
        assert_true(e->seconds >= .001 * want[i].calls && e->self >= 0 && e->self <= e->seconds);
        top += e->depth == 0 ? e->seconds : 0;
        self += e->self;
    }
    /* What is spent inside is part of what is spent outside, and self times count everything once. */
    const double rounding = 1e-9;
    assert_true(entry_at(0)->seconds + rounding >= entry_at(1)->seconds + entry_at(4)->seconds);
    assert_true(entry_at(0)->self >= .003 && entry_at(0)->seconds >= .015);
    assert_true(fabs(self - top) < rounding);
    assert_true(top <= whole + rounding);
}

/* Left early by a return, a stretch ends all the same. */
static int leaves_early(int how)
{
    LWS_PROFILE("outer");
    for (int i = 0; i < 3; i++) {
        LWS_PROFILE("inner");
        if (i == how)
            return i;
    }
    return -1;
}

static void every_way_out(void **state)
{
    (void)state;
    assert_int_equal(lws_profile_start(0), LWS_OK);
    leaves_early(1);
    leaves_early(5);
    lws_profile_begin(NULL, "after");
    lws_profile_end();
    assert_int_equal(entries_now(), 3);
    assert_int_equal(entry_at(0)->calls, 2);
    assert_int_equal(entry_at(1)->calls, 5);
    assert_string_equal(entry_at(2)->name, "after");
    assert_int_equal(entry_at(2)->depth, 0);
}

static void too_deep_and_too_many(void **state)
{
    (void)state;
    char name[200];
    assert_int_equal(lws_profile_start(0), LWS_OK);
    for (int i = 0; i < 100; i++)
        lws_profile_begin(NULL, "down");
    for (int i = 0; i < 100; i++)
        lws_profile_end();
    assert_in_range(entries_now(), 8, 99);
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%d", i);
        lws_profile_begin(NULL, name);
        lws_profile_begin(NULL, "inside");
        lws_profile_end();
        lws_profile_end();
    }
    lws_profile_begin(NULL, "down");
    lws_profile_end();
    assert_int_equal(entry_at(0)->calls, 2);

    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    assert_int_equal(lws_profile_start(0), LWS_OK);
    for (int i = 0; i < 2; i++) {
        lws_profile_begin(name, name);
        lws_profile_end();
    }
    assert_int_equal(entries_now(), 1);
    assert_int_equal(entry_at(0)->calls, 2);
    assert_int_equal(strlen(entry_at(0)->name), LWS_PROFILE_NAME - 1);
}

static void other_threads_pass_unseen(void **state)
{
    (void)state;
    assert_int_equal(lws_profile_start(16), LWS_OK);
    lws_profile_begin(NULL, "mine");
#pragma omp parallel num_threads(4)
    for (int i = 0; i < 1000; i++) {
        lws_profile_begin(NULL, omp_get_thread_num() == 0 ? "mine too" : "theirs");
        lws_profile_end();
    }
    lws_profile_end();
    assert_int_equal(entries_now(), 2);
    assert_string_equal(entry_at(1)->name, "mine too");
    assert_int_equal(entry_at(1)->calls, 1000);
}

static double number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

/* The trace as a JSON object; events [3 steps × 7 begun, bound 10] and the name of the process. */
static void trace_parses(void **state)
{
    const char *path = path_of("%s/profile.json", (char *)*state);
    assert_int_equal(lws_profile_start(10), LWS_OK);
    lws_profile_begin("a \"group\"", "name\\with\n\"quotes\"");
    lws_profile_end();
    one_step();
    lws_profile_begin(NULL, "still open");
    one_step();
    assert_int_equal(lws_profile_write(path, 7), LWS_OK);
    lws_profile_end();

    blob text = file_read(path);
    cJSON *trace = cJSON_Parse((char *)text.data);
    assert_non_null(trace);
    const cJSON *events = cJSON_GetObjectItemCaseSensitive(trace, "traceEvents"), *e;
    assert_true(cJSON_IsArray(events));
    assert_int_equal(cJSON_GetArraySize(events), 1 + 1 + 7 + 1); /* the tenth begun is the second step */
    double last = 0;
    const char *names[10];
    int count = 0;
    cJSON_ArrayForEach(e, events)
    {
        names[count++] = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "name"));
        assert_true(number(e, "pid") == 7);
        if (count == 1)
            continue;
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "ph")), "X");
        assert_true(number(e, "ts") >= last && number(e, "dur") >= 0);
        last = number(e, "ts");
    }
    assert_string_equal(names[0], "process_name");
    assert_string_equal(names[1], "name\\with\n\"quotes\"");
    assert_string_equal(names[2], "step");
    assert_string_equal(names[4], "conv1");
    assert_string_equal(names[9], "step");
    /* A stretch lies within the one around it. */
    const cJSON *step = cJSON_GetArrayItem(events, 2), *conv = cJSON_GetArrayItem(events, 4);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(conv, "cat")), "convolution");
    assert_true(number(conv, "dur") >= 1000);
    assert_true(number(conv, "ts") + number(conv, "dur") <= number(step, "ts") + number(step, "dur") + .002);
    cJSON_Delete(trace);
    free(text.data);
}

static void trace_cannot_be_written(void **state)
{
    assert_int_equal(lws_profile_start(1), LWS_OK);
    assert_int_equal(lws_profile_write(path_of("%s/none/profile.json", (char *)*state), 0), LWS_ERR_IO);
    check_mentions(lws_message(), "profile.json");
    assert_int_equal(lws_profile_write("/dev/full", 0), LWS_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_until_started, stop),
        cmocka_unit_test_teardown(nesting_and_totals, stop),
        cmocka_unit_test_teardown(every_way_out, stop),
        cmocka_unit_test_teardown(too_deep_and_too_many, stop),
        cmocka_unit_test_teardown(other_threads_pass_unseen, stop),
        scratch_test(trace_parses),
        scratch_test(trace_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
