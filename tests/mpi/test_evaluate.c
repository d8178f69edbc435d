/* Evaluation against a plain loop: one block after another through the model, the metrics of the reference, means and
 * standard errors by their textbook formulas; on any number of ranks to the bit what one process alone computes. */
#include "prepared.h"

#include "mpi_folder.h"

#include "comm/watchdog.h"
#include "inference/evaluate.h"
#include "options/train_options.h"

#include <reference.h>

static double (*const ref_metric[LWS_METRICS])(int h, int w, int c, const double *x, const double *y) = {
    ref_metric_ssim_g11, ref_metric_ssim_u7, ref_metric_ms_ssim3, ref_metric_mse, ref_metric_psnr, ref_metric_delta_e};

/* ---- a model whose reconstructions differ from image to image -------------------------------------------------- */

enum { LATENT = 8 };

typedef struct subject {
    lws_model *model;
    float *params, *buffers;
    lws_dataset *dataset;
    int64_t images;
    size_t pixels;
} subject;

/* Weights `factor` times as large as those of a fresh model: its outputs would all be much alike. */
static subject make_subject(const char *preset, int kind, int block, float factor, const char *data, lws_split split)
{
    lws_train_options *o = calloc(1, sizeof *o);
    lws_model_spec spec;
    subject s = {.dataset = opened(data, split)};
    const lws_dataset_info *info = lws_dataset_get_info(s.dataset);
    s.images = info->rows;
    s.pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    lws_config_defaults(lws_train_table(), o);
    assert_int_equal(lws_config_set(lws_train_table(), o, "preset", preset, "test"), LWS_OK);
    o->base_channels = 4;
    o->latent = LATENT;
    o->model = kind;
    assert_int_equal(lws_train_options_model(o, (lws_shape){info->height, info->width, 3}, &spec), LWS_OK);
    free(o);
    assert_int_equal(lws_model_create(&spec, block, &s.model), LWS_OK);
    const lws_tensors *tensors = lws_model_tensors(s.model);
    s.params = calloc(tensors->params + tensors->buffers, sizeof *s.params);
    s.buffers = s.params + tensors->params;
    lws_tensors_init(tensors, 5, s.params, s.buffers);
    for (int i = 0; i < tensors->count; i++)
        for (size_t k = 0; k < tensors->item[i].count && tensors->item[i].rank > 1; k++)
            s.params[tensors->item[i].offset + k] *= factor;
    lws_model_transform_weights(s.model, s.params);
    return s;
}

static void free_subject(subject *s)
{
    lws_model_destroy(s->model);
    lws_dataset_close(s->dataset);
    free(s->params);
}

/* ---- the plain loop -------------------------------------------------------------------------------------------- */

/* Images [first, first + n) as the bytes of the shard say, and what the model makes of them: together, as a product of
 * more rows may round differently. */
static void reconstruct(const subject *s, int64_t first, int n, double *x, double *y)
{
    float *image = check_floats((size_t)n * s->pixels), *codes = check_floats((size_t)n * LATENT);
    for (size_t i = 0; i < (size_t)n * s->pixels; i++)
        x[i] = image[i] = (float)lws_dataset_row(s->dataset, first + (int64_t)(i / s->pixels))[i % s->pixels] / 255;
    lws_model_encode(s->model, s->params, s->buffers, n, image, codes);
    const float *out = lws_model_decode(s->model, s->params, s->buffers, n, codes);
    for (size_t i = 0; i < (size_t)n * s->pixels; i++)
        y[i] = out[i];
    check_free(image, (size_t)n * s->pixels), check_free(codes, (size_t)n * LATENT);
}

static double distance(size_t n, const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum / (double)n);
}

/* Of all images, [images, pixels] each. */
static void reconstruct_all(const subject *s, int block, double *x, double *y)
{
    for (int64_t first = 0; first < s->images; first += block) {
        int n = (int)(s->images - first < block ? s->images - first : block);
        reconstruct(s, first, n, x + (size_t)first * s->pixels, y + (size_t)first * s->pixels);
    }
}

