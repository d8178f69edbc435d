/* A configuration table with every type in it. */
#ifndef LWS_CONFIG_CASES_H
#define LWS_CONFIG_CASES_H

#include "check.h"

#include "base/config.h"

typedef struct options {
    bool fast, loud;
    int64_t batch_size, seed;
    double rate, decay;
    int model;
    lws_config_list windows, weights;
    lws_config_interval every;
    char data[LWS_CONFIG_TEXT];
} options;

#define AT(field) offsetof(options, field)

static const lws_config_key keys[] = {
    {"data", LWS_CONFIG_STRING, AT(data), "", 0, 0, "DIR", "dataset folder", "Data"},
    {"batch-size", LWS_CONFIG_INT, AT(batch_size), "64", 1, 1e6, NULL, "images a step", NULL},
    {"seed", LWS_CONFIG_INT, AT(seed), "1", -9.2e18, 9.2e18, NULL, "of all randomness", NULL},
    {"fast", LWS_CONFIG_FLAG, AT(fast), "false", 0, 0, NULL, "hurry", "Training"},
    {"loud", LWS_CONFIG_FLAG, AT(loud), "true", 0, 0, NULL, "say more", NULL},
    {"rate", LWS_CONFIG_REAL, AT(rate), "1e-3", 0, 1, NULL, "learning rate", NULL},
    {"decay", LWS_CONFIG_REAL, AT(decay), "0.1", -2, 2, NULL, "weight decay", NULL},
    {"model", LWS_CONFIG_CHOICE, AT(model), "vae", 0, 0, "ae|vae|mmd-ae", "kind of model", NULL},
    {"windows", LWS_CONFIG_INTS, AT(windows), "3,7,11", 1, 256, NULL, "window sides", "Loss"},
    {"weights", LWS_CONFIG_REALS, AT(weights), "1,1,1", 0, 1e9, NULL, "level weights", NULL},
    {"every", LWS_CONFIG_INTERVAL, AT(every), "500", 0, 0, NULL, "checkpoint interval", NULL},
};

enum { KEYS = sizeof keys / sizeof *keys };

static const lws_config_table table = {keys, KEYS, NULL};

CHECK_UNUSED static options fresh(void)
{
    options o;
    memset(&o, 0x5a, sizeof o); /* a default that is not set shows */
    lws_config_defaults(table, &o);
    return o;
}

CHECK_UNUSED static void set(options *o, const char *key, const char *value)
{
    lws_status status = lws_config_set(table, o, key, value, "here");
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
}

CHECK_UNUSED static lws_status read_text(options *o, const char *text)
{
    return lws_config_read_text(table, o, text, "run.ini");
}

#endif
