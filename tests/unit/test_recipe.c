/* Recipes: which pixels a crop takes, and what options mean, in numbers written by hand. */
#include "check.h"

#include "datasets/prepare/recipe.h"

static lws_prepare_options options(const char *crop, const char *split)
{
    lws_prepare_options o;
    lws_config_defaults(lws_prepare_table, &o);
    strcpy(o.crop, crop);
    if (split)
        strcpy(o.split, split);
    return o;
}

static lws_recipe resolved(int kind, const char *crop)
{
    lws_prepare_options o = options(crop, NULL);
    lws_recipe r;
    assert_int_equal(lws_recipe_resolve(&o, kind, &r), LWS_OK);
    return r;
}

/* Where a margin is odd, the larger half is at the right and below. */
static void crops_are_centred(void **state)
{
    (void)state;
    static const struct {
        int kind;
        const char *crop;
        int width, height;
        lws_crop want;
    } cases[] = {
        {LWS_RECIPE_CELEBA, "", 178, 218, {19, 39, 140, 140}},
        {LWS_RECIPE_CELEBA, "", 179, 219, {19, 39, 140, 140}},
        {LWS_RECIPE_CELEBA, "", 180, 220, {20, 40, 140, 140}},
        {LWS_RECIPE_CELEBA, "", 140, 141, {0, 0, 140, 140}},
        {LWS_RECIPE_CELEBA, "", 142, 140, {1, 0, 140, 140}},
        {LWS_RECIPE_CELEBA, "70", 89, 109, {9, 19, 70, 70}},
        {LWS_RECIPE_CELEBA, "square", 178, 218, {0, 20, 178, 178}},
        {LWS_RECIPE_CELEBA, "none", 178, 218, {0, 0, 178, 218}},
        {LWS_RECIPE_FOLDER, "", 30, 43, {0, 6, 30, 30}},
        {LWS_RECIPE_FOLDER, "", 43, 30, {6, 0, 30, 30}},
        {LWS_RECIPE_FOLDER, "", 1, 1, {0, 0, 1, 1}},
        {LWS_RECIPE_FOLDER, "25x18", 40, 31, {7, 6, 25, 18}},
        {LWS_RECIPE_FOLDER, "18x25", 31, 40, {6, 7, 18, 25}},
        {LWS_RECIPE_FOLDER, "40x31", 40, 31, {0, 0, 40, 31}},
        {LWS_RECIPE_SYNTHETIC, "", 64, 48, {0, 0, 64, 48}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lws_recipe r = resolved(cases[i].kind, cases[i].crop);
        lws_crop crop;
        assert_int_equal(lws_recipe_crop(&r, cases[i].width, cases[i].height, &crop), LWS_OK);
        assert_memory_equal(&crop, &cases[i].want, sizeof crop);
    }
}

static void too_small_for_the_crop(void **state)
{
    (void)state;
    lws_recipe r = resolved(LWS_RECIPE_FOLDER, "25x18");
    lws_crop crop;
    assert_int_equal(lws_recipe_crop(&r, 25, 18, &crop), LWS_OK);
    assert_int_equal(lws_recipe_crop(&r, 24, 18, &crop), LWS_ERR_FORMAT);
    assert_string_equal(lws_message(), "the crop of 25x18 is larger than the image, 24x18");
    assert_int_equal(lws_recipe_crop(&r, 25, 17, &crop), LWS_ERR_FORMAT);
    assert_string_equal(lws_message(), "the crop of 25x18 is larger than the image, 25x17");
}

static void options_are_taken(void **state)
{
    (void)state;
    lws_prepare_options o = options("16384x1", "0.6,.3,1e-1");
    lws_recipe r;
    o.size = 96;
    o.grey = true;
    o.filter = LWS_FILTER_AREA;
    assert_int_equal(lws_recipe_resolve(&o, LWS_RECIPE_FOLDER, &r), LWS_OK);
    assert_true(r.kind == LWS_RECIPE_FOLDER && r.crop == LWS_CROP_SIZE && r.crop_width == 16384 && r.crop_height == 1);
    assert_true(r.size == 96 && r.channels == 1 && r.filter == LWS_FILTER_AREA);
    check_near(r.fraction[LWS_TRAIN], .6, 0);
    check_near(r.fraction[LWS_VALID], .3, 0);
    check_near(r.fraction[LWS_TEST], .1, 0);
    r = resolved(LWS_RECIPE_CELEBA, "");
    assert_true(r.size == 64 && r.channels == 3 && r.filter == LWS_FILTER_LANCZOS && r.crop_height == 140);
    assert_string_equal(lws_recipe_name(LWS_RECIPE_CELEBA), "celeba");
    assert_string_equal(lws_recipe_name(LWS_RECIPE_FOLDER), "folder");
    assert_string_equal(lws_recipe_name(LWS_RECIPE_SYNTHETIC), "synthetic");
}

static void refused(const char *crop, const char *split, const char *part)
{
    lws_prepare_options o = options(crop, split);
    lws_recipe r;
    if (lws_recipe_resolve(&o, LWS_RECIPE_FOLDER, &r) != LWS_ERR_USAGE)
        fail_msg("crop '%s' and split '%s' are accepted", crop, split);
    check_mentions(lws_message(), part);
}

static void limits(void **state)
{
    (void)state;
    static const char *const crops[] = {"16385", "1x16385", "0x5", "5x0", "5x",     "x5",
                                        "+5",    " 5",      "5 ",  "5,5", "squares"};
    for (size_t i = 0; i < sizeof crops / sizeof *crops; i++)
        refused(crops[i], "1,0,0", crops[i]);
    static const char *const splits[] = {"1,0,0,",     "1,0",     "1;0;0",           "0.5,0.5,0.1", "0.5,0.4,0",
                                         "-0.1,1,0.1", "1.1,0,0", "0.5,0.5,0.00001", "1,0,0 "};
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
        refused("", splits[i], splits[i]);
    lws_prepare_options o = options("", "0.3333333,0.3333333,0.3333333"); /* thirds may be rounded */
    lws_recipe r;
    assert_int_equal(lws_recipe_resolve(&o, LWS_RECIPE_FOLDER, &r), LWS_OK);
}

/* What the command line takes, and what holds without it. */
static void defaults_and_ranges(void **state)
{
    (void)state;
    lws_prepare_options o;
    memset(&o, 0x5a, sizeof o);
    lws_config_defaults(lws_prepare_table, &o);
    assert_true(o.synthetic == 0 && o.size == 64 && o.shards == 0 && o.limit == 0 && o.seed == 1 && o.recipe == 0);
    assert_true(!o.grey && !o.strict && !o.overwrite && o.filter == LWS_FILTER_LANCZOS);
    assert_string_equal(o.split, "0.8,0.1,0.1");
    assert_true(!o.input[0] && !o.output[0] && !o.crop[0] && !o.partition[0]);
    static const struct {
        const char *key, *least, *most, *below, *above;
    } ranges[] = {{"size", "16", "256", "15", "257"},
                  {"synthetic", "0", "1000000000", "-1", "1000000001"},
                  {"shards", "0", "99999", "-1", "100000"},
                  {"limit", "0", "1000000000000", "-1", "1000000000001"},
                  {"seed", "0", "9000000000000000", "-1", "9000000000000001"}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        assert_int_equal(lws_config_set(lws_prepare_table, &o, ranges[i].key, ranges[i].least, ""), LWS_OK);
        assert_int_equal(lws_config_set(lws_prepare_table, &o, ranges[i].key, ranges[i].most, ""), LWS_OK);
        assert_int_equal(lws_config_set(lws_prepare_table, &o, ranges[i].key, ranges[i].below, ""), LWS_ERR_USAGE);
        assert_int_equal(lws_config_set(lws_prepare_table, &o, ranges[i].key, ranges[i].above, ""), LWS_ERR_USAGE);
    }
    assert_true(o.size == 256 && o.shards == 99999 && o.limit == 1000000000000 && o.seed == 9000000000000000);
    static const char *const recipes[] = {"auto", "celeba", "folder", "synthetic"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(lws_config_set(lws_prepare_table, &o, "recipe", recipes[i], ""), LWS_OK);
        assert_int_equal(o.recipe, i);
        assert_string_equal(lws_recipe_name(i), recipes[i]);
    }
    assert_int_equal(lws_config_set(lws_prepare_table, &o, "filter", "area", ""), LWS_OK);
    assert_int_equal(o.filter, LWS_FILTER_AREA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_are_centred),   cmocka_unit_test(too_small_for_the_crop),
        cmocka_unit_test(options_are_taken),   cmocka_unit_test(limits),
        cmocka_unit_test(defaults_and_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
