/* lwssim reconstruct: originals above their reconstructions, as one picture. */
#include "cli.h"

#include "pictures.h"

#include "base/log.h"
#include "base/text.h"
#include "inference/inference.h"
#include "report/grid.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: lwssim reconstruct --run DIR|--checkpoint FILE --input IMAGE|DIR "
                            "--output PNG\n";

typedef struct command {
    cli_model model;
    char input[LWS_CONFIG_TEXT];
    char output[LWS_CONFIG_TEXT];
    int64_t crop, limit, columns;
} command;

static const lws_config_key keys[] = {
    CLI_MODEL_KEYS(command),
    {"input", LWS_CONFIG_STRING, offsetof(command, input), "", 0, 0, "IMAGE|DIR",
     "an image, a folder of images, or a dataset (its test split)", NULL},
    {"output", LWS_CONFIG_STRING, offsetof(command, output), "", 0, 0, "PNG", "the picture to write", NULL},
    {"crop", LWS_CONFIG_INT, offsetof(command, crop), "0", 0, 16384, NULL,
     "side of the centred square to take of each image; 0: the largest", NULL},
    {"limit", LWS_CONFIG_INT, offsetof(command, limit), "32", 1, 4096, NULL, "images at most", NULL},
    {"columns", LWS_CONFIG_INT, offsetof(command, columns), "8", 1, 64, NULL, "images side by side", NULL},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

static lws_status reconstruct(const lws_inference_model *t, const pictures *p, float *codes, float *out)
{
    LWS_TRY(lws_inference_codes(t, p->count, p->pixels, codes));
    return lws_inference_images(t, p->count, codes, out);
}

/* Rows of originals with their reconstructions below; white where the last row is not full. */
static lws_status draw(const lws_inference_model *t, const pictures *p, const command *c)
{
    size_t image = lws_shape_size(p->shape);
    int columns = p->count < (int)c->columns ? p->count : (int)c->columns;
    int rows = (p->count + columns - 1) / columns;
    float *codes = malloc((size_t)p->count * (size_t)lws_model_get_spec(t->model)->latent * sizeof *codes + 1);
    float *out = malloc((size_t)p->count * image * sizeof *out);
    float *white = malloc(image * sizeof *white);
    const float **cell = malloc(2 * (size_t)rows * (size_t)columns * sizeof *cell);
    lws_status status = LWS_OK;
    if (!codes || !out || !white || !cell) {
        status = lws_fail(LWS_ERR_MEMORY, "out of memory reconstructing %d images", p->count);
    } else if ((status = reconstruct(t, p, codes, out)) == LWS_OK) {
        for (size_t i = 0; i < image; i++)
            white[i] = 1;
        for (int i = 0; i < rows * columns; i++) {
            int top = i / columns * 2 * columns + i % columns;
            cell[top] = i < p->count ? p->pixels + (size_t)i * image : white;
            cell[top + columns] = i < p->count ? out + (size_t)i * image : white;
        }
        status = lws_grid_write(c->output, p->shape.h, p->shape.w, p->shape.c, 2 * rows, columns, cell);
    }
    free(codes);
    free(out);
    free(white);
    free(cell);
    return status;
}

lws_status cmd_reconstruct(int argc, char **argv)
{
    command c;
    bool done;
    int threads;
    lws_inference_model trained;
    pictures images;
    LWS_TRY(cli_parse(table, &c, argc, argv, usage, NULL, NULL, &done));
    if (done)
        return LWS_OK;
    if (!c.input[0] || !c.output[0])
        return lws_fail(LWS_ERR_USAGE, "reconstruct: --input and --output are needed");
    LWS_TRY(cli_check_png("--output", c.output));
    LWS_TRY(
        cli_check_output("--output", c.output, (const char *const[]){c.input, c.model.checkpoint, c.model.run, NULL}));
    LWS_TRY(cli_start_threads(NULL, 0, &threads));
    LWS_TRY(lws_inference_load(NULL, c.model.checkpoint, c.model.run, c.model.best, &trained));
    lws_status status = pictures_load(c.input, trained.meta.image, (int)c.crop, (int)c.limit, &images);
    if (status == LWS_OK) {
        status = draw(&trained, &images, &c);
        if (status == LWS_OK)
            lws_info("%d image%s and reconstructions by %s in %s", images.count, lws_plural(images.count), trained.path,
                     c.output);
        pictures_free(&images);
    }
    lws_inference_free(&trained);
    return status;
}
