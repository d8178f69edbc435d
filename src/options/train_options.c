#include "options/train_options.h"

#include <lwssim/latent.h>
#include "kernels/window.h"

#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(lws_train_options, field)
#define INT(name, field, initial, min, max, help, ...)                                                                 \
    {                                                                                                                  \
        name, LWS_CONFIG_INT, AT(field), initial, min, max, NULL, help, __VA_ARGS__                                    \
    }
#define REAL(name, field, initial, min, max, help)                                                                     \
    {                                                                                                                  \
        name, LWS_CONFIG_REAL, AT(field), initial, min, max, NULL, help, NULL                                          \
    }
#define CHOICE(name, field, initial, choices, help, group)                                                             \
    {                                                                                                                  \
        name, LWS_CONFIG_CHOICE, AT(field), initial, 0, 0, choices, help, group                                        \
    }

static const lws_config_key keys[] = {
    CHOICE("preset", preset, "dcgan64", LWS_PRESETS, "the network", "model"),
    CHOICE("model", model, "ae", "ae|vae|mmd-ae", "plain, variational or MMD auto-encoder", NULL),
    INT("base-channels", base_channels, "0", 0, 1024, "channels of the first layer; 0: the preset's", NULL),
    INT("latent", latent, "0", 0, LWS_LATENT_MAX, "length of the code; 0: the preset's", NULL),
    REAL("kl-weight", kl_weight, "1", 0, 1e12, "VAE: weight of the KL divergence"),
    REAL("mmd-weight", mmd_weight, "100", 0, 1e12, "MMD-AE: weight of the MMD"),
    REAL("prior-sigma", prior_sigma, "1", 1e-6, 1e6, "MMD-AE: standard deviation of the prior"),

    CHOICE("loss", loss, "lwssim", "mse|ssim|lwssim", "reconstruction loss", "loss"),
    REAL("recon-weight", recon_weight, "0", 0, 1e12,
         "weight of the reconstruction loss; 0: fair for this model and loss"),
    {"windows", LWS_CONFIG_INTS, AT(windows), "3,7,11", 1, LWS_WINDOW_MAX, NULL, "lwssim: window sides in pixels",
     NULL},
    {"window-weights", LWS_CONFIG_REALS, AT(window_weights), "1", 0, 1e12, NULL,
     "lwssim: weight of each window; one value serves all", NULL},
    CHOICE("window-shape", window_shape, "uniform", "uniform|gaussian", "lwssim: window weighting", NULL),
    INT("ssim-window", ssim_window, "11", 1, LWS_WINDOW_MAX, "ssim: window side in pixels", NULL),
    CHOICE("ssim-shape", ssim_shape, "gaussian", "uniform|gaussian", "ssim: window weighting", NULL),
    REAL("sigma", sigma, "0", 0, 1e6, "Gaussian windows: deviation in pixels; 0: 1.5/11 of the side"),
    REAL("alpha", alpha, "1", 0, 4, "exponent of luminance"),
    REAL("beta", beta, "1", 0, 4, "exponent of contrast"),
    REAL("gamma", gamma, "1", 0, 4, "exponent of structure"),
    REAL("k1", k1, "0.01", 1e-9, .999999999, "C1 = k1²"),
    REAL("k2", k2, "0.03", 1e-9, .999999999, "C2 = k2²"),
    REAL("c3", c3, "0", 0, .999999999, "C3; 0: C2/2"),

    INT("batch-size", batch_size, "64", 1, 1 << 20, "images a step, over all ranks", "optimizer"),
    INT("micro-batches", micro_batches, "4", 1, 1 << 16,
        "equal parts of a batch, the unit of work; at least one a rank", NULL),
    INT("epochs", epochs, "10", 0, 1 << 30, "passes over the training images", NULL),
    INT("steps", steps, "0", 0, 1L << 50, "steps in all, in place of epochs; 0: by epochs", NULL),
    INT("seed", seed, "1", 0, 1L << 52, "of weights, order and noise", NULL),
    REAL("lr", lr, "0.001", 0, 1e3, "learning rate"),
    CHOICE("schedule", schedule, "constant", LWS_SCHEDULES, "of the learning rate", NULL),
    INT("warmup-steps", warmup_steps, "0", 0, 1L << 50, "steps of linear rise to lr", NULL),
    REAL("lr-min", lr_min, "0", 0, 1e3, "cosine: the last rate"),
    INT("decay-every", decay_every, "1000", 1, 1L << 50, "step schedule: steps between decays", NULL),
    REAL("decay-factor", decay_factor, "0.5", 1e-9, 1, "step schedule: factor of each decay"),
    REAL("adam-beta1", optimizer_options[0], "0.9", 0, .999999999, "decay of the first moment"),
    REAL("adam-beta2", optimizer_options[1], "0.999", 0, .999999999, "decay of the second moment"),
    REAL("adam-epsilon", optimizer_options[2], "1e-08", 1e-30, 1, "added to the root of the second moment"),
    REAL("weight-decay", weight_decay, "0", 0, 1e3, "decoupled (AdamW), on weights only"),
    REAL("clip-norm", clip_norm, "0", 0, 1e30, "largest norm of the gradient; 0: any"),
    REAL("bn-momentum", bn_momentum, "0.1", 1e-6, 1, "batch norm: part of the new in running statistics"),

    {"data", LWS_CONFIG_STRING, AT(data), "", 0, 0, "DIR", "dataset folder (lwssim prepare)", "run"},
    {"checkpoint-every", LWS_CONFIG_INTERVAL, AT(checkpoint_every), "1epoch", 0, 0, NULL, "write a checkpoint so often",
     NULL},
    {"eval-every", LWS_CONFIG_INTERVAL, AT(eval_every), "1epoch", 0, 0, NULL,
     "evaluate on the validation split so often", NULL},
    REAL("checkpoint-patience", checkpoint_patience, "300", 0, 1e9,
         "seconds that training goes on while the disk refuses a checkpoint or the log; 0: it ends at once"),
    INT("keep", keep, "3", 1, 1 << 20, "newest checkpoints kept, besides the best", NULL),
    INT("log-every", log_every, "10", 1, 1L << 50, "steps between lines of metrics.jsonl", NULL),
    {"log-rows", LWS_CONFIG_FLAG, AT(log_rows), "false", 0, 0, NULL, "log which images each logged step used", NULL},
    {"profile", LWS_CONFIG_FLAG, AT(profile), "false", 0, 0, NULL,
     "print where the time went at the end; timelines to RUN/profile-RANK.json", NULL},
    INT("check-every", check_every, "50", 0, 1L << 50,
        "steps between comparisons of all ranks' parameters; 0: before checkpoints alone", NULL),
    INT("grid", grid, "8", 0, 64, "images in the reconstruction grids", NULL),
    {"overlap", LWS_CONFIG_FLAG, AT(overlap), "true", 0, 0, NULL,
     "exchange gradients and parameters while others are computed; off to measure what it gains", NULL},
    INT("threads", threads, "0", 0, 1024, "threads a rank; 0: its share of the cores", NULL),
    REAL("time-limit", time_limit, "0", 0, 1e9,
         "seconds after which to stop with a checkpoint (exit code 75); 0: none"),
    REAL("deadline", deadline, "600", 0, 1e9, "seconds without progress after which the job is ended; 0: never"),
};

