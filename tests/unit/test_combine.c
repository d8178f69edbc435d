/* The cells of a sweep: their names tell different values apart, stay what they were, and no value is there twice,
 * however it is written. And lists in which a number is there once. */
#include "check.h"

#include "combine.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

/* The cells of a sweep over the defaults: *cells is to be freed. */
static lws_status cells_of(const char *vary, int *count, lws_table_cell **cells)
{
    combination *c = malloc(sizeof *c);
    lws_train_options *base = malloc(sizeof *base);
    assert_true(c && base);
    lws_config_defaults(lws_train_table(), base);
    *cells = NULL;
    lws_status status = combine_read(vary, c);
    if (status == LWS_OK)
        status = combine_cells(c, base, cells);
    *count = c->count;
    free(c), free(base);
    return status;
}

static void check_names(const char *vary, int wanted, const char *const *names)
{
    lws_table_cell *cells;
    int count;
    if (cells_of(vary, &count, &cells) != LWS_OK)
        fail_msg("%s: %s", vary, lws_message());
    assert_int_equal(count, wanted);
    for (int i = 0; i < count; i++)
        assert_string_equal(cells[i].name, names[i]);
    free(cells);
}

/* Tables that were begun go on under these. */
static void names_stay(void **state)
{
    (void)state;
    check_names(
        "windows=3;3,7 | lr=0.001;.01", 4,
        (const char *const[]){"windows-3_lr-0.001", "windows-3_lr-.01", "windows-3,7_lr-0.001", "windows-3,7_lr-.01"});
    check_names("eval-every=1 epoch;300s | loss=mse", 2,
                (const char *const[]){"eval-every-1-epoch_loss-mse", "eval-every-300s_loss-mse"});
    check_names("luminance-weights=-1;2,0.5", 2,
                (const char *const[]){"luminance-weights--1", "luminance-weights-2,0.5"});
}

static void different_values_have_different_names(void **state)
{
    (void)state;
    check_names("recon-weight=1e+2;1e-2;1E5", 3,
                (const char *const[]){"recon-weight-1e+2", "recon-weight-1e-2", "recon-weight-1E5"});
}

static void equal_values_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"lr=1;1", "1", "1"},
        {"lr=1e-3;2;.001", "1e-3", ".001"},
        {"seed=1;2;02", "2", "02"},
        {"lr-min=0;-0", "0", "-0"},
        {"windows=3,7;3, 7", "3,7", "3, 7"},
        {"loss=mse;ssim;mse | lr=1;2", "mse", "mse"},
        {"lr=1;2 | eval-every=60s;1 epoch;1min", "60s", "1min"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lws_table_cell *cells;
        char both[64];
        int count;
        if (cells_of(cases[i][0], &count, &cells) != LWS_ERR_USAGE)
            fail_msg("%s was accepted", cases[i][0]);
        snprintf(both, sizeof both, "'%s' and '%s' are the same value", cases[i][1], cases[i][2]);
        check_mentions(lws_message(), both);
        free(cells);
    }
}

/* The first spelling stays; what is no number is a word of its own. */
static void a_number_is_in_a_list_once(void **state)
{
    (void)state;
    char list[32] = "";
    static const char *const words[] = {"01", "1", "+1", "2", "1", "02", "a", "1a", "01a", "10"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_true(list_add(list, sizeof list, ',', words[i]));
    assert_string_equal(list, "01,2,a,1a,01a,10");
    assert_true(list_has(list, ',', "001"));
    assert_false(list_has(list, ',', "0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_stay),
        cmocka_unit_test(different_values_have_different_names),
        cmocka_unit_test(equal_values_are_refused),
        cmocka_unit_test(a_number_is_in_a_list_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
