/* The presets' tables of tensors, worked out by hand from the papers; initial weights; weights of the losses; sizes. */
#include "check.h"

#include "base/rng.h"
#include "model/model.h"

typedef struct row {
    const char *name;
    int64_t dims[4]; /* to the first 0 */
    double std;      /* of the initial values; 0: all are as `mean` */
    double mean;
} row;

#define WEIGHT(name, k, in, out, std)                                                                                  \
    {                                                                                                                  \
        name "/weight", {k, k, in, out}, std, 0                                                                        \
    }
#define DENSE(name, in, out, std)                                                                                      \
    {                                                                                                                  \
        name "/weight", {in, out}, std, 0                                                                              \
    }
#define BIAS(name, c)                                                                                                  \
    {                                                                                                                  \
        name "/bias", {c}, 0, 0                                                                                        \
    }
#define NORM(name, c)                                                                                                  \
    {name "/gamma", {c}, 0, 1}, {name "/beta", {c}, 0, 0}, {name "/running_mean", {c}, 0, 0},                          \
    {                                                                                                                  \
        name "/running_var", {c}, 0, 1                                                                                 \
    }

/* Deviations: √(2 / inputs of a value) before a ReLU, √(1 / inputs) elsewhere. A value of a transposed convolution at
 * stride 2 has a quarter of the kernel's taps for inputs: (4 × 4 / 4) · 512 = 2048 and so on. */
static const row dcgan64[] = {
    WEIGHT("encoder/conv1", 4, 3, 64, .204124145231931508), /* √(2 / 48) */
    NORM("encoder/bn1", 64),
    WEIGHT("encoder/conv2", 4, 64, 128, .0441941738241592203), /* √(2 / 1024) */
    NORM("encoder/bn2", 128),
    WEIGHT("encoder/conv3", 4, 128, 256, .03125), /* √(2 / 2048) */
    NORM("encoder/bn3", 256),
    WEIGHT("encoder/conv4", 4, 256, 512, .0220970869120796101), /* √(2 / 4096) */
    NORM("encoder/bn4", 512),
    DENSE("encoder/dense", 8192, 128, .0110485434560398051), /* √(1 / 8192) */
    BIAS("encoder/dense", 128),
    DENSE("decoder/dense", 128, 8192, .125), /* √(2 / 128) */
    NORM("decoder/bn0", 512),
    WEIGHT("decoder/deconv1", 4, 256, 512, .03125), /* √(2 / 2048) */
    NORM("decoder/bn1", 256),
    WEIGHT("decoder/deconv2", 4, 128, 256, .0441941738241592203), /* √(2 / 1024) */
    NORM("decoder/bn2", 128),
    WEIGHT("decoder/deconv3", 4, 64, 128, .0625), /* √(2 / 512) */
    NORM("decoder/bn3", 64),
    WEIGHT("decoder/deconv4", 4, 3, 64, .0625), /* √(1 / 256) */
    BIAS("decoder/deconv4", 3),
};

static const row wae64[] = {
    WEIGHT("encoder/conv1", 5, 3, 128, .163299316185545207), /* √(2 / 75) */
    NORM("encoder/bn1", 128),
    WEIGHT("encoder/conv2", 5, 128, 256, .025), /* √(2 / 3200) */
    NORM("encoder/bn2", 256),
    WEIGHT("encoder/conv3", 5, 256, 512, .0176776695296636881), /* √(2 / 6400) */
    NORM("encoder/bn3", 512),
    WEIGHT("encoder/conv4", 5, 512, 1024, .0125), /* √(2 / 12800) */
    NORM("encoder/bn4", 1024),
    DENSE("encoder/dense", 16384, 64, .0078125), /* √(1 / 16384) */
    BIAS("encoder/dense", 64),
    DENSE("decoder/dense", 64, 65536, .176776695296636881), /* √(2 / 64) */
    BIAS("decoder/dense", 65536),
    WEIGHT("decoder/deconv1", 5, 512, 1024, .0176776695296636881), /* √(2 / 6400) */
    NORM("decoder/bn1", 512),
    WEIGHT("decoder/deconv2", 5, 256, 512, .025), /* √(2 / 3200) */
    NORM("decoder/bn2", 256),
    WEIGHT("decoder/deconv3", 5, 128, 256, .0353553390593273762), /* √(2 / 1600) */
    NORM("decoder/bn3", 128),
    WEIGHT("decoder/deconv4", 5, 3, 128, .0176776695296636881), /* √(1 / 3200): at stride 1, all 25 taps */
    BIAS("decoder/deconv4", 3),
};

