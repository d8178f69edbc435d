/* lwssim encode: the codes of images, to an HDF5 file that other programs read. */
#include "cli.h"

#include "pictures.h"

#include "base/log.h"
#include "data/codes_file.h"
#include "data/checkpoint.h"
#include "data/h5_types.h"
#include "data/path_kind.h"
#include "inference/agree_images.h"
#include "inference/codes.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: lwssim encode --run DIR|--checkpoint FILE --data DIR [--split test] --output CODES.h5\n"
    "       lwssim encode --run DIR|--checkpoint FILE --input IMAGE|DIR|ZIP --output CODES.h5\n";

typedef struct command {
    cli_model model;
    char data[LWS_CONFIG_TEXT], input[LWS_CONFIG_TEXT], output[LWS_CONFIG_TEXT];
    int64_t crop;
    int split;
} command;

static const lws_config_key keys[] = {
    CLI_MODEL_KEYS(command),
    {"data", LWS_CONFIG_STRING, offsetof(command, data), "", 0, 0, "DIR",
     "dataset folder; with --run the run's own by default", NULL},
    {"split", LWS_CONFIG_CHOICE, offsetof(command, split), "test", 0, 0, "train|valid|test", "the images to use", NULL},
    {"input", LWS_CONFIG_STRING, offsetof(command, input), "", 0, 0, "IMAGE|DIR|ZIP",
     "an image, a folder or an archive of images, in place of a dataset", NULL},
    {"crop", LWS_CONFIG_INT, offsetof(command, crop), "0", 0, 16384, NULL,
     "with --input: side of the centred square to take of each image; 0: the largest", NULL},
    {"output", LWS_CONFIG_STRING, offsetof(command, output), "", 0, 0, "FILE", "the file of codes to write", NULL},
};

/* A file that is there is replaced where it holds codes, and not otherwise. */
static lws_status check_output(const char *output)
{
    struct stat info;
    bool is_codes;
    if (!output[0])
        return lws_fail(LWS_ERR_USAGE, "encode: --output FILE is needed");
    if (stat(output, &info) != 0 || (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
        return LWS_OK;
    if (S_ISREG(info.st_mode) && lws_codes_peek(output, &is_codes) == LWS_OK && is_codes)
        return LWS_OK;
    return lws_fail(LWS_ERR_USAGE, "--output %s: that file is there and holds no codes: choose another name", output);
}

static lws_status write_codes(const command *c, const lws_inference_model *t, const lws_codes *codes, char **name,
                              const char *dataset)
{
    lws_codes_file file = {.n = codes->n,
                           .latent = codes->latent,
                           .code = codes->code,
                           .log_variance = codes->log_variance,
                           .name = name,
                           .image = t->meta.image};
    snprintf(file.model, sizeof file.model, "%s", lws_model_name(lws_model_get_spec(t->model)->kind));
    snprintf(file.dataset, sizeof file.dataset, "%s", dataset);
    LWS_TRY(lws_checkpoint_digest(t->path, file.checkpoint));
    LWS_TRY(lws_codes_write(c->output, &file));
    lws_info("%lld codes of %d numbers by %s in %s", (long long)codes->n, codes->latent, t->path, c->output);
    return LWS_OK;
}

/* By rank 0 alone: single files are few. */
static lws_status encode_input(const command *c, const lws_inference_model *t)
{
    pictures images;
    lws_codes codes;
    lws_path_kind kind;
    if (lws_path_identify(c->input, &kind) == LWS_OK && kind == LWS_PATH_DATASET)
        return lws_fail(LWS_ERR_USAGE, "--input %s is a dataset: give it as --data", c->input);
    LWS_TRY(pictures_load_all(c->input, t->meta.image, (int)c->crop, &images));
    lws_status status = lws_codes_of_images(t, images.count, images.pixels, &codes);
    if (status == LWS_OK) {
        status = write_codes(c, t, &codes, images.name, "");
        lws_codes_free(&codes);
    }
    pictures_free(&images);
    return status;
}

/* Rank 0 writes what all have computed. */
static lws_status write_split(const command *c, const lws_inference_model *t, const lws_dataset *dataset,
                              const lws_codes *codes)
{
    char **name;
    LWS_TRY(lws_dataset_names(dataset, &name));
    lws_status status = write_codes(c, t, codes, name, lws_dataset_get_info(dataset)->digest);
    lws_dataset_free_names(dataset, name);
    return status;
}

static lws_status encode_split(lws_comm *comm, command *c, const lws_inference_model *t)
{
    lws_dataset *dataset = NULL;
    lws_codes codes;
    lws_split split = (lws_split)c->split;
    bool is_of_run = !c->data[0];
    LWS_TRY(lws_comm_agree(comm, cli_run_data(comm, "encode", &c->model, c->data)));
    lws_status status = lws_comm_agree(comm, cli_open_split(c->data, split, t->meta.image, &dataset));
    if (status == LWS_OK)
        status = lws_agree_on_images(comm, 1, &split, (const lws_dataset *const *)&dataset);
    if (status == LWS_OK && is_of_run)
        cli_warn_of_others(t->path, t->meta.dataset_digest, c->data);
    if (status == LWS_OK)
        status = lws_codes_of_rows(comm, t, dataset, lws_dataset_get_info(dataset)->rows, &codes);
    if (status == LWS_OK) {
        if (lws_comm_rank(comm) == 0)
            status = write_split(c, t, dataset, &codes);
        lws_codes_free(&codes);
        status = lws_comm_agree(comm, status);
    }
    lws_dataset_close(dataset);
    return status;
}

static lws_status encode(lws_comm *comm, void *fields)
{
    command *c = fields;
    lws_inference_model trained;
    int threads;
    LWS_TRY(cli_start_threads(comm, 0, &threads));
    LWS_TRY(cli_agree_given(comm, "data", c->data[0]));
    lws_status status = LWS_OK;
    if (c->data[0] && c->input[0])
        status = lws_fail(LWS_ERR_USAGE, "encode: give --data or --input, not both");
    else if (lws_comm_rank(comm) == 0)
        status = check_output(c->output);
    LWS_TRY(lws_comm_agree(comm, status));
    LWS_TRY(lws_inference_load(comm, c->model.checkpoint, c->model.run, c->model.best, &trained));
    if (!c->input[0])
        status = encode_split(comm, c, &trained);
    else
        status = lws_comm_agree(comm, lws_comm_rank(comm) == 0 ? encode_input(c, &trained) : LWS_OK);
    lws_inference_free(&trained);
    return status;
}

lws_status cmd_encode(int argc, char **argv)
{
    static const char *const own[] = {"data", NULL};
    static const cli_job job = {.keys = keys,
                                .key_count = sizeof keys / sizeof *keys,
                                .size = sizeof(command),
                                .usage = usage,
                                .own = own,
                                .run = encode};
    return cli_run_job(&job, argc, argv);
}