const lws_config_table lws_train_table = {keys, sizeof keys / sizeof *keys, NULL};

lws_status lws_train_options_check(const lws_train_options *o)
{
    if (o->batch_size % o->micro_batches != 0)
        return lws_fail(LWS_ERR_USAGE,
                        "batch-size %lld is not a multiple of micro-batches %lld: the "
                        "parts must be equal",
                        (long long)o->batch_size, (long long)o->micro_batches);
    if (o->window_weights.count != 1 && o->window_weights.count != o->windows.count)
        return lws_fail(LWS_ERR_USAGE,
                        "window-weights has %d values for %d windows: give one for each, "
                        "or one for all",
                        o->window_weights.count, o->windows.count);
    if (o->model == LWS_MODEL_MMD_AE && o->batch_size < 2)
        return lws_fail(LWS_ERR_USAGE,
                        "batch-size %lld gives mmd-ae no MMD, which compares the codes of different images: set "
                        "batch-size to 2 or more, or train another model",
                        (long long)o->batch_size);
    if (o->epochs == 0 && o->steps == 0)
        return lws_fail(LWS_ERR_USAGE, "epochs and steps are both 0: nothing to train");
    return LWS_OK;
}

lws_status lws_train_options_read(const char *config, const char *path, lws_train_options *options)
{
    lws_config_defaults(lws_train_table, options);
    lws_status status = lws_config_read_text(lws_train_table, options, config, path);
    if (status == LWS_OK && (status = lws_train_options_check(options)) != LWS_OK)
        lws_fail(status, "%s: %s", path, lws_message());
    if (status == LWS_ERR_USAGE) /* nobody has typed it */
        status = lws_fail(LWS_ERR_FORMAT, "%s", lws_message());
    return status;
}