static const row tiny16[] = {
    WEIGHT("encoder/conv1", 4, 3, 8, .204124145231931508), /* √(2 / 48) */
    NORM("encoder/bn1", 8),
    WEIGHT("encoder/conv2", 4, 8, 16, .125), /* √(2 / 128) */
    NORM("encoder/bn2", 16),
    DENSE("encoder/dense", 256, 16, .0625), /* √(1 / 256) */
    BIAS("encoder/dense", 16),
    DENSE("decoder/dense", 16, 256, .353553390593273762), /* √(2 / 16) */
    NORM("decoder/bn0", 16),
    WEIGHT("decoder/deconv1", 4, 8, 16, .176776695296636881), /* √(2 / 64) */
    NORM("decoder/bn1", 8),
    WEIGHT("decoder/deconv2", 4, 3, 8, .176776695296636881), /* √(1 / 32) */
    BIAS("decoder/deconv2", 3),
};

/* tiny16 on grey images of 32 × 32 as a VAE with 4 channels and 6 codes: a level more, and a head of twice the codes.
 */
static const row grey32[] = {
    WEIGHT("encoder/conv1", 4, 1, 4, .353553390593273762), /* √(2 / 16) */
    NORM("encoder/bn1", 4),
    WEIGHT("encoder/conv2", 4, 4, 8, .176776695296636881), /* √(2 / 64) */
    NORM("encoder/bn2", 8),
    WEIGHT("encoder/conv3", 4, 8, 16, .125), /* √(2 / 128) */
    NORM("encoder/bn3", 16),
    DENSE("encoder/dense", 256, 12, .0625), /* √(1 / 256) */
    BIAS("encoder/dense", 12),
    DENSE("decoder/dense", 6, 256, .577350269189625765), /* √(2 / 6) */
    NORM("decoder/bn0", 16),
    WEIGHT("decoder/deconv1", 4, 8, 16, .176776695296636881), /* √(2 / 64) */
    NORM("decoder/bn1", 8),
    WEIGHT("decoder/deconv2", 4, 4, 8, .25), /* √(2 / 32) */
    NORM("decoder/bn2", 4),
    WEIGHT("decoder/deconv3", 4, 1, 4, .25), /* √(1 / 16) */
    BIAS("decoder/deconv3", 1),
};

typedef struct preset_case {
    const char *title;
    int preset;
    lws_model_kind kind;
    lws_shape image;
    int base_channels, latent; /* 0: the preset's own */
    int want_base, want_latent;
    const row *rows;
    int count;
    int64_t parameters, statistics; /* in all */
} preset_case;

#define ROWS(rows) rows, sizeof rows / sizeof *rows

/* Parameters by hand. dcgan64: 3072 + 131072 + 524288 + 2097152 in the encoder's convolutions, half of the last three
 * and so on in the decoder's, the same numbers; 2 · 1048576 + 128 in the dense layers, 3 of the last bias; 2 · (960 +
 * 960) of batch norms, which have as many statistics. wae64: 2 · 17212800 + 1048576 + 64 + 4194304 + 65536 + 3 + 2 ·
 * (1920 + 896), the 39.7 million of the paper's network. */
static const preset_case cases[] = {
    {"dcgan64", 0, LWS_MODEL_AE, {64, 64, 3}, 0, 0, 64, 128, ROWS(dcgan64), 7612291, 3840},
    {"wae64", 1, LWS_MODEL_MMD_AE, {64, 64, 3}, 0, 0, 128, 64, ROWS(wae64), 39739715, 5632},
    {"tiny16", 2, LWS_MODEL_AE, {16, 16, 3}, 0, 0, 8, 16, ROWS(tiny16), 13171, 96},
    {"grey32", 2, LWS_MODEL_VAE, {32, 32, 1}, 4, 6, 4, 6, ROWS(grey32), 9981, 112},
};

enum { CASES = sizeof cases / sizeof *cases };

static lws_model_spec spec_of(const preset_case *c)
{
    lws_model_spec spec = {.kind = c->kind,
                           .preset = c->preset,
                           .image = c->image,
                           .base_channels = c->base_channels,
                           .latent = c->latent,
                           .loss = lws_loss_defaults(LWS_LOSS_MSE)};
    assert_int_equal(lws_model_resolve(&spec), LWS_OK);
    return spec;
}

static bool is_state(const char *name)
{
    return strstr(name, "/running_") != NULL;
}

