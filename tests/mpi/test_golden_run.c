/* Whole training runs against those of another program: ten steps of each of the nine systems, all keys off their
 * defaults somewhere, compared with a trainer in double precision that shares nothing with this one (tests/golden). */
#include "prepared.h"

#include "mpi_folder.h"

#include "comm/watchdog.h"
#include "data/h5.h"
#include "data/sampler.h"
#include "inference/evaluate.h"
#include "inference/inference.h"
#include "train/train.h"

#include <cjson/cJSON.h>
#include <reference.h>
#include <train_golden.h>

/* ---- images: the formula of train_cases.py ---------------------------------------------------------- */

enum { IMAGES = 32, TRAIN = 23, VALID = 5 };

static int wave(int t, int p)
{
    return abs(t % (2 * p) - p);
}

static uint8_t pixel(int k, int i, int j, int c)
{
    int slope = 3 + k * 5 % 7, turn = 2 + k * 3 % 5;
    int grain = (131 * k + 17 * i + 29 * j + 53 * c) * 7919 % 41;
    return (uint8_t)(30 + wave(slope * i + turn * j + 41 * c + 23 * k, 80) +
                     wave(11 * turn * j + 5 * i + 60 * c + 7 * k, 50) + grain);
}

static lws_split split_of(int k)
{
    return k % 7 == 3 ? LWS_VALID : k % 7 == 5 ? LWS_TEST : LWS_TRAIN;
}

static void write_images(const char *to, int side, int channels)
{
    FILE *partition = fopen(path_of("%s.txt", to), "w");
    assert_non_null(partition);
    assert_int_equal(mkdir(to, 0777), 0);
    for (int k = 0; k < IMAGES; k++) {
        fprintf(partition, "%02d.%s %d\n", k, channels == 1 ? "pgm" : "ppm", (int)split_of(k));
        FILE *out = fopen(path_of("%s/%02d.%s", to, k, channels == 1 ? "pgm" : "ppm"), "wb");
        assert_non_null(out);
        fprintf(out, "P%d\n%d %d\n255\n", channels == 1 ? 5 : 6, side, side);
        for (int at = 0; at < side * side * channels; at++)
            fputc(pixel(k, at / channels / side, at / channels % side, at % channels), out);
        assert_int_equal(fclose(out), 0);
    }
    assert_int_equal(fclose(partition), 0);
}

/* Did preparation keep every byte and the order? */
static void check_images(const char *data, int side, int channels)
{
    lws_dataset *split[LWS_SPLITS];
    int64_t row[LWS_SPLITS] = {0};
    for (int s = 0; s < LWS_SPLITS; s++)
        split[s] = opened(data, (lws_split)s);
    for (int k = 0; k < IMAGES; k++) {
        lws_split s = split_of(k);
        assert_true(row[s] < lws_dataset_get_info(split[s])->rows);
        const uint8_t *got = lws_dataset_row(split[s], row[s]++);
        for (int at = 0; at < side * side * channels; at++)
            assert_int_equal(got[at], pixel(k, at / channels / side, at / channels % side, at % channels));
    }
    assert_int_equal(row[LWS_TRAIN], TRAIN);
    assert_int_equal(row[LWS_VALID], VALID);
    for (int s = 0; s < LWS_SPLITS; s++)
        lws_dataset_close(split[s]);
}

/* The dataset of a run, made where it is not there yet. */
static void make_dataset(const golden_run *run, char *data, size_t size_of_data)
{
    snprintf(data, size_of_data, "%s/data-%d-%d", folder, run->side, run->channels);
    if (rank == 0 && !file_exists(data)) {
        char images[320], partition[330];
        snprintf(images, sizeof images, "%s-images", data);
        snprintf(partition, sizeof partition, "%s.txt", images);
        write_images(images, run->side, run->channels);
        lws_prepare_options o =
            options_of("input", images, "partition", partition, "output", data, "size", path_of("%d", run->side),
                       "crop", "none", "grey", run->channels == 1 ? "true" : "false", "shards", "3", NULL);
        prepares(&o);
        check_images(data, run->side, run->channels);
    }
    lws_comm_barrier(comm);
}

/* ---- a run ------------------------------------------------------------------------------------------ */

static void set(lws_train_options *o, const char *key, const char *value)
{
    lws_status status = lws_config_set(lws_train_table(), o, key, value, "test");
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
}