/* value [images, LWS_METRICS]: NaN where the images are too small. */
static void measure(const subject *s, const double *x, const double *y, double *value)
{
    const lws_dataset_info *info = lws_dataset_get_info(s->dataset);
    int h = info->height, w = info->width, c = info->channels;
    for (int64_t row = 0; row < s->images; row++) {
        const double *of_x = x + (size_t)row * s->pixels, *of_y = y + (size_t)row * s->pixels;
        if (row > 0) /* or else an exchange of two of them would hardly show */
            assert_true(distance(s->pixels, of_y, of_y - s->pixels) > .01);
        for (int m = 0; m < LWS_METRICS; m++)
            value[row * LWS_METRICS + m] =
                h < lws_metric_min_side[m] ? (double)NAN : ref_metric[m](h, w, c, of_x, of_y);
    }
}

static void near_or_missing(double got, double want, double tolerance, const char *what)
{
    if (isnan(want) ? isnan(got) : fabs(got - want) <= tolerance * fabs(want))
        return;
    print_error("%s: %.15g in place of %.15g\n", what, got, want);
    fail();
}

/* Slope (which 0) and correlation (1) of all images, and the jackknife by computing it all again without each. */
static void check_colour(const subject *s, const double *x, const double *y, int which, lws_estimate got)
{
    size_t one = s->pixels / 3, all = one * (size_t)s->images;
    double n = (double)s->images, figure[2], mean = 0, squares = 0, left[64];
    ref_colour(all, x, y, &figure[0], &figure[1]);
    near_or_missing(got.value, figure[which], 1e-9, which ? "correlation" : "slope");
    double *rest_x = check_doubles(3 * all), *rest_y = check_doubles(3 * all);
    for (int64_t i = 0; i < s->images && s->images > 1; i++) {
        size_t before = (size_t)i * s->pixels, after = 3 * all - before - s->pixels;
        memcpy(rest_x, x, before * sizeof *x), memcpy(rest_y, y, before * sizeof *y);
        memcpy(rest_x + before, x + before + s->pixels, after * sizeof *x);
        memcpy(rest_y + before, y + before + s->pixels, after * sizeof *y);
        ref_colour(all - one, rest_x, rest_y, &figure[0], &figure[1]);
        left[i] = figure[which];
        mean += left[i] / n;
    }
    for (int64_t i = 0; i < s->images && s->images > 1; i++)
        squares += (left[i] - mean) * (left[i] - mean);
    near_or_missing(got.error, s->images > 1 ? sqrt((n - 1) / n * squares) : (double)NAN, 1e-7, "its error");
    check_free(rest_x, 3 * all), check_free(rest_y, 3 * all);
}

static void check_shift(const subject *s, const double *x, const double *y, int k, lws_estimate got)
{
    double n = (double)s->images, mean = 0, variance = 0, of[64];
    for (int64_t i = 0; i < s->images; i++) {
        of[i] = 0;
        for (size_t p = (size_t)k; p < s->pixels; p += 3)
            of[i] += (y[(size_t)i * s->pixels + p] - x[(size_t)i * s->pixels + p]) / (double)(s->pixels / 3);
        mean += of[i] / n;
    }
    for (int64_t i = 0; i < s->images; i++)
        variance += pow(of[i] - mean, 2) / (n - 1);
    near_or_missing(got.value, mean, 1e-9, "shift");
    near_or_missing(got.error, s->images > 1 ? sqrt(variance / n) : (double)NAN, 1e-8, "its error");
}

