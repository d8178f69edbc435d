/* Figure 1 is put together: reconstructions, names above, figures below. */
#include "figure.h"

#include "base/log.h"
#include "data/dataset.h"
#include "inference/inference.h"
#include "report/canvas.h"
#include "report/picture.h"
#include "report/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GAP = 2, MARGIN = 16, SCALE = 2, LINE = SCALE * LWS_TEXT_HEIGHT + 2 };

static const table_value below[] = {VALUE_SSIM_G11, VALUE_MSE, VALUE_SLOPE}; /* lines below the images */
enum { BELOW = sizeof below / sizeof *below };

typedef struct gallery {
    const table_document *d;
    int h, w, c, faces;
    float *originals;       /* [faces, h, w, c] */
    float **reconstruction; /* [rows of the table], each [faces, h, w, c]; NULL: none */
} gallery;

/* ---- images ------------------------------------------------------------------------------------------------------ */

static lws_status read_originals(gallery *g)
{
    lws_dataset *dataset;
    const lws_table_names *names = g->d->names;
    LWS_TRY(lws_dataset_open(names->data, LWS_TEST, &dataset));
    const lws_dataset_info *info = lws_dataset_get_info(dataset);
    g->h = info->height, g->w = info->width, g->c = info->channels;
    int64_t most = info->rows < g->d->summary->images ? info->rows : g->d->summary->images;
    g->faces = names->faces < most ? names->faces : (int)most;
    g->originals = malloc(((size_t)g->faces * g->h * g->w * g->c + 1) * sizeof *g->originals);
    lws_status status = g->originals ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for Figure 1");
    for (int64_t i = 0; status == LWS_OK && i < g->faces; i++)
        status = lws_dataset_read(dataset, &i, 1, g->originals + (size_t)i * g->h * g->w * g->c);
    lws_dataset_close(dataset);
    return status;
}

static lws_status reconstruct(const gallery *g, const lws_inference_model *t, float **out)
{
    lws_shape image = t->meta.image;
    if (image.h != g->h || image.w != g->w || image.c != g->c)
        return lws_fail(LWS_ERR_MISMATCH, "%s is of a model of images of %d × %d × %d, the dataset has %d × %d × %d",
                        t->path, image.h, image.w, image.c, g->h, g->w, g->c);
    size_t latent = (size_t)lws_model_get_spec(t->model)->latent;
    float *codes = malloc(((size_t)g->faces * latent + 1) * sizeof *codes);
    float *y = malloc(((size_t)g->faces * lws_shape_size(image) + 1) * sizeof *y);
    lws_status status =
        codes && y ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for the reconstructions of %s", t->path);
    if (status == LWS_OK)
        status = lws_inference_codes(t, g->faces, g->originals, codes);
    if (status == LWS_OK)
        status = lws_inference_images(t, g->faces, codes, y);
    free(codes);
    if (status == LWS_OK)
        *out = y;
    else
        free(y);
    return status;
}

static lws_status read_reconstructions(gallery *g)
{
    const summary *s = g->d->summary;
    g->reconstruction = calloc((size_t)s->count + 1, sizeof *g->reconstruction);
    if (!g->reconstruction)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for Figure 1");
    for (int k = 0; k < s->count; k++) {
        lws_inference_model trained;
        if (!s->row[k].shown)
            continue;
        lws_status status = lws_inference_load(NULL, NULL, s->row[k].shown->folder, false, &trained);
        if (status == LWS_OK) {
            status = reconstruct(g, &trained, &g->reconstruction[k]);
            lws_inference_free(&trained);
        }
        if (status == LWS_ERR_MEMORY)
            return status;
        if (status != LWS_OK)
            lws_warn("%s; its column in Figure 1 stays white", lws_message());
    }
    return LWS_OK;
}

/* ---- panels ------------------------------------------------------------------------------------------------------ */

static int wide(const gallery *g) /* a column with its gap */
{
    return g->w * lws_canvas_factor(g->h, g->w) + GAP;
}

static int tall(const gallery *g)
{
    return g->h * lws_canvas_factor(g->h, g->w) + GAP;
}

static int panel_width(const gallery *g)
{
    return (1 + g->d->names->losses) * wide(g);
}

/* Height of title, names, images and figures. */
static int panel_height(const gallery *g)
{
    return 2 * LINE + g->faces * tall(g) + BELOW * LINE;
}

