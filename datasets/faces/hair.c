/* Hair, hats and beards. */
#include "paint.h"

#include <math.h>

/* ---- shapes ---------------------------------------------------------------------------------- */

static bool is_long(lws_hair hair)
{
    return hair == LWS_HAIR_BOB || hair == LWS_HAIR_LONG || hair == LWS_HAIR_WAVY;
}

static bool is_curly(lws_hair hair)
{
    return hair == LWS_HAIR_AFRO || hair == LWS_HAIR_CURLY;
}

/* How far the hair stands off the skull at its top and its sides. */
static float volume(const lws_face *f)
{
    if (f->hat != LWS_HAT_NONE)
        return .07f;
    switch (f->hair) {
    case LWS_HAIR_BALD:
    case LWS_HAIR_BUZZ:
        return .015f;
    case LWS_HAIR_SHORT:
    case LWS_HAIR_RECEDING:
        return .05f + .4f * f->hair_volume;
    case LWS_HAIR_AFRO:
        return .34f + 1.4f * f->hair_volume;
    case LWS_HAIR_CURLY:
        return .16f + f->hair_volume;
    default:
        return .06f + .7f * f->hair_volume;
    }
}

/* y of the edge of the hair on the forehead. */
static float hairline(const lws_face *f, float x)
{
    float y = f->hairline * f->tall / 1.3f, from_part = x - f->part;
    switch (f->hair) {
    case LWS_HAIR_FRINGE: /* strands of uneven length */
        return -.36f + .10f * x * x + .05f * lws_noise(x * 7, 0, f->seed + 6);
    case LWS_HAIR_BOB:
        return -.40f + .22f * x * x + .03f * lws_noise(x * 6, 0, f->seed + 6);
    case LWS_HAIR_PARTED:
    case LWS_HAIR_LONG:
    case LWS_HAIR_WAVY: { /* falls to both sides of the part, but not into the eyes */
        float fall = y - .10f + .75f * from_part * from_part, most = -.34f + .5f * x * x * x * x;
        return fall < most ? fall : most;
    }
    case LWS_HAIR_QUIFF:
        return y - .06f + .30f * x * x + .18f * (f->part > 0 ? x : -x);
    case LWS_HAIR_RECEDING: { /* two bays */
        float bay = fabsf(x) - .48f;
        return y - .16f - .20f * lws_clamp(1 - bay * bay * 14, 0, 1) + .5f * x * x * x * x;
    }
    case LWS_HAIR_AFRO:
    case LWS_HAIR_CURLY:
        return y + .04f + .35f * x * x + .07f * lws_noise(x * 9, 3, f->seed + 6);
    default:
        return y + .30f * x * x * x * x + .03f * lws_noise(x * 8, 0, f->seed + 6);
    }
}

/* Where hair beside the face ends below, with sideburns for the short styles. */
static float side_end(const lws_face *f)
{
    return is_curly(f->hair) ? .25f : .02f + .14f * f->hair_length;
}

/* Distance outwards from the skull, as an ellipse with room for the hair. */
static float beyond(const lws_face *f, float x, float y, float room)
{
    float u = x / (1 + room * .75f), v = y / (f->tall + room);
    return sqrtf(u * u + v * v) - 1;
}

static float hair_cover(const void *user, float x, float y, float pixel)
{
    const lws_face *f = user;
    float room = volume(f), wild = 0;
    if (is_curly(f->hair))
        wild = .07f * lws_noise(x * 6, y * 6, f->seed + 7);
    if (f->hair == LWS_HAIR_QUIFF) /* higher on one side */
        room += .22f * lws_smooth(-1, 1, f->part > 0 ? x : -x) * lws_smooth(0, -1, y);
    float outer = lws_clamp(.5f - (beyond(f, x, y, room) + wild) / pixel, 0, 1);
    if (outer == 0)
        return 0;
    float x_front = x - .55f * f->yaw, edge = hairline(f, lws_clamp(x_front, -1.1f, 1.1f)) + f->pitch;
    float front = lws_clamp(.5f + (edge - y) / (pixel + .03f), 0, 1);
    /* Beside the face hair goes on further down, and inwards as far as the temple. */
    float beside = fabsf(x_front) - (is_long(f->hair) ? .80f - .06f * y : .90f - .04f * y);
    float side = lws_clamp(.5f + beside / (pixel + .02f), 0, 1);
    if (!is_long(f->hair))
        side *= lws_clamp(.5f + (side_end(f) - y) / (pixel + .06f), 0, 1);
    return outer * (front > side ? front : side);
}