static void check_evaluation(const subject *s, int block, const lws_evaluation *e)
{
    size_t all = (size_t)s->images * s->pixels;
    double *x = check_doubles(all), *y = check_doubles(all);
    double *value = check_doubles((size_t)s->images * LWS_METRICS), n = (double)s->images;
    assert_int_equal(e->images, s->images);
    assert_int_equal(e->channels, 3);
    reconstruct_all(s, block, x, y);
    measure(s, x, y, value);
    check_colour(s, x, y, 0, e->colour_slope);
    check_colour(s, x, y, 1, e->colour_correlation);
    for (int k = 0; k < 3; k++)
        check_shift(s, x, y, k, e->shift[k]);
    for (int m = 0; m < LWS_METRICS; m++) {
        double mean = 0, variance = 0;
        for (int64_t i = 0; i < s->images; i++)
            mean += value[i * LWS_METRICS + m] / n;
        for (int64_t i = 0; i < s->images; i++)
            variance += pow(value[i * LWS_METRICS + m] - mean, 2) / (n - 1); /* of one image: 0 / 0 */
        near_or_missing(e->mean[m], mean, 1e-9, lws_metric_title[m]);
        near_or_missing(e->error[m], s->images > 1 ? sqrt(variance) / sqrt(n) : (double)NAN, 1e-8, "its error");
    }
    check_free(value, (size_t)s->images * LWS_METRICS);
    check_free(x, all), check_free(y, all);
}

/* The same on every rank and on this process alone, to the bit; NaN included. */
static void evaluate_both(const char *preset, int kind, float factor, const char *data, lws_split split, int block)
{
    subject s = make_subject(preset, kind, block, factor, data, split);
    lws_evaluation together = {0}, alone = {0};
    assert_int_equal(lws_evaluate(comm, s.model, s.params, s.buffers, s.dataset, block, &together), LWS_OK);
    assert_int_equal(lws_evaluate(NULL, s.model, s.params, s.buffers, s.dataset, block, &alone), LWS_OK);
    assert_string_equal(lws_watchdog_where(),
                        path_of("evaluation from image %d", (int)((s.images - 1) / block * block)));
    assert_int_equal(together.images, alone.images);
    assert_memory_equal(together.mean, alone.mean, sizeof alone.mean);
    assert_memory_equal(together.error, alone.error, sizeof alone.error);
    assert_memory_equal(together.shift, alone.shift, sizeof alone.shift);
    assert_memory_equal(&together.colour_slope, &alone.colour_slope, sizeof alone.colour_slope);
    assert_memory_equal(&together.colour_correlation, &alone.colour_correlation, sizeof alone.colour_correlation);
    check_evaluation(&s, block, &together);
    free_subject(&s);
}

/* ---- tests ----------------------------------------------------------------------------------------------------- */

static char *data_of(const char *name)
{
    return path_of("%s/%s", folder, name);
}

static void blocks(void **state)
{
    (void)state;
    evaluate_both("dcgan64", LWS_MODEL_AE, 4, data_of("large"), LWS_TRAIN, 3); /* 7 images: the last block is short */
    evaluate_both("dcgan64", LWS_MODEL_AE, 4, data_of("large"), LWS_VALID, 8); /* all in one: more ranks than blocks */
    evaluate_both("tiny16", LWS_MODEL_VAE, 3, data_of("small"), LWS_TRAIN, 4); /* 12 images in whole blocks */
    evaluate_both("tiny16", LWS_MODEL_MMD_AE, 3, data_of("small"), LWS_VALID, 1);
    evaluate_both("tiny16", LWS_MODEL_AE, 3, data_of("small"), LWS_VALID, 2);
}

static void one_image(void **state)
{
    (void)state;
    evaluate_both("tiny16", LWS_MODEL_AE, 3, data_of("small"), LWS_TEST, 1);
    evaluate_both("tiny16", LWS_MODEL_AE, 3, data_of("small"), LWS_TEST, 5);
}