/* With `off`, keys that change no result are off their defaults. */
static void set_keys(lws_train_options *o, const golden_run *run, const char *data, bool off)
{
    char *keys = strdup(run->keys), *rest = keys;
    lws_config_defaults(lws_train_table(), o);
    for (char *pair; (pair = strsep(&rest, " "));) {
        char *value = strchr(pair, '=');
        *value = 0;
        set(o, pair, value + 1);
    }
    free(keys);
    set(o, "data", data);
    set(o, "log-every", "1");
    set(o, "log-rows", "true");
    set(o, "checkpoint-every", "0");
    set(o, "threads", "1");
    set(o, "grid", "2");
    if (off) {
        set(o, "overlap", "false");
        set(o, "check-every", "1");
    }
}

/* Trains up to `steps` (0: to the end). *o is then as the run has resolved it. */
static void train(const golden_run *run, const char *data, const char *to, int steps, bool resume, lws_train_options *o)
{
    const lws_train_request request = {.run = to, .resume = resume};
    bool is_odd = (run - golden_runs) % 2;
    set_keys(o, run, data, resume != is_odd);
    if (steps)
        o->steps = steps;
    lws_status status = lws_train(comm, o, &request);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
}

/* ---- comparisons ------------------------------------------------------------------------------------- */

/* Relative: of losses, of gradient norms, of tensors and moments to their norms, of metrics. Five to ten times what is
 * seen with three kernels of OpenBLAS, with and without AVX-512, on any number of ranks: 1e-6, 1e-6, 1e-5, 7e-6 and
 * 1e-5. That is what a few steps make of roundings of 6e-8: the runs are such that no ReLU's input comes near 0, where
 * a rounding would turn it, and the gradient would jump (train_reference.py --margins). */
static const struct tolerance {
    double loss, norm, tensor, moment, metric;
} tolerance = {1e-5, 1e-5, 5e-5, 7e-5, 6e-5};

/* The largest seen so far in the present run. */
static struct tolerance worst;

static void near(double got, double want, double scale, double allowed, double *seen, const char *what, int step)
{
    double error = fabs(got - want) / scale;
    if (!(error <= allowed)) {
        print_error("%s, step %d: %.10g in place of %.10g, off by %.3g of %.3g, %.3g allowed\n", what, step, got, want,
                    error, scale, allowed);
        fail();
    }
    *seen = fmax(*seen, error);
}

static double number_in(const cJSON *line, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, key);
    if (!cJSON_IsNumber(item))
        print_error("no number '%s' in the line %s\n", key, cJSON_PrintUnformatted(line));
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static bool has(const cJSON *line, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(line, key) != NULL;
}

static void check_rows(const cJSON *line, int want, int batch)
{
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(line, "rows"), *row;
    int mark = 0, i = 0;
    assert_int_equal(cJSON_GetArraySize(rows), batch);
    cJSON_ArrayForEach(row, rows) mark += ++i * row->valueint;
    assert_int_equal(mark, want);
}

static void check_step(const cJSON *line, int step, const golden_step *want, const lws_train_options *o)
{
    bool vae = o->model == LWS_MODEL_VAE, mmd = o->model == LWS_MODEL_MMD_AE;
    assert_true(number_in(line, "step") == step);
    check_near(number_in(line, "epoch"), (double)step / (double)(TRAIN / o->batch_size), 1e-12);
    near(number_in(line, "loss"), want->loss, want->loss, tolerance.loss, &worst.loss, "loss", step);
    near(number_in(line, "recon"), want->recon, want->recon, tolerance.loss, &worst.loss, "recon", step);
    assert_int_equal(has(line, "kl"), vae);
    assert_int_equal(has(line, "mmd"), mmd);
    if (vae)
        near(number_in(line, "kl"), want->kl, want->kl, tolerance.loss, &worst.loss, "kl", step);
    if (mmd) /* a difference that passes through 0: measured by its share of the loss */
        near(number_in(line, "mmd"), want->mmd, want->loss / o->mmd_weight, tolerance.loss, &worst.loss, "mmd", step);
    near(number_in(line, "gradient_norm"), want->gradient_norm, want->gradient_norm, tolerance.norm, &worst.norm,
         "gradient_norm", step);
    check_near(number_in(line, "lr"), want->lr, 1e-9 * want->lr);
    check_rows(line, want->rows, (int)o->batch_size);
}

enum { KNOWN = LWS_METRIC_PSNR + 1 }; /* metrics of the other trainer: the first */

