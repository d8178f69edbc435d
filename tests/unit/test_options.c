/* The keys of train and prepare: each sets its own field and no other, has the default that is written here, takes both
 * ends of its range and nothing beyond, and goes to its place in the specifications of model, loss, optimizer and
 * schedule. */
#include "check.h"

#include "datasets/prepare/prepare.h"
#include "options/train_options.h"

/* ---- the keys ---------------------------------------------------------------------------------------------------- */

typedef enum { INT, REAL, CHOICE, FLAG, INTS, REALS, EVERY, TEXT } key_kind;

typedef struct key_case {
    const char *key;
    key_kind kind;
    size_t offset, size;
    const char *other;                      /* a value that is not the default (NULL: there is none) … */
    double value;                           /* … and as a number; of a choice, the index */
    const char *low, *below, *high, *above; /* the ends of the range, and values just beyond; NULL: none */
    bool may_change;                        /* when a run goes on */
} key_case;

/* The losses' own options, one after the other. */
typedef struct loss_fields {
    lws_config_list windows, window_weights, luminance_weights;
    int window_shape, ssim_shape;
    int64_t ssim_window;
    double sigma, alpha, beta, gamma, k1, k2, c3;
    int64_t ms_ssim_window;
    lws_config_list ms_ssim_weights;
    double ms_ssim_k1, ms_ssim_k2;
    lws_config_list mix_sigmas;
    double mix_reach, mix_alpha, mix_k1, mix_k2;
} loss_fields;

#define TRAIN(field) offsetof(lws_train_options, field), sizeof(((lws_train_options *)0)->field)
#define LOSS(field)                                                                                                    \
    offsetof(lws_train_options, loss_options) + offsetof(loss_fields, field), sizeof(((loss_fields *)0)->field)
#define PREPARE(field) offsetof(lws_prepare_options, field), sizeof(((lws_prepare_options *)0)->field)
#define CONSTANT "0.000000001", "0.0000000009", "0.999999999", "0.9999999999"
#define MANY "1125899906842624", "1125899906842625" /* 2^50 */

