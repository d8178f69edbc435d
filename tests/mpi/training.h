/* Whole trainings in one process, with a clock that the test sets and troubles at chosen points. The linker puts the
 * functions __wrap_NAME below in the place of those of the library (see CMakeLists.txt), which are __real_NAME then.
 * Include after prepared.h. */
#ifndef LWS_TRAINING_H
#define LWS_TRAINING_H

#include "mpi_folder.h"

#include "step/step.h"

#include "base/log.h"
#include "comm/watchdog.h"
#include "data/checkpoint.h"
#include "inference/evaluate.h"
#include "report/metrics_log.h"
#include "train/train.h"

#include <dirent.h>
#include <time.h>

/* ---- what is to happen ----------------------------------------------------------------------------------------- */

typedef enum point {
    NOWHERE,
    IN_SETUP,
    BEFORE_STEP, /* after the ranks have told each other that nothing was asked for in the step before */
    AFTER_STEP,  /* after they have done so in this one */
    IN_EVALUATION,
    IN_CHECKPOINT,
    WHILE_WAITING, /* for the disk; `step` counts the naps */
} point;

enum { FIGURES = 16 };

/* Begun afresh for each test: plan = (struct plan){…}. */
static struct plan {
    double (*seconds)(int64_t step); /* that a step takes on rank 0; NULL: 1 */
    point at;                        /* a signal to this process */
    int64_t step;
    int signal, signals, of_rank; /* signals: how many, 0 is one */
    double ssim[FIGURES];         /* of evaluations, in their order; where the first is 0, they are real */
    int evaluations;
    int64_t not_finite;                  /* the evaluation after this step is not */
    int64_t refuse_first, refuse_last;   /* checkpoints of these steps are refused by the disk */
    bool refuses_log;                    /* or lines of the log in these steps */
    lws_status refusal;                  /* as that, if not LWS_ERR_IO */
    int64_t refused_pictures;            /* bits: of these steps */
    bool refuses_close;                  /* of the log */
    bool refuses_sync;                   /* of the log, to the disk, as long as the run goes on */
    bool refuses_watch, refuses_profile; /* there is no memory for them on the rank `of_rank` */
    int64_t gradient_fails;              /* in this step on that rank */
    int64_t alters_news;                 /* what that rank tells the others in this step, number `news` of it */
    int news;
    bool only_there;                     /* altered where it arrives, on that rank alone, and what rank 0 has told */
    bool is_terminal;                    /* standard error seems to be one */
    void (*touch)(trainer *t, point at); /* looks at or alters the trainer, at steps and checkpoints */
    /* What happened: */
    int64_t at_step; /* the latest step begun */
    int naps, attempts;
    int64_t attempted[64], rows[64]; /* steps of checkpoints tried; rows of the first image of each step */
} plan;

static double clock_now = 1000; /* as the library sees it */
static trainer *training;       /* the one that goes on */

double __wrap_lws_now(void);
double __wrap_lws_now(void)
{
    return clock_now;
}

/* What the watchdog would say. */
static void check_phase(point at, int64_t step)
{
    const char *where = lws_watchdog_where();
    if (at == IN_SETUP)
        assert_string_equal(where, "setup of run");
    if (at == IN_EVALUATION)
        assert_string_equal(where, path_of("evaluation of step %d", (int)step));
    if (at == IN_CHECKPOINT && plan.naps == 0)
        assert_string_equal(where, path_of("checkpoint of step %d", (int)step));
    if (at == WHILE_WAITING)
        assert_string_equal(where,
                            path_of("wait for the disk to take the %s of step %d",
                                    plan.refuses_log || plan.refuses_sync ? "log" : "checkpoint", (int)plan.at_step));
}

static void reach(point at, int64_t step)
{
    check_phase(at, step);
    if (plan.touch && training)
        plan.touch(training, at);
    if (plan.at != at || plan.step != step || plan.of_rank != rank)
        return;
    for (int i = 0; i < (plan.signals ? plan.signals : 1); i++)
        raise(plan.signal);
}

