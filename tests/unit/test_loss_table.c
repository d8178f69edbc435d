/* What holds for every loss of the table: one that is added is tested by being there. What each computes is in
 * test_loss.c and test_loss_known.c. */
#include "loss_cases.h"

#include "loss/loss_table.h"

enum { H = 12, W = 13, C = 2, N = H * W * C };

/* A pair on a grid that differences of 2^-9 stay on, in floats, and apart by more than these in every pixel. */
static void grid_pair(check_rng *r, float *x, float *y)
{
    for (int i = 0; i < N; i++) {
        x[i] = (float)check_int(r, 8192, 57344) / 65536;
        y[i] = x[i] + (float)(check_int(r, 0, 1) ? check_int(r, 1024, 8192) : -check_int(r, 1024, 8192)) / 65536;
    }
}

static void names_and_numbers(void **state)
{
    (void)state;
    char choices[1024] = "";
    assert_true(lws_loss_count() >= 3);
    assert_string_equal(lws_loss_name(LWS_LOSS_MSE), "mse");
    assert_string_equal(lws_loss_name(LWS_LOSS_SSIM), "ssim");
    assert_string_equal(lws_loss_name(LWS_LOSS_LWSSIM), "lwssim");
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        const char *name = lws_loss_name(kind);
        lws_loss_spec found, defaults = lws_loss_defaults(kind);
        if (lws_loss_find(name, NULL, &found) != LWS_OK)
            fail_msg("%s", lws_message());
        assert_int_equal(defaults.kind, kind);
        assert_int_equal(found.kind, kind); /* no other has the name */
        assert_int_equal(strcspn(name, "| \t\r\n"), strlen(name));
        assert_true(strlen(lws_loss_summary(kind)) > 0 && !strchr(lws_loss_summary(kind), '\n'));
        snprintf(choices + strlen(choices), sizeof choices - strlen(choices), "%s%s", kind ? "|" : "", name);
    }
    assert_string_equal(lws_loss_choices, choices);
}

static void others_are_refused(void **state)
{
    (void)state;
    lws_loss_spec spec;
    assert_int_equal(lws_loss_find("lws", NULL, &spec), LWS_ERR_USAGE);
    check_mentions(lws_message(), "'lws'");
    check_mentions(lws_message(), lws_loss_choices);
    assert_int_equal(lws_loss_find("", NULL, &spec), LWS_ERR_USAGE);
    for (int i = 0; i < 2; i++) {
        int kind = i ? lws_loss_count() : -1;
        lws_loss *loss = (lws_loss *)&spec;
        spec = lws_loss_defaults(kind);
        assert_int_equal(spec.kind, kind);
        assert_int_equal(lws_loss_create(&spec, H, W, C, &loss), LWS_ERR_USAGE);
        assert_null(loss);
        check_mentions(lws_message(), lws_loss_choices);
        assert_null(lws_loss_name(kind));
        assert_null(lws_loss_summary(kind));
        assert_int_equal(lws_loss_keys(kind).count, 0);
        check_near(lws_loss_fair_weight(kind), 1, 0);
    }
}

/* Images without pixels are refused whatever the loss, and for others it has memory of its own. */
static void shapes(void **state)
{
    (void)state;
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_loss_spec spec = lws_loss_defaults(kind);
        lws_loss *loss;
        assert_int_equal(lws_loss_create(&spec, 0, W, C, &loss), LWS_ERR_USAGE);
        assert_int_equal(lws_loss_create(&spec, H, 0, C, &loss), LWS_ERR_USAGE);
        assert_int_equal(lws_loss_create(&spec, H, W, 0, &loss), LWS_ERR_USAGE);
        check_mentions(lws_message(), "no pixels");
    }
}

static void nothing_is_lost_on_equal_images(void **state)
{
    (void)state;
    check_rng r = {201};
    float x[N], y[N], dy[N];
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_loss_spec spec = small_loss(kind);
        grid_pair(&r, x, y);
        check_near(evaluate(&spec, H, W, C, x, x, 1, dy), 0, 0);
        for (int i = 0; i < N; i++)
            check_near(dy[i], 0, 0);
        double value = evaluate(&spec, H, W, C, x, y, 1, NULL);
        if (!(value > 0 && isfinite(value)))
            fail_msg("%s of different images is %g", lws_loss_name(kind), value);
    }
}