static const key_case train_cases[] = {
    {"preset", CHOICE, TRAIN(preset), "wae64", 1, "dcgan64", "wae63", "tiny16", "tiny", false},
    {"model", CHOICE, TRAIN(model), "vae", 1, "ae", "vea", "mmd-ae", "mmd", false},
    {"base-channels", INT, TRAIN(base_channels), "48", 48, "0", "-1", "1024", "1025", false},
    {"latent", INT, TRAIN(latent), "33", 33, "0", "-1", "4096", "4097", false},
    {"kl-weight", REAL, TRAIN(kl_weight), "0.25", .25, "0", "-0.001", "1e12", "1.001e12", false},
    {"mmd-weight", REAL, TRAIN(mmd_weight), "12.5", 12.5, "0", "-0.001", "1e12", "1.001e12", false},
    {"prior-sigma", REAL, TRAIN(prior_sigma), "1.75", 1.75, "1e-6", "0.9e-6", "1e6", "1.001e6", false},
    {"loss", CHOICE, TRAIN(loss), "ssim", 1, "mse", "l1", "mae", "lws", false},
    {"recon-weight", REAL, TRAIN(recon_weight), "3.25", 3.25, "0", "-0.001", "1e12", "1.001e12", false},
    {"windows", INTS, LOSS(windows), "5,9", 5, "0", "-1", "256", "257", false},
    {"window-weights", REALS, LOSS(window_weights), "0.5,2", .5, "0", "-0.001", "1e12", "1.001e12", false},
    {"luminance-weights", REALS, LOSS(luminance_weights), "0.5,2", .5, "-1", "-1.001", "1e12", "1.001e12", false},
    {"window-shape", CHOICE, LOSS(window_shape), "gaussian", 1, "uniform", "flat", "gaussian", "gauss", false},
    {"ssim-window", INT, LOSS(ssim_window), "8", 8, "1", "0", "256", "257", false},
    {"ssim-shape", CHOICE, LOSS(ssim_shape), "uniform", 0, "uniform", "flat", "gaussian", "gauss", false},
    {"sigma", REAL, LOSS(sigma), "2.5", 2.5, "0", "-0.001", "1e6", "1.001e6", false},
    {"alpha", REAL, LOSS(alpha), "0.75", .75, "0", "-0.001", "64", "64.001", false},
    {"beta", REAL, LOSS(beta), "0.75", .75, "0", "-0.001", "64", "64.001", false},
    {"gamma", REAL, LOSS(gamma), "0.75", .75, "0", "-0.001", "64", "64.001", false},
    {"k1", REAL, LOSS(k1), "0.5", .5, "0", "-1e-9", "0.999999999", "1", false},
    {"k2", REAL, LOSS(k2), "0.5", .5, CONSTANT, false},
    {"c3", REAL, LOSS(c3), "0.5", .5, "0", "-0.000000001", "0.999999999", "0.9999999999", false},
    {"ms-ssim-window", INT, LOSS(ms_ssim_window), "8", 8, "1", "0", "256", "257", false},
    {"ms-ssim-weights", REALS, LOSS(ms_ssim_weights), "0.5,2", .5, "0", "-0.001", "4", "4.001", false},
    {"ms-ssim-k1", REAL, LOSS(ms_ssim_k1), "0.5", .5, CONSTANT, false},
    {"ms-ssim-k2", REAL, LOSS(ms_ssim_k2), "0.5", .5, CONSTANT, false},
    {"mix-sigmas", REALS, LOSS(mix_sigmas), "0.75,2", .75, "0.1", "0.099", "32", "32.01", false},
    {"mix-reach", REAL, LOSS(mix_reach), "2.5", 2.5, "1", "0.999", "6", "6.001", false},
    {"mix-alpha", REAL, LOSS(mix_alpha), "0.5", .5, "0", "-0.001", "1", "1.001", false},
    {"mix-k1", REAL, LOSS(mix_k1), "0.5", .5, CONSTANT, false},
    {"mix-k2", REAL, LOSS(mix_k2), "0.5", .5, CONSTANT, false},
    {"batch-size", INT, TRAIN(batch_size), "32", 32, "1", "0", "1048576", "1048577", false},
    {"micro-batches", INT, TRAIN(micro_batches), "2", 2, "1", "0", "65536", "65537", false},
    {"epochs", INT, TRAIN(epochs), "7", 7, "0", "-1", "1073741824", "1073741825", true},
    {"steps", INT, TRAIN(steps), "7", 7, "0", "-1", MANY, true},
    {"seed", INT, TRAIN(seed), "7", 7, "0", "-1", "4503599627370496", "4503599627370497", false},
    {"lr", REAL, TRAIN(lr), "0.25", .25, "0", "-0.001", "1000", "1000.001", false},
    {"schedule", CHOICE, TRAIN(schedule), "step", 2, "constant", "linear", "step", "steps", false},
    {"warmup-steps", INT, TRAIN(warmup_steps), "7", 7, "0", "-1", MANY, false},
    {"lr-min", REAL, TRAIN(lr_min), "0.25", .25, "0", "-0.001", "1000", "1000.001", false},
    {"decay-every", INT, TRAIN(decay_every), "7", 7, "1", "0", MANY, false},
    {"decay-factor", REAL, TRAIN(decay_factor), "0.25", .25, "1e-9", "0.9e-9", "1", "1.001", false},
    {"optimizer", CHOICE, TRAIN(optimizer), "lamb", 1, "adam", "adamw", "lamb", "lam", false},
    {"adam-beta1", REAL, TRAIN(optimizer_options[0]), "0.5", .5, "0", "-0.001", "0.999999999", "0.9999999999", false},
    {"adam-beta2", REAL, TRAIN(optimizer_options[1]), "0.5", .5, "0", "-0.001", "0.999999999", "0.9999999999", false},
    {"adam-epsilon", REAL, TRAIN(optimizer_options[2]), "0.5", .5, "1e-30", "0.9e-30", "1", "1.001", false},
    {"lamb-beta1", REAL, TRAIN(optimizer_options[3]), "0.5", .5, "0", "-0.001", "0.999999999", "0.9999999999", false},
    {"lamb-beta2", REAL, TRAIN(optimizer_options[4]), "0.5", .5, "0", "-0.001", "0.999999999", "0.9999999999", false},
    {"lamb-epsilon", REAL, TRAIN(optimizer_options[5]), "0.5", .5, "1e-30", "0.9e-30", "1", "1.001", false},
    {"weight-decay", REAL, TRAIN(weight_decay), "0.5", .5, "0", "-0.001", "1000", "1000.001", false},
    {"clip-norm", REAL, TRAIN(clip_norm), "0.5", .5, "0", "-0.001", "1e30", "1.001e30", false},
    {"bn-momentum", REAL, TRAIN(bn_momentum), "0.5", .5, "1e-6", "0.9e-6", "1", "1.001", false},
    {"data", TEXT, TRAIN(data), "some folder", 0, NULL, NULL, NULL, NULL, true},
    {"checkpoint-every", EVERY, TRAIN(checkpoint_every), "25", 25, "0", "-1", "1e15", "1.001e15", true},
    {"eval-every", EVERY, TRAIN(eval_every), "25", 25, "0", "-1", "1e15", "1.001e15", true},
    {"report-every", EVERY, TRAIN(report_every), "25", 25, "0", "-1", "1e15", "1.001e15", true},
    {"checkpoint-patience", REAL, TRAIN(checkpoint_patience), "0.5", .5, "0", "-0.001", "1e9", "1.001e9", true},
    {"keep", INT, TRAIN(keep), "7", 7, "1", "0", "1048576", "1048577", true},
    {"log-every", INT, TRAIN(log_every), "7", 7, "1", "0", MANY, true},
    {"log-rows", FLAG, TRAIN(log_rows), "true", 1, "false", "no", "true", "yes", true},
    {"tensorboard", FLAG, TRAIN(tensorboard), "true", 1, "false", "no", "true", "yes", true},
    {"profile", FLAG, TRAIN(profile), "true", 1, "false", "no", "true", "yes", true},
    {"check-every", INT, TRAIN(check_every), "7", 7, "0", "-1", MANY, true},
    {"grid", INT, TRAIN(grid), "7", 7, "0", "-1", "64", "65", true},
    {"overlap", FLAG, TRAIN(overlap), "false", 0, "false", "no", "true", "yes", true},
    {"threads", INT, TRAIN(threads), "7", 7, "0", "-1", "1024", "1025", true},
    {"time-limit", REAL, TRAIN(time_limit), "0.5", .5, "0", "-0.001", "1e9", "1.001e9", true},
    {"deadline", REAL, TRAIN(deadline), "0.5", .5, "0", "-0.001", "1e9", "1.001e9", true},
};

