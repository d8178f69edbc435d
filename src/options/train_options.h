/* The keys of `lwssim train`: command line, --config file, config.ini of the run and of the checkpoint. */
#ifndef LWSSIM_TRAIN_OPTIONS_H
#define LWSSIM_TRAIN_OPTIONS_H

#include "base/config.h"
#include "loss/loss_table.h"
#include "model/model.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

#include <stdbool.h>

typedef struct lws_train_options {
    /* model */
    int preset, model;
    int64_t base_channels, latent;
    double kl_weight, mmd_weight, prior_sigma;
    /* loss */
    lws_loss_kind loss;
    double recon_weight;
    double loss_options[LWS_LOSS_OPTIONS_SIZE / sizeof(double)]; /* the losses' own: lws_loss_keys() */
    /* optimizer */
    int optimizer; /* lws_optimizer_row() */
    int64_t batch_size, micro_batches, epochs, steps, seed;
    double lr, lr_min, weight_decay, clip_norm, bn_momentum;
    int schedule;
    double optimizer_options[LWS_OPTIMIZER_OPTIONS_SIZE / sizeof(double)]; /* lws_optimizer_options_at() */
    int64_t warmup_steps, decay_every;
    double decay_factor;
    /* run */
    char data[LWS_CONFIG_TEXT];
    lws_config_interval checkpoint_every, eval_every, report_every;
    int64_t keep, log_every, check_every, grid, threads;
    double deadline, time_limit, checkpoint_patience;
    bool log_rows, tensorboard, profile, overlap;
} lws_train_options;

/* The table of all keys, of lws_train_options. Static memory, made at the first call, by any thread. */
lws_config_table lws_train_table(void);

/* Checks what concerns several keys at once (batch and micro-batches; windows and weights, as their loss says).
 * LWS_ERR_USAGE. */
lws_status lws_train_options_check(const lws_train_options *options);

/* Whether so many training images of options->data make a batch. LWS_ERR_MISMATCH. */
lws_status lws_train_options_check_rows(const lws_train_options *options, int64_t rows);

/* Reads the configuration that a checkpoint keeps, and checks it as that of a command line. `path` names the
 * checkpoint. LWS_ERR_FORMAT, LWS_ERR_MEMORY. */
lws_status lws_train_options_read(const char *config, const char *path, lws_train_options *options);

/* The model for images of this shape, resolved: keys left at 0 take the preset's values, also in `options`. */
lws_status lws_train_options_model(lws_train_options *options, lws_shape image, lws_model_spec *spec);

/* The optimizer that is chosen, and its own options among `options`. */
const lws_optimizer *lws_train_options_optimizer(const lws_train_options *options, const void **own);

/* total: steps of the whole run. */
lws_schedule lws_train_options_schedule(const lws_train_options *options, int64_t total);

/* A configuration that a run has kept has numbers where its makers left keys to their owners: to the preset, the model
 * and the loss. Where `now` is those keys with others said on the command line, of which another owner may be one: keys
 * that have just what the owner of `file` gives go back to "own", but for those that were `said`. So has recon-weight
 * with another model or loss, whatever it is, with a line. Not collective. LWS_ERR_MEMORY. */
lws_status lws_train_options_reown(const lws_train_options *file, lws_config_table said, lws_train_options *now);

/* LWS_ERR_MISMATCH, naming the first key, where a run made with `before` cannot go on with `now`: everything but the
 * group "run", epochs and steps must be equal, and under the cosine schedule these too. */
lws_status lws_train_options_continue(const lws_train_options *before, const lws_train_options *now);

#endif