/* Name, shape, deviation and mean of a tensor; where it lies. */
static void check_tensor(const char *title, const row *want, const lws_tensor *t, size_t *end)
{
    int rank = 0;
    size_t count = 1;
    if (strcmp(t->name, want->name) != 0)
        fail_msg("%s: %s stands where %s should", title, t->name, want->name);
    for (; rank < 4 && want->dims[rank]; rank++) {
        if (rank >= t->rank || t->dims[rank] != want->dims[rank])
            fail_msg("%s: dimension %d of %s is not %lld", title, rank, t->name, (long long)want->dims[rank]);
        count *= (size_t)want->dims[rank];
    }
    assert_int_equal(t->rank, rank);
    assert_int_equal(t->count, count);
    assert_int_equal(t->is_buffer, is_state(t->name));
    if (fabs(t->init_std - want->std) > 1e-15 || t->init_mean != want->mean)
        fail_msg("%s: %s begins as %.17g ± %.17g in place of %g ± %.17g", title, t->name, t->init_mean, t->init_std,
                 want->mean, want->std);
    assert_int_equal(t->offset % 16, 0);
    assert_int_equal(t->offset, (*end + 15) / 16 * 16); /* right behind the last */
    *end = t->offset + count;
}

static void tables(void **state)
{
    (void)state;
    for (int k = 0; k < CASES; k++) {
        const preset_case *c = &cases[k];
        lws_model_spec spec = spec_of(c);
        lws_model *model;
        assert_int_equal(spec.base_channels, c->want_base);
        assert_int_equal(spec.latent, c->want_latent);
        if (lws_model_create(&spec, 1, &model) != LWS_OK)
            fail_msg("%s", lws_message());
        const lws_tensors *tensors = lws_model_tensors(model);
        size_t end[2] = {0, 0};
        int64_t values[2] = {0, 0};
        assert_int_equal(tensors->count, c->count);
        for (int t = 0; t < c->count; t++) {
            const lws_tensor *tensor = &tensors->item[t];
            check_tensor(c->title, &c->rows[t], tensor, &end[is_state(tensor->name)]);
            values[is_state(tensor->name)] += (int64_t)tensor->count;
        }
        assert_int_equal(values[0], c->parameters);
        assert_int_equal(values[1], c->statistics);
        assert_int_equal(tensors->params, (end[0] + 15) / 16 * 16);
        assert_int_equal(tensors->buffers, (end[1] + 15) / 16 * 16);
        lws_model_destroy(model);
    }
}

/* ---- initial values ---------------------------------------------------------------------------------------------- */

/* Of every tensor: the normal numbers of its own key, and as a whole the mean and the deviation that it should have. */
static void check_initial(const row *want, const lws_tensor *tensor, int index, uint64_t seed, const float *values)
{
    lws_rng_key key = lws_rng(seed, LWS_RNG_INIT, (uint64_t)index);
    double sum = 0, squares = 0, n = (double)tensor->count;
    for (size_t i = 0; i < tensor->count; i++) {
        double value = want->mean + (want->std > 0 ? want->std * lws_rng_normal(key, i) : 0);
        if (fabs(values[i] - value) > 1e-7 * (fabs(value) + want->std))
            fail_msg("%s[%zu] begins as %.9g in place of %.9g", tensor->name, i, (double)values[i], value);
        sum += values[i];
        squares += (values[i] - want->mean) * (values[i] - want->mean);
    }
    check_near(sum / n, want->mean, 5 * want->std / sqrt(n));
    check_near(sqrt(squares / n), want->std, 5 * want->std / sqrt(2 * n));
}

static void initial_values(void **state)
{
    (void)state;
    for (int k = 2; k < CASES; k++) { /* those of a few thousand values */
        const preset_case *c = &cases[k];
        lws_model_spec spec = spec_of(c);
        lws_model *model;
        assert_int_equal(lws_model_create(&spec, 1, &model), LWS_OK);
        const lws_tensors *tensors = lws_model_tensors(model);
        float *params[3], *buffers = check_floats(tensors->buffers);
        for (uint64_t seed = 5; seed <= 7; seed++) {
            params[seed - 5] = check_floats(tensors->params);
            lws_tensors_init(tensors, seed == 7 ? 5 : seed, params[seed - 5], buffers);
        }
        for (int t = 0; t < tensors->count; t++) {
            const lws_tensor *tensor = &tensors->item[t];
            const float *values = (tensor->is_buffer ? buffers : params[0]) + tensor->offset;
            check_initial(&c->rows[t], tensor, t, 5, values);
            if (tensor->is_buffer)
                continue;
            check_same_bits(params[2] + tensor->offset, values, tensor->count * sizeof *values);
            for (size_t i = 0; i < tensor->count && c->rows[t].std > 0; i++)
                assert_true(params[1][tensor->offset + i] != values[i]); /* of another seed */
        }
        for (int i = 0; i < 3; i++)
            check_free(params[i], tensors->params);
        check_free(buffers, tensors->buffers);
        lws_model_destroy(model);
    }
}