static const key_case prepare_cases[] = {
    {"input", TEXT, PREPARE(input), "a", 0, NULL, NULL, NULL, NULL, false},
    {"synthetic", INT, PREPARE(synthetic), "7", 7, "0", "-1", "1000000000", "1000000001", false},
    {"recipe", CHOICE, PREPARE(recipe), "folder", 2, "auto", "none", "synthetic", "face", false},
    {"limit", INT, PREPARE(limit), "7", 7, "0", "-1", "1000000000000", "1000000000001", false},
    {"strict", FLAG, PREPARE(strict), "true", 1, "false", "no", "true", "yes", false},
    {"crop", TEXT, PREPARE(crop), "140", 0, NULL, NULL, NULL, NULL, false},
    {"size", INT, PREPARE(size), "32", 32, "16", "15", "256", "257", false},
    {"grey", FLAG, PREPARE(grey), "true", 1, "false", "no", "true", "yes", false},
    {"filter", CHOICE, PREPARE(filter), "area", 1, "lanczos", "box", "area", "areas", false},
    {"partition", TEXT, PREPARE(partition), "a", 0, NULL, NULL, NULL, NULL, false},
    {"split", TEXT, PREPARE(split), "1,0,0", 0, NULL, NULL, NULL, NULL, false},
    {"seed", INT, PREPARE(seed), "7", 7, "0", "-1", "9000000000000000", "9000000000000001", false},
    {"output", TEXT, PREPARE(output), "a", 0, NULL, NULL, NULL, NULL, false},
    {"shards", INT, PREPARE(shards), "7", 7, "0", "-1", "99999", "100000", false},
    {"overwrite", FLAG, PREPARE(overwrite), "true", 1, "false", "no", "true", "yes", false},
};

enum {
    TRAIN_KEYS = sizeof train_cases / sizeof *train_cases,
    PREPARE_KEYS = sizeof prepare_cases / sizeof *prepare_cases,
};

typedef union fields { /* of either table */
    lws_train_options train;
    lws_prepare_options prepare;
    unsigned char bytes[sizeof(lws_train_options) > sizeof(lws_prepare_options) ? sizeof(lws_train_options)
                                                                                : sizeof(lws_prepare_options)];
} fields;

static fields fresh(lws_config_table table)
{
    fields f;
    memset(&f, 0x5a, sizeof f); /* a default that is not set shows */
    lws_config_defaults(table, &f);
    return f;
}

static void set(lws_config_table table, void *f, const char *key, const char *value)
{
    if (lws_config_set(table, f, key, value, "here") != LWS_OK)
        fail_msg("%s", lws_message());
}

/* The field, read as what it is. */
static void check_value(const key_case *c, const fields *f)
{
    const void *at = f->bytes + c->offset;
    double got = (double)NAN;
    switch (c->kind) {
    case INT:
        assert_int_equal(c->size, sizeof(int64_t));
        got = (double)*(const int64_t *)at;
        break;
    case REAL:
        assert_int_equal(c->size, sizeof(double));
        got = *(const double *)at;
        break;
    case CHOICE:
        assert_int_equal(c->size, sizeof(int));
        got = *(const int *)at;
        break;
    case FLAG:
        got = *(const bool *)at;
        break;
    case INTS:
    case REALS:
        assert_int_equal(((const lws_config_list *)at)->count, 2);
        got = ((const lws_config_list *)at)->value[0];
        break;
    case EVERY:
        assert_int_equal(((const lws_config_interval *)at)->unit, LWS_EVERY_STEPS);
        got = ((const lws_config_interval *)at)->count;
        break;
    case TEXT:
        assert_string_equal((const char *)at, c->other);
        got = c->value;
    }
    if (got != c->value)
        fail_msg("%s = %s gives %g", c->key, c->other, got);
}

