/* What a run tells: every line of its log (which, their keys, epochs, rates, sums and figures), its pictures pixel by
 * pixel, the table and the timelines of its profile. Each figure is worked out again from the checkpoint of its step.
 */
#include "prepared.h"

#include "mpi_folder.h"

#include "data/sampler.h"
#include "datasets/decode/image.h"
#include "inference/inference.h"
#include "train/train.h"
#include <lwssim/metrics.h>

enum { SIDE = 16, IMAGE = SIDE * SIDE * 3, BATCH = 8, PER_EPOCH = 4, STEPS = 9, EVERY = 4 };

typedef struct run_case {
    const char *name, *data;
    const char *model, *loss;
    int log_every, grid;
    double recon_weight, kl_weight, mmd_weight; /* as they should enter the loss */
    const char *keys;                           /* of the lines of steps, in order */
} run_case;

#define HEAD "type,step,epoch,loss,recon,"
#define TAIL "gradient_norm,lr,images_per_second,seconds,rows,"

/* Weights of reconstructions of 16 × 16 × 3: 384 for MSE and .3 of it for MAE under a VAE, .07 · 153.6 for SSIM under
 * an MMD-AE. */
static const run_case runs[] = {
    {"ae", "data", "ae", "lwssim", 2, 5, 1, 0, 0, HEAD TAIL},
    {"vae", "data", "vae", "mse", 1, 20, 384, .5, 0, HEAD "kl," TAIL},
    {"mmd", "data", "mmd-ae", "ssim", 3, 1, 10.752, 0, 7, HEAD "mmd," TAIL},
    {"mae", "data", "vae", "mae", 2, 1, 115.2, .5, 0, HEAD "kl," TAIL},
    {"alone", "train-only", "ae", "mse", 1, 3, 1, 0, 0, HEAD TAIL},
};

static void set(lws_train_options *o, const char *key, const char *value)
{
    if (lws_config_set(lws_train_table(), o, key, value, "test") != LWS_OK)
        fail_msg("%s", lws_message());
}

static void set_number(lws_train_options *o, const char *key, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", value);
    set(o, key, text);
}