/* Long hair behind the shoulders: down from the skull, widening a little. */
static float curtain_cover(const void *user, float x, float y, float pixel)
{
    const lws_face *f = user;
    float room = volume(f), end = f->hair == LWS_HAIR_BOB ? .95f + .35f * f->hair_length : 1.6f + 1.2f * f->hair_length;
    float wave = f->hair == LWS_HAIR_WAVY ? .07f * lws_noise(y * 3.2f, x > 0 ? 1 : 5, f->seed + 8) : 0;
    float top = beyond(f, x, y, room);
    float half = 1 + room * .75f + wave + (y > 0 ? .06f * y : 0);
    float box = fabsf(x) - half;
    float low = y - end - .05f * lws_noise(x * 5, 0, f->seed + 9);
    float inside = y < 0 ? top : box > low ? box : low;
    return lws_clamp(.5f - inside / pixel, 0, 1);
}

/* ---- painting -------------------------------------------------------------------------------- */

static lws_paint hair_paint(const lws_face *f, float dark)
{
    lws_rgb c = lws_scale(f->hair_colour, dark * (.62f + .5f * f->ambient));
    lws_paint paint = {.colour = c,
                       .alpha = 1,
                       .shade_x = .22f * f->light_x,
                       .shade_y = -.12f,
                       .grain = .30f,
                       .grain_x = 13,
                       .grain_y = 2.6f,
                       .grain_seed = f->seed + 10};
    if (is_curly(f->hair)) {
        paint.grain_y = 13;
        paint.grain = .42f;
    }
    return paint;
}

void lws_paint_hair_behind(lws_easel *e)
{
    const lws_face *f = e->face;
    if (f->hat == LWS_HAT_SCARF || f->hair == LWS_HAIR_BALD)
        return;
    lws_paint paint = hair_paint(f, .62f);
    if (is_long(f->hair)) {
        lws_figure curtain = {.kind = LWS_CUSTOM, .w = 1.6f, .h = 3, .cover = curtain_cover, .user = f};
        lws_canvas_paint(e->canvas, &e->head, &curtain, NULL, &paint);
    } else if (f->hair == LWS_HAIR_BUN && f->hat == LWS_HAT_NONE) {
        float r = .30f + .8f * f->hair_volume;
        lws_figure bun = {.kind = LWS_ELLIPSE, .x = .3f * f->part, .y = -f->tall - .55f * r, .w = r, .h = r * .9f};
        lws_canvas_paint(e->canvas, &e->head, &bun, NULL, &paint);
    }
}

/* The band of light that smooth hair shows. */
static void shine(lws_easel *e, const lws_figure *hair)
{
    const lws_face *f = e->face;
    if (is_curly(f->hair) || f->hair == LWS_HAIR_BUZZ)
        return;
    lws_figure band = {.kind = LWS_BLOB, .x = .45f * f->light_x, .y = -.92f * f->tall, .w = .75f, .h = .26f};
    lws_paint paint = lws_flat(lws_mix(f->hair_colour, (lws_rgb){1, .97f, .9f}, .5f), .38f);
    lws_canvas_paint(e->canvas, &e->head, &band, hair, &paint);
}

static void hat(lws_easel *e)
{
    const lws_face *f = e->face;
    lws_paint paint = {.colour = lws_scale(f->hat_colour, .7f + .35f * f->ambient),
                       .alpha = 1,
                       .shade_x = .22f * f->light_x,
                       .shade_y = -.1f,
                       .grain = .1f,
                       .grain_x = 12,
                       .grain_y = 4,
                       .grain_seed = f->seed + 11};
    lws_figure crown = {.kind = LWS_ELLIPSE, .y = -.5f * f->tall, .w = 1.12f, .h = .70f * f->tall};
    float brim = -.52f * f->tall + f->pitch;
    if (f->hat == LWS_HAT_BEANIE) {
        lws_figure above = {.kind = LWS_BOX, .y = brim - 1.5f, .w = 1.4f, .h = 1.5f};
        lws_canvas_paint(e->canvas, &e->head, &crown, &above, &paint);
        lws_figure band = {.kind = LWS_BOX, .y = brim, .w = 1.13f, .h = .15f, .a = .08f};
        paint.colour = lws_scale(paint.colour, .78f);
        lws_canvas_paint(e->canvas, &e->head, &band, NULL, &paint);
    } else {
        lws_figure above = {.kind = LWS_BOX, .y = brim - 1.45f, .w = 1.4f, .h = 1.5f};
        lws_canvas_paint(e->canvas, &e->head, &crown, &above, &paint);
        lws_figure visor = {
            .kind = LWS_LENS, .x = .45f * f->yaw, .y = brim + .06f, .w = 1.02f, .a = .17f, .b = .12f, .bend = .1f};
        paint.colour = lws_scale(paint.colour, .62f);
        lws_canvas_paint(e->canvas, &e->head, &visor, NULL, &paint);
    }
}