/* Each key alone: the bytes of its field change, and no others. */
static void check_fields(lws_config_table table, const key_case *cases, int count)
{
    assert_int_equal(table.count, count);
    const fields before = fresh(table);
    for (int i = 0; i < count; i++) {
        const key_case *c = &cases[i];
        fields f = before;
        assert_string_equal(table.keys[i].name, c->key);
        if (!c->other)
            continue;
        set(table, &f, c->key, c->other);
        for (size_t at = 0; at < sizeof f; at++)
            if (f.bytes[at] != before.bytes[at] && (at < c->offset || at >= c->offset + c->size))
                fail_msg("%s changes byte %zu, outside of its field", c->key, at);
        if (memcmp(f.bytes + c->offset, before.bytes + c->offset, c->size) == 0)
            fail_msg("%s = %s changes nothing", c->key, c->other);
        check_value(c, &f);
    }
}

static void each_key_has_its_field(void **state)
{
    (void)state;
    check_fields(lws_train_table(), train_cases, TRAIN_KEYS);
    check_fields(lws_prepare_table, prepare_cases, PREPARE_KEYS);
}

static void check_ranges(lws_config_table table, const key_case *cases, int count)
{
    for (int i = 0; i < count; i++) {
        const key_case *c = &cases[i];
        fields f = fresh(table), before = f;
        const char *const beyond[2] = {c->below, c->above}, *const ends[2] = {c->low, c->high};
        for (int side = 0; side < 2 && c->low; side++) {
            if (lws_config_set(table, &f, c->key, beyond[side], "here") != LWS_ERR_USAGE)
                fail_msg("%s = %s was accepted", c->key, beyond[side]);
            assert_memory_equal(&f, &before, sizeof f);
            check_mentions(lws_message(), c->key);
            set(table, &f, c->key, ends[side]);
            f = before;
        }
    }
}

static void ranges_end_where_they_should(void **state)
{
    (void)state;
    check_ranges(lws_train_table(), train_cases, TRAIN_KEYS);
    check_ranges(lws_prepare_table, prepare_cases, PREPARE_KEYS);
}

static const char train_defaults[] = "[model]\n"
                                     "preset = dcgan64\n"
                                     "model = ae\n"
                                     "base-channels = 0\n"
                                     "latent = 0\n"
                                     "kl-weight = 1\n"
                                     "mmd-weight = 100\n"
                                     "prior-sigma = 1\n"
                                     "\n"
                                     "[loss]\n"
                                     "loss = lwssim\n"
                                     "recon-weight = 0\n"
                                     "windows = 0\n"
                                     "window-weights = 1\n"
                                     "luminance-weights = -1\n"
                                     "window-shape = uniform\n"
                                     "ssim-window = 11\n"
                                     "ssim-shape = gaussian\n"
                                     "sigma = 0\n"
                                     "alpha = 1\n"
                                     "beta = 1\n"
                                     "gamma = 1\n"
                                     "k1 = 0\n"
                                     "k2 = 0.03\n"
                                     "c3 = 0\n"
                                     "ms-ssim-window = 11\n"
                                     "ms-ssim-weights = 0.071055,0.452974,0.475971\n"
                                     "ms-ssim-k1 = 0.01\n"
                                     "ms-ssim-k2 = 0.03\n"
                                     "mix-sigmas = 0.5,1,2,4,8\n"
                                     "mix-reach = 3\n"
                                     "mix-alpha = 0.84\n"
                                     "mix-k1 = 0.01\n"
                                     "mix-k2 = 0.03\n"
                                     "\n"
                                     "[optimizer]\n"
                                     "batch-size = 64\n"
                                     "micro-batches = 4\n"
                                     "epochs = 10\n"
                                     "steps = 0\n"
                                     "seed = 1\n"
                                     "lr = 0.001\n"
                                     "schedule = constant\n"
                                     "warmup-steps = 0\n"
                                     "lr-min = 0\n"
                                     "decay-every = 1000\n"
                                     "decay-factor = 0.5\n"
                                     "optimizer = adam\n"
                                     "adam-beta1 = 0.9\n"
                                     "adam-beta2 = 0.999\n"
                                     "adam-epsilon = 1e-08\n"
                                     "lamb-beta1 = 0.9\n"
                                     "lamb-beta2 = 0.999\n"
                                     "lamb-epsilon = 1e-06\n"
                                     "weight-decay = 0\n"
                                     "clip-norm = 0\n"
                                     "bn-momentum = 0.1\n"
                                     "\n"
                                     "[run]\n"
                                     "data = \n"
                                     "checkpoint-every = 1epoch\n"
                                     "eval-every = 1epoch\n"
                                     "report-every = 0\n"
                                     "checkpoint-patience = 300\n"
                                     "keep = 3\n"
                                     "log-every = 10\n"
                                     "log-rows = false\n"
                                     "tensorboard = false\n"
                                     "profile = false\n"
                                     "check-every = 50\n"
                                     "grid = 8\n"
                                     "overlap = true\n"
                                     "threads = 0\n"
                                     "time-limit = 0\n"
                                     "deadline = 600\n";

static void defaults_of_train(void **state)
{
    (void)state;
    fields f = fresh(lws_train_table());
    char *text = lws_config_text(lws_train_table(), &f);
    assert_string_equal(text, train_defaults);
    free(text);
}