static void check_evaluation(const cJSON *line, const golden_evaluation *want)
{
    assert_true(number_in(line, "step") == want->step);
    assert_true(number_in(line, "images") == VALID);
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(line, "split")->valuestring, "valid");
    for (int m = 0; m < KNOWN; m++) {
        if (isnan(want->metric[m]))
            assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(line, lws_metric_key[m])));
        else
            near(number_in(line, lws_metric_key[m]), want->metric[m], fabs(want->metric[m]), tolerance.metric,
                 &worst.metric, lws_metric_key[m], want->step);
    }
}

/* Every line is one of these, in the order in which they came about. */
static void check_log(const golden_run *run, const char *to, const lws_train_options *o)
{
    blob log = file_read(path_of("%s/metrics.jsonl", to));
    char *rest = (char *)log.data;
    int steps = 0, evaluations = 0;
    for (char *text; (text = strsep(&rest, "\n")) && text[0];) {
        cJSON *line = cJSON_Parse(text);
        const cJSON *type = cJSON_GetObjectItemCaseSensitive(line, "type");
        assert_true(cJSON_IsString(type));
        if (strcmp(type->valuestring, "train") == 0) {
            assert_in_range(steps, 0, run->steps - 1);
            check_step(line, steps + 1, &run->step[steps], o);
            steps++;
        } else {
            assert_string_equal(type->valuestring, "evaluation");
            assert_in_range(evaluations, 0, run->evaluations - 1);
            assert_int_equal(run->evaluation[evaluations].step, steps);
            check_evaluation(line, &run->evaluation[evaluations++]);
        }
        cJSON_Delete(line);
    }
    assert_int_equal(steps, run->steps);
    assert_int_equal(evaluations, run->evaluations);
    free(log.data);
}

/* An array of a checkpoint has this norm and this projection. */
static void check_array(lws_h5 *file, const char *group, const golden_run *run, int index, const double *marks,
                        double allowed, double *seen)
{
    const golden_tensor *tensor = &run->tensor[index];
    char *name = path_of("/%s/%s", group, tensor->name);
    size_t n = (size_t)tensor->count;
    float *values = malloc(n * sizeof *values), *weights = malloc(n * sizeof *weights);
    double squares = 0, projection = 0;
    lws_status status = lws_h5_read(file, name, LWS_H5_F32, (int64_t)n, values);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
    ref_golden_values(100 + (uint32_t)index, n, weights);
    for (size_t i = 0; i < n; i++) {
        squares += (double)values[i] * (double)values[i];
        projection += (double)weights[i] * (double)values[i];
    }
    double scale = fmax(marks[0], 1e-300); /* what is 0 must be 0 */
    near(sqrt(squares), marks[0], scale, allowed, seen, path_of("norm of %s", name), run->steps);
    near(projection, marks[1], scale, allowed, seen, path_of("projection of %s", name), run->steps);
    free(values);
    free(weights);
}

static int count_arrays(const golden_run *run)
{
    int count = 0;
    for (int i = 0; i < run->tensors; i++)
        count += run->tensor[i].state ? 1 : 3;
    return count;
}

static lws_status count_one(void *user, const char *name, const lws_h5_info *info)
{
    (void)name;
    (void)info;
    ++*(int *)user;
    return LWS_OK;
}

static void check_checkpoint(const golden_run *run, const char *path)
{
    lws_h5 *file;
    int found = 0;
    assert_int_equal(lws_h5_open(path, &file), LWS_OK);
    assert_int_equal(lws_h5_visit(file, count_one, &found), LWS_OK);
    assert_int_equal(found, count_arrays(run));
    for (int i = 0; i < run->tensors; i++) {
        const golden_tensor *tensor = &run->tensor[i];
        check_array(file, tensor->state ? "state" : "model", run, i, tensor->marks, tolerance.tensor, &worst.tensor);
        if (tensor->state)
            continue;
        check_array(file, "optimizer/m", run, i, tensor->marks + 2, tolerance.moment, &worst.moment);
        check_array(file, "optimizer/v", run, i, tensor->marks + 4, tolerance.moment, &worst.moment);
    }
    assert_int_equal(lws_h5_close(file), LWS_OK);
}

/* The step, and the evaluation of best SSIM so far. */
static void check_meta(const golden_run *run, const char *path, const lws_train_options *o)
{
    lws_checkpoint_meta meta;
    char *config;
    const golden_evaluation *best = run->evaluation;
    for (int i = 1; i < run->evaluations; i++)
        best = run->evaluation[i].metric[0] > best->metric[0] ? &run->evaluation[i] : best;
    assert_int_equal(lws_checkpoint_read_meta(path, &meta, &config), LWS_OK);
    assert_int_equal(meta.step, run->steps);
    assert_int_equal(meta.seed, o->seed);
    assert_int_equal(meta.best_step, best->step);
    near(meta.best_ssim, best->metric[0], best->metric[0], tolerance.metric, &worst.metric, "best_ssim", best->step);
    free(config);
}