static lws_train_options *train_options(const char *data)
{
    lws_train_options *o = malloc(sizeof *o);
    assert_non_null(o);
    lws_config_defaults(lws_train_table(), o);
    static const char *const pairs[][2] = {{"preset", "tiny16"},  {"micro-batches", "4"}, {"threads", "1"},
                                           {"warmup-steps", "2"}, {"lr", "0.01"},         {"lr-min", "0.002"},
                                           {"keep", "9"},         {"schedule", "cosine"}, {"kl-weight", "0.5"},
                                           {"mmd-weight", "7"},   {"log-rows", "true"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        set(o, pairs[i][0], pairs[i][1]);
    set(o, "data", path_of("%s/%s", folder, data));
    set_number(o, "batch-size", BATCH);
    set_number(o, "checkpoint-every", EVERY);
    set_number(o, "eval-every", EVERY);
    set_number(o, "steps", STEPS);
    return o;
}

static void train(const run_case *c)
{
    lws_train_options *o = train_options(c->data);
    set(o, "model", c->model);
    set(o, "loss", c->loss);
    set_number(o, "log-every", c->log_every);
    set_number(o, "grid", c->grid);
    const lws_train_request request = {.run = path_of("%s/%s", folder, c->name)};
    if (lws_train(comm, o, &request) != LWS_OK)
        fail_msg("%s", lws_message());
    free(o);
}

/* ---- a model as a checkpoint has it ------------------------------------------------------------------------------ */

/* Image `row` of the split and its reconstruction, float [IMAGE]; x also as bytes. */
static void reconstruct(const lws_inference_model *t, const lws_dataset *d, int64_t row, float *x, float *y)
{
    float codes[64];
    const uint8_t *bytes = lws_dataset_row(d, row);
    for (int i = 0; i < IMAGE; i++)
        x[i] = (float)(bytes[i] / 255.);
    lws_model_encode(t->model, t->params, t->buffers, 1, x, codes);
    memcpy(y, lws_model_decode(t->model, t->params, t->buffers, 1, codes), IMAGE * sizeof *y);
}

static lws_inference_model load(const char *run, int step)
{
    lws_inference_model t;
    if (lws_inference_load(NULL, path_of("%s/%s/checkpoints/step-%09d.h5", folder, run, step), NULL, false, &t) !=
        LWS_OK)
        fail_msg("%s", lws_message());
    assert_int_equal(t.meta.step, step);
    return t;
}

/* ---- the log ----------------------------------------------------------------------------------------------------- */

static double number(const char *line, const char *key)
{
    const char *at = strstr(line, path_of("\"%s\":", key));
    assert_non_null(at);
    return strtod(at + strlen(key) + 3, NULL);
}

/* The keys of a line, with commas behind. */
static void check_keys(const char *line, const char *want)
{
    char keys[512] = "";
    for (const char *at = strchr(line, '"'); at;) {
        const char *end = strchr(at + 1, '"');
        assert_non_null(end);
        if (end[1] == ':')
            snprintf(keys + strlen(keys), sizeof keys - strlen(keys), "%.*s,", (int)(end - at - 1), at + 1);
        at = strchr(end + 1, '"');
    }
    assert_string_equal(keys, want);
}

/* The rates of a warm-up of 2 steps and a cosine from .01 to .002 over 7, by hand. */
static double rate_of(int step)
{
    return step < 2 ? .005 * (step + 1) : .002 + .004 * (1 + cos(3.14159265358979323846 * (step - 2) / 7));
}

static void check_rows(const char *line, uint64_t seed, int64_t step, int64_t images)
{
    const lws_sampler sampler = {seed, images, BATCH};
    int64_t rows[BATCH];
    const char *at = strstr(line, "\"rows\":[");
    assert_non_null(at);
    at = strchr(at, '[');
    lws_sampler_batch(&sampler, step - 1, 0, BATCH, rows);
    for (int i = 0; i < BATCH; i++) {
        char *end;
        assert_int_equal(strtoll(at + 1, &end, 10), rows[i]);
        assert_int_equal(*end, i + 1 < BATCH ? ',' : ']');
        at = end;
    }
}

typedef struct pace {
    int step;
    double seconds;
} pace;

static void check_step(const run_case *c, const char *line, int step, int64_t images, pace *p)
{
    check_keys(line, c->keys);
    assert_memory_equal(line, "{\"type\":\"train\",", 16);
    check_near(number(line, "step"), step, 0);
    check_near(number(line, "epoch"), (double)step / PER_EPOCH, 1e-15);
    check_near(number(line, "lr"), rate_of(step - 1), 1e-16);
    double parts = c->recon_weight * number(line, "recon");
    parts += c->kl_weight > 0 ? c->kl_weight * number(line, "kl") : 0;
    parts += c->mmd_weight > 0 ? c->mmd_weight * number(line, "mmd") : 0;
    check_near(number(line, "loss"), parts, 1e-13 * fabs(parts));
    assert_true(number(line, "gradient_norm") > 0);
    double seconds = number(line, "seconds"), took = seconds - p->seconds;
    assert_true(took > 0);
    check_near(number(line, "images_per_second") * took, (step - p->step) * BATCH, 1e-6);
    *p = (pace){step, seconds};
    check_rows(line, 1, step, images);
}

static void check_evaluation(const run_case *c, const char *line, int step)
{
    check_keys(line, "type,split,step,images,ssim_g11,ssim_u7,ms_ssim3,mse,psnr,delta_e,"
                     "colour_slope,colour_correlation,");
    check_mentions(line, "{\"type\":\"evaluation\",\"split\":\"valid\",");
    check_mentions(line, "\"ms_ssim3\":null");
    lws_inference_model t = load(c->name, step);
    lws_dataset *d = opened(path_of("%s/%s", folder, c->data), LWS_VALID);
    int64_t images = lws_dataset_get_info(d)->rows;
    double sum[LWS_METRICS] = {0};
    float x[IMAGE], y[IMAGE];
    for (int64_t i = 0; i < images; i++) {
        double one[LWS_METRICS];
        reconstruct(&t, d, i, x, y);
        assert_int_equal(lws_metrics_image(SIDE, SIDE, 3, x, y, one), LWS_OK);
        for (int m = 0; m < LWS_METRICS; m++)
            sum[m] += one[m];
    }
    check_near(number(line, "step"), step, 0);
    check_near(number(line, "images"), (double)images, 0);
    static const char *const key[] = {"ssim_g11", "ssim_u7", NULL, "mse", "psnr", "delta_e"};
    for (int m = 0; m < LWS_METRICS; m++)
        if (key[m])
            check_near(number(line, key[m]), sum[m] / (double)images, 1e-6 * fabs(sum[m]));
    lws_dataset_close(d);
    lws_inference_free(&t);
}

static void check_log(const run_case *c)
{
    blob log = file_read(path_of("%s/%s/metrics.jsonl", folder, c->name));
    int64_t images = rows_of(path_of("%s/%s", folder, c->data), LWS_TRAIN);
    bool has_valid = strcmp(c->data, "data") == 0;
    pace p = {0, 0};
    char *line = strtok((char *)log.data, "\n");
    assert_int_equal(images / BATCH, PER_EPOCH);
    for (int step = 1; step <= STEPS; step++) {
        if (step % c->log_every == 0 || step == STEPS) {
            assert_non_null(line);
            check_step(c, line, step, images, &p);
            line = strtok(NULL, "\n");
        }
        if (has_valid && (step % EVERY == 0 || step == STEPS)) {
            assert_non_null(line);
            check_evaluation(c, line, step);
            line = strtok(NULL, "\n");
        }
    }
    assert_null(line);
    free(log.data);
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

/* One image of a picture, each pixel of it a square of 8; exactly, or to the rounding of a byte. */
static void check_cell(const lws_image *picture, int row, int column, const float *image, int tolerance)
{
    int left = 2 + column * (SIDE * 8 + 2), top = 2 + row * (SIDE * 8 + 2);
    for (int y = 0; y < SIDE * 8; y++)
        for (int x = 0; x < SIDE * 8; x++)
            for (int k = 0; k < 3; k++) {
                int is = picture->pixels[((top + y) * picture->width + left + x) * 3 + k];
                double should = 255. * (double)image[(y / 8 * SIDE + x / 8) * 3 + k];
                if (fabs(is - should) > .5 + tolerance + 1e-3)
                    fail_msg("row %d, image %d: %d in place of %.2f at %d, %d", row, column, is, should, x, y);
            }
}

/* The first images of the validation split, or of the training split where that is empty; below, what the model makes
 * of them. */
static void check_picture(const run_case *c, int step)
{
    lws_split split = strcmp(c->data, "data") == 0 ? LWS_VALID : LWS_TRAIN;
    lws_dataset *d = opened(path_of("%s/%s", folder, c->data), split);
    lws_inference_model t = load(c->name, step);
    int64_t rows = lws_dataset_get_info(d)->rows;
    int n = rows < c->grid ? (int)rows : c->grid;
    lws_image picture;
    float x[IMAGE], y[IMAGE];
    if (lws_image_read(path_of("%s/%s/images/step-%09d.png", folder, c->name, step), 3, &picture) != LWS_OK)
        fail_msg("%s", lws_message());
    assert_int_equal(picture.width, n * (SIDE * 8 + 2) + 2);
    assert_int_equal(picture.height, 2 * (SIDE * 8 + 2) + 2);
    for (int i = 0; i < n; i++) {
        reconstruct(&t, d, i, x, y);
        check_cell(&picture, 0, i, x, 0);
        check_cell(&picture, 1, i, y, 0);
    }
    lws_image_free(&picture);
    lws_dataset_close(d);
    lws_inference_free(&t);
}

static void logs_and_pictures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        train(&runs[i]);
        if (rank != 0)
            continue;
        check_log(&runs[i]);
        for (int step = 1; step <= STEPS; step++) {
            if (step % EVERY == 0 || step == STEPS)
                check_picture(&runs[i], step);
            else
                assert_false(file_exists(path_of("%s/%s/images/step-%09d.png", folder, runs[i].name, step)));
        }
    }
}

static void no_pictures(void **state)
{
    (void)state;
    lws_train_options *o = train_options("data");
    set(o, "grid", "0");
    set(o, "steps", "1");
    set(o, "log-rows", "false");
    const lws_train_request request = {.run = path_of("%s/none", folder)};
    assert_int_equal(lws_train(comm, o, &request), LWS_OK);
    free(o);
    if (rank != 0)
        return;
    assert_false(file_exists(path_of("%s/none/images/step-000000001.png", folder)));
    blob log = file_read(path_of("%s/none/metrics.jsonl", folder));
    check_keys(strtok((char *)log.data, "\n"), HEAD "gradient_norm,lr,images_per_second,seconds,");
    free(log.data);
}

/* ---- the beginning ----------------------------------------------------------------------------------------------- */

/* What a checkpoint keeps of the configuration: all but where and how the run was made. */
static void check_config(const char *run, int step)
{
    lws_checkpoint_meta meta;
    char *config;
    assert_int_equal(
        lws_checkpoint_read_meta(path_of("%s/%s/checkpoints/step-%09d.h5", folder, run, step), &meta, &config), LWS_OK);
    assert_memory_equal(config, "[model]\npreset = tiny16\n", 24);
    check_mentions(config, "\nseed = 9\n");
    check_mentions(config, "\nbn-momentum = 0.1\n");
    assert_null(strstr(config, "[run]"));
    assert_null(strstr(config, folder));
    free(config);
}

/* At a rate of 0 a run stays where it began: at the initial weights of its seed. */
static void begins_at_its_seed(void **state)
{
    (void)state;
    lws_train_options *o = train_options("data");
    set(o, "seed", "9");
    set(o, "lr", "0");
    set(o, "schedule", "constant");
    set(o, "steps", "2");
    set(o, "log-every", "1");
    const lws_train_request request = {.run = path_of("%s/begun", folder)};
    assert_int_equal(lws_train(comm, o, &request), LWS_OK);
    free(o);
    if (rank != 0)
        return;
    check_config("begun", 2);
    lws_inference_model t = load("begun", 2);
    const lws_tensors *tensors = lws_model_tensors(t.model);
    float *params = check_floats(tensors->params), *buffers = check_floats(tensors->buffers);
    lws_tensors_init(tensors, 9, params, buffers);
    blob log = file_read(path_of("%s/begun/metrics.jsonl", folder));
    check_rows(strtok((char *)log.data, "\n"), 9, 1, rows_of(path_of("%s/data", folder), LWS_TRAIN));
    free(log.data);
    assert_int_equal(t.meta.seed, 9);
    for (int i = 0; i < tensors->count; i++) {
        const lws_tensor *tensor = &tensors->item[i];
        if (!tensor->is_buffer)
            check_same_bits(t.params + tensor->offset, params + tensor->offset, tensor->count * sizeof *params);
    }
    check_free(params, tensors->params), check_free(buffers, tensors->buffers);
    lws_inference_free(&t);
}

/* ---- the profile ------------------------------------------------------------------------------------------------- */

/* Trains with a profile; what is printed goes to a file. */
static void train_profiled(const char *name, const char *model, int steps, int base, bool overlap)
{
    lws_train_options *o = train_options("mostly-valid");
    set(o, "profile", "true");
    set(o, "model", model);
    set(o, "loss", "mse");
    set(o, "checkpoint-every", "0");
    set_number(o, "eval-every", overlap ? 2 : 0); /* work of the same kinds that is not training's */
    set_number(o, "steps", steps);
    set_number(o, "base-channels", base);
    o->overlap = overlap;
    const lws_train_request request = {.run = path_of("%s/%s", folder, name)};
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), fd = open(path_of("%s/%s-%d.txt", folder, name, rank), O_WRONLY | O_CREAT, 0666);
    dup2(fd, STDOUT_FILENO);
    lws_status status = lws_train(comm, o, &request);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(fd), close(kept);
    free(o);
    if (status != LWS_OK)
        fail_msg("%s", lws_message());
}