/* (f(y + h) - f(y - h)) / 2h by y[i]; exact in y and h. */
static double difference(const lws_loss_spec *spec, const float *x, float *y, int i, float h)
{
    const float at = y[i];
    y[i] = at + h;
    double up = evaluate(spec, H, W, C, x, y, 1, NULL);
    y[i] = at - h;
    double down = evaluate(spec, H, W, C, x, y, 1, NULL);
    y[i] = at;
    return (up - down) / (2 * (double)h);
}

/* Richardson's extrapolation of two of them is off by O(h^4). */
static void gradients_are_those_of_the_values(void **state)
{
    (void)state;
    check_rng r = {202};
    float x[N], y[N], dy[N];
    double want[N];
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_loss_spec spec = small_loss(kind);
        grid_pair(&r, x, y);
        evaluate(&spec, H, W, C, x, y, 1, dy);
        for (int i = 0; i < N; i++)
            want[i] = (4 * difference(&spec, x, y, i, 0x1p-10f) - difference(&spec, x, y, i, 0x1p-9f)) / 3;
        check_floats_near(dy, want, N, 1e-6);
    }
}

/* The gradient is overwritten, and multiplied by a power of two exactly; what was in the scratch, how many threads
 * there are, where in the batch an image is and whether a gradient is asked for change no bit. */
static void bits_are_those_of_the_image(void **state)
{
    (void)state;
    enum { BATCH = 5 };
    check_rng r = {203};
    int before = omp_get_max_threads();
    float x[BATCH * N], y[BATCH * N], dy[BATCH * N], one[N];
    double value[2][BATCH];
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_loss_spec spec = small_loss(kind);
        for (int i = 0; i < BATCH; i++)
            grid_pair(&r, x + i * N, y + i * N);
        for (int threads = 1; threads <= 3; threads++) {
            lws_loss *loss;
            omp_set_num_threads(threads);
            assert_int_equal(lws_loss_create(&spec, H, W, C, &loss), LWS_OK);
            for (int round = 0; round < 2; round++) {
                memset(dy, 0xff, sizeof dy);
                assert_int_equal(lws_loss_eval(loss, BATCH, x, y, .25, value[0], dy), LWS_OK);
                assert_int_equal(lws_loss_eval(loss, BATCH, x, y, .25, value[1], NULL), LWS_OK);
                check_same_bits(value[1], value[0], sizeof value[0]);
            }
            lws_loss_destroy(loss);
            omp_set_num_threads(1);
            for (int i = 0; i < BATCH; i++) {
                double alone = evaluate(&spec, H, W, C, x + i * N, y + i * N, 1, one);
                check_same_bits(&value[0][i], &alone, sizeof alone);
                for (int k = 0; k < N; k++)
                    check_near(dy[i * N + k], .25 * one[k], 0);
            }
        }
    }
    omp_set_num_threads(before);
}

static void not_finite_is_refused(void **state)
{
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    check_rng r = {204};
    float x[N], y[N], dy[N];
    double value;
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_loss_spec spec = small_loss(kind);
        lws_loss *loss;
        assert_int_equal(lws_loss_create(&spec, H, W, C, &loss), LWS_OK);
        for (int k = 0; k < 6; k++) {
            grid_pair(&r, x, y);
            *((k < 3 ? x : y) + check_int(&r, 0, N - 1)) = bad[k % 3];
            assert_int_equal(lws_loss_eval(loss, 1, x, y, 1, &value, dy), LWS_ERR_NUMERIC);
            check_mentions(lws_message(), k < 3 ? "original" : "reconstruction");
        }
        lws_loss_destroy(loss);
    }
}

static size_t field_size(const lws_config_key *key)
{
    switch (key->type) {
    case LWS_CONFIG_FLAG:
        return sizeof(bool);
    case LWS_CONFIG_CHOICE:
        return sizeof(int);
    case LWS_CONFIG_INTS:
    case LWS_CONFIG_REALS:
        return sizeof(lws_config_list);
    case LWS_CONFIG_INTERVAL:
        return sizeof(lws_config_interval);
    case LWS_CONFIG_STRING:
        return LWS_CONFIG_TEXT;
    default:
        return sizeof(double);
    }
}

/* Every key of every loss has its place in the block of all options, which no other key has, and each loss's own fit
 * into a spec. */