static lws_loss_spec loss_spec(const lws_train_options *o)
{
    lws_loss_spec spec = lws_loss_defaults((lws_loss_kind)o->loss);
    if (spec.kind == LWS_LOSS_SSIM) {
        spec.window[0] = (int)o->ssim_window;
        spec.gaussian = o->ssim_shape == 1;
    } else if (spec.kind == LWS_LOSS_LWSSIM) {
        spec.levels = o->windows.count;
        spec.gaussian = o->window_shape == 1;
        for (int i = 0; i < spec.levels; i++) {
            spec.window[i] = (int)o->windows.value[i];
            spec.weight[i] = o->window_weights.value[o->window_weights.count == 1 ? 0 : i];
        }
    }
    spec.sigma = o->sigma;
    spec.alpha = o->alpha;
    spec.beta = o->beta;
    spec.gamma = o->gamma;
    spec.k1 = o->k1;
    spec.k2 = o->k2;
    spec.c3 = o->c3;
    return spec;
}

lws_status lws_train_options_model(lws_train_options *o, lws_shape image, lws_model_spec *spec)
{
    *spec = (lws_model_spec){
        .kind = (lws_model_kind)o->model,
        .preset = o->preset,
        .image = image,
        .base_channels = (int)o->base_channels,
        .latent = (int)o->latent,
        .loss = loss_spec(o),
        .recon_weight = o->recon_weight,
        .kl_weight = o->kl_weight,
        .mmd_weight = o->mmd_weight,
        .prior_sigma = o->prior_sigma,
    };
    LWS_TRY(lws_model_resolve(spec));
    o->base_channels = spec->base_channels;
    o->latent = spec->latent;
    o->recon_weight = spec->recon_weight;
    return LWS_OK;
}

const lws_optimizer *lws_train_options_optimizer(const lws_train_options *o, const void **own)
{
    int optimizer = 0;
    *own = (const char *)o->optimizer_options + lws_optimizer_options_at(optimizer);
    return lws_optimizer_row(optimizer);
}

lws_schedule lws_train_options_schedule(const lws_train_options *o, int64_t total)
{
    return (lws_schedule){.kind = o->schedule,
                          .lr = o->lr,
                          .lr_min = o->lr_min,
                          .warmup = o->warmup_steps,
                          .total = total,
                          .every = o->decay_every,
                          .factor = o->decay_factor};
}

/* The line "key = value" of `text` at *at; moves on to the next. False at the end. */
static bool next_line(const char **at, const char **line, size_t *length)
{
    if (**at == 0)
        return false;
    *line = *at;
    *length = strcspn(*at, "\n");
    *at += *length + ((*at)[*length] == '\n');
    return true;
}

lws_status lws_train_options_continue(const lws_train_options *before, const lws_train_options *now)
{
    lws_train_options a = *before, b = *now;
    if (a.schedule != LWS_SCHEDULE_COSINE) { /* which ends with the run: another length is another schedule */
        a.epochs = b.epochs = 0;
        a.steps = b.steps = 0;
    }
    char *was = lws_config_text(lws_train_table, &a), *is = lws_config_text(lws_train_table, &b);
    lws_status status = LWS_OK;
    if (!was || !is)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory comparing configurations");
    const char *p = was, *q = is, *old, *new;
    size_t m, n;
    while (status == LWS_OK && next_line(&p, &old, &m) && next_line(&q, &new, &n)) {
        if (strncmp(old, "[run]", 5) == 0)
            break;
        if (m != n || memcmp(old, new, m) != 0)
            status = lws_fail(LWS_ERR_MISMATCH,
                              "the run was made with '%.*s'; it cannot go on with "
                              "'%.*s'. Start a new run for that.",
                              (int)m, old, (int)n, new);
    }
    free(was);
    free(is);
    return status;
}