/* The test split, by the way of `lwssim evaluate`. All ranks. */
static void check_test(const golden_run *run, const char *data, const char *to)
{
    lws_inference_model trained;
    lws_evaluation e;
    lws_dataset *test = opened(data, LWS_TEST);
    assert_int_equal(lws_inference_load(comm, NULL, to, false, &trained), LWS_OK);
    assert_int_equal(trained.meta.step, run->steps);
    assert_int_equal(lws_evaluate(comm, trained.model, trained.params, trained.buffers, test, trained.block, &e),
                     LWS_OK);
    assert_int_equal(e.images, IMAGES - TRAIN - VALID);
    for (int m = 0; m < KNOWN; m++) {
        assert_int_equal(isnan(e.mean[m]), isnan(run->test[m]));
        if (isnan(run->test[m]))
            continue;
        double scale = fabs(run->test[m]);
        near(e.mean[m], run->test[m], scale, tolerance.metric, &worst.metric, "test split", m);
        near(e.error[m], run->test_errors[m], scale, tolerance.metric, &worst.metric, "standard error", m);
    }
    lws_inference_free(&trained);
    lws_dataset_close(test);
}

static void check_run(const golden_run *run, const char *data, const char *to, const lws_train_options *o)
{
    worst = (struct tolerance){0};
    if (rank == 0) {
        char path[LWS_PATH];
        snprintf(path, sizeof path, "%s/checkpoints/step-%09d.h5", to, run->steps);
        check_log(run, to, o);
        check_checkpoint(run, path);
        check_meta(run, path, o);
    }
    check_test(run, data, to);
    print_message("             losses within %.1g, gradient norms %.1g, tensors %.1g, moments %.1g, metrics %.1g\n",
                  worst.loss, worst.norm, worst.tensor, worst.moment, worst.metric);
}

/* ---- tests -------------------------------------------------------------------------------------------- */

static void straight(void **state)
{
    const golden_run *run = *state;
    char data[300], to[300];
    lws_train_options o;
    snprintf(to, sizeof to, "%s/%s", folder, run->name);
    make_dataset(run, data, sizeof data);
    train(run, data, to, 0, false, &o);
    check_run(run, data, to, &o);
}

/* The same values where the run ends at its first evaluation, and another process-wide state goes on. */
static void resumed(void **state)
{
    const golden_run *run = *state;
    char data[300], to[300];
    lws_train_options o;
    snprintf(to, sizeof to, "%s/resumed-%s", folder, run->name);
    make_dataset(run, data, sizeof data);
    train(run, data, to, run->evaluation[0].step, false, &o);
    train(run, data, to, 0, true, &o);
    check_run(run, data, to, &o);
}

/* Under the cosine schedule, which ends with the run, there is no going on; elsewhere a run may end early. */
static bool is_resumable(const golden_run *run)
{
    return run->evaluations > 1 && !strstr(run->keys, "cosine") && strstr(run->keys, "eval-every");
}

/* A child of fork() inherits the address sanitizer's locks as they are (not those of the C library, which are free in
 * it), and a thread that is just starting may hold one: then the child that reads a shard waits for ever. So that no
 * training starts the watchdog's thread, it runs all the time. */
static void start_watchdog_before_any_fork(void)
{
#ifdef __SANITIZE_ADDRESS__
    lws_watchdog_set((lws_watch){3600, ""}, NULL);
    usleep(300000);
#endif
}

static int all_tests(void)
{
    enum { RUNS = sizeof golden_runs / sizeof *golden_runs };
    struct CMUnitTest tests[2 * RUNS];
    int count = 0;
    start_watchdog_before_any_fork();
    for (int i = 0; i < RUNS; i++) {
        void *run = (void *)(uintptr_t)&golden_runs[i];
        tests[count++] = (struct CMUnitTest){golden_runs[i].name, straight, NULL, NULL, run};
        if (is_resumable(&golden_runs[i]))
            tests[count++] = (struct CMUnitTest){"the same, resumed", resumed, NULL, NULL, run};
    }
    return _cmocka_run_group_tests("golden runs", tests, (size_t)count, NULL, NULL);
}

int main(void)
{
    return mpi_run_in_folder(all_tests);
}