int __real_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    if (strncmp(lws_watchdog_where(), "wait for the disk", 17) != 0)
        return __real_nanosleep(time, left);
    clock_now += (double)time->tv_sec + 1e-9 * (double)time->tv_nsec;
    reach(WHILE_WAITING, ++plan.naps);
    return 0;
}

lws_status __real_run_folder_write_config(lws_comm *c, const char *run, const lws_train_options *options);
lws_status __wrap_run_folder_write_config(lws_comm *c, const char *run, const lws_train_options *options);
lws_status __wrap_run_folder_write_config(lws_comm *c, const char *run, const lws_train_options *options)
{
    reach(IN_SETUP, 0);
    return __real_run_folder_write_config(c, run, options);
}

lws_status __real_trainer_step(trainer *t, const step_requests *requests, step_result *result);
lws_status __wrap_trainer_step(trainer *t, const step_requests *requests, step_result *result);
lws_status __wrap_trainer_step(trainer *t, const step_requests *requests, step_result *result)
{
    training = t;
    plan.at_step = t->state.step + 1;
    if (rank == 0)
        clock_now += plan.seconds ? plan.seconds(plan.at_step) : 1;
    reach(BEFORE_STEP, plan.at_step);
    lws_status status = __real_trainer_step(t, requests, result);
    reach(AFTER_STEP, plan.at_step);
    return status;
}

/* The first rows that are read in a step are those of the batch. */
lws_status __real_lws_dataset_read(const lws_dataset *dataset, const int64_t *rows, int n, float *out);
lws_status __wrap_lws_dataset_read(const lws_dataset *dataset, const int64_t *rows, int n, float *out);
lws_status __wrap_lws_dataset_read(const lws_dataset *dataset, const int64_t *rows, int n, float *out)
{
    if (plan.at_step < 64 && plan.rows[plan.at_step] == 0)
        plan.rows[plan.at_step] = rows[0] + 1;
    return __real_lws_dataset_read(dataset, rows, n, out);
}

lws_status __real_lws_evaluate(lws_comm *c, lws_model *model, const float *params, const float *buffers,
                               const lws_dataset *dataset, int block, lws_evaluation *result);
lws_status __wrap_lws_evaluate(lws_comm *c, lws_model *model, const float *params, const float *buffers,
                               const lws_dataset *dataset, int block, lws_evaluation *result);
lws_status __wrap_lws_evaluate(lws_comm *c, lws_model *model, const float *params, const float *buffers,
                               const lws_dataset *dataset, int block, lws_evaluation *result)
{
    reach(IN_EVALUATION, plan.at_step);
    if (plan.ssim[0] == 0)
        return __real_lws_evaluate(c, model, params, buffers, dataset, block, result);
    if (plan.not_finite == plan.at_step)
        return lws_fail(LWS_ERR_NUMERIC, "the figures are not finite");
    assert_in_range(plan.evaluations, 0, FIGURES - 1);
    *result = (lws_evaluation){.images = lws_dataset_get_info(dataset)->rows};
    for (int m = 0; m < LWS_METRICS; m++) /* each its own */
        result->mean[m] = m + .125;
    result->colour_slope.value = .5;
    result->colour_correlation.value = LWS_METRICS + .125;
    result->mean[LWS_METRIC_SSIM_G11] = plan.ssim[plan.evaluations++];
    return LWS_OK;
}

static bool is_refused(int64_t step)
{
    return plan.refuse_first > 0 && step >= plan.refuse_first && step <= plan.refuse_last;
}

static lws_status refuse(const char *what)
{
    return lws_fail(plan.refusal ? plan.refusal : LWS_ERR_IO, "the disk refuses the %s", what);
}

lws_status __real_lws_checkpoint_write(const char *into, const lws_checkpoint_meta *meta, const char *config,
                                       const lws_tensors *tensors, const lws_checkpoint_data *data, char *path);
