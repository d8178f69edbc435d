/* What is around the face: backdrop, clothes, neck, and the head's own surface. */
#include "paint.h"

#include <math.h>

/* ---- backdrop -------------------------------------------------------------------------------- */

static void lights(lws_easel *e)
{
    const lws_face *f = e->face;
    lws_frame picture = {0, 0, 1, 1, 0};
    for (int i = 0; i < 9; i++) {
        float n = (float)i * 7.31f;
        float radius = .10f + .11f * (lws_noise(n, .5f, f->seed) + 1);
        lws_figure disc = {.kind = LWS_ELLIPSE,
                           .x = 1.3f * lws_noise(n, 1.5f, f->seed),
                           .y = 1.3f * lws_noise(n, 2.5f, f->seed),
                           .w = radius,
                           .h = radius};
        lws_paint paint = lws_flat(lws_mix(f->back2, (lws_rgb){1, .95f, .85f}, .35f), .38f);
        lws_canvas_paint(e->canvas, &picture, &disc, NULL, &paint);
    }
}

static float backdrop_mix(const lws_face *f, float x, float y)
{
    float along = f->back_x * x + f->back_y * y;
    switch (f->backdrop) {
    case LWS_BACKDROP_STRIPES: {
        float wave = along * 3.5f + (f->back_x + f->back_y) * 2;
        wave -= floorf(wave);
        return lws_smooth(.1f, .4f, wave) - lws_smooth(.6f, .9f, wave);
    }
    case LWS_BACKDROP_CLOUDS:
        return .5f + .5f * lws_noise(x * 1.8f, y * 1.8f, f->seed) + .25f * lws_noise(x * 4, y * 4, f->seed + 1);
    case LWS_BACKDROP_HORIZON:
        return lws_smooth(-.05f, .05f, y - .5f * f->back_y + .15f * f->back_x * x);
    default:
        return .5f + .5f * along;
    }
}

void lws_paint_backdrop(lws_easel *e)
{
    lws_canvas *c = e->canvas;
    for (int j = 0; j < c->size; j++) {
        for (int i = 0; i < c->size; i++) {
            float x = ((float)i + .5f) * c->pixel - 1, y = ((float)j + .5f) * c->pixel - 1;
            float t = lws_clamp(backdrop_mix(e->face, x, y), 0, 1);
            c->pixels[(size_t)j * (size_t)c->size + (size_t)i] = lws_mix(e->face->back1, e->face->back2, t);
        }
    }
    if (e->face->backdrop == LWS_BACKDROP_LIGHTS)
        lights(e);
}

/* ---- body ------------------------------------------------------------------------------------ */

static void put_on_body(lws_easel *e, lws_figure shape, const lws_figure *clip, lws_paint paint)
{
    lws_canvas_paint(e->canvas, &e->body, &shape, clip, &paint);
}

static void collar(lws_easel *e, float top, const lws_figure *torso, lws_rgb skin)
{
    const lws_face *f = e->face;
    switch (f->collar) {
    case LWS_COLLAR_ROUND:
        put_on_body(e, (lws_figure){.kind = LWS_ELLIPSE, .y = top - .02f, .w = .66f, .h = .36f}, torso,
                    lws_flat(lws_scale(f->cloth, .8f), 1));
        put_on_body(e, (lws_figure){.kind = LWS_ELLIPSE, .y = top - .04f, .w = .59f, .h = .31f}, NULL,
                    lws_flat(skin, 1));
        break;
    case LWS_COLLAR_V:
        put_on_body(e, (lws_figure){.kind = LWS_LENS, .y = top - .1f, .w = .62f, .a = .1f, .b = .75f}, NULL,
                    lws_flat(skin, 1));
        break;
    case LWS_COLLAR_SHIRT:
        put_on_body(e, (lws_figure){.kind = LWS_LENS, .y = top - .1f, .w = .5f, .a = .1f, .b = .55f}, NULL,
                    lws_flat(skin, 1));
        for (float side = -1; side < 2; side += 2)
            put_on_body(e,
                        (lws_figure){.kind = LWS_BOX,
                                     .x = side * .43f,
                                     .y = top + .2f,
                                     .w = .12f,
                                     .h = .30f,
                                     .a = .05f,
                                     .c = .83f,
                                     .s = side * .56f},
                        NULL, lws_flat(f->cloth2, 1));
        break;
    default:
        put_on_body(e, (lws_figure){.kind = LWS_BOX, .y = top - .02f, .w = .56f, .h = .2f, .a = .12f}, NULL,
                    lws_flat(lws_scale(f->cloth, .88f), 1));
    }
}

void lws_paint_body(lws_easel *e)
{
    const lws_face *f = e->face;
    float top = f->tall + .30f;
    lws_rgb skin = lws_scale(f->skin, f->ambient * .55f + .3f);
    put_on_body(
        e,
        (lws_figure){.kind = LWS_BOX, .y = f->tall - .05f, .w = .52f + .06f * (1 - f->feminine), .h = .55f, .a = .1f},
        NULL, (lws_paint){.colour = skin, .alpha = 1, .shade_x = f->light_x * .25f});
    lws_figure torso = {.kind = LWS_ELLIPSE, .y = top + 1.5f, .w = f->shoulders, .h = 1.5f};
    put_on_body(e, torso, NULL,
                (lws_paint){.colour = f->cloth,
                            .alpha = 1,
                            .shade_x = f->light_x * .18f,
                            .grain = .06f,
                            .grain_x = 3,
                            .grain_y = 3,
                            .grain_seed = f->seed + 2});
    for (int i = 0; f->cloth_stripes && i < 5; i++)
        put_on_body(e, (lws_figure){.kind = LWS_BOX, .y = top + .15f + .36f * (float)i, .w = f->shoulders, .h = .09f},
                    &torso, lws_flat(f->cloth2, .9f));
    collar(e, top, &torso, skin);
    /* The shadow of the chin. */
    put_on_body(e, (lws_figure){.kind = LWS_BLOB, .x = -.15f * f->light_x, .y = f->tall + .04f, .w = .75f, .h = .42f},
                NULL, lws_flat(lws_scale(f->skin, .22f), .75f));
}