static void no_image(void **state)
{
    (void)state;
    subject s = make_subject("dcgan64", LWS_MODEL_AE, 3, 1, data_of("large"), LWS_TRAIN);
    lws_dataset *empty = opened(data_of("large"), LWS_TEST);
    lws_evaluation e;
    assert_int_equal(lws_dataset_get_info(empty)->rows, 0);
    assert_int_equal(lws_evaluate(comm, s.model, s.params, s.buffers, empty, 3, &e), LWS_ERR_USAGE);
    assert_non_null(strstr(lws_message(), "no images"));
    lws_dataset_close(empty);
    free_subject(&s);
}

/* Fails on every rank, with the images of the first block that fails. */
static void fails_with(const subject *s, int block, const char *images)
{
    lws_evaluation e;
    assert_int_equal(lws_evaluate(comm, s->model, s->params, s->buffers, s->dataset, block, &e), LWS_ERR_NUMERIC);
    if (!strstr(lws_message(), images))
        print_error("not '%s': %s\n", images, lws_message());
    assert_non_null(strstr(lws_message(), images));
    assert_non_null(strstr(lws_message(), "not all finite"));
}

/* Everything linear overflows but for black images, whose sums are 0 everywhere. */
static void not_finite(void **state)
{
    (void)state;
    lws_evaluation e;
    subject s = make_subject("tiny16", LWS_MODEL_AE, 3, 1e20f, data_of("black"), LWS_TRAIN);
    assert_int_equal(s.images, 8);
    fails_with(&s, 3, "images 3 to 5 "); /* the fifth is grey */
    fails_with(&s, 2, "images 4 to 5 ");
    fails_with(&s, 1, "images 4 to 4 ");
    free_subject(&s);
    s = make_subject("tiny16", LWS_MODEL_AE, 3, 1e20f, data_of("black"), LWS_VALID);
    assert_int_equal(lws_evaluate(comm, s.model, s.params, s.buffers, s.dataset, 3, &e), LWS_OK);
    free_subject(&s);
}

/* ---- the datasets ---------------------------------------------------------------------------------------------- */

/* Eight training images, all black but for the fifth, and two black ones in another split. */
static void prepare_black(void)
{
    uint8_t pixels[16 * 16 * 3];
    char text[4096] = "";
    mkdir(data_of("pictures"), 0777);
    for (int i = 0; i < 10; i++) {
        memset(pixels, i == 4 ? 128 : 0, sizeof pixels);
        assert_true(stbi_write_png(path_of("%s/pictures/%d.png", folder, i), 16, 16, 3, pixels, 48));
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d.png %d\n", i, i < 8 ? 0 : 1);
    }
    file_text(data_of("partition"), text);
    lws_prepare_options o = options_of("input", data_of("pictures"), "size", "16", "crop", "16", "partition",
                                       data_of("partition"), "output", data_of("black"), NULL);
    prepares(&o);
}

static void prepare_all(void)
{
    lws_prepare_options o = options_of("synthetic", "11", "size", "64", "split", "0.64,0.36,0", "shards", "2", "output",
                                       data_of("large"), NULL);
    prepares(&o);
    assert_int_equal(rows_of(data_of("large"), LWS_TRAIN), 7);
    assert_int_equal(rows_of(data_of("large"), LWS_VALID), 4);
    o = options_of("synthetic", "20", "size", "16", "split", "0.6,0.35,0.05", "output", data_of("small"), NULL);
    prepares(&o);
    assert_int_equal(rows_of(data_of("small"), LWS_TRAIN), 12);
    assert_int_equal(rows_of(data_of("small"), LWS_VALID), 7);
    assert_int_equal(rows_of(data_of("small"), LWS_TEST), 1);
    prepare_black();
}

static int setup(void **state)
{
    (void)state;
    if (rank == 0)
        prepare_all();
    lws_comm_barrier(comm);
    return 0;
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(one_image),
        cmocka_unit_test(no_image),
        cmocka_unit_test(not_finite),
    };
    return cmocka_run_group_tests_name("evaluate", tests, setup, NULL);
}

int main(void)
{
    return mpi_run_in_folder(all_tests);
}