lws_status __wrap_lws_checkpoint_write(const char *into, const lws_checkpoint_meta *meta, const char *config,
                                       const lws_tensors *tensors, const lws_checkpoint_data *data, char *path);
lws_status __wrap_lws_checkpoint_write(const char *into, const lws_checkpoint_meta *meta, const char *config,
                                       const lws_tensors *tensors, const lws_checkpoint_data *data, char *path)
{
    if (strstr(into, "/failure")) { /* the weights before a step that failed */
        assert_string_equal(lws_watchdog_where(), path_of("record of failed step %d", (int)plan.at_step));
        return __real_lws_checkpoint_write(into, meta, config, tensors, data, path);
    }
    if (plan.attempts < 64)
        plan.attempted[plan.attempts] = meta->step;
    plan.attempts++;
    reach(IN_CHECKPOINT, meta->step);
    if (is_refused(meta->step) && !plan.refuses_log)
        return refuse("checkpoint");
    return __real_lws_checkpoint_write(into, meta, config, tensors, data, path);
}

lws_status __real_lws_metrics_log_flush(lws_metrics_log *log);
lws_status __wrap_lws_metrics_log_flush(lws_metrics_log *log);
lws_status __wrap_lws_metrics_log_flush(lws_metrics_log *log)
{
    return is_refused(plan.at_step) && plan.refuses_log ? refuse("log") : __real_lws_metrics_log_flush(log);
}

lws_status __real_lws_metrics_log_sync(lws_metrics_log *log);
lws_status __wrap_lws_metrics_log_sync(lws_metrics_log *log);
lws_status __wrap_lws_metrics_log_sync(lws_metrics_log *log)
{
    return plan.refuses_sync ? refuse("end of the log") : __real_lws_metrics_log_sync(log);
}

lws_status __real_lws_metrics_log_close(lws_metrics_log *log);
lws_status __wrap_lws_metrics_log_close(lws_metrics_log *log);
lws_status __wrap_lws_metrics_log_close(lws_metrics_log *log)
{
    lws_status status = __real_lws_metrics_log_close(log);
    return log && plan.refuses_close ? lws_fail(LWS_ERR_IO, "the disk refuses the end of the log") : status;
}

/* The one that a training asks for: the one that it puts back has no other before it. */
lws_status __real_lws_watchdog_set(lws_watch watch, lws_watch *before);
lws_status __wrap_lws_watchdog_set(lws_watch watch, lws_watch *before);
lws_status __wrap_lws_watchdog_set(lws_watch watch, lws_watch *before)
{
    lws_status status = __real_lws_watchdog_set(watch, before);
    return before && plan.refuses_watch && plan.of_rank == rank ? lws_fail(LWS_ERR_MEMORY, "no room to watch") : status;
}

lws_status __real_lws_profile_start(int64_t events);
lws_status __wrap_lws_profile_start(int64_t events);
lws_status __wrap_lws_profile_start(int64_t events)
{
    if (plan.refuses_profile && plan.of_rank == rank)
        return lws_fail(LWS_ERR_MEMORY, "no room for a profile");
    return __real_lws_profile_start(events);
}

lws_status __real_lws_model_gradient(lws_model *m, const float *params, const lws_micro_batch *batch,
                                     const float *dcode, bool encoded, lws_model_gradients out, lws_model_sums *sums);
lws_status __wrap_lws_model_gradient(lws_model *m, const float *params, const lws_micro_batch *batch,
                                     const float *dcode, bool encoded, lws_model_gradients out, lws_model_sums *sums);
lws_status __wrap_lws_model_gradient(lws_model *m, const float *params, const lws_micro_batch *batch,
                                     const float *dcode, bool encoded, lws_model_gradients out, lws_model_sums *sums)
{
    lws_status status = __real_lws_model_gradient(m, params, batch, dcode, encoded, out, sums);
    if (plan.gradient_fails == 0 || plan.gradient_fails != plan.at_step || plan.of_rank != rank)
        return status;
    return lws_fail(LWS_ERR_MEMORY, "no room for the gradient");
}