static bool has_panel(const gallery *g, int model)
{
    for (int k = 0; k < g->d->names->losses; k++)
        if (g->d->summary->row[model * g->d->names->losses + k].shown)
            return true;
    return false;
}

static void draw_column(const gallery *g, lws_canvas *canvas, int left, int top, const char *name, const float *images)
{
    size_t image = (size_t)g->h * g->w * g->c;
    lws_text_draw_centred(canvas, left + wide(g) / 2, top + LINE, SCALE, wide(g) - GAP, name);
    for (int i = 0; images && i < g->faces; i++)
        lws_canvas_image(canvas, left, top + 2 * LINE + i * tall(g), g->h, g->w, lws_canvas_factor(g->h, g->w),
                         images + (size_t)i * image);
}

static void draw_panel(const gallery *g, int model, lws_canvas *canvas, int left, int top)
{
    const lws_table_names *names = g->d->names;
    int figures = top + 2 * LINE + g->faces * tall(g) + LINE / 4;
    lws_text_draw_centred(canvas, left + panel_width(g) / 2, top, SCALE, panel_width(g),
                          summary_model_title(names->model[model]));
    draw_column(g, canvas, left, top, "original", g->originals);
    for (int i = 0; i < BELOW; i++)
        lws_text_draw_centred(canvas, left + wide(g) / 2, figures + i * LINE, SCALE, wide(g) - GAP,
                              table_columns[below[i]].title);
    for (int k = 0; k < names->losses; k++) {
        int number = model * names->losses + k, at = left + (1 + k) * wide(g);
        const summary_row *row = &g->d->summary->row[number];
        draw_column(g, canvas, at, top, names->loss[k], g->reconstruction[number]);
        for (int i = 0; i < BELOW; i++) {
            char text[64] = "-";
            const summary_value *v = &row->value[below[i]];
            if (!isnan(v->mean))
                snprintf(text, sizeof text, "%.*f", below[i] == VALUE_MSE ? 5 : 3, v->mean);
            lws_text_draw_centred(canvas, at + wide(g) / 2, figures + i * LINE, SCALE, wide(g) - GAP, text);
        }
    }
}

/* One picture with the panels of models [first, end), side by side. */
static lws_status write_picture(const gallery *g, const char *folder, const char *name, int first, int end,
                                table_document *d)
{
    char path[LWS_PATH];
    lws_canvas canvas;
    int panels = 0, at = MARGIN;
    for (int m = first; m < end; m++)
        panels += has_panel(g, m);
    if (panels == 0 || d->figures == TABLE_FIGURES || strlen(name) >= TABLE_FIGURE_NAME)
        return LWS_OK;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (access(path, F_OK) == 0 && !lws_picture_is_own(path)) {
        lws_warn("lwssim has not made %s: it stays, and Figure 1 is not written there", path);
        return LWS_OK;
    }
    LWS_TRY(lws_canvas_make(MARGIN + panels * (panel_width(g) + MARGIN), 2 * MARGIN + panel_height(g), g->c, &canvas));
    for (int m = first; m < end; m++) {
        if (!has_panel(g, m))
            continue;
        draw_panel(g, m, &canvas, at, MARGIN);
        at += panel_width(g) + MARGIN;
    }
    lws_status status = lws_canvas_write(&canvas, path);
    lws_canvas_free(&canvas);
    if (status == LWS_OK)
        strcpy(d->figure[d->figures++], name);
    return status;
}

lws_status figure_make(const char *folder, table_document *d)
{
    gallery g = {.d = d};
    if (!d->names->data)
        return LWS_OK;
    lws_status status = read_originals(&g);
    if (status == LWS_OK && g.faces > 0)
        status = read_reconstructions(&g);
    if (status == LWS_OK && g.faces > 0)
        status = write_picture(&g, folder, "figure1.png", 0, d->names->models, d);
    for (int m = 0; status == LWS_OK && g.faces > 0 && m < d->names->models; m++) {
        char name[LWS_PATH];
        snprintf(name, sizeof name, "figure1-%s.png", d->names->model[m]);
        status = write_picture(&g, folder, name, m, m + 1, d);
    }
    for (int k = 0; g.reconstruction && k < d->summary->count; k++)
        free(g.reconstruction[k]);
    free(g.reconstruction);
    free(g.originals);
    return status;
}
