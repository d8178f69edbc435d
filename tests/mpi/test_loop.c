/* The loop of a training, on a clock that the test sets: at which steps it logs, evaluates and saves, to the step; what
 * its lines and messages say, to the digit; how it stops, whenever it is told to; how it waits for a disk; and which
 * checkpoint is the best. */
#include "prepared.h"

#include "training.h"

#include "data/h5.h"
#include "inference/inference.h"
#include "train/replay.h"

#include <sys/syscall.h>

/* ---- how often ------------------------------------------------------------------------------------------------- */

static void in_steps(void **state)
{
    (void)state;
    plan = (struct plan){0};
    check_status(train("steps", "steps", "11", "log-every", "4", "eval-every", "3", "checkpoint-every", "5"), LWS_OK);
    check_lines("steps", "train",
                "4 8 11"); /* the last step is logged, evaluated and saved, whether it was due or not */
    check_pictures("steps", "3 6 9 11");
    check_checkpoints("steps", "5 10 11");
    check_said("step 1/11  epoch 0.33  loss ");
    check_said("done: 11 steps in 11 s; the run is in ");

    plan = (struct plan){0};
    check_status(train("twelve", "steps", "12", "log-every", "4", "eval-every", "3", "checkpoint-every", "6"), LWS_OK);
    check_lines("twelve", "train", "4 8 12"); /* once, where it was due as well */
    check_pictures("twelve", "3 6 9 12");
    check_checkpoints("twelve", "6 12");

    plan = (struct plan){0};
    check_status(train("never", "steps", "5", "log-every", "100", "eval-every", "0", "checkpoint-every", "0"), LWS_OK);
    check_lines("never", "train", "5");
    check_pictures("never", "5");
    check_checkpoints("never", "5");
    plan = (struct plan){0};
    check_status(train("never", "resume", "", "steps", "5"), LWS_OK); /* has all it wants */
    check_said("nothing to do: the run has all its 5 steps");
    check_lines("never", "train", "5");
    assert_int_equal(plan.at_step, 0);
}

