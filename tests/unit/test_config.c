/* The configuration table: every type, its limits and messages, text and back, help. Files and the
 * command line are in test_config_input.c. */
#include "config_cases.h"

static void defaults(void **state)
{
    (void)state;
    options o = fresh();
    assert_string_equal(o.data, "");
    assert_int_equal(o.batch_size, 64);
    assert_int_equal(o.seed, 1);
    assert_false(o.fast);
    assert_true(o.loud);
    check_near(o.rate, 1e-3, 0);
    check_near(o.decay, .1, 0);
    assert_int_equal(o.model, 1);
    assert_int_equal(o.windows.count, 3);
    check_near(o.windows.value[2], 11, 0);
    assert_int_equal(o.weights.count, 3);
    check_near(o.every.count, 500, 0);
    assert_int_equal(o.every.unit, LWS_EVERY_STEPS);
}

static void every_type_is_set(void **state)
{
    (void)state;
    options o = fresh();
    set(&o, "data", "a folder/with spaces");
    set(&o, "batch-size", "1000000");
    set(&o, "seed", "9007199254740993"); /* beyond what a double holds */
    set(&o, "fast", "true");
    set(&o, "loud", "false");
    set(&o, "rate", "0.30000000000000004");
    set(&o, "decay", "-2");
    set(&o, "model", "mmd-ae");
    set(&o, "windows", "5");
    set(&o, "weights", "0, 0.25, 1e-7");
    assert_string_equal(o.data, "a folder/with spaces");
    assert_int_equal(o.batch_size, 1000000);
    assert_true(o.seed == 9007199254740993);
    assert_true(o.fast);
    assert_false(o.loud);
    check_near(o.rate, 0.30000000000000004, 0);
    check_near(o.decay, -2, 0);
    assert_int_equal(o.model, 2);
    assert_int_equal(o.windows.count, 1);
    check_near(o.windows.value[0], 5, 0);
    assert_int_equal(o.weights.count, 3);
    check_near(o.weights.value[1], .25, 0);
    check_near(o.weights.value[2], 1e-7, 0);
}

static void intervals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double count;
        int unit;
    } cases[] = {
        {"500", 500, LWS_EVERY_STEPS},     {"500 steps", 500, LWS_EVERY_STEPS}, {"1 step", 1, LWS_EVERY_STEPS},
        {"0", 0, LWS_EVERY_STEPS},         {"300s", 300, LWS_EVERY_SECONDS},    {"10min", 600, LWS_EVERY_SECONDS},
        {"2h", 7200, LWS_EVERY_SECONDS},   {"0.5h", 1800, LWS_EVERY_SECONDS},   {"1 epoch", 1, LWS_EVERY_EPOCHS},
        {"3 epochs", 3, LWS_EVERY_EPOCHS}, {"12epochs", 12, LWS_EVERY_EPOCHS},  {"2e11h", 7.2e14, LWS_EVERY_SECONDS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options o = fresh();
        set(&o, "every", cases[i].text);
        check_near(o.every.count, cases[i].count, 0);
        assert_int_equal(o.every.unit, cases[i].unit);
    }
}

/* The value is refused, the message has key, value, origin and `accepted` in it, and nothing was
 * changed. */
static void refused(const char *key, const char *value, const char *accepted)
{
    options o = fresh(), before = o;
    if (lws_config_set(table, &o, key, value, "run.ini:3") != LWS_ERR_USAGE)
        fail_msg("%s = '%s' was accepted", key, value);
    check_mentions(lws_message(), "run.ini:3");
    check_mentions(lws_message(), key);
    check_mentions(lws_message(), value);
    check_mentions(lws_message(), accepted);
    assert_memory_equal(&o, &before, sizeof o);
}

static void values_out_of_range(void **state)
{
    (void)state;
    refused("batch-size", "0", "1000000");
    refused("batch-size", "1000001", "1000000");
    refused("batch-size", "99999999999999999999", "1000000");
    refused("rate", "-1e-9", "0 to 1");
    refused("rate", "1.0000001", "0 to 1");
    refused("decay", "2.5", "-2 to 2");
    refused("windows", "3,0", "256");
    refused("windows", "257", "256");
    refused("weights", "1,-1", "from 0");
    refused("model", "vea", "ae|vae|mmd-ae");
    refused("model", "AE", "ae|vae|mmd-ae");
    refused("every", "-1", "steps");
    refused("every", "1e15h", "steps"); /* in seconds, as it is written, it would be refused when it is read again */
}