typedef struct entry {
    char name[64];
    int depth, numbers;
    double seconds, percent, ms;
    long long calls;
} entry;

static bool parse(const char *line, entry *e)
{
    int blanks = (int)strspn(line, " ");
    *e = (entry){.depth = (blanks - 2) / 2};
    if (strlen(line) < 40 || blanks < 2)
        return false;
    int length = 34 + 2 - blanks;
    snprintf(e->name, sizeof e->name, "%.*s", length, line + blanks);
    for (size_t n = strlen(e->name); n && e->name[n - 1] == ' '; n--)
        e->name[n - 1] = 0;
    e->numbers = sscanf(line + 36, "%lf %lf %lld %lf", &e->seconds, &e->percent, &e->calls, &e->ms);
    return e->numbers == 4 || e->numbers == 2;
}

enum { KINDS = 5 };
static const char *const kinds[KINDS] = {"convolution", "batch norm", "dense", "activation", "loss"};

/* The kind of work that a stretch is by its name; -1: none. */
static int kind_of(const char *name)
{
    const char *layer = strchr(name, '/');
    if (strcmp(name, "loss") == 0)
        return 4;
    if (strcmp(name, "transforming weights") == 0)
        return 0;
    if (!layer)
        return -1;
    return strncmp(layer, "/bn", 3) == 0                                          ? 1
           : strncmp(layer, "/dense", 6) == 0                                     ? 2
           : strcmp(layer, "/relu") == 0 || strcmp(layer, "/sigmoid") == 0        ? 3
           : strncmp(layer, "/conv", 5) == 0 || strncmp(layer, "/deconv", 7) == 0 ? 0
                                                                                  : -1;
}

