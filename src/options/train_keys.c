/* The keys of `lwssim train`, in the order of --help and of config.ini: those below, and between them the own keys of
 * every loss and every optimizer, which their rows bring along. The names to choose from come from the rows, too. */
#include "options/train_options.h"

#include "loss/loss_table.h"
#include <lwssim/latent.h>

#include <pthread.h>
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

static const lws_config_key model_keys[] = {
    CHOICE("preset", preset, "dcgan64", NULL, "the network", "model"),
    CHOICE("model", model, "ae", LWS_MODELS, "plain, variational or MMD auto-encoder", NULL),
    INT("base-channels", base_channels, "0", 0, 1024, "channels of the first layer; 0: the preset's", NULL),
    INT("latent", latent, "0", 0, LWS_LATENT_MAX, "length of the code; 0: the preset's", NULL),
    REAL("kl-weight", kl_weight, "1", 0, 1e12, "VAE: weight of the KL divergence"),
    REAL("mmd-weight", mmd_weight, "100", 0, 1e12, "MMD-AE: weight of the MMD"),
    REAL("prior-sigma", prior_sigma, "1", 1e-6, 1e6, "MMD-AE: standard deviation of the prior"),
};

static const lws_config_key loss_keys[] = {
    CHOICE("loss", loss, "lwssim", NULL, "reconstruction loss", "loss"),
    REAL("recon-weight", recon_weight, "0", 0, 1e12,
         "weight of the reconstruction loss; 0: fair for this model and loss"),
};

/* After the losses' own. */
static const lws_config_key optimizer_keys[] = {
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
    CHOICE("optimizer", optimizer, "adam", NULL, "what a gradient makes of the parameters", NULL),
};

/* After the optimizers' own. */
static const lws_config_key update_keys[] = {
    REAL("weight-decay", weight_decay, "0", 0, 1e3, "decoupled (AdamW), on weights only"),
    REAL("clip-norm", clip_norm, "0", 0, 1e30, "largest norm of the gradient; 0: any"),
    REAL("bn-momentum", bn_momentum, "0.1", 1e-6, 1, "batch norm: part of the new in running statistics"),
};

static const lws_config_key run_keys[] = {
    {"data", LWS_CONFIG_STRING, AT(data), "", 0, 0, "DIR", "dataset folder (lwssim prepare)", "run"},
    {"checkpoint-every", LWS_CONFIG_INTERVAL, AT(checkpoint_every), "1epoch", 0, 0, NULL, "write a checkpoint so often",
     NULL},
    {"eval-every", LWS_CONFIG_INTERVAL, AT(eval_every), "1epoch", 0, 0, NULL,
     "evaluate on the validation split so often", NULL},
    {"report-every", LWS_CONFIG_INTERVAL, AT(report_every), "0", 0, 0, NULL,
     "rewrite RUN/report.html so often, but in at most a hundredth of the time, and at the end; 0: never", NULL},
    REAL("checkpoint-patience", checkpoint_patience, "300", 0, 1e9,
         "seconds that training goes on while the disk refuses a checkpoint or the log; 0: it ends at once"),
    INT("keep", keep, "3", 1, 1 << 20, "newest checkpoints kept, besides the best", NULL),
    INT("log-every", log_every, "10", 1, 1L << 50, "steps between lines of metrics.jsonl", NULL),
    {"log-rows", LWS_CONFIG_FLAG, AT(log_rows), "false", 0, 0, NULL, "log which images each logged step used", NULL},
    {"tensorboard", LWS_CONFIG_FLAG, AT(tensorboard), "false", 0, 0, NULL,
     "write scalars, pictures and histograms for TensorBoard to RUN/events.out.tfevents.*", NULL},
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

enum {
    PARTS_MAX = 32, /* five of these sections, and one a row */
    KEYS_MAX = 160,
};

typedef struct key_table {
    lws_config_part part[PARTS_MAX];
    size_t parts;
    lws_config_key keys[KEYS_MAX];
    size_t count;
} key_table;

static key_table train; /* by build(), once */

static void add(lws_config_part part)
{
    if (train.parts < PARTS_MAX)
        train.part[train.parts] = part;
    train.parts++;
}

#define SECTION(keys) ((lws_config_part){keys, sizeof keys / sizeof *keys, 0})

static void add_losses(void)
{
    for (int i = 0; i < lws_loss_count(); i++) {
        lws_config_part part = lws_loss_keys(i);
        part.offset += AT(loss_options);
        add(part);
    }
}

static void add_optimizers(void)
{
    const lws_optimizer *row;
    for (int i = 0; (row = lws_optimizer_row(i)); i++)
        add((lws_config_part){row->keys, (size_t)row->key_count, AT(optimizer_options) + lws_optimizer_options_at(i)});
}

/* The names that a key chooses from. */
static void set_choices(const char *name, const char *choices)
{
    for (size_t i = 0; i < train.count; i++)
        if (strcmp(train.keys[i].name, name) == 0)
            train.keys[i].choices = choices;
}

static void build(void)
{
    add(SECTION(model_keys));
    add(SECTION(loss_keys));
    add_losses();
    add(SECTION(optimizer_keys));
    add_optimizers();
    add(SECTION(update_keys));
    add(SECTION(run_keys));
    if (train.parts <= PARTS_MAX)
        train.count = lws_config_compose(train.parts, train.part, KEYS_MAX, train.keys);
    if (train.count > KEYS_MAX)
        train.count = 0; /* all keys are unknown then, which no test overlooks */
    set_choices("preset", lws_preset_choices);
    set_choices("loss", lws_loss_choices);
    set_choices("optimizer", lws_optimizer_choices);
}

lws_config_table lws_train_table(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build);
    return (lws_config_table){train.keys, train.count, NULL};
}