/* Two tensors of one shape and deviation have values of their own. */
static void tensors_share_no_values(void **state)
{
    (void)state;
    lws_model_spec spec = spec_of(&cases[3]);
    lws_model *model;
    assert_int_equal(lws_model_create(&spec, 1, &model), LWS_OK);
    const lws_tensors *tensors = lws_model_tensors(model);
    float *params = check_floats(tensors->params), *buffers = check_floats(tensors->buffers);
    lws_tensors_init(tensors, 3, params, buffers);
    for (int t = 0; t < tensors->count; t++)
        for (int u = 0; u < t; u++) {
            const lws_tensor *a = &tensors->item[t], *b = &tensors->item[u];
            if (!(a->init_std > 0 && b->init_std > 0))
                continue;
            double product = 0, n = 0;
            for (; n < (double)a->count && n < (double)b->count; n++)
                product += params[a->offset + (size_t)n] / a->init_std * params[b->offset + (size_t)n] / b->init_std;
            check_near(product / n, 0, 5 / sqrt(n)); /* 1 for the same numbers */
        }
    check_free(params, tensors->params), check_free(buffers, tensors->buffers);
    lws_model_destroy(model);
}

/* ---- resolving --------------------------------------------------------------------------------------------------- */

/* MSE: h·w·c/2 under a VAE (a Gaussian of variance 1), h·w·c/5 under an MMD-AE (.05 of squares on [-1, 1]), the
 * structural losses .07 of that. */
static void recon_weights(void **state)
{
    (void)state;
    static const struct {
        lws_model_kind kind;
        lws_loss_kind loss;
        double at_64, at_grey; /* 64 × 64 × 3; 16 × 32 × 1 */
    } want[] = {
        {LWS_MODEL_AE, LWS_LOSS_MSE, 1, 1},
        {LWS_MODEL_AE, LWS_LOSS_SSIM, 1, 1},
        {LWS_MODEL_AE, LWS_LOSS_LWSSIM, 1, 1},
        {LWS_MODEL_VAE, LWS_LOSS_MSE, 6144, 256},
        {LWS_MODEL_VAE, LWS_LOSS_SSIM, 430.08, 17.92},
        {LWS_MODEL_VAE, LWS_LOSS_LWSSIM, 430.08, 17.92},
        {LWS_MODEL_MMD_AE, LWS_LOSS_MSE, 2457.6, 102.4},
        {LWS_MODEL_MMD_AE, LWS_LOSS_SSIM, 172.032, 7.168},
        {LWS_MODEL_MMD_AE, LWS_LOSS_LWSSIM, 172.032, 7.168},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const lws_shape large = {64, 64, 3}, grey = {16, 32, 1};
        check_near(lws_model_recon_weight(want[i].kind, want[i].loss, large), want[i].at_64, 1e-9);
        check_near(lws_model_recon_weight(want[i].kind, want[i].loss, grey), want[i].at_grey, 1e-9);
        lws_model_spec spec = {.kind = want[i].kind, .preset = 1, .image = large, .loss.kind = want[i].loss};
        assert_int_equal(lws_model_resolve(&spec), LWS_OK);
        check_near(spec.recon_weight, want[i].at_64, 1e-9);
    }
}

