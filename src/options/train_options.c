/* The keys of `lwssim train` as what they stand for: checks of several keys at once, the model, the optimizer and the
 * schedule that they ask for, and whether a run may go on with others. */
#include "options/train_options.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

lws_status lws_train_options_check(const lws_train_options *o)
{
    if (o->batch_size % o->micro_batches != 0)
        return lws_fail(LWS_ERR_USAGE,
                        "batch-size %lld is not a multiple of micro-batches %lld: the "
                        "parts must be equal",
                        (long long)o->batch_size, (long long)o->micro_batches);
    LWS_TRY(lws_loss_check_options(o->loss_options));
    if (o->model == LWS_MODEL_MMD_AE && o->batch_size < 2)
        return lws_fail(LWS_ERR_USAGE,
                        "batch-size %lld gives mmd-ae no MMD, which compares the codes of different images: set "
                        "batch-size to 2 or more, or train another model",
                        (long long)o->batch_size);
    if (o->epochs == 0 && o->steps == 0)
        return lws_fail(LWS_ERR_USAGE, "epochs and steps are both 0: nothing to train");
    return LWS_OK;
}

lws_status lws_train_options_check_rows(const lws_train_options *o, int64_t rows)
{
    if (rows >= o->batch_size)
        return LWS_OK;
    return lws_fail(LWS_ERR_MISMATCH,
                    "%s has %lld training images, fewer than one batch of %lld: set a smaller batch-size or prepare "
                    "more images",
                    o->data, (long long)rows, (long long)o->batch_size);
}

lws_status lws_train_options_read(const char *config, const char *path, lws_train_options *options)
{
    lws_config_defaults(lws_train_table(), options);
    lws_status status = lws_config_read_text(lws_train_table(), options, config, path);
    if (status == LWS_OK && (status = lws_train_options_check(options)) != LWS_OK)
        lws_fail(status, "%s: %s", path, lws_message());
    if (status == LWS_ERR_USAGE) /* nobody has typed it */
        status = lws_fail(LWS_ERR_FORMAT, "%s", lws_message());
    return status;
}

lws_status lws_train_options_model(lws_train_options *o, lws_shape image, lws_model_spec *spec)
{
    lws_loss_resolve_options(o->loss, o->loss_options);
    *spec = (lws_model_spec){
        .kind = (lws_model_kind)o->model,
        .preset = o->preset,
        .image = image,
        .base_channels = (int)o->base_channels,
        .latent = (int)o->latent,
        .loss = lws_loss_of_options(o->loss, o->loss_options),
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
    *own = (const char *)o->optimizer_options + lws_optimizer_options_at(o->optimizer);
    return lws_optimizer_row(o->optimizer);
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
    char *was = lws_config_text(lws_train_table(), &a), *is = lws_config_text(lws_train_table(), &b);
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

/* The text of what a program that is asked for this preset, model and loss, and for nothing else, takes. NULL: out of
 * memory. */
static char *text_of_own(const lws_train_options *chosen)
{
    lws_train_options own;
    lws_model_spec spec;
    lws_config_defaults(lws_train_table(), &own);
    own.preset = chosen->preset;
    own.model = chosen->model;
    own.loss = chosen->loss;
    if (lws_train_options_model(&own, (lws_shape){.h = 64, .w = 64, .c = 3}, &spec) != LWS_OK)
        return NULL;
    return lws_config_text(lws_train_table(), &own);
}

static bool is_choice_of_owner(const char *key)
{
    return strcmp(key, "preset") == 0 || strcmp(key, "model") == 0 || strcmp(key, "loss") == 0;
}

lws_status lws_train_options_reown(const lws_train_options *file, lws_config_table said, lws_train_options *now)
{
    const lws_config_table table = lws_train_table();
    char *was = lws_config_text(table, file), *own = text_of_own(file);
    lws_status status = was && own ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory comparing configurations");
    const char *p = was, *q = own, *line, *own_line;
    size_t m, n;
    while (status == LWS_OK && next_line(&p, &line, &m) && next_line(&q, &own_line, &n)) {
        char key[64];
        if (m == n && memcmp(line, own_line, m) == 0 && sscanf(line, "%63[a-z0-9-] =", key) == 1 &&
            !is_choice_of_owner(key) && !lws_config_is_given(said, key))
            status = lws_config_set(table, now, key, lws_config_find(table, key)->initial, "default");
    }
    free(was);
    free(own);
    bool is_another = file->model != now->model || file->loss != now->loss;
    if (status == LWS_OK && is_another && now->recon_weight != 0 && !lws_config_is_given(said, "recon-weight")) {
        now->recon_weight = 0; /* the own one goes by the images too: none can be told from one that was chosen */
        lws_info("the model or the loss is not that of the file: its recon-weight %g gives way to theirs",
                 file->recon_weight);
    }
    return status;
}