/* What is altered is what all get, not what the sender has; or what one gets. */
void __real_lws_comm_allgather(lws_comm *c, const void *mine, const size_t *bytes_of, void *all);
void __wrap_lws_comm_allgather(lws_comm *c, const void *mine, const size_t *bytes_of, void *all);
void __wrap_lws_comm_allgather(lws_comm *c, const void *mine, const size_t *bytes_of, void *all)
{
    bool is_altered = training && all == training->message.all && plan.alters_news > 0 &&
                      plan.alters_news == plan.at_step && plan.of_rank == rank;
    if (!is_altered) {
        __real_lws_comm_allgather(c, mine, bytes_of, all);
        return;
    }
    if (plan.only_there) {
        __real_lws_comm_allgather(c, mine, bytes_of, all);
        ((double *)all)[plan.news] += 1;
        return;
    }
    double *news = malloc(bytes_of[rank]);
    memcpy(news, mine, bytes_of[rank]);
    news[plan.news] += 1;
    __real_lws_comm_allgather(c, news, bytes_of, all);
    free(news);
}

bool __wrap_lws_log_is_terminal(void);
bool __wrap_lws_log_is_terminal(void)
{
    return plan.is_terminal;
}

lws_status __real_trainer_draw_grid(const trainer *t, const char *run);
lws_status __wrap_trainer_draw_grid(const trainer *t, const char *run);
lws_status __wrap_trainer_draw_grid(const trainer *t, const char *run)
{
    bool refuses = t->context.is_root && plan.refused_pictures >> t->state.step & 1;
    return refuses ? refuse("picture") : __real_trainer_draw_grid(t, run);
}

/* ---- datasets and runs ----------------------------------------------------------------------------------------- */

enum { STEPS_PER_EPOCH = 3, BATCH = 16 }; /* of both */

/* "blind": 48 training images alone. "seeing": 8 validation images besides. */
static void prepare_datasets(void)
{
    lws_prepare_options o =
        options_of("synthetic", "48", "size", "16", "split", "1,0,0", "output", path_of("%s/blind", folder), NULL);
    prepares(&o);
    o = options_of("synthetic", "58", "size", "16", "split", "0.86,0.14,0", "output", path_of("%s/seeing", folder),
                   NULL);
    prepares(&o);
    assert_int_equal(rows_of(path_of("%s/seeing", folder), LWS_VALID), 8);
}

static char *run_of(const char *name)
{
    return path_of("%s/run-%s", folder, name);
}

/* What would be on standard error: of rank 0, which speaks for all. */
static char said[1 << 16];

static void say(const char *prefix, const char *format, va_list args)
{
    char line[4096];
    vsnprintf(line, sizeof line, format, args);
    size_t used = strlen(said);
    if (lws_log_is_root())
        snprintf(said + used, sizeof said - used, "%s%s\n", prefix, line);
}

#define SPEAKER(name, prefix)                                                                                          \
    void name(const char *format, ...) __attribute__((format(printf, 1, 2)));                                          \
    void name(const char *format, ...)                                                                                 \
    {                                                                                                                  \
        va_list args;                                                                                                  \
        va_start(args, format);                                                                                        \
        say(prefix, format, args);                                                                                     \
        va_end(args);                                                                                                  \
    }

SPEAKER(__wrap_lws_info, "")
SPEAKER(__wrap_lws_log_status, "")
SPEAKER(__wrap_lws_warn, "lwssim: warning: ")

CHECK_UNUSED static void set_usual(lws_train_options *o)
{
    snprintf(o->data, sizeof o->data, "%s/blind", folder);
    const char *const usual[][2] = {{"preset", "tiny16"},      {"batch-size", "16"}, {"micro-batches", "4"},
                                    {"windows", "3"},          {"threads", "1"},     {"deadline", "0"},
                                    {"log-every", "1"},        {"grid", "1"},        {"keep", "100"},
                                    {"checkpoint-every", "0"}, {"eval-every", "0"}};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        assert_int_equal(lws_config_set(lws_train_table(), o, usual[i][0], usual[i][1], "test"), LWS_OK);
}