/* Names that scripts and run folders hold. */
static void names(void **state)
{
    (void)state;
    static const char *const want[] = {"dcgan64", "wae64", "tiny16"};
    assert_int_equal(lws_preset_count(), 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(lws_preset_name(i), want[i]);
    assert_string_equal(lws_preset_choices, "dcgan64|wae64|tiny16");
}

/* What is given stays. */
static void given_values_stay(void **state)
{
    (void)state;
    lws_model_spec spec = {.kind = LWS_MODEL_VAE, .preset = 2, .image = {16, 16, 3}}, given = spec;
    given.base_channels = 5, given.latent = 7, given.recon_weight = .25;
    lws_model_spec resolved = given;
    assert_int_equal(lws_model_resolve(&resolved), LWS_OK);
    assert_memory_equal(&resolved, &given, sizeof given);
    for (int preset = -1; preset <= 3; preset += 4) {
        spec.preset = preset;
        assert_int_equal(lws_model_resolve(&spec), LWS_ERR_USAGE);
        check_mentions(lws_message(), "dcgan64|wae64|tiny16");
        check_mentions(lws_message(), preset < 0 ? "-1" : "3");
    }
}

/* ---- sizes of images --------------------------------------------------------------------------------------------- */

static lws_status try(int preset, int h, int w, lws_model **model)
{
    lws_model_spec spec = {.preset = preset,
                           .image = {h, w, 1},
                           .base_channels = 1,
                           .latent = 1,
                           .recon_weight = 1,
                           .loss = lws_loss_defaults(LWS_LOSS_MSE)};
    return lws_model_create(&spec, 1, model);
}

/* dcgan halves while that leaves at least 4 pixels, and needs 4 to 7 in the end; the message lists sizes that do. */
static void sizes_of_dcgan(void **state)
{
    (void)state;
    static const int good[][3] = {{8, 8, 1},     {10, 14, 1},   {16, 16, 2},   {20, 28, 2},   {24, 24, 2},
                                  {32, 16, 0},   {32, 32, 3},   {48, 48, 3},   {64, 64, 4},   {96, 96, 4},
                                  {128, 128, 5}, {256, 256, 6}, {224, 224, 5}, {512, 512, 7}, {640, 896, 7}};
    static const int bad[][2] = {{4, 4},   {6, 6},   {7, 7},   {9, 9},     {17, 16},   {16, 17},     {18, 18},
                                 {34, 34}, {36, 36}, {72, 72}, {144, 144}, {200, 200}, {1024, 1024}, {16, 8}};
    for (int preset = 0; preset <= 2; preset += 2) {
        for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
            lws_model *model;
            lws_status status = try(preset, good[i][0], good[i][1], &model);
            if (good[i][2] == 0) { /* the sides end at different levels */
                assert_int_equal(status, LWS_ERR_USAGE);
                continue;
            }
            if (status != LWS_OK)
                fail_msg("%s", lws_message());
            char last[64];
            snprintf(last, sizeof last, "decoder/deconv%d/bias", good[i][2]);
            const lws_tensors *tensors = lws_model_tensors(model);
            assert_string_equal(tensors->item[tensors->count - 1].name, last);
            lws_model_destroy(model);
        }
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            lws_model *model;
            if (try(preset, bad[i][0], bad[i][1], &model) != LWS_ERR_USAGE)
                fail_msg("%d × %d was accepted", bad[i][0], bad[i][1]);
            char size[32];
            snprintf(size, sizeof size, "%d × %d", bad[i][0], bad[i][1]);
            check_mentions(lws_message(), size);
            check_mentions(lws_message(), preset == 0 ? "dcgan64" : "tiny16");
            check_mentions(lws_message(), "4 to 7");
        }
    }
}

static void sizes_of_wae(void **state)
{
    (void)state;
    for (int side = 8; side <= 160; side += 8) {
        lws_model *model;
        lws_status status = try(1, side, 16, &model);
        assert_int_equal(status, side % 16 ? LWS_ERR_USAGE : LWS_OK);
        if (status == LWS_OK)
            lws_model_destroy(model);
        else
            check_mentions(lws_message(), "multiples of 16");
        status = try(1, 16, side, &model);
        assert_int_equal(status, side % 16 ? LWS_ERR_USAGE : LWS_OK);
        if (status == LWS_OK)
            lws_model_destroy(model);
    }
}

/* From the fourth level on all have eight times the base. */
static void channels_stop_doubling(void **state)
{
    (void)state;
    lws_model *model;
    assert_int_equal(try(0, 256, 256, &model), LWS_OK);
    const lws_tensors *tensors = lws_model_tensors(model);
    int64_t channels[7] = {0};
    for (int t = 0; t < tensors->count; t++) {
        int level = 0;
        if (sscanf(tensors->item[t].name, "encoder/conv%d/", &level) == 1)
            channels[level] = tensors->item[t].dims[3];
    }
    for (int level = 1; level <= 6; level++)
        assert_int_equal(channels[level], level < 4 ? 1 << (level - 1) : 8);
    lws_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),         cmocka_unit_test(initial_values), cmocka_unit_test(tensors_share_no_values),
        cmocka_unit_test(recon_weights),  cmocka_unit_test(names),          cmocka_unit_test(given_values_stay),
        cmocka_unit_test(sizes_of_dcgan), cmocka_unit_test(sizes_of_wae),   cmocka_unit_test(channels_stop_doubling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
