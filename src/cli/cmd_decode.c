/* lwssim decode: images of the codes in a file. */
#include "cli.h"

#include "gallery.h"

#include "base/log.h"
#include "data/checkpoint.h"
#include "data/codes_file.h"
#include "inference/inference.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lwssim decode --run DIR|--checkpoint FILE --input CODES.h5 --output PNG|--files DIR\n"
    "A file of another model, or changed or made by another program, is decoded with --foreign: it needs an array\n"
    "/codes of float32, codes by numbers in one.\n";

typedef struct command {
    cli_model model;
    gallery_options to;
    char input[LWS_CONFIG_TEXT];
    bool foreign;
} command;

static const lws_config_key keys[] = {
    CLI_MODEL_KEYS(command),
    {"input", LWS_CONFIG_STRING, offsetof(command, input), "", 0, 0, "FILE", "a file of codes", NULL},
    GALLERY_KEYS(command),
    {"foreign", LWS_CONFIG_FLAG, offsetof(command, foreign), "false", 0, 0, NULL,
     "take codes that are not this model's, or not as they were written", NULL},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

/* The codes are ones that the model can decode, and by their file's word its own. */
static lws_status check_model(const command *c, const lws_inference_model *t, const lws_codes_file *codes)
{
    char digest[LWS_DIGEST_TEXT];
    int latent = lws_model_get_spec(t->model)->latent;
    if (codes->latent != latent)
        return lws_fail(LWS_ERR_MISMATCH, "%s holds codes of %d numbers, %s decodes %d", c->input, codes->latent,
                        t->path, latent);
    if (c->foreign)
        return LWS_OK;
    LWS_TRY(lws_checkpoint_digest(t->path, digest));
    if (strcmp(codes->checkpoint, digest) != 0)
        return lws_fail(LWS_ERR_MISMATCH,
                        "%s holds codes of another model: of the checkpoint with digest %s, and %s has %s; "
                        "with --foreign they are decoded all the same",
                        c->input, codes->checkpoint, t->path, digest);
    return LWS_OK;
}

static lws_status decode_to(const command *c, const lws_inference_model *t, const lws_codes_file *codes, gallery *g)
{
    float *images = malloc((size_t)t->block * lws_shape_size(t->meta.image) * sizeof *images);
    lws_status status = images ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory decoding codes");
    for (int64_t at = 0; at < codes->n && status == LWS_OK; at += t->block) {
        int64_t count = codes->n - at < t->block ? codes->n - at : t->block;
        status = lws_inference_images(t, count, codes->code + at * codes->latent, images);
        if (status == LWS_ERR_NUMERIC)
            status = lws_fail(status, "%s: a code from row %lld on is nothing that the model decodes: %s", c->input,
                              (long long)at, lws_message());
        if (status == LWS_OK)
            status = gallery_add(g, count, images);
    }
    free(images);
    return status;
}

static lws_status decode(const command *c, const lws_inference_model *t, const lws_codes_file *codes)
{
    gallery g;
    LWS_TRY(check_model(c, t, codes));
    LWS_TRY(gallery_check("decode", &c->to, codes->n, (const char *const[]){c->input, NULL}));
    LWS_TRY(gallery_open(&c->to, "code", t->meta.image, codes->n, &g));
    LWS_TRY(gallery_close(&g, decode_to(c, t, codes, &g)));
    lws_info("%lld codes of %s decoded by %s", (long long)codes->n, c->input, t->path);
    return LWS_OK;
}

lws_status cmd_decode(int argc, char **argv)
{
    command c;
    bool done;
    int threads;
    lws_inference_model trained;
    lws_codes_file codes;
    LWS_TRY(cli_parse(table, &c, argc, argv, usage, NULL, NULL, &done));
    if (done)
        return LWS_OK;
    if (!c.input[0])
        return lws_fail(LWS_ERR_USAGE, "decode: --input FILE is needed");
    LWS_TRY(gallery_check("decode", &c.to, -1, (const char *const[]){c.input, c.model.checkpoint, c.model.run, NULL}));
    LWS_TRY(cli_start_threads(NULL, 0, &threads));
    lws_status status = lws_codes_read(c.input, c.foreign, &codes);
    if (status == LWS_ERR_FORMAT && !c.foreign)
        return lws_fail(status, "%s; with --foreign the array /codes of any HDF5 file is decoded", lws_message());
    LWS_TRY(status);
    status = lws_inference_load(NULL, c.model.checkpoint, c.model.run, c.model.best, &trained);
    if (status == LWS_OK) {
        status = decode(&c, &trained, &codes);
        lws_inference_free(&trained);
    }
    lws_codes_file_free(&codes);
    return status;
}
