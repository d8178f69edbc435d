/* A trained model by its public face: the codes and images are those that the model computes block by block, whatever
 * the number of images at once; the right checkpoint of a run is taken; what cannot be used is refused with a reason.
 */
#include "scratch.h"

#include <lwssim/inference.h>

#include "data/checkpoint.h"
#include "options/train_options.h"

enum { SIDE = 16, PIXELS = SIDE * SIDE * 3, LATENT = 6, BLOCK = 3, IMAGES = 8 };

typedef struct subject {
    lws_train_options options;
    lws_model *model;
    float *params, *buffers;
    char *config;
} subject;

/* Weights twice as large as those of a fresh model, so that outputs differ, and statistics that are not the initial. */
static subject make_subject(uint64_t seed)
{
    subject s;
    lws_model_spec spec;
    lws_config_defaults(lws_train_table(), &s.options);
    static const char *const set[][2] = {{"preset", "tiny16"}, {"model", "vae"},     {"base-channels", "4"},
                                         {"latent", "6"},      {"batch-size", "12"}, {"micro-batches", "4"}};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        assert_int_equal(lws_config_set(lws_train_table(), &s.options, set[i][0], set[i][1], "test"), LWS_OK);
    assert_int_equal(lws_train_options_model(&s.options, (lws_shape){SIDE, SIDE, 3}, &spec), LWS_OK);
    assert_int_equal(lws_model_create(&spec, BLOCK, &s.model), LWS_OK);
    const lws_tensors *tensors = lws_model_tensors(s.model);
    s.params = calloc(tensors->params + tensors->buffers, sizeof *s.params);
    assert_non_null(s.params);
    s.buffers = s.params + tensors->params;
    lws_tensors_init(tensors, seed, s.params, s.buffers);
    for (size_t i = 0; i < tensors->params; i++)
        s.params[i] *= 2;
    for (size_t i = 0; i < tensors->buffers; i++)
        s.buffers[i] += .01f * (float)(i % 7);
    s.config = lws_config_text(lws_train_table(), &s.options);
    assert_non_null(s.config);
    lws_model_transform_weights(s.model, s.params);
    return s;
}

static void free_subject(subject *s)
{
    lws_model_destroy(s->model);
    free(s->params);
    free(s->config);
}

/* FOLDER/step-….h5 */
static char *write_checkpoint(const subject *s, const char *folder, int64_t step, int64_t best_step)
{
    static char path[LWS_PATH];
    lws_checkpoint_meta meta = {
        .image = {SIDE, SIDE, 3}, .dataset_digest = "d", .step = step, .best_step = best_step, .best_ssim = .5};
    lws_checkpoint_data data = {.params = s->params, .buffers = s->buffers};
    if (lws_checkpoint_write(folder, &meta, s->config, lws_model_tensors(s->model), &data, path) != LWS_OK)
        fail_msg("%s", lws_message());
    return path;
}

static void some_images(float *x, uint64_t seed)
{
    check_rng r = {seed};
    for (int i = 0; i < IMAGES * PIXELS; i++)
        x[i] = (float)check_uniform(&r, 0, 1);
}

static lws_inference *opened(const char *path, lws_inference_choice choice)
{
    lws_inference *model;
    if (lws_inference_open(path, choice, &model) != LWS_OK)
        fail_msg("%s", lws_message());
    return model;
}

/* By the model itself, in blocks that begin with the first image: the number of images in a block enters the rounding.
 */
static void expect(const subject *s, int images, const float *x, float *codes, float *y)
{
    for (int at = 0; at < images; at += BLOCK) {
        int n = images - at < BLOCK ? images - at : BLOCK;
        lws_model_encode(s->model, s->params, s->buffers, n, x + at * PIXELS, codes + at * LATENT);
        memcpy(y + at * PIXELS, lws_model_decode(s->model, s->params, s->buffers, n, codes + at * LATENT),
               (size_t)n * PIXELS * sizeof *y);
    }
}

static void check_images(lws_inference *model, const subject *s, int n, const float *x)
{
    static float y[IMAGES * PIXELS], codes[IMAGES * LATENT];
    float *images = check_floats((size_t)n * PIXELS), *own = check_floats((size_t)n * LATENT);
    expect(s, n, x, codes, y);
    assert_int_equal(lws_inference_encode(model, n, x, own), LWS_OK);
    check_same_bits(own, codes, (size_t)n * LATENT * sizeof *own);
    assert_int_equal(lws_inference_decode(model, n, codes, images), LWS_OK);
    check_same_bits(images, y, (size_t)n * PIXELS * sizeof *images);
    memset(images, 0xff, (size_t)n * PIXELS * sizeof *images);
    assert_int_equal(lws_inference_reconstruct(model, n, x, images), LWS_OK);
    check_same_bits(images, y, (size_t)n * PIXELS * sizeof *images);
    for (int i = 1; i < n; i++) /* no two are alike */
        assert_true(fabsf(codes[i * LATENT] - codes[0]) > 1e-4f);
    check_free(images, n * PIXELS);
    check_free(own, n * LATENT);
}