/* Round the face and over the shoulders: everything near the head outside an oval opening. */
static float scarf_cover(const void *user, float x, float y, float pixel)
{
    const lws_face *f = user;
    float outer = y < .2f ? beyond(f, x, y, .17f) : fabsf(x) - 1.15f - .25f * (y - .2f) * (y - .2f);
    float u = (x - .4f * f->yaw) / .86f, v = (y - .14f) / (f->tall * .84f);
    float hole = sqrtf(u * u + v * v) - 1;
    return lws_clamp(.5f - outer / pixel, 0, 1) * lws_clamp(.5f + .9f * hole / pixel, 0, 1);
}

static void scarf(lws_easel *e)
{
    const lws_face *f = e->face;
    lws_figure shape = {.kind = LWS_CUSTOM, .w = 2, .h = 2.6f, .cover = scarf_cover, .user = f};
    lws_paint paint = {.colour = lws_scale(f->hat_colour, .65f + .4f * f->ambient),
                       .alpha = 1,
                       .shade_x = .25f * f->light_x,
                       .shade_y = -.1f,
                       .grain = .14f,
                       .grain_x = 1.5f,
                       .grain_y = 5,
                       .grain_seed = f->seed + 11};
    lws_canvas_paint(e->canvas, &e->head, &shape, NULL, &paint);
}

void lws_paint_hair(lws_easel *e)
{
    const lws_face *f = e->face;
    if (f->hat == LWS_HAT_SCARF) {
        scarf(e);
        return;
    }
    if (f->hair != LWS_HAIR_BALD) {
        lws_figure hair = {.kind = LWS_CUSTOM, .w = 1.6f, .h = f->tall + .7f, .cover = hair_cover, .user = f};
        lws_paint paint = hair_paint(f, 1);
        if (f->hair == LWS_HAIR_BUZZ)
            paint.alpha = .72f;
        lws_canvas_paint(e->canvas, &e->head, &hair, NULL, &paint);
        shine(e, &hair);
    }
    if (f->hat != LWS_HAT_NONE)
        hat(e);
}

/* ---- beards ---------------------------------------------------------------------------------- */

/* 1 on the jaw below a line that rises towards the ears, around the mouth. */
static float beard_cover(const void *user, float x, float y, float pixel)
{
    const lws_easel *e = user;
    const lws_face *f = e->face;
    float xf = x - .5f * f->yaw, line = f->mouth_y - .16f + f->pitch - .9f * xf * xf * xf * xf;
    float below = lws_smooth(line - .05f, line + .09f, y);
    float u = xf / (f->mouth_w + .04f), v = (y - f->mouth_y - f->pitch - .02f) / .15f;
    float mouth = lws_smooth(.8f, 1.25f, u * u + v * v);
    float patchy = .80f + .30f * lws_noise(x * 11, y * 11, f->seed + 12);
    return lws_figure_cover(&e->skull, x, y, pixel) * below * mouth * lws_clamp(patchy, 0, 1);
}

void lws_paint_beard(lws_easel *e)
{
    const lws_face *f = e->face;
    if (f->beard == LWS_BEARD_NONE)
        return;
    lws_rgb colour = lws_mix(f->hair_colour, (lws_rgb){.14f, .10f, .08f}, .25f);
    lws_paint paint = {.colour = lws_scale(colour, .6f + .45f * f->ambient),
                       .alpha = .92f,
                       .shade_x = .2f * f->light_x,
                       .grain = .3f,
                       .grain_x = 18,
                       .grain_y = 8,
                       .grain_seed = f->seed + 13};
    lws_spot lip = lws_face_spot(f, 0, f->mouth_y - .10f), chin = lws_face_spot(f, 0, f->tall - .22f);
    if (f->beard == LWS_BEARD_STUBBLE)
        paint.alpha = .36f;
    if (f->beard == LWS_BEARD_STUBBLE || f->beard == LWS_BEARD_FULL) {
        lws_figure jaw = {.kind = LWS_CUSTOM, .w = 1.1f, .h = f->tall + .1f, .cover = beard_cover, .user = e};
        lws_canvas_paint(e->canvas, &e->head, &jaw, NULL, &paint);
    }
    if (f->beard == LWS_BEARD_GOATEE) {
        lws_figure tuft = {.kind = LWS_ELLIPSE, .x = chin.x, .y = chin.y, .w = .24f, .h = .22f};
        lws_canvas_paint(e->canvas, &e->head, &tuft, NULL, &paint);
    }
    lws_figure moustache = {
        .kind = LWS_LENS, .x = lip.x, .y = lip.y, .w = f->mouth_w + .06f, .a = .06f, .b = .05f, .bend = .09f};
    lws_canvas_paint(e->canvas, &e->head, &moustache, NULL, &paint);
}