typedef struct table {
    double step, kind[KINDS], share[KINDS], rest, but_convolutions;
    long long step_calls;
    int shares, layers_outside;
} table;

/* A row of the table of times: its figures fit each other. */
static void take_row(table *t, const entry *e, bool in_step)
{
    check_near(e->ms * (double)e->calls / 1e3, e->seconds, .0006 + (double)e->calls * 6e-7);
    check_near(e->percent * t->step / 100, e->seconds, .0006 + .0006 * t->step + e->percent * 6e-6);
    if (in_step && kind_of(e->name) >= 0)
        t->kind[kind_of(e->name)] += e->seconds;
    t->layers_outside += !in_step && e->depth > 1;
}

static void take_share(table *t, const entry *e)
{
    check_near(e->percent * t->step / 100, e->seconds, .0006 + .0006 * t->step + e->percent * 6e-6);
    if (strcmp(e->name, "everything else") == 0)
        t->rest = e->seconds;
    else if (strcmp(e->name, "all but convolutions") == 0)
        t->but_convolutions = e->seconds;
    else
        for (int k = 0; k < KINDS; k++)
            if (strcmp(e->name, kinds[k]) == 0)
                t->share[k] = e->seconds, t->shares++;
}

static table read_table(char *text)
{
    table t = {.step = 0};
    char *copy = strdup(text);
    entry e;
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n"))
        if (parse(line, &e) && e.depth == 0 && strcmp(e.name, "step") == 0 && e.numbers == 4)
            t.step = e.seconds, t.step_calls = e.calls;
    free(copy);
    bool in_step = false;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (!parse(line, &e))
            continue;
        if (e.depth == 0 && e.numbers == 4)
            in_step = strcmp(e.name, "step") == 0;
        if (e.numbers == 4)
            take_row(&t, &e, in_step);
        else
            take_share(&t, &e);
    }
    return t;
}