/* ---- head ------------------------------------------------------------------------------------ */

static void ears(lws_easel *e)
{
    const lws_face *f = e->face;
    for (float side = -1; side < 2; side += 2) {
        float shown = 1 - side * f->yaw * 1.6f; /* the ear on the far side hides */
        if (shown < .35f)
            continue;
        float x = side * .99f - .25f * f->yaw, y = .10f - .35f * f->pitch;
        lws_rgb skin = lws_scale(f->skin, f->ambient + .22f * side * f->light_x);
        lws_put(e, (lws_figure){.kind = LWS_ELLIPSE, .x = x, .y = y, .w = f->ears * .75f, .h = f->ears * 1.5f}, skin,
                1);
        lws_put(e, (lws_figure){.kind = LWS_ELLIPSE, .x = x + side * .02f, .y = y, .w = f->ears * .4f, .h = f->ears},
                lws_scale(skin, .78f), .8f);
        if (f->earrings)
            lws_put(e,
                    (lws_figure){
                        .kind = LWS_ELLIPSE, .x = x + side * .01f, .y = y + f->ears * 1.6f, .w = .055f, .h = .075f},
                    (lws_rgb){.92f, .80f, .45f}, 1);
    }
}

/* The skin lit as an ellipsoid; shadows turn redder, as skin does. */
static void skull(lws_easel *e)
{
    const lws_face *f = e->face;
    lws_canvas *c = e->canvas;
    float pixel = c->pixel / e->head.scale;
    for (int j = 0; j < c->size; j++) {
        float dy = ((float)j + .5f) * c->pixel - 1 - e->head.y;
        for (int i = 0; i < c->size; i++) {
            float dx = ((float)i + .5f) * c->pixel - 1 - e->head.x;
            float x = (e->head.c * dx + e->head.s * dy) / e->head.scale;
            float y = (e->head.c * dy - e->head.s * dx) / e->head.scale;
            if (x < -1.05f || x > 1.05f || y < -f->tall - .05f || y > f->tall + .05f)
                continue;
            float alpha = lws_figure_cover(&e->skull, x, y, pixel);
            if (alpha <= 0)
                continue;
            float nx = .85f * x, ny = .8f * y / f->tall;
            float nz = sqrtf(lws_clamp(1 - nx * nx - ny * ny, .02f, 1));
            float lambert = nx * f->light_x + ny * f->light_y + nz * f->light_z;
            float light = f->ambient + (1.12f - f->ambient) * lws_clamp(lambert, 0, 1);
            light += .02f * lws_noise(x * 9, y * 9, f->seed + 3);
            float red = 1 + .10f * (1 - light);
            lws_rgb skin = {f->skin.r * light * red, f->skin.g * light, f->skin.b * light};
            lws_rgb *to = &c->pixels[(size_t)j * (size_t)c->size + (size_t)i];
            *to = lws_mix(*to, skin, alpha);
        }
    }
}

static void freckles(lws_easel *e)
{
    const lws_face *f = e->face;
    for (int i = 0; i < 26; i++) {
        float n = (float)i * 3.77f;
        lws_spot at =
            lws_face_spot(f, .62f * lws_noise(n, .5f, f->seed + 4), .34f + .24f * lws_noise(n, 1.5f, f->seed + 4));
        lws_put(e, (lws_figure){.kind = LWS_ELLIPSE, .x = at.x, .y = at.y, .w = .02f, .h = .02f},
                lws_scale(f->skin, .62f), .6f);
    }
}

/* The folds from the nose to the corners of the mouth, and lines on the forehead. */
static void wrinkles(lws_easel *e)
{
    const lws_face *f = e->face;
    float depth = lws_smooth(.5f, 1, f->age);
    if (depth <= 0)
        return;
    lws_rgb dark = lws_scale(f->skin, .58f);
    for (float side = -1; side < 2; side += 2) {
        lws_spot at = lws_face_spot(f, side * .40f, .57f);
        lws_put(e,
                (lws_figure){.kind = LWS_LENS,
                             .x = at.x,
                             .y = at.y,
                             .w = .2f,
                             .a = .014f,
                             .b = .014f,
                             .bend = .03f,
                             .c = .40f,
                             .s = side * .92f},
                dark, .65f * depth);
    }
    for (int i = 0; i < 2; i++) {
        lws_spot at = lws_face_spot(f, 0, -.45f - .12f * (float)i);
        lws_put(e,
                (lws_figure){.kind = LWS_LENS, .x = at.x, .y = at.y, .w = .42f, .a = .012f, .b = .012f, .bend = .03f},
                dark, .4f * depth);
    }
}

void lws_paint_head(lws_easel *e)
{
    const lws_face *f = e->face;
    ears(e);
    skull(e);
    lws_rgb blush = {f->skin.r * 1.02f, f->skin.g * .70f, f->skin.b * .68f};
    for (float side = -1; side < 2; side += 2) {
        lws_spot cheek = lws_face_spot(f, side * .52f, .40f);
        lws_put(e, (lws_figure){.kind = LWS_BLOB, .x = cheek.x, .y = cheek.y, .w = .34f * cheek.narrow, .h = .27f},
                blush, .22f + .28f * f->feminine);
    }
    if (f->freckles)
        freckles(e);
    wrinkles(e);
}
