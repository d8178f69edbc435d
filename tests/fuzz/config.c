/* Configuration text of any content: it is taken or refused, and what is taken is written as a text that gives the same
 * values again. Input: a byte for the table, then the text. */
#include "fuzz.h"

#include "base/config.h"
#include "datasets/prepare/prepare.h"
#include "options/train_options.h"

typedef struct everything {
    bool flag;
    int64_t whole;
    double real;
    int choice;
    lws_config_list ints, reals;
    lws_config_interval every;
    char text[LWS_CONFIG_TEXT];
} everything;

#define AT(field) offsetof(everything, field)

/* Short names, which are soon hit upon; wide ranges. */
static const lws_config_key keys[] = {
    {"f", LWS_CONFIG_FLAG, AT(flag), "false", 0, 0, NULL, "", "a"},
    {"w", LWS_CONFIG_INT, AT(whole), "1", -9.2e18, 9.2e18, NULL, "", NULL},
    {"r", LWS_CONFIG_REAL, AT(real), "1", -1e308, 1e308, NULL, "", NULL},
    {"c", LWS_CONFIG_CHOICE, AT(choice), "x", 0, 0, "x|yy|xy", "", "b"},
    {"i", LWS_CONFIG_INTS, AT(ints), "1", -1e300, 1e300, NULL, "", NULL},
    {"l", LWS_CONFIG_REALS, AT(reals), "1", -1e300, 1e300, NULL, "", NULL},
    {"e", LWS_CONFIG_INTERVAL, AT(every), "500", 0, 0, NULL, "", NULL},
    {"t", LWS_CONFIG_STRING, AT(text), "", 0, 0, "TEXT", "", NULL},
};

static const lws_config_table own = {keys, sizeof keys / sizeof *keys, NULL};

typedef union fields {
    everything all;
    lws_prepare_options prepare;
    lws_train_options train;
} fields;

static void check(lws_config_table table, const char *text)
{
    static fields a, b;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    lws_config_defaults(table, &a);
    lws_config_defaults(table, &b);
    lws_status status = lws_config_read_text(table, &a, text, "here");
    if (status != LWS_OK) {
        FUZZ_CHECK(status == LWS_ERR_USAGE && strstr(lws_message(), "here:"));
        return;
    }
    char *once = lws_config_text(table, &a);
    FUZZ_CHECK(once);
    FUZZ_CHECK(lws_config_read_text(table, &b, once, "again") == LWS_OK);
    char *twice = lws_config_text(table, &b);
    FUZZ_CHECK(twice && strcmp(once, twice) == 0);
    for (size_t i = 0; i < table.count; i++) {
        const lws_config_key *k = &table.keys[i];
        const char *x = (const char *)&a + k->offset, *y = (const char *)&b + k->offset;
        size_t bytes = k->type == LWS_CONFIG_FLAG     ? sizeof(bool)
                       : k->type == LWS_CONFIG_CHOICE ? sizeof(int)
                       : k->type == LWS_CONFIG_STRING ? LWS_CONFIG_TEXT
                                                      : 8; /* numbers; the count of a list or an interval's, in part */
        if (k->type == LWS_CONFIG_INTS || k->type == LWS_CONFIG_REALS)
            bytes = offsetof(lws_config_list, value) + sizeof(double) * (size_t)((const lws_config_list *)x)->count;
        FUZZ_CHECK(memcmp(x, y, bytes) == 0);
    }
    free(once);
    free(twice);
}

static void check_file(const uint8_t *data, size_t size)
{
    static fields a;
    char path[32];
    int fd = fuzz_memory_file(data, size, path);
    lws_config_defaults(own, &a);
    lws_status status = lws_config_read_file(own, &a, path);
    FUZZ_CHECK(status == LWS_OK || (status == LWS_ERR_USAGE && strstr(lws_message(), path)));
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (data[0] % 4 == 3) {
        check_file(data + 1, size - 1);
        return 0;
    }
    char *text = strndup((const char *)data + 1, size - 1);
    FUZZ_CHECK(text);
    check(data[0] % 4 == 0 ? own : data[0] % 4 == 1 ? lws_train_table() : lws_prepare_table, text);
    free(text);
    return 0;
}