static void defaults_of_prepare(void **state)
{
    (void)state;
    fields f = fresh(lws_prepare_table);
    char *text = lws_config_text(lws_prepare_table, &f);
    assert_string_equal(text, "[Source]\n"
                              "input = \n"
                              "synthetic = 0\n"
                              "recipe = auto\n"
                              "limit = 0\n"
                              "strict = false\n"
                              "\n"
                              "[Images]\n"
                              "crop = \n"
                              "size = 64\n"
                              "grey = false\n"
                              "filter = lanczos\n"
                              "\n"
                              "[Splits]\n"
                              "partition = \n"
                              "split = 0.8,0.1,0.1\n"
                              "seed = 1\n"
                              "\n"
                              "[Output]\n"
                              "output = \n"
                              "shards = 0\n"
                              "overwrite = false\n");
    free(text);
}

static void names_of_choices(void **state)
{
    (void)state;
    static const struct {
        const char *key, *name;
        size_t offset;
        int number; /* of the enumeration that it stands for */
    } choices[] = {
        {"preset", "dcgan64", offsetof(lws_train_options, preset), 0},
        {"preset", "tiny16", offsetof(lws_train_options, preset), 2},
        {"model", "ae", offsetof(lws_train_options, model), LWS_MODEL_AE},
        {"model", "vae", offsetof(lws_train_options, model), LWS_MODEL_VAE},
        {"model", "mmd-ae", offsetof(lws_train_options, model), LWS_MODEL_MMD_AE},
        {"loss", "mse", offsetof(lws_train_options, loss), LWS_LOSS_MSE},
        {"loss", "ssim", offsetof(lws_train_options, loss), LWS_LOSS_SSIM},
        {"loss", "lwssim", offsetof(lws_train_options, loss), LWS_LOSS_LWSSIM},
        {"loss", "mae", offsetof(lws_train_options, loss), 3},
        {"loss", "ms-ssim-3", offsetof(lws_train_options, loss), 4},
        {"loss", "mix", offsetof(lws_train_options, loss), 5},
        {"optimizer", "adam", offsetof(lws_train_options, optimizer), 0},
        {"optimizer", "lamb", offsetof(lws_train_options, optimizer), 1},
        {"schedule", "constant", offsetof(lws_train_options, schedule), LWS_SCHEDULE_CONSTANT},
        {"schedule", "cosine", offsetof(lws_train_options, schedule), LWS_SCHEDULE_COSINE},
        {"schedule", "step", offsetof(lws_train_options, schedule), LWS_SCHEDULE_STEP},
    };
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        fields f = fresh(lws_train_table());
        set(lws_train_table(), &f, choices[i].key, choices[i].name);
        assert_int_equal(*(const int *)(const void *)(f.bytes + choices[i].offset), choices[i].number);
    }
}

static void intervals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double count;
        int unit;
    } cases[] = {{"250", 250, LWS_EVERY_STEPS},    {"250 steps", 250, LWS_EVERY_STEPS}, {"90s", 90, LWS_EVERY_SECONDS},
                 {"1.5s", 1.5, LWS_EVERY_SECONDS}, {"10min", 600, LWS_EVERY_SECONDS},   {"2h", 7200, LWS_EVERY_SECONDS},
                 {"1epoch", 1, LWS_EVERY_EPOCHS},  {"4 epochs", 4, LWS_EVERY_EPOCHS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fields f = fresh(lws_train_table());
        lws_train_options *o = &f.train;
        set(lws_train_table(), o, "checkpoint-every", cases[i].text);
        check_near(o->checkpoint_every.count, cases[i].count, 0);
        assert_int_equal(o->checkpoint_every.unit, cases[i].unit);
        check_near(o->eval_every.count, 1, 0);
        assert_int_equal(o->eval_every.unit, LWS_EVERY_EPOCHS);
        set(lws_train_table(), o, "eval-every", cases[i].text);
        check_near(o->eval_every.count, cases[i].count, 0);
        assert_int_equal(o->eval_every.unit, cases[i].unit);
    }
}

/* ---- several keys at once ---------------------------------------------------------------------------------------- */

/* Defaults with "key=value" pairs up to NULL. */
static lws_train_options options_of(const char *first, ...)
{
    fields f = fresh(lws_train_table());
    va_list args;
    va_start(args, first);
    for (const char *pair = first; pair; pair = va_arg(args, const char *)) {
        char key[64];
        size_t n = strcspn(pair, "=");
        memcpy(key, pair, n);
        key[n] = 0;
        set(lws_train_table(), &f, key, pair + n + 1);
    }
    va_end(args);
    return f.train;
}

static void accepts(lws_train_options o)
{
    if (lws_train_options_check(&o) != LWS_OK)
        fail_msg("%s", lws_message());
}

static void refuses(lws_train_options o, const char *part, const char *also)
{
    if (lws_train_options_check(&o) != LWS_ERR_USAGE)
        fail_msg("accepted, in place of a refusal with '%s'", part);
    check_mentions(lws_message(), part);
    check_mentions(lws_message(), also);
}