/* KEY, VALUE pairs up to NULL, over the usual ones, or after "resume" over those of the run; "resume" and "overwrite"
 * are no keys, but take a value, too. */
CHECK_UNUSED static lws_status train_(const char *name, const char *first, ...)
{
    char run[512];
    lws_train_options *o = malloc(sizeof *o);
    lws_train_request request = {.run = run};
    va_list args;
    snprintf(run, sizeof run, "%s", run_of(name));
    lws_config_defaults(lws_train_table(), o);
    request.resume = strcmp(first, "resume") == 0;
    if (request.resume)
        assert_int_equal(lws_train_load_options(comm, run, o), LWS_OK);
    else
        set_usual(o);
    va_start(args, first);
    for (const char *key = first; key; key = va_arg(args, const char *)) {
        const char *value = va_arg(args, const char *);
        if (strcmp(key, "data") == 0)
            snprintf(o->data, sizeof o->data, "%s/%s", folder, value);
        else if (strcmp(key, "overwrite") == 0)
            request.overwrite = true;
        else if (strcmp(key, "resume") != 0)
            assert_int_equal(lws_config_set(lws_train_table(), o, key, value, "test"), LWS_OK);
    }
    va_end(args);
    said[0] = 0;
    training = NULL;
    lws_status status = lws_train(comm, o, &request);
    free(o);
    return status;
}

#define train(...) train_(__VA_ARGS__, NULL)

CHECK_UNUSED static void check_status_(lws_status got, lws_status want, const char *file, int line)
{
    if (got == want)
        return;
    print_error("rank %d: status %d in place of %d: %s\n%s\n", rank, (int)got, (int)want, lws_message(), said);
    _fail(file, line);
}

#define check_status(got, want) check_status_(got, want, __FILE__, __LINE__)

/* Rank 0: has this been said on standard error? */
CHECK_UNUSED static void check_said_(const char *part, bool wanted, const char *file, int line)
{
    if (rank > 0 || (strstr(said, part) != NULL) == wanted)
        return;
    print_error("'%s' %s said:\n%s\n", part, wanted ? "was not" : "was", said);
    _fail(file, line);
}

#define check_said(part) check_said_(part, true, __FILE__, __LINE__)
#define check_unsaid(part) check_said_(part, false, __FILE__, __LINE__)

/* Every rank: is it in the latest message? */
CHECK_UNUSED static void check_message_(const char *part, const char *file, int line)
{
    if (strstr(lws_message(), part))
        return;
    print_error("rank %d: '%s' is not in: %s\n", rank, part, lws_message());
    _fail(file, line);
}

#define check_message(part) check_message_(part, __FILE__, __LINE__)

/* ---- what a run left ------------------------------------------------------------------------------------------- */

CHECK_UNUSED static void check_list_(const char *got, const char *want, const char *what, const char *file, int line)
{
    if (strcmp(got, want) == 0)
        return;
    print_error("%s: '%s' in place of '%s'\n", what, got, want);
    _fail(file, line);
}

/* The steps of the files "step-NNNNNNNNN.SUFFIX" in a folder of the run, "3 6 9"; every other name as it is. */
CHECK_UNUSED static char *files_of(const char *name, const char *under, const char *suffix)
{
    static char text[4096];
    struct dirent **entry;
    int count = scandir(path_of("%s/%s", run_of(name), under), &entry, NULL, alphasort);
    text[0] = 0;
    for (int i = 0; i < count; i++) {
        const char *file = entry[i]->d_name;
        size_t used = strlen(text);
        if (strlen(file) == 14 + strlen(suffix) && strncmp(file, "step-", 5) == 0 && strcmp(file + 14, suffix) == 0)
            snprintf(text + used, sizeof text - used, "%s%lld", used ? " " : "", atoll(file + 5));
        else if (strcmp(file, ".") != 0 && strcmp(file, "..") != 0)
            snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", file);
        free(entry[i]);
    }
    if (count >= 0)
        free(entry);
    return text;
}