static void images_and_codes(void **state)
{
    static float x[IMAGES * PIXELS];
    subject s = make_subject(1);
    char *path = write_checkpoint(&s, *state, 7, -1);
    some_images(x, 3);
    lws_inference *model = opened(path, LWS_INFERENCE_NEWEST);
    const lws_inference_info *info = lws_inference_get_info(model);
    assert_int_equal(info->height, SIDE);
    assert_int_equal(info->width, SIDE);
    assert_int_equal(info->channels, 3);
    assert_int_equal(info->latent, LATENT);
    assert_int_equal(info->step, 7);
    assert_string_equal(info->path, path);
    for (int n = 0; n <= IMAGES; n++) /* none, fewer than a block, several and a part of one */
        check_images(model, &s, n, x);
    lws_inference_close(model);
    free_subject(&s);
}

/* The newest and the best; two models at once, which do not know of each other. */
static void models_of_a_run(void **state)
{
    static float x[IMAGES * PIXELS], first[IMAGES * PIXELS], second[IMAGES * PIXELS], again[IMAGES * PIXELS];
    subject best = make_subject(1), newest = make_subject(2);
    char *folder = path_of("%s/checkpoints", (char *)*state);
    assert_int_equal(mkdir(folder, 0777), 0);
    write_checkpoint(&best, folder, 7, 7);
    write_checkpoint(&newest, folder, 9, 7);
    some_images(x, 3);
    lws_inference *a = opened(*state, LWS_INFERENCE_BEST), *b = opened(*state, LWS_INFERENCE_NEWEST);
    assert_int_equal(lws_inference_get_info(a)->step, 7);
    assert_int_equal(lws_inference_get_info(b)->step, 9);
    assert_string_equal(lws_inference_get_info(a)->path, path_of("%s/step-000000007.h5", folder));
    assert_int_equal(lws_inference_reconstruct(a, IMAGES, x, first), LWS_OK);
    assert_int_equal(lws_inference_reconstruct(b, IMAGES, x, second), LWS_OK);
    assert_int_equal(lws_inference_reconstruct(a, IMAGES, x, again), LWS_OK);
    check_same_bits(first, again, sizeof first);
    assert_true(memcmp(first, second, sizeof first) != 0);
    lws_inference_close(a);
    lws_inference_close(b);
    lws_inference_close(NULL);
    free_subject(&best);
    free_subject(&newest);
}

static void refuses(const char *path, lws_inference_choice choice, lws_status wanted, const char *part)
{
    lws_inference *model = (lws_inference *)&model;
    assert_int_equal(lws_inference_open(path, choice, &model), wanted);
    assert_null(model);
    check_mentions(lws_message(), part);
}

static void what_holds_no_model(void **state)
{
    subject s = make_subject(1);
    char *folder = path_of("%s/checkpoints", (char *)*state), *path;
    refuses(path_of("%s/none", (char *)*state), LWS_INFERENCE_NEWEST, LWS_ERR_IO, "No such file");
    refuses(*state, LWS_INFERENCE_NEWEST, LWS_ERR_FORMAT, "neither a dataset");
    file_text(path_of("%s/train-00000-of-00001.h5", (char *)*state), "");
    refuses(*state, LWS_INFERENCE_NEWEST, LWS_ERR_FORMAT, "holds images");
    assert_int_equal(mkdir(folder, 0777), 0);
    path = write_checkpoint(&s, folder, 7, -1);
    refuses(*state, LWS_INFERENCE_BEST, LWS_ERR_MISMATCH, "never evaluated");
    file_flip(path, file_find(path, s.params, 64), 1);
    refuses(path, LWS_INFERENCE_NEWEST, LWS_ERR_FORMAT, "does not match its digest");
    refuses(*state, LWS_INFERENCE_NEWEST, LWS_ERR_FORMAT, "is whole");
    free_subject(&s);
}

static void what_is_not_finite(void **state)
{
    static float x[IMAGES * PIXELS], y[IMAGES * PIXELS], codes[IMAGES * LATENT];
    subject s = make_subject(1);
    lws_inference *model = opened(write_checkpoint(&s, *state, 7, -1), LWS_INFERENCE_NEWEST);
    some_images(x, 3);
    x[4 * PIXELS + 5] = NAN;
    assert_int_equal(lws_inference_encode(model, IMAGES, x, codes), LWS_ERR_NUMERIC);
    check_mentions(lws_message(), "the code 4 of 8 is not finite");
    assert_int_equal(lws_inference_reconstruct(model, IMAGES, x, y), LWS_ERR_NUMERIC);
    assert_int_equal(lws_inference_reconstruct(model, 4, x, y), LWS_OK);
    for (int i = 0; i < LATENT; i++)
        codes[4 * LATENT + i] = i ? 0 : INFINITY;
    assert_int_equal(lws_inference_decode(model, IMAGES, codes, y), LWS_ERR_NUMERIC);
    check_mentions(lws_message(), "the image 4 of 8 is not finite");
    lws_inference_close(model);
    free_subject(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(images_and_codes),
        scratch_test(models_of_a_run),
        scratch_test(what_holds_no_model),
        scratch_test(what_is_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