static void in_epochs(void **state)
{
    (void)state;
    plan = (struct plan){0};
    check_status(train("epochs", "epochs", "5", "eval-every", "1epoch", "checkpoint-every", "2epochs"), LWS_OK);
    check_lines("epochs", "train", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
    check_pictures("epochs", "3 6 9 12 15");
    check_checkpoints("epochs", "6 12 15");
    check_said("done: 15 steps in 15 s");
    for (int step = 1; step <= 15 && rank == 0; step++)
        check_figure("epochs", "train", step, "epoch", step / 3.);
    if (rank == 0) {
        assert_int_equal(meta_of("epochs", 6).epoch, 2);
        assert_int_equal(meta_of("epochs", 6).step, 6);
        assert_int_equal(meta_of("epochs", 15).epoch, 5);
        assert_int_equal(meta_of("epochs", 15).best_step, -1); /* there was nothing to evaluate */
    }

    plan = (struct plan){0}; /* more of them, and other intervals */
    check_status(train("epochs", "resume", "", "epochs", "7", "eval-every", "2epochs", "checkpoint-every", "0"),
                 LWS_OK);
    check_lines("epochs", "train", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21");
    check_pictures("epochs", "3 6 9 12 15 18 21");
    check_checkpoints("epochs", "6 12 15 21");
    check_said("resuming from ");
    check_said("(step 15)");
    check_said("step 16/21  epoch 5.33  loss ");
    check_said("done: 6 steps in 6 s");

    plan = (struct plan){0};
    check_status(train("between", "steps", "5", "eval-every", "2epochs", "checkpoint-every", "1epoch"), LWS_OK);
    check_pictures("between", "5"); /* never two whole epochs */
    check_checkpoints("between", "3 5");
    if (rank == 0)
        assert_int_equal(meta_of("between", 5).epoch, 1);
}

static void in_seconds(void **state)
{
    (void)state;
    plan = (struct plan){0};
    check_status(train("seconds", "steps", "11", "eval-every", "3s", "checkpoint-every", "4s"), LWS_OK);
    check_pictures("seconds", "3 6 9 11");
    check_checkpoints("seconds", "4 8 11");
    plan = (struct plan){0}; /* from the start of this process, not of the run */
    check_status(train("seconds", "resume", "", "steps", "18", "eval-every", "2.5s", "checkpoint-every", "0.1min"),
                 LWS_OK);
    check_pictures("seconds", "3 6 9 11 14 17 18");
    check_checkpoints("seconds", "4 8 11 17 18");
    plan = (struct plan){0};
    check_status(train("seconds-off", "steps", "3", "eval-every", "0s", "checkpoint-every", "0s"), LWS_OK);
    check_pictures("seconds-off", "3");
    check_checkpoints("seconds-off", "3");
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

static double as_many(int64_t step)
{
    return (double)step;
}

/* Step k takes k seconds. */
static void figures(void **state)
{
    (void)state;
    plan = (struct plan){.seconds = as_many};
    check_status(train("figures", "data", "seeing", "steps", "7", "log-every", "2", "eval-every", "4", "log-rows",
                       "true", "lr", "0.008", "warmup-steps", "4"),
                 LWS_OK);
    check_lines("figures", "train", "2 4 6 7");
    check_lines("figures", "evaluation", "4 7");
    check_figure("figures", "train", 2, "images_per_second", 2 * BATCH / 3.);
    check_figure("figures", "train", 4, "images_per_second", 2 * BATCH / 7.);
    check_figure("figures", "train", 6, "images_per_second", 2 * BATCH / 11.);
    check_figure("figures", "train", 7, "images_per_second", BATCH / 7.);
    check_figure("figures", "train", 2, "seconds", 3);
    check_figure("figures", "train", 6, "seconds", 21);
    check_figure("figures", "train", 7, "seconds", 28);
    check_figure("figures", "train", 2, "lr", .004);
    check_figure("figures", "train", 4, "lr", .008);
    check_figure("figures", "train", 2, "epoch", 2 / 3.);
    check_figure("figures", "evaluation", 4, "images", 8);
    for (int64_t step = 2; step <= 6 && rank == 0; step += 2) {
        assert_in_range(plan.rows[step], 1, 48);
        check_figure("figures", "train", step, "rows", (double)(plan.rows[step] - 1));
    }
    /* Shown at first, then every ten seconds at most, and in the end: 16 images in a second; 48 in 6, with 4 steps to
     * go. */
    check_said("step 1/7  epoch 0.33  loss ");
    check_said("  16 images/s  6 s left");
    check_unsaid("step 2/7  ");
    check_unsaid("step 4/7  ");
    check_said("step 5/7  epoch 1.67  loss ");
    check_said("  5 images/s  6 s left");
    check_unsaid("step 6/7  ");
    check_said("step 7/7  epoch 2.33  loss ");
    check_said("  4 images/s  0 s left");
    check_said("done: 7 steps in 28 s");
}

static double an_eighth(int64_t step)
{
    (void)step;
    return .125;
}

/* Somebody who looks on is told five times a second, everybody else every ten seconds. */
static void status_lines(void **state)
{
    (void)state;
    plan = (struct plan){.seconds = an_eighth, .is_terminal = true};
    check_status(train("terminal", "steps", "8"), LWS_OK);
    static const bool told[] = {true, false, true, false, true, false, true, true}; /* the last in any case */
    for (int i = 0; i < 8; i++)
        check_said_(path_of("step %d/8  ", i + 1), told[i], __FILE__, __LINE__);
    plan = (struct plan){.seconds = an_eighth};
    check_status(train("no-terminal", "steps", "8"), LWS_OK);
    for (int i = 0; i < 8; i++)
        check_said_(path_of("step %d/8  ", i + 1), i == 0 || i == 7, __FILE__, __LINE__);
    plan = (struct plan){0};
    check_status(train("ten", "steps", "25"), LWS_OK);
    for (int i = 0; i < 25; i++)
        check_said_(path_of("step %d/25  ", i + 1), i % 10 == 0 || i == 24, __FILE__, __LINE__);
}

/* A line and a status tell the parts of the loss that the model has, and no others. */
static void losses(void **state)
{
    (void)state;
    static const char *const models[] = {"ae", "vae", "mmd-ae"};
    for (int i = 0; i < 3; i++) {
        char run[32];
        snprintf(run, sizeof run, "losses-%s", models[i]);
        plan = (struct plan){0};
        check_status(train(run, "model", models[i], "steps", "2", "recon-weight", "2", "kl-weight", "0.5", "mmd-weight",
                           "3", "lr", "0.002"),
                     LWS_OK);
        if (rank > 0)
            continue;
        double loss = figure(run, "train", 2, "loss"), recon = figure(run, "train", 2, "recon");
        double kl = figure(run, "train", 2, "kl"), mmd = figure(run, "train", 2, "mmd");
        assert_true(isnan(kl) == (i != 1));
        assert_true(isnan(mmd) == (i != 2));
        check_near(loss, 2 * recon + (i == 1 ? .5 * kl : 0) + (i == 2 ? 3 * mmd : 0), 1e-12);
        check_near(figure(run, "train", 2, "lr"), .002, 0);
        assert_true(figure(run, "train", 2, "gradient_norm") > 0);
        const char *wanted =
            i == 1   ? path_of("step 2/2  epoch 0.67  loss %.5g (recon %.5f, KL %.4g)  ", loss, recon, kl)
            : i == 2 ? path_of("step 2/2  epoch 0.67  loss %.5g (recon %.5f, MMD %.3g)  ", loss, recon, mmd)
                     : path_of("step 2/2  epoch 0.67  loss %.5f  ", loss);
        check_said(wanted);
    }
}

/* The values of an evaluation are those of its line and message, each under its name. */
static void evaluation_line(void **state)
{
    (void)state;
    plan = (struct plan){.ssim = {.25}};
    check_status(train("line", "data", "seeing", "steps", "1"), LWS_OK);
    check_said("step 1: validation SSIM 0.2500, MSE 3.12500, PSNR 4.12 dB, colour 0.50 (best so far)");
    static const char *const key[] = {"ssim_u7", "ms_ssim3", "mse", "psnr", "delta_e", "colour_correlation"};
    for (int k = 0; k < 6; k++)
        check_figure("line", "evaluation", 1, key[k], k + 1.125);
    check_figure("line", "evaluation", 1, "ssim_g11", .25);
    check_figure("line", "evaluation", 1, "colour_slope", .5);
    check_figure("line", "evaluation", 1, "images", 8);
    if (rank == 0) {
        blob log = file_read(path_of("%s/metrics.jsonl", run_of("line")));
        assert_non_null(strstr((char *)log.data, "{\"type\":\"evaluation\",\"split\":\"valid\",\"step\":1,"));
        free(log.data);
    }
}

/* ---- stops ----------------------------------------------------------------------------------------------------- */

/* A run of nine steps that is told to stop somewhere, ends after `after`, and goes on to the end of one that was not.
 */
static void stops(const char *name, struct plan wish, int64_t after)
{
    char run[64], wanted[64];
    snprintf(run, sizeof run, "stop-%s", name);
    snprintf(wanted, sizeof wanted, "stopped on request after step %lld of 9; go on with --resume", (long long)after);
    plan = wish;
    check_status(train(run, "steps", "9", "eval-every", "4", "checkpoint-every", "4"), LWS_STOPPED);
    check_message(wanted);
    if (rank == 0) {
        assert_true(file_exists(checkpoint_of(run, after)));
        assert_false(file_exists(checkpoint_of(run, after + 1)));
        const char *steps = "1 2 3 4 5 6 7 8 9";
        check_list_(lines_of(run, "train"), path_of("%.*s", (int)(2 * after - 1), steps), run, __FILE__, __LINE__);
    }
    plan = (struct plan){0};
    check_status(train(run, "resume", ""), LWS_OK);
    check_same_state(run, "whole", 9);
    if (rank == 0)
        check_list_(lines_of(run, "train"), "1 2 3 4 5 6 7 8 9", run, __FILE__, __LINE__);
}

/* Nothing is told: to the end at once. */
static void goes_on(const char *name, struct plan wish)
{
    plan = wish;
    check_status(train(name, "steps", "9", "eval-every", "4", "checkpoint-every", "4"), LWS_OK);
    check_same_state(name, "whole", 9);
    if (rank == 0) /* nor twice */
        check_list_(files_of(name, "checkpoints", ".h5"), "4 8 9", name, __FILE__, __LINE__);
}

static void on_request(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
    goes_on("whole", (struct plan){0});
    for (int i = 0; i < 4; i++) {
        int last = size - 1; /* any rank's do */
        stops(path_of("before-%d", i),
              (struct plan){.at = BEFORE_STEP, .step = 3, .signal = signals[i], .of_rank = last}, 3);
        stops(path_of("after-%d", i), (struct plan){.at = AFTER_STEP, .step = 3, .signal = signals[i]}, 4);
    }
    const struct plan usual = {.signal = SIGTERM};
    struct plan wish = usual;
    wish.at = IN_SETUP;
    stops("setup", wish, 1);
    wish.at = IN_EVALUATION, wish.step = 4;
    plan = wish; /* the blind run has none: that of a run that sees */
    check_status(train("stop-evaluation", "data", "seeing", "steps", "9", "eval-every", "4"), LWS_STOPPED);
    check_message("stopped on request after step 5 of 9");
    check_lines("stop-evaluation", "evaluation", "4"); /* whole, before it ends */
    wish.at = IN_CHECKPOINT;
    stops("checkpoint", wish, 5);
    wish.at = BEFORE_STEP;
    wish.signals = 3;
    wish.signal = SIGUSR1;
    stops("thrice", wish, 4);

    /* Too late to matter: the run is whole. */
    goes_on("late-step", (struct plan){.at = BEFORE_STEP, .step = 9, .signal = SIGTERM});
    goes_on("late-checkpoint", (struct plan){.at = IN_CHECKPOINT, .step = 9, .signal = SIGTERM});
}

static void at_the_time_limit(void **state)
{
    (void)state;
    plan = (struct plan){0};
    check_status(train("limit", "steps", "14", "time-limit", "5", "checkpoint-every", "0"), LWS_STOPPED);
    check_message("stopped at the time limit after step 5 of 14; go on with --resume");
    check_said("step 1/14  epoch 0.33  loss ");
    check_said("  16 images/s  4 s left"); /* to the limit, not to the end */
    check_checkpoints("limit", "5");
    plan = (struct plan){0}; /* config.ini has it: counted anew */
    check_status(train("limit", "resume", ""), LWS_STOPPED);
    check_message("stopped at the time limit after step 10 of 14");
    check_checkpoints("limit", "5 10");
    plan = (struct plan){.at = BEFORE_STEP, .step = 12, .signal = SIGHUP}; /* both, then */
    check_status(train("limit", "resume", "", "time-limit", "2"), LWS_STOPPED);
    check_message("stopped on request after step 12 of 14");
    plan = (struct plan){0};
    check_status(train("limit", "resume", "", "time-limit", "2"), LWS_OK); /* reached with the last step */
    check_said("done: 2 steps in 2 s");
    check_lines("limit", "train", "1 2 3 4 5 6 7 8 9 10 11 12 13 14");
    plan = (struct plan){0};
    check_status(train("no-limit", "steps", "14", "time-limit", "0"), LWS_OK);
    check_same_state("limit", "no-limit", 14);
}

/* ---- the best -------------------------------------------------------------------------------------------------- */

static void check_best(const char *run, int64_t in, int64_t step, double ssim)
{
    if (rank > 0)
        return;
    lws_checkpoint_meta meta = meta_of(run, in);
    assert_int_equal(meta.step, in);
    assert_int_equal(meta.best_step, step);
    check_near(meta.best_ssim, ssim, 0);
}

/* What a run's newest and best checkpoints are for who uses them. All ranks. */
static void check_loaded(const char *run, bool best, int64_t step)
{
    lws_inference_model trained;
    check_status(lws_inference_load(comm, NULL, run_of(run), best, &trained), LWS_OK);
    assert_int_equal(trained.meta.step, step);
    assert_string_equal(trained.path, checkpoint_of(run, step));
    assert_int_equal(trained.block, 4);
    if (rank == 0) {
        const lws_tensors *tensors = lws_model_tensors(trained.model);
        float *flat = calloc(tensors->params + tensors->buffers, sizeof *flat);
        lws_checkpoint_data data = {.params = flat, .buffers = flat + tensors->params};
        assert_int_equal(lws_checkpoint_read(checkpoint_of(run, step), tensors, &data), LWS_OK);
        assert_memory_equal(flat, trained.params, (tensors->params + tensors->buffers) * sizeof *flat);
        free(flat);
    }
    lws_inference_free(&trained);
}

static void best(void **state)
{
    (void)state;
    plan = (struct plan){.ssim = {-.3, -.1, -.2, .6, .8, .3, .8, .79}};
    check_status(train("best", "data", "seeing", "steps", "8", "eval-every", "1", "keep", "1"), LWS_OK);
    assert_int_equal(plan.attempts, rank == 0 ? 5 : 0); /* where it improves, and in the end */
    static const int64_t saved[] = {1, 2, 4, 5, 8};
    for (int i = 0; i < 5 && rank == 0; i++)
        assert_int_equal(plan.attempted[i], saved[i]);
    check_checkpoints("best", "5 8"); /* the newest, and the best */
    check_best("best", 5, 5, .8);
    check_best("best", 8, 5, .8);
    check_said("step 1: validation SSIM -0.3000, MSE 3.12500, PSNR 4.12 dB, colour 0.50 (best so far)\n");
    check_said("step 3: validation SSIM -0.2000, MSE 3.12500, PSNR 4.12 dB, colour 0.50\n");
    check_said("step 5: validation SSIM 0.8000, MSE 3.12500, PSNR 4.12 dB, colour 0.50 (best so far)\n");
    check_said("step 7: validation SSIM 0.8000, MSE 3.12500, PSNR 4.12 dB, colour 0.50\n"); /* as good is not better */
    check_loaded("best", false, 8);
    check_loaded("best", true, 5);

    plan = (struct plan){.ssim = {.75, .78}}; /* a run that goes on remembers */
    check_status(train("best", "resume", "", "steps", "10"), LWS_OK);
    check_unsaid("best so far");
    check_checkpoints("best", "5 10");
    check_best("best", 10, 5, .8);
    check_loaded("best", true, 5);
    plan = (struct plan){.ssim = {.81, .2}};
    check_status(train("best", "resume", "", "steps", "12"), LWS_OK);
    check_checkpoints("best", "11 12");
    check_best("best", 12, 11, .81);
    check_loaded("best", true, 11);
    check_loaded("best", false, 12);
    check_lines("best", "evaluation", "1 2 3 4 5 6 7 8 9 10 11 12");
}

/* With others between them. */
static void best_and_newest(void **state)
{
    (void)state;
    plan = (struct plan){.ssim = {.1, .9, .2, .3}};
    check_status(train("kept", "data", "seeing", "steps", "8", "eval-every", "2", "keep", "2", "checkpoint-every", "1"),
                 LWS_OK);
    check_checkpoints("kept", "4 7 8");
    check_best("kept", 8, 4, .9);
    plan = (struct plan){.ssim = {.4, .5}}; /* the newest are gone by mistake: those after it do not count */
    if (rank == 0)
        assert_int_equal(rename(checkpoint_of("kept", 8), path_of("%s/away", run_of("kept"))), 0);
    meet();
    check_status(train("kept", "resume", "", "steps", "9", "keep", "1"), LWS_OK);
    check_checkpoints("kept", "4 9");
    check_best("kept", 9, 4, .9);

    plan = (struct plan){0};
    lws_inference_model trained;
    check_status(train("unseen", "steps", "2"), LWS_OK);
    check_status(lws_inference_load(comm, NULL, run_of("unseen"), true, &trained), LWS_ERR_MISMATCH);
    check_message("was never evaluated");
}

/* The best step is one that there is a checkpoint of. */
static void best_refused(void **state)
{
    (void)state;
    plan = (struct plan){.ssim = {.5, .7, .6, .8, .75, .72}, .refuse_first = 4, .refuse_last = 4};
    check_status(train("refused", "data", "seeing", "steps", "6", "eval-every", "1", "keep", "1"), LWS_OK);
    check_said(
        "warning: the disk refuses the checkpoint. Training goes on; the checkpoint is tried again for up to 5 min");
    check_said("the checkpoint is written again, at step 5, after 1 s");
    check_said("step 5: validation SSIM 0.7500, MSE 3.12500, PSNR 4.12 dB, colour 0.50 (best so far)"); /* .8 is lost */
    check_said("step 6: validation SSIM 0.7200, MSE 3.12500, PSNR 4.12 dB, colour 0.50\n");
    check_checkpoints("refused", "5 6");
    check_best("refused", 6, 5, .75);
    assert_int_equal(plan.attempts, rank == 0 ? 5 : 0); /* steps 1, 2, 4, 5, 6 */
}

/* Nor one that was forgotten before: what is remembered then is the best of the checkpoints. */
static void best_refused_later(void **state)
{
    (void)state;
    plan = (struct plan){.ssim = {.5, .7, .6, .8, .65, .6}, .refuse_first = 4, .refuse_last = 4};
    check_status(train("forgotten", "data", "seeing", "steps", "6", "eval-every", "1", "keep", "1"), LWS_OK);
    check_checkpoints("forgotten", "2 6");
    check_best("forgotten", 6, 2, .7);
    plan = (struct plan){.ssim = {.9, .1}, .refuse_first = 7, .refuse_last = 7};
    check_status(train("forgotten", "resume", "", "steps", "8"), LWS_OK);
    check_checkpoints("forgotten", "2 8");
    check_best("forgotten", 8, 2, .7);
}

/* A picture that cannot be drawn is told once, and again only where one could be between. */
static void pictures(void **state)
{
    (void)state;
    plan = (struct plan){.refused_pictures = 1 << 2 | 1 << 3 | 1 << 5};
    check_status(train("pictures", "steps", "6", "eval-every", "1"), LWS_OK);
    check_pictures("pictures", "1 4 6");
    int told = 0;
    for (const char *at = said;
         (at = strstr(at, "warning: the disk refuses the picture; training goes on without the picture")); at++)
        told++;
    assert_int_equal(told, rank == 0 ? 2 : 0);
}

static void evaluation_not_finite(void **state)
{
    (void)state;
    plan = (struct plan){.ssim = {.5}, .not_finite = 4};
    check_status(train("diverged", "data", "seeing", "steps", "9", "eval-every", "2"), LWS_ERR_NUMERIC);
    check_message("the figures are not finite after step 4: training has diverged. Start again with a smaller lr");
    check_checkpoints("diverged", "2");
}

/* ---- what is not finite ---------------------------------------------------------------------------------------- */

static float *values_of(trainer *t, const char *name, size_t *count)
{
    const lws_tensors *tensors = t->context.tensors;
    for (int i = 0; i < tensors->count; i++) {
        if (strcmp(tensors->item[i].name, name) != 0)
            continue;
        *count = tensors->item[i].count;
        return t->state.params + tensors->item[i].offset;
    }
    fail();
    return NULL;
}

/* On all ranks before step 3, as if the update of step 2 had made them so. */
static void set_values(trainer *t, const char *name, size_t first, float value)
{
    size_t count = 0;
    state_wait_params(&t->context, &t->state);
    float *at = values_of(t, name, &count);
    for (size_t i = first < count ? first : count / 2; i < count; i++)
        at[i] = value;
    integrity_note(&t->integrity);
}

static void overflow(trainer *t, point at)
{
    if (at == BEFORE_STEP && plan.at_step == 3)
        set_values(t, "decoder/dense/weight", 1000, INFINITY);
}

/* Variances so large that the gradient of their divergence is more than a float holds, though the divergence itself,
 * in double, is finite. */
static void spread(trainer *t, point at)
{
    if (at == BEFORE_STEP && plan.at_step == 3)
        set_values(t, "encoder/dense/bias", SIZE_MAX, 80);
}

/* Logarithms of variances that overflow to minus infinity: no variance, so codes, reconstructions and their loss are
 * finite, and the divergence alone is not. */
static void collapse(trainer *t, point at)
{
    if (at != BEFORE_STEP || plan.at_step != 3)
        return;
    size_t weights = 0, latent = (size_t)t->context.options->latent;
    state_wait_params(&t->context, &t->state);
    float *weight = values_of(t, "encoder/dense/weight", &weights);
    for (size_t i = 0; i < weights; i++) /* [inputs, 2 · latent] */
        if (i % (2 * latent) >= latent)
            weight[i] = -1e36f;
    set_values(t, "encoder/dense/bias", SIZE_MAX, -3.4e38f);
}

/* After step 3, of which a checkpoint is to be made: in the first moment or statistic that this rank has. */
static bool is_statistic;
static char first_name[64];

static void overflow_after(trainer *t, point at)
{
    if (at != AFTER_STEP || plan.at_step != 3)
        return;
    const lws_tensors *tensors = t->context.tensors;
    state_wait_params(&t->context, &t->state);
    for (int i = tensors->count - 1; i >= 0; i--)
        if (tensors->item[i].offset == 0 && tensors->item[i].is_buffer == is_statistic)
            snprintf(first_name, sizeof first_name, "%s", tensors->item[i].name);
    if (is_statistic)
        t->state.params[t->state.param_count] = INFINITY;
    else if (rank == 0)
        t->state.slot[1][0] = INFINITY;
    integrity_note(&t->integrity);
}

/* Ends in step 3, with nothing saved of it, and the weights of step 2 kept. */
static void check_diverged(const char *run)
{
    if (rank > 0)
        return;
    check_list_(files_of(run, "checkpoints", ".h5"), "1 2", run, __FILE__, __LINE__);
    check_list_(lines_of(run, "train"), "1 2 3", run, __FILE__, __LINE__);
    check_list_(lines_of(run, "failure"), "3", run, __FILE__, __LINE__);
    assert_true(file_exists(path_of("%s/failure/step-000000002.h5", run_of(run))));
}

/* The same step of the same images again, from what was kept; `where` names who had computed it. */
static void check_replay(const char *run, const char *where)
{
    lws_replay_report report;
    int64_t row = plan.rows[3];
    if (size > 1) /* it is for one */
        return;
    plan = (struct plan){0};
    check_status(lws_replay(comm, path_of("%s/failure", run_of(run)), "", &report), LWS_OK);
    assert_int_equal(plan.at_step, 3);
    assert_true(row > 0);
    assert_int_equal(plan.rows[3], row);
    assert_int_equal(report.step, 3);
    assert_string_equal(report.found, report.recorded);
    assert_string_equal(report.where, where);
}

static void not_finite(void **state)
{
    (void)state;
    char first[128];
    snprintf(first, sizeof first, "rank 0 of 1 on %s", lws_comm_host(comm));
    plan = (struct plan){.touch = overflow};
    check_status(train("overflow", "steps", "9", "checkpoint-every", "1"), LWS_ERR_NUMERIC);
    check_message(
        "the loss is not finite at step 3: training has diverged. First, decoder/dense/weight was not finite before "
        "the step: the update of the step before overflowed.");
    check_diverged("overflow");
    check_replay("overflow", "all 1 ranks");
    plan = (struct plan){.touch = spread};
    check_status(train("spread", "steps", "9", "checkpoint-every", "1", "model", "vae", "kl-weight", "1e12"),
                 LWS_ERR_NUMERIC);
    check_message("the gradient is not finite at step 3: training has diverged. First, rank 0 on ");
    check_message(": micro-batch 1 of 4, backward through a finite loss: the gradient of encoder/dense/");
    check_diverged("spread");
    check_replay("spread", first);
    plan = (struct plan){.touch = collapse};
    check_status(train("collapse", "steps", "9", "checkpoint-every", "1", "model", "vae"), LWS_ERR_NUMERIC);
    check_message("the loss is not finite at step 3: training has diverged. First, rank ");
    check_message("encoder/dense: its output is not finite, from finite input");
    check_diverged("collapse");
    if (rank == 0)
        assert_true(isfinite(figure("collapse", "train", 3, "recon")));
    plan = (struct plan){.touch = overflow_after};
    is_statistic = false;
    check_status(train("moment", "steps", "9", "checkpoint-every", "1"), LWS_ERR_NUMERIC);
    check_message(
        path_of("the state is not finite after step 3: training has diverged. First, Adam's second moment of %s is "
                "not finite after the update, of finite gradients.",
                first_name));
    check_diverged("moment");
    plan = (struct plan){.touch = overflow_after};
    is_statistic = true;
    check_status(train("statistic", "steps", "9", "checkpoint-every", "1"), LWS_ERR_NUMERIC);
    check_message(path_of("after step 3: training has diverged. First, %s is not finite after the update", first_name));
    check_diverged("statistic");
}

/* ---- a disk that refuses --------------------------------------------------------------------------------------- */

static void check_attempts(int count, const int64_t *steps)
{
    if (rank > 0)
        return;
    for (int i = 0; i < count && i < plan.attempts; i++)
        assert_int_equal(plan.attempted[i], steps[i]);
    assert_int_equal(plan.attempts, count);
}

/* Tried again after 1, 2, 4 … 60 s, and at the end of the patience of 300 s. */
static void patience(void **state)
{
    (void)state;
    static const int64_t steps[] = {2, 3, 5, 9, 17, 33, 65, 125, 185, 245, 302};
    plan = (struct plan){.refuse_first = 2, .refuse_last = 1000};
    check_status(train("patience", "steps", "400", "checkpoint-every", "2", "eval-every", "0"), LWS_ERR_IO);
    check_message(
        "the disk refuses the checkpoint. So it was for 5 min 00 s, in 11 attempts (the key checkpoint-patience");
    check_attempts(11, steps);
    check_checkpoints("patience", "");

    plan = (struct plan){.refuse_first = 2, .refuse_last = 4}; /* between two attempts nothing is tried */
    check_status(train("passing", "steps", "8", "checkpoint-every", "2"), LWS_OK);
    check_attempts(5, (const int64_t[]){2, 3, 5, 6, 8});
    check_said("the checkpoint is written again, at step 5, after 3 s");
    check_checkpoints("passing", "5 6 8");
}

static void patience_of_the_end(void **state)
{
    (void)state;
    plan = (struct plan){.refuse_first = 4, .refuse_last = 4};
    check_status(train("end", "steps", "4", "checkpoint-patience", "9"), LWS_ERR_IO);
    check_message("So it was for 9 s, in 6 attempts");
    check_said("The run waits; the checkpoint is tried again for up to 9 s.");
    assert_int_equal(plan.attempts, rank == 0 ? 6 : 0); /* after 0, 1, 3, 5, 7 and 9 s */
    plan = (struct plan){.refuse_first = 4, .refuse_last = 4};
    check_status(train("at-once", "steps", "4", "checkpoint-patience", "0"), LWS_ERR_IO);
    check_message("the disk refuses the checkpoint. Make room or mend the disk, and go on with --resume.");
    assert_int_equal(plan.attempts, rank == 0 ? 1 : 0);
    plan = (struct plan){.refuse_first = 2, .refuse_last = 2, .refusal = LWS_ERR_LIMIT};
    check_status(train("ulimit", "steps", "4", "checkpoint-every", "2"), LWS_ERR_LIMIT);
    check_message("a limit of this process");
    assert_int_equal(plan.attempts, rank == 0 ? 1 : 0);
}

/* One signal asks for a checkpoint, a further one for the end. */
static void hurried(void **state)
{
    (void)state;
    plan = (struct plan){.refuse_first = 4, .refuse_last = 4, .at = WHILE_WAITING, .step = 3, .signal = SIGTERM};
    check_status(train("hurried", "steps", "4"), LWS_ERR_IO);
    check_message("So it was for 3 s, in 3 attempts");
    plan = (struct plan){.refuse_first = 4, .refuse_last = 4, .at = BEFORE_STEP, .step = 4, .signal = SIGTERM};
    check_status(train("asked", "steps", "9", "checkpoint-patience", "20"), LWS_ERR_IO); /* the first is no hurry */
    check_message("So it was for 20 s");
}

static void log_refused(void **state)
{
    (void)state;
    plan = (struct plan){.refuse_first = 3, .refuse_last = 1000, .refuses_log = true};
    check_status(train("log-lost", "steps", "30", "checkpoint-patience", "6"), LWS_ERR_IO);
    check_message("the disk refuses the log. So it was for 6 s, in 4 attempts"); /* after 0, 1, 3 and 6 s */
    check_checkpoints("log-lost", "10"); /* the others hear of it in the step after; what was done is saved */
    plan = (struct plan){.refuse_first = 3, .refuse_last = 5, .refuses_log = true};
    check_status(train("log-late", "steps", "8"), LWS_OK);
    check_lines("log-late", "train", "1 2 3 4 5 6 7 8");
    check_said(
        "warning: the disk refuses the log. Training goes on; the log metrics.jsonl is tried again for up to 5 min");
    check_said("the log metrics.jsonl is written again, at step 6, after 3 s");
}

/* What closes may be what says that lines are lost. A failure that was there before is the one to tell. */
static void log_not_closed(void **state)
{
    (void)state;
    plan = (struct plan){.refuses_close = true};
    check_status(train("unclosed", "steps", "2"), LWS_ERR_IO);
    check_message("the disk refuses the end of the log");
    plan = (struct plan){.refuses_close = true, .at = BEFORE_STEP, .step = 1, .signal = SIGTERM};
    check_status(train("unclosed-stop", "steps", "2"), LWS_ERR_IO);
    check_message("the disk refuses the end of the log");
    plan = (struct plan){.refuses_close = true, .ssim = {.5}, .not_finite = 1};
    check_status(train("unclosed-diverged", "data", "seeing", "steps", "2", "eval-every", "1"), LWS_ERR_NUMERIC);
    check_message("training has diverged");
}

/* The log's disk refuses to say that it has it all: at the end, and where the run is told to stop. */
static void log_not_flushed(void **state)
{
    (void)state;
    plan = (struct plan){.refuses_sync = true};
    check_status(train("unflushed", "steps", "2", "checkpoint-patience", "6"), LWS_ERR_IO);
    check_message("the disk refuses the end of the log. So it was for 6 s, in 5 attempts"); /* after 0, 1, 3, 5, 6 s */
    check_checkpoints("unflushed", "2");
    check_lines("unflushed", "train", "1 2");
    check_unsaid("done: ");
    plan = (struct plan){.refuses_sync = true, .at = BEFORE_STEP, .step = 2, .signal = SIGTERM};
    check_status(train("unflushed-stop", "steps", "9", "checkpoint-patience", "0"), LWS_ERR_IO);
    check_message("the disk refuses the end of the log. Make room or mend the disk, and go on with --resume.");
    check_checkpoints("unflushed-stop", "2");
}

/* On the last rank alone: all end as it does, and say why. */
static void no_memory(void **state)
{
    (void)state;
    plan = (struct plan){.refuses_watch = true, .of_rank = size - 1};
    check_status(train("no-watch", "steps", "2"), LWS_ERR_MEMORY);
    check_message("no room to watch");
    assert_int_equal(plan.at_step, 0);
    assert_false(file_exists(run_of("no-watch"))); /* nothing was begun */
    plan = (struct plan){.refuses_profile = true, .of_rank = size - 1};
    check_status(train("no-profile", "steps", "2", "profile", "true"), LWS_ERR_MEMORY);
    check_message("no room for a profile");
    assert_int_equal(plan.at_step, 0);
    for (int overlap = 0; overlap < 2; overlap++) {
        plan = (struct plan){.gradient_fails = 3, .of_rank = size - 1};
        check_status(train(path_of("no-gradient-%d", overlap), "steps", "5", "checkpoint-every", "2", "overlap",
                           overlap ? "true" : "false"),
                     LWS_ERR_MEMORY);
        check_message("no room for the gradient");
        assert_int_equal(plan.at_step, 3);
    }
    check_checkpoints("no-gradient-0", "2");
    check_lines("no-gradient-1", "train", "1 2");
    check_lines("no-gradient-1", "failure", ""); /* it has not diverged */
}

/* ---- where a run goes on from ---------------------------------------------------------------------------------- */

static int rename_error; /* 0: none */

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags)
{
    if (rename_error == 0)
        return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    errno = rename_error;
    return -1;
}

/* Without a checkpoint from the first step; of a log only what has lines is kept. */
static void from_the_first(void **state)
{
    (void)state;
    static const char *const log[] = {"lines", "empty", "none"};
    for (int i = 0; i < 3; i++) {
        char run[32];
        snprintf(run, sizeof run, "first-%s", log[i]);
        plan = (struct plan){0};
        check_status(train(run, "steps", "2"), LWS_OK);
        char *lines = path_of("%s/metrics.jsonl", run_of(run));
        if (rank == 0) {
            assert_int_equal(unlink(checkpoint_of(run, 2)), 0);
            assert_int_equal(i == 1 ? truncate(lines, 0) : i == 2 ? unlink(lines) : 0, 0);
        }
        meet();
        check_status(train(run, "resume", ""), LWS_OK);
        check_said("has no checkpoint yet: starting from the first step");
        check_said("done: 2 steps");
        check_said_(" is kept as ", i == 0, __FILE__, __LINE__);
        if (rank > 0)
            continue;
        check_list_(lines_of(run, "train"), "1 2", run, __FILE__, __LINE__);
        assert_int_equal(file_exists(path_of("%s.before", lines)), i == 0);
    }
}

/* A damaged checkpoint of a later step that cannot be set aside would be in the way: not gone on from the one before.
 */
static void damaged_stays(void **state)
{
    (void)state;
    plan = (struct plan){0};
    check_status(train("damaged", "steps", "4", "checkpoint-every", "2"), LWS_OK);
    if (rank == 0)
        file_text(checkpoint_of("damaged", 4), "a text");
    meet();
    rename_error = EACCES;
    check_status(train("damaged", "resume", ""), LWS_ERR_IO);
    rename_error = 0;
    check_message("cannot rename ");
    check_message("step-000000004.h5 to ");
    assert_int_equal(plan.at_step, 4);
    plan = (struct plan){0};
    check_status(train("damaged", "resume", ""), LWS_OK);
    check_said("(step 2)");
    check_checkpoints("damaged", "2 4 step-000000004.h5.damaged");
}

/* Rank 0: the checkpoint again, with this description; all digests fit. */
static void describe_anew(const char *run, int64_t step, const lws_checkpoint_meta *meta)
{
    lws_inference_model trained;
    lws_checkpoint_meta before;
    char *config, path[LWS_PATH];
    assert_int_equal(lws_checkpoint_read_meta(checkpoint_of(run, step), &before, &config), LWS_OK);
    assert_int_equal(lws_inference_load(NULL, NULL, run_of(run), false, &trained), LWS_OK);
    const lws_tensors *tensors = lws_model_tensors(trained.model);
    float *all = calloc(3 * tensors->params + tensors->buffers, sizeof *all);
    static const char *const names[] = {"m", "v"};
    lws_checkpoint_data data = {.params = all,
                                .buffers = all + 3 * tensors->params,
                                .slots = 2,
                                .slot_name = names,
                                .slot = {all + tensors->params, all + 2 * tensors->params}};
    assert_int_equal(lws_checkpoint_read(checkpoint_of(run, step), tensors, &data), LWS_OK);
    assert_int_equal(
        __real_lws_checkpoint_write(path_of("%s/checkpoints", run_of(run)), meta, config, tensors, &data, path),
        LWS_OK);
    free(config), free(all);
    lws_inference_free(&trained);
}

/* One that contradicts itself is not gone on from. */
static void contradictions(void **state)
{
    (void)state;
    static const lws_shape others[] = {{17, 16, 3}, {16, 17, 3}, {16, 16, 1}};
    char *kept = path_of("%s/kept.h5", folder);
    plan = (struct plan){0};
    check_status(train("contradiction", "steps", "2"), LWS_OK);
    if (rank == 0)
        file_copy(checkpoint_of("contradiction", 2), kept);
    for (int i = 0; i < 3; i++) {
        if (rank == 0) {
            file_copy(kept, checkpoint_of("contradiction", 2));
            lws_checkpoint_meta meta = meta_of("contradiction", 2);
            meta.image = others[i];
            describe_anew("contradiction", 2, &meta);
        }
        meet();
        check_status(train("contradiction", "resume", "", "steps", "3"), LWS_ERR_FORMAT);
        check_message("contradicts itself: the size of its images is not that of the images it was trained on.");
    }
}

/* The first schema does not say on which images it was evaluated: whichever there are will do. */
static void first_schema(void **state)
{
    (void)state;
    plan = (struct plan){0};
    check_status(train("second-schema", "data", "seeing", "steps", "4", "checkpoint-every", "2"), LWS_OK);
    check_status(train("first-schema", "data", "seeing", "steps", "2"), LWS_OK);
    if (rank == 0) {
        lws_h5 *file;
        lws_checkpoint_meta meta = meta_of("first-schema", 2);
        meta.valid_digest[0] = 0;
        describe_anew("first-schema", 2, &meta);
        assert_int_equal(lws_h5_edit(checkpoint_of("first-schema", 2), &file), LWS_OK);
        assert_int_equal(lws_h5_put_i64(file, "/", "schema", 1), LWS_OK);
        assert_int_equal(lws_h5_close(file), LWS_OK);
        assert_string_equal(meta_of("first-schema", 2).valid_digest, "");
    }
    meet();
    check_status(train("first-schema", "resume", "", "steps", "4"), LWS_OK);
    check_said("(step 2)");
    if (rank > 0)
        return;
    lws_checkpoint_meta now = meta_of("first-schema", 4), whole = meta_of("second-schema", 4);
    assert_string_equal(now.valid_digest, whole.valid_digest); /* known from now on */
    assert_int_equal(strlen(now.valid_digest), LWS_DIGEST_TEXT - 1);
}

/* Whoever watched before does so again. */
static void watch_is_put_back(void **state)
{
    (void)state;
    static const char advice[] = "; as before";
    lws_watch after = {0};
    assert_int_equal(lws_watchdog_set((lws_watch){0, advice}, NULL), LWS_OK);
    plan = (struct plan){0};
    check_status(train("watched", "steps", "1"), LWS_OK);
    assert_int_equal(lws_watchdog_set((lws_watch){0, NULL}, &after), LWS_OK);
    assert_ptr_equal(after.advice, advice);
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_steps),
        cmocka_unit_test(in_epochs),
        cmocka_unit_test(in_seconds),
        cmocka_unit_test(figures),
        cmocka_unit_test(evaluation_line),
        cmocka_unit_test(on_request),
        cmocka_unit_test(at_the_time_limit),
        cmocka_unit_test(best),
        cmocka_unit_test(best_and_newest),
        cmocka_unit_test(best_refused),
        cmocka_unit_test(evaluation_not_finite),
        cmocka_unit_test(patience),
        cmocka_unit_test(patience_of_the_end),
        cmocka_unit_test(hurried),
        cmocka_unit_test(log_refused),
        cmocka_unit_test(best_refused_later),
        cmocka_unit_test(pictures),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(log_not_closed),
        cmocka_unit_test(watch_is_put_back),
        cmocka_unit_test(log_not_flushed),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(from_the_first),
        cmocka_unit_test(damaged_stays),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(first_schema),
        cmocka_unit_test(status_lines),
        cmocka_unit_test(losses),
    };
    return cmocka_run_group_tests_name("loop", tests, setup_datasets, NULL);
}

int main(void)
{
    /* What is ignored stays so, as SIGHUP under nohup and SIGINT in a script's background job. */
    static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    return mpi_run_in_folder(all_tests);
}
