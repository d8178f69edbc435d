/* lwssim sample: new images, decoded from codes that are drawn from a prior. */
#include "cli.h"

#include "gallery.h"

#include "base/log.h"
#include "base/text.h"
#include "inference/agree_images.h"
#include "inference/codes.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: lwssim sample --run DIR|--checkpoint FILE --output PNG|--files DIR [--count 64]\n"
                            "The prior of a VAE and an MMD-AE is the one that they were trained towards. A plain\n"
                            "auto-encoder has none: one is fitted to the codes of images that it was trained on.\n";

/* Values of --prior. */
enum { PRIOR_AUTO, PRIOR_STANDARD, PRIOR_GAUSSIAN, PRIOR_MIXTURE };

typedef struct command {
    cli_model model;
    gallery_options to;
    char data[LWS_CONFIG_TEXT];
    int64_t count, seed, components, fit_images;
    int prior;
} command;

static const lws_config_key keys[] = {
    CLI_MODEL_KEYS(command),
    GALLERY_KEYS(command),
    {"count", LWS_CONFIG_INT, offsetof(command, count), "64", 1, 1e6, NULL, "images", NULL},
    {"seed", LWS_CONFIG_INT, offsetof(command, seed), "0", 0, 0x1p52, NULL,
     "image i depends on the seed and i alone: other seeds, other images", NULL},
    {"prior", LWS_CONFIG_CHOICE, offsetof(command, prior), "auto", 0, 0, "auto|standard|gaussian|mixture",
     "where codes are drawn from; auto: standard for VAE and MMD-AE, else mixture", "prior"},
    {"components", LWS_CONFIG_INT, offsetof(command, components), "10", 1, LWS_PRIOR_COMPONENTS, NULL,
     "Gaussians in the mixture", NULL},
    {"fit-images", LWS_CONFIG_INT, offsetof(command, fit_images), "8192", 1, 1e9, NULL,
     "images of the training split that a fit looks at, evenly spread over it", NULL},
    {"data", LWS_CONFIG_STRING, offsetof(command, data), "", 0, 0, "DIR",
     "dataset folder to fit to; with --run the run's own by default", NULL},
};

/* As lws_prior_of_model has it. */
static int components_of(const command *c, const lws_inference_model *t)
{
    int prior = c->prior;
    if (prior == PRIOR_AUTO)
        prior = lws_model_get_spec(t->model)->kind == LWS_MODEL_AE ? PRIOR_MIXTURE : PRIOR_STANDARD;
    return prior == PRIOR_STANDARD ? 0 : prior == PRIOR_GAUSSIAN ? 1 : (int)c->components;
}

/* The training split; a fit to other images than the model's own is worth a word. Collective. */
static lws_status open_training(lws_comm *comm, command *c, const lws_inference_model *t, lws_dataset **dataset)
{
    lws_split split = LWS_TRAIN;
    LWS_TRY(lws_comm_agree(comm, cli_run_data(comm, "sample", &c->model, c->data)));
    LWS_TRY(lws_comm_agree(comm, cli_open_split(c->data, split, t->meta.image, dataset)));
    LWS_TRY(lws_agree_on_images(comm, 1, &split, (const lws_dataset *const *)dataset));
    if (strcmp(t->meta.dataset_digest, lws_dataset_get_info(*dataset)->digest) != 0)
        lws_warn("%s was trained on other images than those of %s", t->path, c->data);
    return LWS_OK;
}

/* Whole blocks, also where fewer images are wanted: then no image depends on how many there are. */
static lws_status draw(const command *c, const lws_inference_model *t, const lws_prior *prior, gallery *g)
{
    float *codes = malloc((size_t)t->block * (size_t)lws_prior_latent(prior) * sizeof *codes);
    float *images = malloc((size_t)t->block * lws_shape_size(t->meta.image) * sizeof *images);
    lws_status status = codes && images ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory drawing samples");
    for (int64_t at = 0; at < c->count && status == LWS_OK; at += t->block) {
        lws_prior_draw(prior, (uint64_t)c->seed, at, t->block, codes);
        status = lws_inference_images(t, t->block, codes, images);
        if (status == LWS_OK)
            status = gallery_add(g, c->count - at < t->block ? c->count - at : t->block, images);
    }
    free(codes);
    free(images);
    return status;
}

/* Rank 0 draws and writes. */
static lws_status draw_all(const command *c, const lws_inference_model *t, const lws_prior *prior, int components)
{
    gallery g;
    LWS_TRY(gallery_open(&c->to, "sample", t->meta.image, c->count, &g));
    LWS_TRY(gallery_close(&g, draw(c, t, prior, &g)));
    if (components == 0)
        lws_info("%lld samples of %s", (long long)c->count, t->path);
    else
        lws_info("%lld samples of %s, drawn from a fit of %d Gaussian%s", (long long)c->count, t->path,
                 lws_prior_components(prior), lws_plural(lws_prior_components(prior)));
    return LWS_OK;
}

static lws_status sample_of(lws_comm *comm, command *c, const lws_inference_model *t)
{
    lws_prior *prior = NULL;
    lws_dataset *dataset = NULL;
    int components = components_of(c, t);
    lws_status status = components > 0 ? open_training(comm, c, t, &dataset) : LWS_OK;
    if (status == LWS_OK)
        status = lws_prior_of_model(comm, t, components, dataset, c->fit_images, &prior);
    lws_dataset_close(dataset);
    if (status == LWS_OK && lws_comm_rank(comm) == 0)
        status = draw_all(c, t, prior, components);
    lws_prior_free(prior);
    return lws_comm_agree(comm, status);
}

static lws_status sample(lws_comm *comm, void *fields)
{
    command *c = fields;
    lws_inference_model trained;
    int threads;
    LWS_TRY(cli_start_threads(comm, 0, &threads));
    LWS_TRY(cli_agree_given(comm, "data", c->data[0]));
    const char *const inputs[] = {c->model.checkpoint, c->model.run, c->data, NULL};
    LWS_TRY(lws_comm_agree(comm, gallery_check("sample", &c->to, c->count, inputs)));
    LWS_TRY(lws_inference_load(comm, c->model.checkpoint, c->model.run, c->model.best, &trained));
    lws_status status = sample_of(comm, c, &trained);
    lws_inference_free(&trained);
    return status;
}

lws_status cmd_sample(int argc, char **argv)
{
    static const char *const own[] = {"data", NULL};
    static const cli_job job = {.keys = keys,
                                .key_count = sizeof keys / sizeof *keys,
                                .size = sizeof(command),
                                .usage = usage,
                                .own = own,
                                .run = sample};
    return cli_run_job(&job, argc, argv);
}
