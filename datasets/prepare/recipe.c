/* What the options say of crops and fractions, and what they leave to the kind of images. */
#include "recipe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an option left empty stands for. */
static const struct {
    const char *name, *crop;
} defaults[] = {
    [LWS_RECIPE_AUTO] = {"auto", ""},
    [LWS_RECIPE_CELEBA] = {"celeba", "140"}, /* of the published 178 x 218: the face without the margins */
    [LWS_RECIPE_FOLDER] = {"folder", "square"},
    [LWS_RECIPE_SYNTHETIC] = {"synthetic", "none"},
};

const char *lws_recipe_name(int kind)
{
    return defaults[kind].name;
}

const char *lws_recipe_crop_text(const lws_recipe *r, char text[LWS_RECIPE_CROP])
{
    if (r->crop == LWS_CROP_SIZE)
        snprintf(text, LWS_RECIPE_CROP, "%dx%d", r->crop_width, r->crop_height);
    else
        snprintf(text, LWS_RECIPE_CROP, "%s", r->crop == LWS_CROP_SQUARE ? "square" : "none");
    return text;
}

/* A whole number from 1 to LWS_IMAGE_SIDE at *text, which moves past it; 0 where there is none. */
static int parse_side(const char **text)
{
    char *end;
    if (**text < '0' || **text > '9')
        return 0;
    long v = strtol(*text, &end, 10);
    *text = end;
    return v >= 1 && v <= LWS_IMAGE_SIDE ? (int)v : 0;
}

static lws_status parse_crop(const char *text, lws_recipe *r)
{
    const char *p = text;
    if (strcmp(text, "none") == 0) {
        r->crop = LWS_CROP_NONE;
        return LWS_OK;
    }
    if (strcmp(text, "square") == 0) {
        r->crop = LWS_CROP_SQUARE;
        return LWS_OK;
    }
    r->crop = LWS_CROP_SIZE;
    r->crop_width = r->crop_height = parse_side(&p);
    if (*p == 'x') {
        p++;
        r->crop_height = parse_side(&p);
    }
    if (!r->crop_width || !r->crop_height || *p)
        return lws_fail(LWS_ERR_USAGE,
                        "--crop %s is not accepted: it takes N, WIDTHxHEIGHT (1 to %d), "
                        "'square' or 'none'",
                        text, LWS_IMAGE_SIDE);
    return LWS_OK;
}

static lws_status parse_fractions(const char *text, double fraction[LWS_SPLITS])
{
    const char *p = text;
    double sum = 0;
    bool good = true;
    for (int s = 0; s < LWS_SPLITS && good; s++) {
        char *end;
        fraction[s] = strtod(p, &end);
        good = end != p && fraction[s] >= 0 && fraction[s] <= 1 && *end == (s + 1 < LWS_SPLITS ? ',' : 0);
        sum += fraction[s];
        p = end + 1;
    }
    if (!good || fabs(sum - 1) > 1e-6)
        return lws_fail(LWS_ERR_USAGE,
                        "--split %s is not accepted: it takes three fractions that add up "
                        "to 1, as 0.8,0.1,0.1 (train, valid, test)",
                        text);
    return LWS_OK;
}

lws_status lws_recipe_resolve(const lws_prepare_options *o, int kind, lws_recipe *r)
{
    *r = (lws_recipe){.kind = kind, .filter = (lws_filter)o->filter, .size = (int)o->size, .channels = o->grey ? 1 : 3};
    if (kind == LWS_RECIPE_SYNTHETIC && o->crop[0])
        return lws_fail(LWS_ERR_USAGE, "--crop has no meaning with --synthetic: faces are drawn at their "
                                       "final size");
    LWS_TRY(parse_crop(o->crop[0] ? o->crop : defaults[kind].crop, r));
    return parse_fractions(o->split, r->fraction);
}

lws_status lws_recipe_crop(const lws_recipe *r, int width, int height, lws_crop *crop)
{
    int w = width, h = height;
    if (r->crop == LWS_CROP_SIZE) {
        w = r->crop_width;
        h = r->crop_height;
    } else if (r->crop == LWS_CROP_SQUARE) {
        w = h = width < height ? width : height;
    }
    if (w > width || h > height)
        return lws_fail(LWS_ERR_FORMAT, "the crop of %dx%d is larger than the image, %dx%d", w, h, width, height);
    *crop = (lws_crop){(width - w) / 2, (height - h) / 2, w, h};
    return LWS_OK;
}
