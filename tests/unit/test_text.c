/* A text put together piece by piece, also where memory runs out. */
#include "check.h"

#include "base/text.h"

static void put_together(void **state)
{
    (void)state;
    lws_text text = {0};
    size_t length;
    char want[40000] = "", *got;
    for (int i = 0; i < 3000; i++) {
        lws_text_add(&text, "%d,%s", i, i % 7 ? "" : "seven\n");
        sprintf(want + strlen(want), "%d,%s", i, i % 7 ? "" : "seven\n");
    }
    got = lws_text_take(&text, &length);
    assert_string_equal(got, want);
    assert_int_equal(length, strlen(want));
    free(got);
    got = lws_text_take(&text, NULL); /* begun anew */
    assert_string_equal(got, "");
    free(got);
}

static void bytes_of_any_kind(void **state)
{
    (void)state;
    lws_text text = {0};
    size_t length;
    lws_text_add_bytes(&text, "a\0b", 4);
    lws_text_add_bytes(&text, NULL, 0);
    lws_text_add(&text, "%s", "c");
    char *got = lws_text_take(&text, &length);
    assert_int_equal(length, 5);
    assert_memory_equal(got, "a\0b\0c", 6);
    free(got);
}

/* One piece too large, and nothing comes of it, whatever follows. */
static void out_of_memory(void **state)
{
    (void)state;
    size_t length = 1;
    lws_text text = {0};
    lws_text_add(&text, "begun");
    lws_text_add_bytes(&text, "", SIZE_MAX / 4);
    lws_text_add(&text, "and more");
    assert_null(lws_text_take(&text, &length));
    assert_int_equal(length, 0);
    lws_text_add(&text, "%*s", 3, "x");
    char *got = lws_text_take(&text, &length);
    assert_string_equal(got, "  x");
    free(got);
}

/* Names of any bytes: UTF-8 stays, everything else can be read back. */
static void names_are_escaped(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"a b.jpg", "a b.jpg"},
        {"gr\xc3\xbcn \xf0\x9f\x98\x80.jpg", "gr\xc3\xbcn \xf0\x9f\x98\x80.jpg"},
        {"gr\xfcn.jpg", "gr\\xfcn.jpg"},
        {"\xc3", "\\xc3"},
        {"\xe2\x82", "\\xe2\\x82"},
        {"\xc0\xaf", "\\xc0\\xaf"},          /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a surrogate */
        {"a\nb\x1b[2J\x7f", "a\\x0ab\\x1b[2J\\x7f"},
        {"\xc2\x9b", "\\xc2\\x9b"}, /* a terminal's CSI in one character */
        {"a\\b", "a\\b"},
        {"a\\b\xff", "a\\\\b\\xff"},
        {"a\\xff", "a\\\\xff"},
        {"a\\\\b", "a\\\\\\\\b"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *escaped = lws_text_escaped(pairs[i][0]);
        assert_string_equal(escaped, pairs[i][1]);
        free(escaped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_together),
        cmocka_unit_test(bytes_of_any_kind),
        cmocka_unit_test(names_are_escaped),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