static void values_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
    } cases[] = {
        {"batch-size", ""},
        {"batch-size", "x"},
        {"batch-size", "1.5"},
        {"batch-size", "64 images"},
        {"batch-size", "6 4"},
        {"rate", ""},
        {"rate", "fast"},
        {"rate", "0.1.2"},
        {"rate", "nan"},
        {"rate", "inf"},
        {"rate", "1e400"},
        {"rate", "0,1"},
        {"windows", ""},
        {"windows", "3,,7"},
        {"windows", "3,"},
        {"windows", ",3"},
        {"windows", "3 7"},
        {"windows", "3.5"},
        {"weights", "1,a"},
        {"weights", "nan"},
        {"fast", "maybe"},
        {"fast", ""},
        {"model", ""},
        {"model", "ae|vae"},
        {"model", "va"},
        {"every", ""},
        {"every", "10 parsecs"},
        {"every", "1.5"},
        {"every", "1.5epochs"},
        {"every", "h"},
        {"every", "nan"},
        {"every", "inf s"},
        {"windows", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(cases[i].key, cases[i].value, "takes");
}

static void longest_values(void **state)
{
    (void)state;
    options o = fresh();
    char text[LWS_CONFIG_TEXT + 1];
    memset(text, 'x', sizeof text);
    text[LWS_CONFIG_TEXT] = 0;
    assert_int_equal(lws_config_set(table, &o, "data", text, "here"), LWS_ERR_USAGE);
    assert_string_equal(o.data, "");
    text[LWS_CONFIG_TEXT - 1] = 0;
    set(&o, "data", text);
    assert_string_equal(o.data, text);
    set(&o, "windows", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16");
    assert_int_equal(o.windows.count, 16);
    check_near(o.windows.value[15], 16, 0);
}

static void unknown_keys(void **state)
{
    (void)state;
    options o = fresh(), before = o;
    assert_int_equal(lws_config_set(table, &o, "batchsize", "3", "here"), LWS_ERR_USAGE);
    check_mentions(lws_message(), "batchsize");
    check_mentions(lws_message(), "'batch-size'");
    assert_int_equal(lws_config_set(table, &o, "wieghts", "3", "here"), LWS_ERR_USAGE);
    check_mentions(lws_message(), "'weights'");
    assert_int_equal(lws_config_set(table, &o, "zzzzzzzzzz", "3", "here"), LWS_ERR_USAGE);
    check_mentions(lws_message(), "zzzzzzzzzz");
    assert_null(strstr(lws_message(), "mean")); /* nothing is near: no suggestion */
    assert_int_equal(lws_config_set(table, &o, "", "3", "here"), LWS_ERR_USAGE);
    char longest[5000];
    memset(longest, 'k', sizeof longest);
    longest[sizeof longest - 1] = 0;
    assert_int_equal(lws_config_set(table, &o, longest, "3", "here"), LWS_ERR_USAGE);
    assert_memory_equal(&o, &before, sizeof o);
}

static void round_trip(const options *o)
{
    options back = fresh();
    char *text = lws_config_text(table, o);
    assert_non_null(text);
    if (read_text(&back, text) != LWS_OK)
        fail_msg("%s\nin the text\n%s", lws_message(), text);
    assert_string_equal(back.data, o->data);
    assert_true(back.batch_size == o->batch_size && back.seed == o->seed);
    assert_true(back.fast == o->fast && back.loud == o->loud && back.model == o->model);
    check_same_bits(&back.rate, &o->rate, sizeof o->rate);
    check_same_bits(&back.decay, &o->decay, sizeof o->decay);
    assert_int_equal(back.windows.count, o->windows.count);
    assert_int_equal(back.weights.count, o->weights.count);
    check_same_bits(back.windows.value, o->windows.value, sizeof(double) * (size_t)o->windows.count);
    check_same_bits(back.weights.value, o->weights.value, sizeof(double) * (size_t)o->weights.count);
    check_same_bits(&back.every.count, &o->every.count, sizeof(double));
    assert_int_equal(back.every.unit, o->every.unit);
    char *again = lws_config_text(table, &back);
    assert_string_equal(again, text);
    free(again);
    free(text);
}

static void text_and_back(void **state)
{
    (void)state;
    check_rng r = {7};
    options o = fresh();
    round_trip(&o);
    for (int i = 0; i < 200; i++) {
        o.batch_size = check_int(&r, 1, 1000000);
        o.seed = (int64_t)(check_next(&r) >> 2) - ((int64_t)1 << 61);
        o.fast = check_int(&r, 0, 1);
        o.loud = check_int(&r, 0, 1);
        o.rate = pow(check_uniform(&r, 0, 1), 1 + i % 40);
        o.decay = check_uniform(&r, -2, 2);
        o.model = check_int(&r, 0, 2);
        o.windows.count = check_int(&r, 1, LWS_CONFIG_LIST);
        o.weights.count = check_int(&r, 1, LWS_CONFIG_LIST);
        for (int k = 0; k < LWS_CONFIG_LIST; k++) {
            o.windows.value[k] = check_int(&r, 1, 256);
            o.weights.value[k] = check_uniform(&r, 0, 1e9);
        }
        o.every.unit = check_int(&r, 0, 2);
        o.every.count = o.every.unit == LWS_EVERY_SECONDS ? check_uniform(&r, 0, 1e6) : check_int(&r, 0, 1000000);
        snprintf(o.data, sizeof o.data, "/data/%d run", i);
        round_trip(&o);
    }
}

/* Folder names that file syntax could mistake for something else. */
static void awkward_strings_and_back(void **state)
{
    (void)state;
    static const char *const cases[] = {"/data/a=b", "a:b",     "/data/one;two", "#1",  "/data/x ; y", "/data/x # y",
                                        "[section]", "ünïcødé", "quoted \"x\"",  "a,b", ";",           "back\\slash"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options o = fresh();
        set(&o, "data", cases[i]);
        round_trip(&o);
    }
}

static void long_strings_and_back(void **state)
{
    (void)state;
    options o = fresh();
    memset(o.data, 'p', LWS_CONFIG_TEXT - 1);
    round_trip(&o);
}

/* A struct of two of the same kind and a key of its own: the keys of all three, each with a field of its own. */
static void tables_are_composed(void **state)
{
    (void)state;
    enum { ALL = KEYS + 1 + 2 };
    static const lws_config_key own[] = {{"own", LWS_CONFIG_INT, sizeof(int64_t), "7", 0, 9, NULL, "a number", "Own"}};
    static const lws_config_key late[] = {
        {"late", LWS_CONFIG_FLAG, offsetof(options, fast), "true", 0, 0, NULL, "", NULL},
        {"wait", LWS_CONFIG_REAL, offsetof(options, rate), ".5", 0, 1, NULL, "", NULL}};
    typedef struct whole_options {
        double before;
        options first;
        int64_t unused, own;
        options second;
    } whole_options;
    whole_options all;
    const lws_config_part part[] = {{keys, KEYS, offsetof(whole_options, first)},
                                    {own, 1, offsetof(whole_options, unused)},
                                    {NULL, 0, 0},
                                    {late, 2, offsetof(whole_options, second)}};
    lws_config_key whole[ALL + 1];
    assert_int_equal(lws_config_compose(4, part, 0, NULL), ALL);
    memset(whole, 0, sizeof whole);
    assert_int_equal(lws_config_compose(4, part, KEYS, whole), ALL);
    assert_null(whole[KEYS].name); /* nothing beyond the room */
    assert_int_equal(lws_config_compose(4, part, ALL, whole), ALL);
    assert_null(whole[ALL].name);
    for (int i = 0; i < KEYS; i++) {
        assert_string_equal(whole[i].name, keys[i].name);
        assert_string_equal(whole[i].help, keys[i].help);
    }
    const lws_config_table composed = {whole, ALL, NULL};
    memset(&all, 0x5a, sizeof all);
    lws_config_defaults(composed, &all);
    const options defaults = fresh();
    assert_memory_equal(&all.first, &defaults, sizeof defaults);
    assert_int_equal(all.own, 7);
    assert_true(all.second.fast);
    check_near(all.second.rate, .5, 0);
    assert_int_equal(lws_config_set(composed, &all, "own", "3", "here"), LWS_OK);
    assert_int_equal(lws_config_set(composed, &all, "batch-size", "5", "here"), LWS_OK);
    assert_int_equal(all.own, 3);
    assert_int_equal(all.first.batch_size, 5);
    lws_config_key same[ALL];
    assert_int_equal(lws_config_compose(4, part, ALL, same), ALL);
    assert_memory_equal(same, whole, sizeof same); /* the parts stay as they are */
}

static void groups_are_headings(void **state)
{
    (void)state;
    options o = fresh();
    char *text = lws_config_text(table, &o);
    check_mentions(text, "[Data]\n");
    check_mentions(text, "[Training]\n");
    check_mentions(text, "[Loss]\n");
    check_mentions(text, "batch-size = 64\n");
    check_mentions(text, "windows = 3,7,11\n");
    check_mentions(text, "model = vae\n");
    free(text);
}

static void help_lists_everything(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    lws_config_help(table, out);
    fclose(out);
    for (size_t i = 0; i < table.count; i++) {
        check_mentions(text, keys[i].name);
        check_mentions(text, keys[i].help);
        if (keys[i].choices)
            check_mentions(text, keys[i].choices);
        if (keys[i].type != LWS_CONFIG_FLAG)
            check_mentions(text, keys[i].initial);
    }
    check_mentions(text, "Training");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_type_is_set),
        cmocka_unit_test(intervals),
        cmocka_unit_test(values_out_of_range),
        cmocka_unit_test(values_malformed),
        cmocka_unit_test(longest_values),
        cmocka_unit_test(unknown_keys),
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(awkward_strings_and_back),
        cmocka_unit_test(long_strings_and_back),
        cmocka_unit_test(tables_are_composed),
        cmocka_unit_test(groups_are_headings),
        cmocka_unit_test(help_lists_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