/* The steps of the log's lines of this type, "2 4 6". */
CHECK_UNUSED static char *lines_of(const char *name, const char *type)
{
    static char text[4096];
    char begins[64];
    blob log = file_read(path_of("%s/metrics.jsonl", run_of(name)));
    snprintf(begins, sizeof begins, "{\"type\":\"%s\",", type);
    text[0] = 0;
    for (char *line = strtok((char *)log.data, "\n"); line; line = strtok(NULL, "\n")) {
        size_t used = strlen(text);
        const char *step = strstr(line, "\"step\":");
        if (strncmp(line, begins, strlen(begins)) == 0 && step)
            snprintf(text + used, sizeof text - used, "%s%lld", used ? " " : "", atoll(step + 7));
    }
    free(log.data);
    return text;
}

/* A number in the log's line of this type and step; a list's first. */
CHECK_UNUSED static double figure(const char *name, const char *type, int64_t step, const char *key)
{
    char begins[64], quoted[64];
    double value = (double)NAN;
    blob log = file_read(path_of("%s/metrics.jsonl", run_of(name)));
    snprintf(begins, sizeof begins, "{\"type\":\"%s\",", type);
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    for (char *line = strtok((char *)log.data, "\n"); line; line = strtok(NULL, "\n")) {
        const char *at = strstr(line, quoted), *of = strstr(line, "\"step\":");
        if (strncmp(line, begins, strlen(begins)) == 0 && of && atoll(of + 7) == step && at)
            value = atof(at + strlen(quoted) + (at[strlen(quoted)] == '['));
    }
    free(log.data);
    return value;
}

/* On rank 0, which alone has the files. */
#define check_checkpoints(name, want)                                                                                  \
    (rank > 0 ? (void)0                                                                                                \
              : check_list_(files_of(name, "checkpoints", ".h5"), want, "checkpoints of " name, __FILE__, __LINE__))
#define check_pictures(name, want)                                                                                     \
    (rank > 0 ? (void)0 : check_list_(files_of(name, "images", ".png"), want, "pictures of " name, __FILE__, __LINE__))
#define check_lines(name, type, want)                                                                                  \
    (rank > 0 ? (void)0 : check_list_(lines_of(name, type), want, "lines of " name, __FILE__, __LINE__))
#define check_figure(name, type, step, key, want)                                                                      \
    do {                                                                                                               \
        if (rank == 0)                                                                                                 \
            check_near(figure(name, type, step, key), want, 1e-12);                                                    \
    } while (0)

CHECK_UNUSED static char *checkpoint_of(const char *name, int64_t step)
{
    return path_of("%s/checkpoints/step-%09lld.h5", run_of(name), (long long)step);
}

CHECK_UNUSED static lws_checkpoint_meta meta_of(const char *name, int64_t step)
{
    lws_checkpoint_meta meta;
    char *config;
    assert_int_equal(lws_checkpoint_read_meta(checkpoint_of(name, step), &meta, &config), LWS_OK);
    free(config);
    return meta;
}

/* The same state, bit by bit. */
CHECK_UNUSED static void check_same_state_(const char *a, const char *b, int64_t step, const char *file, int line)
{
    if (rank > 0 || same_files(checkpoint_of(a, step), checkpoint_of(b, step)))
        return;
    print_error("%s and %s differ in step %lld\n", a, b, (long long)step);
    _fail(file, line);
}

#define check_same_state(a, b, step) check_same_state_(a, b, step, __FILE__, __LINE__)

/* A file of the run on rank 0 before anybody goes on. */
CHECK_UNUSED static void meet(void)
{
    lws_comm_barrier(comm);
}

static int setup_datasets(void **state)
{
    (void)state;
    if (rank == 0)
        prepare_datasets();
    lws_comm_barrier(comm);
    return 0;
}

#endif