static void keys_fit_each_other(void **state)
{
    (void)state;
    accepts(options_of(NULL));
    accepts(options_of("batch-size=12", "micro-batches=12", NULL));
    refuses(options_of("batch-size=12", "micro-batches=5", NULL), "batch-size 12", "micro-batches 5");
    refuses(options_of("batch-size=4", "micro-batches=8", NULL), "batch-size 4", "micro-batches 8");
    accepts(options_of("windows=3,5", "window-weights=1,2", NULL));
    accepts(options_of("windows=3,5,7", "window-weights=4", NULL));
    refuses(options_of("windows=3,5,7", "window-weights=1,2", NULL), "2 values", "3 windows");
    refuses(options_of("windows=3", "window-weights=1,2", NULL), "2 values", "1 windows");
    accepts(options_of("windows=3,5", "luminance-weights=1,2", NULL));
    accepts(options_of("windows=3,5", "luminance-weights=0", NULL));
    accepts(options_of("windows=3,5", "luminance-weights=-1", NULL));
    refuses(options_of("windows=3,5,7", "luminance-weights=1,2", NULL), "luminance-weights has 2 values", "3 windows");
    refuses(options_of("windows=3,5", "luminance-weights=-1,2", NULL), "luminance-weights", "-1");
    refuses(options_of("windows=3", "luminance-weights=-0.5", NULL), "luminance-weights", "-0.5");
    refuses(options_of("windows=3,0", NULL), "windows holds 0", "1 and more");
    refuses(options_of("window-weights=2", NULL), "window-weights", "no windows");
    refuses(options_of("luminance-weights=0", NULL), "luminance-weights", "no windows");
    refuses(options_of("windows=0", "window-shape=gaussian", NULL), "window-shape", "no windows");
    accepts(options_of("k1=0.2", "alpha=2", NULL));
    refuses(options_of("model=mmd-ae", "batch-size=1", "micro-batches=1", NULL), "batch-size 1", "mmd-ae");
    accepts(options_of("model=mmd-ae", "batch-size=2", "micro-batches=1", NULL));
    accepts(options_of("model=vae", "batch-size=1", "micro-batches=1", NULL));
    refuses(options_of("epochs=0", NULL), "epochs", "steps");
    accepts(options_of("epochs=0", "steps=1", NULL));
    accepts(options_of("epochs=1", "steps=0", NULL));
}

static void reads_what_checkpoints_keep(void **state)
{
    (void)state;
    fields f;
    memset(&f, 0x5a, sizeof f);
    assert_int_equal(lws_train_options_read("[model]\nlatent = 9\n\n[loss]\nwindows = 5\n", "a.h5", &f.train), LWS_OK);
    assert_int_equal(f.train.latent, 9);
    assert_int_equal(lws_loss_of_options(LWS_LOSS_LWSSIM, f.train.loss_options).levels, 1);
    assert_int_equal(f.train.batch_size, 64); /* what is not there has its default */
    assert_int_equal(lws_train_options_read("latent = 5000\n", "a.h5", &f.train), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "a.h5");
    check_mentions(lws_message(), "5000");
    assert_int_equal(lws_train_options_read("batch-size = 9\n", "a.h5", &f.train), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "a.h5: batch-size 9");
}

/* A run goes on with other keys of the group "run", and for longer; nothing else may change. */
static void runs_go_on(void **state)
{
    (void)state;
    const lws_train_options before = options_of(NULL);
    assert_int_equal(lws_train_options_continue(&before, &before), LWS_OK);
    for (int i = 0; i < TRAIN_KEYS; i++) {
        const key_case *c = &train_cases[i];
        lws_train_options now = before;
        if (!c->other)
            continue;
        set(lws_train_table(), &now, c->key, c->other);
        lws_status there = lws_train_options_continue(&before, &now);
        if (there != (c->may_change ? LWS_OK : LWS_ERR_MISMATCH))
            fail_msg("%s: status %d", c->key, (int)there);
        if (!c->may_change) {
            char line[64];
            snprintf(line, sizeof line, "it cannot go on with '%s = %s'", c->key, c->other);
            check_mentions(lws_message(), line);
            snprintf(line, sizeof line, "made with '%s = ", c->key);
            check_mentions(lws_message(), line);
        }
        assert_int_equal(lws_train_options_continue(&now, &before), there);
    }
    lws_train_options cosine = options_of("schedule=cosine", "steps=10", NULL), longer = cosine;
    assert_int_equal(lws_train_options_continue(&cosine, &longer), LWS_OK);
    longer.keep = 9;
    assert_int_equal(lws_train_options_continue(&cosine, &longer), LWS_OK);
    longer.steps = 11;
    assert_int_equal(lws_train_options_continue(&cosine, &longer), LWS_ERR_MISMATCH);
    check_mentions(lws_message(), "steps = 11");
    longer = cosine, longer.epochs = 11;
    assert_int_equal(lws_train_options_continue(&cosine, &longer), LWS_ERR_MISMATCH);
    check_mentions(lws_message(), "epochs = 11");
}

