/* lwssim interpolate: the way from one image to another through the codes between them, a row for each pair. */
#include "cli.h"

#include "pictures.h"

#include "base/log.h"
#include "base/text.h"
#include "inference/codes.h"
#include "report/grid.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: lwssim interpolate A B [C D …] --run DIR|--checkpoint FILE --output PNG\n"
                            "A row for each pair: the first image, the images decoded on the way, the second image.\n";

typedef struct command {
    cli_model model;
    char output[LWS_CONFIG_TEXT];
    int64_t steps, crop;
    int mode;
} command;

static const lws_config_key keys[] = {
    CLI_MODEL_KEYS(command),
    {"output", LWS_CONFIG_STRING, offsetof(command, output), "", 0, 0, "PNG", "the picture to write", NULL},
    {"steps", LWS_CONFIG_INT, offsetof(command, steps), "8", 2, 64, NULL,
     "images decoded on the way, from the code of the first to that of the second", NULL},
    {"mode", LWS_CONFIG_CHOICE, offsetof(command, mode), "linear", 0, 0, "linear|spherical",
     "on the line between the codes, or on an arc, which suits codes of a normal prior", NULL},
    {"crop", LWS_CONFIG_INT, offsetof(command, crop), "0", 0, 16384, NULL,
     "side of the centred square to take of each image; 0: the largest", NULL},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

/* Cells of one row: the two originals and what lies between. */
static void point_at(const pictures *p, int pair, int64_t steps, const float *between, const float **cell)
{
    size_t image = lws_shape_size(p->shape);
    cell[0] = p->pixels + 2 * (size_t)pair * image;
    cell[steps + 1] = cell[0] + image;
    for (int64_t i = 0; i < steps; i++)
        cell[i + 1] = between + ((size_t)pair * (size_t)steps + (size_t)i) * image;
}

static lws_status draw(const command *c, const lws_inference_model *t, const pictures *p, const lws_codes *codes)
{
    int pairs = p->count / 2;
    int64_t steps = c->steps, columns = steps + 2;
    size_t latent = (size_t)codes->latent, total = (size_t)pairs * (size_t)steps;
    float *on_way = malloc(total * latent * sizeof *on_way);
    float *images = malloc(total * lws_shape_size(p->shape) * sizeof *images);
    const float **cell = malloc((size_t)(pairs * columns) * sizeof *cell);
    lws_status status = LWS_OK;
    if (!on_way || !images || !cell)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory for %zu images", total);
    for (size_t i = 0; i < total && status == LWS_OK; i++) {
        const float *a = codes->code + i / (size_t)steps * 2 * latent;
        double way = (double)(i % (size_t)steps) / (double)(steps - 1);
        lws_codes_between(codes->latent, a, a + latent, way, c->mode == 1, on_way + i * latent);
    }
    if (status == LWS_OK)
        status = lws_inference_images(t, (int64_t)total, on_way, images);
    for (int pair = 0; pair < pairs && status == LWS_OK; pair++)
        point_at(p, pair, steps, images, cell + pair * columns);
    if (status == LWS_OK)
        status = lws_grid_write(c->output, p->shape.h, p->shape.w, p->shape.c, pairs, (int)columns, cell);
    free(on_way);
    free(images);
    free(cell);
    return status;
}

/* The images one after the other, as `reconstruct` prepares them. */
static lws_status load(const command *c, const lws_inference_model *t, int count, const char *const *path,
                       pictures *all)
{
    size_t image = lws_shape_size(t->meta.image);
    *all = (pictures){.shape = t->meta.image, .pixels = malloc((size_t)count * image * sizeof *all->pixels)};
    if (!all->pixels)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for %d images", count);
    for (int i = 0; i < count; i++) {
        pictures one;
        LWS_TRY(pictures_load(path[i], t->meta.image, (int)c->crop, 2, &one));
        bool is_one = one.count == 1;
        memcpy(all->pixels + (size_t)i * image, one.pixels, image * sizeof *one.pixels);
        pictures_free(&one);
        if (!is_one)
            return lws_fail(LWS_ERR_USAGE, "interpolate: %s holds several images: name the one that is meant", path[i]);
        all->count++;
    }
    return LWS_OK;
}

static lws_status interpolate(const command *c, const lws_inference_model *t, int count, const char *const *path)
{
    pictures images;
    lws_codes codes;
    lws_status status = load(c, t, count, path, &images);
    if (status == LWS_OK)
        status = lws_codes_of_images(t, images.count, images.pixels, &codes);
    if (status == LWS_OK) {
        status = draw(c, t, &images, &codes);
        lws_codes_free(&codes);
    }
    pictures_free(&images);
    if (status == LWS_OK)
        lws_info("%d way%s of %lld images by %s in %s", count / 2, count == 2 ? "" : "s", (long long)c->steps, t->path,
                 c->output);
    return status;
}

lws_status cmd_interpolate(int argc, char **argv)
{
    command c;
    bool done;
    const char **path = (const char **)argv; /* what is no option, moved to the front */
    int paths, threads;
    lws_inference_model trained;
    LWS_TRY(cli_parse(table, &c, argc, argv, usage, path, &paths, &done));
    if (done)
        return LWS_OK;
    if (paths < 2 || paths % 2 || !c.output[0])
        return lws_fail(LWS_ERR_USAGE, "interpolate: pairs of images and --output PNG are needed; %d image%s given",
                        paths, lws_plural(paths));
    if (paths > 128)
        return lws_fail(LWS_ERR_USAGE, "interpolate: at most 64 pairs fit one picture");
    LWS_TRY(cli_check_png("--output", c.output));
    for (int i = 0; i < paths; i++)
        LWS_TRY(cli_check_output("--output", c.output,
                                 (const char *const[]){path[i], c.model.checkpoint, c.model.run, NULL}));
    LWS_TRY(cli_start_threads(NULL, 0, &threads));
    LWS_TRY(lws_inference_load(NULL, c.model.checkpoint, c.model.run, c.model.best, &trained));
    lws_status status = interpolate(&c, &trained, paths, path);
    lws_inference_free(&trained);
    return status;
}