static void options_have_places_of_their_own(void **state)
{
    (void)state;
    char taken[LWS_LOSS_OPTIONS_SIZE] = {0};
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_config_part part = lws_loss_keys(kind);
        for (size_t k = 0; k < part.count; k++) {
            const lws_config_key *key = &part.keys[k];
            assert_null(key->group); /* they stand below the key `loss` */
            assert_true(key->offset + field_size(key) <= LWS_LOSS_OWN * sizeof(double));
            for (size_t i = 0; i < field_size(key); i++) {
                size_t at = part.offset + key->offset + i;
                assert_true(at < sizeof taken);
                if (taken[at]++)
                    fail_msg("%s: %s lies over another option", lws_loss_name(kind), key->name);
            }
        }
    }
}

/* What the options' defaults ask for is the default. */
static void defaults_are_those_of_the_keys(void **state)
{
    (void)state;
    double block[LWS_LOSS_OPTIONS_SIZE / sizeof(double)] = {0};
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_config_part part = lws_loss_keys(kind);
        lws_config_defaults((lws_config_table){part.keys, part.count, NULL}, (char *)block + part.offset);
    }
    assert_int_equal(lws_loss_check_options(block), LWS_OK);
    for (int kind = 0; kind < lws_loss_count(); kind++) {
        lws_loss_spec want = lws_loss_defaults(kind), got = lws_loss_of_options(kind, block);
        assert_int_equal(got.kind, kind);
        check_same_bits(got.window, want.window, sizeof want.window);
        check_same_bits(got.weight, want.weight, sizeof want.weight);
        check_same_bits(got.own, want.own, sizeof want.own);
        check_near(got.alpha, want.alpha, 0);
        check_near(got.k2, want.k2, 0);
    }
}

static void found_with_options(void **state)
{
    (void)state;
    lws_loss_spec s, kept;
    assert_int_equal(lws_loss_find("lwssim", "windows = 5,3\nwindow-weights = 1,2\n# alone\nalpha = 2", &s), LWS_OK);
    assert_int_equal(s.kind, LWS_LOSS_LWSSIM);
    assert_int_equal(s.levels, 2);
    assert_int_equal(s.window[0], 5);
    assert_int_equal(s.window[1], 3);
    check_near(s.weight[1], 2, 0);
    check_near(s.alpha, 2, 0);
    check_near(s.beta, 1, 0);
    assert_int_equal(lws_loss_find("ssim", "ssim-window = 7\nssim-shape = uniform", &s), LWS_OK);
    assert_int_equal(s.levels, 1);
    assert_int_equal(s.window[0], 7);
    assert_false(s.gaussian);
    kept = s;
    static const char *const wrong[][3] = {
        {"lwssim", "alpha = 65", "alpha"},
        {"lwssim", "alhpa = 2", "'alpha'"},
        {"lwssim", "windows = 3,5,7\nwindow-weights = 1,2", "2 values for 3 windows"},
        {"mse", "alpha = 2", "alpha"}, /* which it has not */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(lws_loss_find(wrong[i][0], wrong[i][1], &s), LWS_ERR_USAGE);
        check_mentions(lws_message(), wrong[i][2]);
        assert_memory_equal(&s, &kept, sizeof s);
    }
}

static void fair_weights(void **state)
{
    (void)state;
    check_near(lws_loss_fair_weight(LWS_LOSS_MSE), 1, 0);
    check_near(lws_loss_fair_weight(LWS_LOSS_SSIM), .07, 0);
    check_near(lws_loss_fair_weight(LWS_LOSS_LWSSIM), .07, 0);
    static const struct {
        const char *name;
        double weight;
    } measured[] = {{"mae", .3}, {"ms-ssim-3", .06}, {"mix", .1}};
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        lws_loss_spec spec;
        assert_int_equal(lws_loss_find(measured[i].name, NULL, &spec), LWS_OK);
        check_near(lws_loss_fair_weight(spec.kind), measured[i].weight, 0);
    }
    for (int kind = 0; kind < lws_loss_count(); kind++)
        assert_true(lws_loss_fair_weight(kind) > 0 && lws_loss_fair_weight(kind) < 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_numbers),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(shapes),
        cmocka_unit_test(nothing_is_lost_on_equal_images),
        cmocka_unit_test(gradients_are_those_of_the_values),
        cmocka_unit_test(bits_are_those_of_the_image),
        cmocka_unit_test(not_finite_is_refused),
        cmocka_unit_test(options_have_places_of_their_own),
        cmocka_unit_test(defaults_are_those_of_the_keys),
        cmocka_unit_test(found_with_options),
        cmocka_unit_test(fair_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