/* Parameters are updated within the backward pass, as their gradients come, or after it. */
static void check_overlap(const char *name, bool overlap)
{
    blob b = file_read(path_of("%s/%s-0.txt", folder, name));
    if (size == 1 || !overlap) /* else it depends on the other ranks */
        assert_int_equal(strstr((char *)b.data, "\n      update ") != NULL, overlap);
    if (size == 1 || !overlap)
        assert_int_equal(strstr((char *)b.data, "\n    update ") != NULL, !overlap);
    free(b.data);
}

static void check_table(const char *name, int steps)
{
    blob b = file_read(path_of("%s/%s-0.txt", folder, name));
    check_mentions((char *)b.data, size > 1 ? "  profile of rank 0 " : "  profile of this run ");
    check_mentions((char *)b.data, "of the steps, by kind of work");
    table t = read_table((char *)b.data);
    free(b.data);
    assert_int_equal(t.step_calls, steps);
    assert_true(t.step > 0);
    assert_int_equal(t.shares, KINDS);
    assert_int_equal(t.layers_outside, 0);
    double all = t.rest;
    for (int k = 0; k < KINDS; k++) {
        check_near(t.share[k], t.kind[k], .0006 * 16); /* of up to 15 rows, each rounded */
        all += t.share[k];
    }
    check_near(all, t.step, .004);
    check_near(t.but_convolutions + t.share[0], t.step, .002);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        n++;
    return n;
}