/* ---- specifications ---------------------------------------------------------------------------------------------- */

static const lws_shape image = {48, 32, 3};

static lws_model_spec model_of(lws_train_options o)
{
    lws_model_spec spec;
    memset(&spec, 0x5a, sizeof spec);
    if (lws_train_options_model(&o, image, &spec) != LWS_OK)
        fail_msg("%s", lws_message());
    return spec;
}

static void keys_go_to_the_model(void **state)
{
    (void)state;
    lws_model_spec s = model_of(options_of("preset=wae64", "model=mmd-ae", "base-channels=24", "latent=10",
                                           "kl-weight=2", "mmd-weight=3", "prior-sigma=4", "recon-weight=5", NULL));
    assert_int_equal(s.preset, 1);
    assert_int_equal(s.kind, LWS_MODEL_MMD_AE);
    assert_memory_equal(&s.image, &image, sizeof image);
    assert_int_equal(s.base_channels, 24);
    assert_int_equal(s.latent, 10);
    check_near(s.kl_weight, 2, 0);
    check_near(s.mmd_weight, 3, 0);
    check_near(s.prior_sigma, 4, 0);
    check_near(s.recon_weight, 5, 0);
}

/* What is 0 takes the preset's value, in the options too, which say then what the run does. */
static void presets_fill_in(void **state)
{
    (void)state;
    static const struct {
        const char *preset;
        int base, latent;
    } presets[] = {{"preset=dcgan64", 64, 128}, {"preset=wae64", 128, 64}, {"preset=tiny16", 8, 16}};
    for (int i = 0; i < 3; i++) {
        lws_train_options o = options_of(presets[i].preset, "model=vae", "loss=mse", NULL);
        lws_model_spec s;
        assert_int_equal(lws_train_options_model(&o, image, &s), LWS_OK);
        assert_int_equal(s.base_channels, presets[i].base);
        assert_int_equal(s.latent, presets[i].latent);
        check_near(s.recon_weight, 48 * 32 * 3 / 2, 0);
        assert_int_equal(o.base_channels, presets[i].base);
        assert_int_equal(o.latent, presets[i].latent);
        check_near(o.recon_weight, 48 * 32 * 3 / 2, 0);
    }
}

static void check_windows(lws_loss_spec s, int levels, const int *windows, const double *weights, bool gaussian)
{
    assert_int_equal(s.levels, levels);
    for (int i = 0; i < levels; i++) {
        assert_int_equal(s.window[i], windows[i]);
        check_near(s.weight[i], weights[i], 0);
    }
    assert_int_equal(s.gaussian, gaussian);
}

static void check_loss(lws_loss_spec s, int levels, const int *windows, const double *weights, bool gaussian)
{
    check_windows(s, levels, windows, weights, gaussian);
    const double constants[7] = {.25, 2, 3, .5, .125, .0625, .75};
    const double got[7] = {s.sigma, s.alpha, s.beta, s.gamma, s.k1, s.k2, s.c3};
    for (int i = 0; i < 7; i++)
        check_near(got[i], constants[i], 0);
}

#define CONSTANTS "sigma=0.25", "alpha=2", "beta=3", "gamma=0.5", "k1=0.125", "k2=0.0625", "c3=0.75"

static void keys_go_to_the_loss(void **state)
{
    (void)state;
    lws_model_spec s = model_of(options_of("loss=lwssim", "windows=3,8,5", "window-weights=2,0,7", CONSTANTS,
                                           "ssim-window=9", "ssim-shape=gaussian", NULL));
    assert_int_equal(s.loss.kind, LWS_LOSS_LWSSIM);
    check_loss(s.loss, 3, (const int[]){3, 8, 5}, (const double[]){2, 0, 7}, false);
    s = model_of(options_of("loss=lwssim", "windows=6,4", "window-weights=2.5", "window-shape=gaussian", CONSTANTS,
                            "ssim-shape=uniform", NULL)); /* one weight for all */
    check_loss(s.loss, 2, (const int[]){6, 4}, (const double[]){2.5, 2.5}, true);
    assert_false(s.loss.luminance_apart);
    s = model_of(options_of("loss=lwssim", "windows=6,4", "luminance-weights=0,9", NULL));
    assert_true(s.loss.luminance_apart);
    check_near(s.loss.luminance_weight[0], 0, 0);
    check_near(s.loss.luminance_weight[1], 9, 0);
    s = model_of(options_of("loss=lwssim", "windows=6,4", "luminance-weights=0", NULL));
    assert_true(s.loss.luminance_apart);
    check_near(s.loss.luminance_weight[1], 0, 0);
    s = model_of(options_of("loss=ssim", "ssim-window=9", "windows=3,5", "window-weights=4", "window-shape=uniform",
                            CONSTANTS, NULL));
    assert_int_equal(s.loss.kind, LWS_LOSS_SSIM);
    check_loss(s.loss, 1, (const int[]){9}, (const double[]){1}, true);
    s = model_of(options_of("loss=ssim", "ssim-shape=uniform", "window-shape=gaussian", CONSTANTS, NULL));
    check_loss(s.loss, 1, (const int[]){11}, (const double[]){1}, false);
    s = model_of(options_of("loss=mse", NULL));
    assert_int_equal(s.loss.kind, LWS_LOSS_MSE);
    s = model_of(options_of("loss=ssim", NULL)); /* 0 stands for 1.5 of 11 pixels */
    check_near(s.loss.sigma, 0, 0);
}

