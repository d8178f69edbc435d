/* Status lines: which parts stand in how many columns, spark lines, and how many lines a long run leaves in a log. */
#include "check.h"

#include "base/status_line.h"

static const lws_status_part parts[] = {
    {"step 5/20", "5/20", 0}, {"epoch 1.25", "", 3}, {"loss 0.5 (in parts)", "loss 0.5", 1}, {"1 min left", "1m", 2}};

static void check_line(int columns, const char *want)
{
    char line[LWS_STATUS_LINE];
    lws_status_compose(4, parts, columns, line);
    assert_string_equal(line, want);
    assert_true(lws_text_columns(line) <= columns);
}

/* Worked out by hand at each width where something changes, and the width before. */
static void parts_by_rank(void **state)
{
    (void)state;
    check_line(0, "");
    check_line(3, "1m"); /* what fits, where more important things do not */
    check_line(4, "5/20");
    check_line(7, "5/20"); /* "  1m" does not fit */
    check_line(8, "5/20  1m");
    check_line(13, "step 5/20  1m");
    check_line(14, "5/20  loss 0.5");
    check_line(17, "5/20  loss 0.5");
    check_line(18, "5/20  loss 0.5  1m");
    check_line(22, "5/20  loss 0.5  1m");
    check_line(23, "step 5/20  loss 0.5  1m");
    check_line(31, "step 5/20  loss 0.5  1 min left");
    check_line(34, "step 5/20  loss 0.5 (in parts)  1m");
    check_line(42, "step 5/20  loss 0.5 (in parts)  1 min left");
    check_line(53, "step 5/20  loss 0.5 (in parts)  1 min left");
    check_line(54, "step 5/20  epoch 1.25  loss 0.5 (in parts)  1 min left");
    check_line(1000, "step 5/20  epoch 1.25  loss 0.5 (in parts)  1 min left");
}

static void columns(void **state)
{
    (void)state;
    assert_int_equal(lws_text_columns(""), 0);
    assert_int_equal(lws_text_columns("abc"), 3);
    assert_int_equal(lws_text_columns("a▁█b"), 4);
    assert_int_equal(lws_text_fitting("abc", 5), 3);
    assert_int_equal(lws_text_fitting("abc", 2), 2);
    assert_int_equal(lws_text_fitting("a▁█b", 2), 4); /* whole characters */
    assert_int_equal(lws_text_fitting("▁█", 0), 0);
}

static void sparks(void **state)
{
    (void)state;
    lws_spark s = {.bins = 0};
    char line[LWS_STATUS_LINE];
    lws_spark_add(&s, 1);
    lws_spark_draw(&s, 10, true, line);
    assert_string_equal(line, "");
    for (int i = 1; i < 8; i++)
        lws_spark_add(&s, exp2(i));
    lws_spark_add(&s, (double)NAN);
    lws_spark_draw(&s, 10, true, line);
    assert_string_equal(line, "▁▂▃▄▅▆▇█");
    lws_spark_draw(&s, 10, false, line);
    assert_string_equal(line, "_.-~=+*#");
    lws_spark_draw(&s, 2, true, line); /* means 3.75 and 60 */
    assert_string_equal(line, "▁█");
    lws_spark_draw(&s, 1, true, line);
    assert_string_equal(line, "");
    s = (lws_spark){.bins = 0};
    for (int i = -1; i < 7; i++)
        lws_spark_add(&s, i); /* not all positive: heights go by the values */
    lws_spark_draw(&s, 10, true, line);
    assert_string_equal(line, "▁▂▃▄▅▆▇█");
    s = (lws_spark){.bins = 0};
    for (int i = 0; i < 5; i++)
        lws_spark_add(&s, .25);
    lws_spark_draw(&s, 10, true, line);
    assert_string_equal(line, "▁▁▁▁▁");
}

/* However long the run: the whole of it, in as many bars. */
static void long_sparks(void **state)
{
    (void)state;
    enum { LONG = 100000 };
    lws_spark s = {.bins = 0};
    char line[LWS_STATUS_LINE];
    for (int i = 0; i < LONG; i++)
        lws_spark_add(&s, i < LONG / 2 ? 8 : 1);
    assert_true(s.bins >= LWS_SPARK_BINS / 2 && s.bins < LWS_SPARK_BINS);
    double sum = s.last_sum;
    for (int i = 0; i < s.bins; i++)
        sum += s.sum[i];
    assert_true(sum == 4.5 * LONG);
    lws_spark_draw(&s, 20, false, line);
    assert_int_equal(strlen(line), 20);
    assert_memory_equal(line, "########", 8);
    assert_memory_equal(line + 12, "________", 8);
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } known[] = {{0, "0s left"},       {59.4, "59s left"},   {59.6, "1m00s left"}, {200, "3m20s left"},
                 {3600, "1h00m left"}, {7500, "2h05m left"}, {INFINITY, "? left"}, {-1, "? left"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char text[LWS_STATUS_DURATION];
        lws_status_duration(known[i].seconds, text);
        assert_string_equal(text, known[i].text);
    }
}

/* A run of 30 days with a step every .7 s, and one with a step every 2 min. */
static void a_long_log(void **state)
{
    (void)state;
    for (double step = .7; step < 200; step = 120) {
        int lines = 0, first_ten_minutes = 0, day[30] = {0};
        double shown = -INFINITY;
        for (double t = 0; t < 30 * 86400.; t += step) {
            if (t - shown < lws_status_pause(false, t))
                continue;
            shown = t;
            lines++;
            first_ten_minutes += t < 600;
            day[(int)(t / 86400)]++;
        }
        assert_true(step > 1 || (first_ten_minutes >= 55 && first_ten_minutes <= 61));
        assert_true(day[0] <= 400);
        for (int d = 1; d < 30; d++)
            assert_true(day[d] <= 288 && day[d] >= 200); /* of some 100 bytes: 30 kB a day */
        assert_true(lines > 0);
        if (step > 1)
            break;
    }
    assert_true(lws_status_pause(true, 1e6) < 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_by_rank), cmocka_unit_test(columns),   cmocka_unit_test(sparks),
        cmocka_unit_test(long_sparks),   cmocka_unit_test(durations), cmocka_unit_test(a_long_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