/* Of this rank. */
static int steps_in_timeline(const char *name)
{
    blob b = file_read(path_of("%s/%s/profile-%d.json", folder, name, rank));
    check_mentions((char *)b.data, path_of("\"rank %d\"", rank));
    int n = count((char *)b.data, "{\"name\":\"step\",");
    free(b.data);
    return n;
}

static void profiles(void **state)
{
    (void)state;
    train_profiled("profile", "vae", 12, 16, true);
    assert_int_equal(steps_in_timeline("profile"), 12);
    if (rank == 0)
        check_table("profile", 12), check_overlap("profile", true);
    lws_comm_barrier(comm);
    blob b = file_read(path_of("%s/profile-%d.txt", folder, rank));
    assert_true((b.size > 0) == (rank == 0));
    free(b.data);
    train_profiled("long", "mmd-ae", 420, 1,
                   false); /* of many steps about the first 200, all of them whatever the model */
    assert_in_range(steps_in_timeline("long"), 180, 400);
    if (rank == 0)
        check_table("long", 420), check_overlap("long", false); /* here the kinds take more than roundings */
}

/* ---- the datasets ------------------------------------------------------------------------------------------------ */

static void make_data(void)
{
    lws_prepare_options o =
        options_of("synthetic", "46", "size", "16", "split", "0.76,0.24,0", "output", path_of("%s/data", folder), NULL);
    prepares(&o);
    o = options_of("synthetic", "38", "size", "16", "split", "1,0,0", "output", path_of("%s/train-only", folder), NULL);
    prepares(&o);
    o = options_of("synthetic", "240", "size", "16", "split", "0.2,0.8,0", "output", path_of("%s/mostly-valid", folder),
                   NULL);
    prepares(&o);
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_and_pictures),
        cmocka_unit_test(no_pictures),
        cmocka_unit_test(begins_at_its_seed),
        cmocka_unit_test(profiles),
    };
    if (rank == 0)
        make_data();
    lws_comm_barrier(comm);
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}

int main(void)
{
    return mpi_run_in_folder(all_tests);
}