static double k1_of(lws_train_options o)
{
    return model_of(o).loss.k1;
}

static void check_same(lws_loss_spec s, lws_loss_spec want)
{
    check_windows(s, want.levels, want.window, want.weight, want.gaussian);
    assert_int_equal(s.luminance_apart, want.luminance_apart);
    for (int i = 0; i < want.levels; i++)
        check_near(s.luminance_weight[i], want.luminance_weight[i], 0);
    check_near(s.k1, want.k1, 0);
}

/* Windows that are not given are the loss's own, with all that goes with them; those that are bring nothing along. What
 * was meant is what the configuration says afterwards. */
static void a_loss_has_windows_of_its_own(void **state)
{
    (void)state;
    lws_train_options o = options_of("loss=lwssim", NULL);
    lws_model_spec s, again;
    assert_int_equal(lws_train_options_model(&o, image, &s), LWS_OK);
    lws_loss_spec own = lws_loss_defaults(LWS_LOSS_LWSSIM);
    check_same(s.loss, own);
    char *text = lws_config_text(lws_train_table(), &o);
    assert_null(strstr(text, "windows = 0\n"));
    assert_null(strstr(text, "\nk1 = 0\n"));
    lws_train_options back = options_of(NULL);
    assert_int_equal(lws_train_options_read(text, "config.ini", &back), LWS_OK);
    assert_int_equal(lws_train_options_model(&back, image, &again), LWS_OK);
    check_same(again.loss, own);
    free(text);
    s = model_of(options_of("loss=lwssim", "windows=3,7,11", NULL));
    check_windows(s.loss, 3, (const int[]){3, 7, 11}, (const double[]){1, 1, 1}, false);
    assert_false(s.loss.luminance_apart);
    s = model_of(options_of("loss=lwssim-product", NULL));
    check_windows(s.loss, 3, (const int[]){3, 7, 11}, (const double[]){1, 1, 1}, false);
    check_near(k1_of(options_of("loss=lwssim", NULL)), own.k1, 0);
    assert_true(own.k1 > .01);
    check_near(k1_of(options_of("loss=lwssim", "k1=0.02", NULL)), .02, 0);
    check_near(k1_of(options_of("loss=lwssim", "windows=5", NULL)), .01, 0);
    check_near(k1_of(options_of("loss=lwssim-coarsest", NULL)), .01, 0);
    check_near(k1_of(options_of("loss=ssim", NULL)), .01, 0);
    check_near(k1_of(options_of("loss=ssim", "k1=0.5", NULL)), .5, 0);
}

static void keys_go_to_the_optimizer(void **state)
{
    (void)state;
    lws_train_options o =
        options_of("adam-beta1=0.25", "adam-beta2=0.5", "adam-epsilon=0.125", "weight-decay=0.75", "lr=2",
                   "schedule=step", "warmup-steps=3", "lr-min=4", "decay-every=5", "decay-factor=0.0625", NULL);
    const void *own;
    const lws_optimizer *row = lws_train_options_optimizer(&o, &own);
    assert_string_equal(row->name, "adam");
    static const double want[] = {.25, .5, .125};
    for (int i = 0; i < 3; i++)
        check_near(*(const double *)((const char *)own + row->keys[i].offset), want[i], 0);
    check_near(o.weight_decay, .75, 0);
    lws_schedule s = lws_train_options_schedule(&o, 77);
    assert_int_equal(s.kind, LWS_SCHEDULE_STEP);
    check_near(s.lr, 2, 0);
    check_near(s.lr_min, 4, 0);
    assert_int_equal(s.warmup, 3);
    assert_int_equal(s.total, 77);
    assert_int_equal(s.every, 5);
    check_near(s.factor, .0625, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_has_its_field),
        cmocka_unit_test(ranges_end_where_they_should),
        cmocka_unit_test(defaults_of_train),
        cmocka_unit_test(defaults_of_prepare),
        cmocka_unit_test(names_of_choices),
        cmocka_unit_test(intervals),
        cmocka_unit_test(keys_fit_each_other),
        cmocka_unit_test(reads_what_checkpoints_keep),
        cmocka_unit_test(runs_go_on),
        cmocka_unit_test(presets_fill_in),
        cmocka_unit_test(keys_go_to_the_model),
        cmocka_unit_test(keys_go_to_the_loss),
        cmocka_unit_test(a_loss_has_windows_of_its_own),
        cmocka_unit_test(keys_go_to_the_optimizer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
