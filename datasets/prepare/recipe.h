/* A recipe: the defaults of one kind of source, and what the options make of them. */
#ifndef LWSSIM_RECIPE_H
#define LWSSIM_RECIPE_H

#include "datasets/decode/image.h"
#include "datasets/prepare/prepare.h"

/* The order of the choices of --recipe. */
enum { LWS_RECIPE_AUTO, LWS_RECIPE_CELEBA, LWS_RECIPE_FOLDER, LWS_RECIPE_SYNTHETIC };

typedef struct lws_recipe {
    int kind; /* LWS_RECIPE_…, not AUTO */
    enum { LWS_CROP_NONE, LWS_CROP_SQUARE, LWS_CROP_SIZE } crop;
    int crop_width, crop_height; /* with LWS_CROP_SIZE */
    lws_filter filter;
    int size, channels;
    double fraction[LWS_SPLITS]; /* without a partition file */
} lws_recipe;

/* "celeba", … */
const char *lws_recipe_name(int kind);

/* "140x140", "square", "none": writes it to `text` and returns it. */
enum { LWS_RECIPE_CROP = 32 };
const char *lws_recipe_crop_text(const lws_recipe *recipe, char text[LWS_RECIPE_CROP]);

/* The recipe `kind` with the options' changes. LWS_ERR_USAGE: options that are malformed or contradict it. */
lws_status lws_recipe_resolve(const lws_prepare_options *options, int kind, lws_recipe *recipe);

/* The centre crop for an image of this size. LWS_ERR_FORMAT, with the reason alone, where it does not fit. */
lws_status lws_recipe_crop(const lws_recipe *recipe, int width, int height, lws_crop *crop);

#endif
