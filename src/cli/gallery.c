/* A picture of images, and files of them. */
#include "gallery.h"

#include "cli.h"

#include "base/folder.h"
#include "base/progress.h"
#include "report/grid.h"
#include "report/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

lws_status gallery_check(const char *command, const gallery_options *to, int64_t n, const char *const *inputs)
{
    if (!to->output[0] && !to->files[0])
        return lws_fail(LWS_ERR_USAGE, "%s: --output PNG or --files DIR is needed", command);
    if (!to->output[0])
        return LWS_OK;
    if (n > GALLERY_MAX)
        return lws_fail(LWS_ERR_USAGE, "--output %s: %lld images are too many for one picture: use --files DIR",
                        to->output, (long long)n);
    LWS_TRY(cli_check_png("--output", to->output));
    return cli_check_output("--output", to->output, inputs);
}

lws_status gallery_open(const gallery_options *to, const char *prefix, lws_shape shape, int64_t n, gallery *g)
{
    *g = (gallery){.to = to, .prefix = prefix, .shape = shape, .n = n};
    if (to->files[0])
        LWS_TRY(lws_folder_make(to->files));
    if (!to->output[0])
        return LWS_OK;
    g->all = malloc((size_t)n * lws_shape_size(shape) * sizeof *g->all + 1);
    return g->all ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for %lld images", (long long)n);
}

static lws_status write_file(const gallery *g, int64_t number, const float *image)
{
    char path[LWS_PATH];
    struct stat info;
    if (snprintf(path, sizeof path, "%s/%s-%06lld.png", g->to->files, g->prefix, (long long)number) >= LWS_PATH)
        return lws_fail(LWS_ERR_IO, "--files %s: the name is too long", g->to->files);
    if (stat(path, &info) == 0 && !lws_picture_is_own(path))
        return lws_fail(LWS_ERR_IO, "%s is there and lwssim has not made it: choose another folder", path);
    lws_progress();
    return lws_picture_write(path, g->shape.h, g->shape.w, g->shape.c, image);
}

lws_status gallery_add(gallery *g, int64_t count, const float *images)
{
    size_t image = lws_shape_size(g->shape);
    for (int64_t i = 0; i < count && g->to->files[0]; i++)
        LWS_TRY(write_file(g, g->done + i, images + (size_t)i * image));
    if (g->all)
        memcpy(g->all + (size_t)g->done * image, images, (size_t)count * image * sizeof *images);
    g->done += count;
    return LWS_OK;
}

/* White where the last row is not full. */
static lws_status draw(const gallery *g)
{
    size_t image = lws_shape_size(g->shape);
    int columns = g->n < g->to->columns ? (int)g->n : (int)g->to->columns;
    int rows = ((int)g->n + columns - 1) / columns;
    float *white = malloc(image * sizeof *white);
    const float **cell = malloc((size_t)rows * (size_t)columns * sizeof *cell);
    lws_status status = LWS_ERR_MEMORY;
    if (white && cell) {
        for (size_t i = 0; i < image; i++)
            white[i] = 1;
        for (int i = 0; i < rows * columns; i++)
            cell[i] = i < g->n ? g->all + (size_t)i * image : white;
        status = lws_grid_write(g->to->output, g->shape.h, g->shape.w, g->shape.c, rows, columns, cell);
    } else {
        lws_fail(status, "out of memory drawing %s", g->to->output);
    }
    free(white);
    free(cell);
    return status;
}

lws_status gallery_close(gallery *g, lws_status status)
{
    if (status == LWS_OK && g->all)
        status = draw(g);
    free(g->all);
    *g = (gallery){0};
    return status;
}
