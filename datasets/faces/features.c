/* Eyes, brows, nose, mouth, glasses. */
#include "paint.h"

#include <math.h>

/* Cosine and sine of a small slant, good enough for a drawing and the same everywhere. */
static void tilt(lws_figure *shape, float slant)
{
    float norm = 1 / sqrtf(1 + slant * slant);
    shape->c = norm;
    shape->s = slant * norm;
}

static void put_clipped(lws_easel *e, lws_figure shape, const lws_figure *clip, lws_rgb colour, float alpha)
{
    lws_paint paint = lws_flat(colour, alpha);
    lws_canvas_paint(e->canvas, &e->head, &shape, clip, &paint);
}

/* ---- eyes ------------------------------------------------------------------------------------ */

static void eyeball(lws_easel *e, const lws_figure *opening, lws_spot at)
{
    const lws_face *f = e->face;
    float radius = f->eye_h * 1.08f;
    float x = at.x + .28f * f->gaze_x * f->eye_w * at.narrow + .06f * f->yaw, y = at.y + .3f * f->gaze_y * f->eye_h;
    float white = .80f + .16f * f->ambient;
    put_clipped(e, *opening, NULL, (lws_rgb){.97f * white, .96f * white, .95f * white}, 1);
    lws_figure iris = {.kind = LWS_ELLIPSE, .x = x, .y = y, .w = radius * at.narrow, .h = radius};
    put_clipped(e, iris, opening, lws_scale(f->iris, .55f), 1);
    iris.w *= .82f;
    iris.h *= .82f;
    put_clipped(e, iris, opening, f->iris, 1);
    iris.w *= .52f;
    iris.h *= .52f;
    put_clipped(e, iris, opening, (lws_rgb){.04f, .03f, .04f}, 1);
    /* The lid's shadow on the eyeball, then the light in the eye. */
    lws_figure shadow = *opening;
    shadow.b = -.45f * shadow.a;
    put_clipped(e, shadow, opening, (lws_rgb){.16f, .11f, .10f}, .35f);
    put_clipped(e,
                (lws_figure){.kind = LWS_ELLIPSE,
                             .x = x + .3f * radius * (f->light_x > 0 ? 1 : -1),
                             .y = y - .35f * radius,
                             .w = .026f,
                             .h = .026f},
                opening, (lws_rgb){1, 1, 1}, .9f);
}

static void brow(lws_easel *e, float side)
{
    const lws_face *f = e->face;
    lws_spot at = lws_face_spot(f, side * (f->eye_apart + .01f), f->eye_y + f->brow_y - .03f * f->open);
    lws_figure shape = {.kind = LWS_LENS,
                        .x = at.x,
                        .y = at.y - f->brow_bend * .4f,
                        .w = f->brow_w * at.narrow,
                        .a = f->brow_thick,
                        .b = f->brow_thick * .7f,
                        .bend = f->brow_bend};
    tilt(&shape, side * f->brow_slant);
    lws_paint paint = {
        .colour = f->brow, .alpha = .92f, .grain = .25f, .grain_x = 28, .grain_y = 9, .grain_seed = f->seed + 5};
    lws_canvas_paint(e->canvas, &e->head, &shape, NULL, &paint);
}

static void eye(lws_easel *e, float side)
{
    const lws_face *f = e->face;
    lws_spot at = lws_face_spot(f, side * f->eye_apart, f->eye_y);
    float w = f->eye_w * at.narrow, h = f->eye_h * f->eye_open;
    lws_put(e, (lws_figure){.kind = LWS_BLOB, .x = at.x, .y = at.y - .03f, .w = w * 1.75f, .h = .25f},
            lws_scale(f->skin, .52f), .42f);
    lws_figure opening = {.kind = LWS_LENS, .x = at.x, .y = at.y, .w = w, .a = h, .b = h * .72f};
    tilt(&opening, side * f->eye_slant);
    eyeball(e, &opening, at);

    float lash = .022f + .020f * f->feminine;
    lws_rgb dark = lws_mix(lws_scale(f->skin, .28f), (lws_rgb){.05f, .04f, .04f}, .4f + .5f * f->feminine);
    lws_figure lid = opening; /* the line of lashes above */
    lid.w *= 1.06f;
    lid.y -= h;
    lid.bend = h;
    lid.a = lash;
    lid.b = lash;
    lws_put(e, lid, dark, .95f);
    lid.y -= .055f; /* the fold of the lid */
    lid.a = lid.b = .013f;
    lws_put(e, lid, lws_scale(f->skin, .5f), .6f);
    lid.y = opening.y + h * .72f; /* below */
    lid.bend = -h * .72f;
    lid.a = lid.b = .011f;
    lws_put(e, lid, lws_scale(f->skin, .45f), .6f);
    lid.y += .07f + .05f * f->age; /* the bag under the eye */
    lid.a = lid.b = .02f;
    lws_put(e, lid, lws_scale(f->skin, .62f), .15f + .35f * f->age);
}

void lws_paint_eyes(lws_easel *e)
{
    for (float side = -1; side < 2; side += 2) {
        eye(e, side);
        brow(e, side);
    }
}

/* ---- nose ------------------------------------------------------------------------------------ */

void lws_paint_nose(lws_easel *e)
{
    const lws_face *f = e->face;
    lws_spot root = lws_face_spot(f, 0, f->eye_y + .02f), tip = lws_face_spot(f, 0, f->nose_y);
    tip.x += .18f * f->yaw; /* the nose stands out */
    tip.y += .12f * f->pitch;
    lws_rgb dark = lws_scale(f->skin, .55f), bright = lws_mix(f->skin, (lws_rgb){1, 1, 1}, .38f);
    float lit = f->light_x > 0 ? 1 : -1, w = f->nose_w;
    float mx = .5f * (root.x + tip.x), my = .5f * (root.y + tip.y), half = .5f * (tip.y - root.y);
    float slant = (tip.x - root.x) / (2 * half);

    lws_figure side = {.kind = LWS_BLOB, .x = mx - lit * w * .62f, .y = my + .05f, .w = w * .62f, .h = half * 1.15f};
    tilt(&side, -slant);
    lws_put(e, side, dark, .34f + .25f * fabsf(f->light_x));
    lws_figure ridge = {.kind = LWS_BLOB, .x = mx + lit * w * .1f, .y = my, .w = w * .34f, .h = half * 1.2f};
    tilt(&ridge, -slant);
    lws_put(e, ridge, bright, .30f);

    lws_put(e, (lws_figure){.kind = LWS_BLOB, .x = tip.x, .y = tip.y + .10f, .w = w * 1.5f, .h = .13f}, dark, .55f);
    for (float s = -1; s < 2; s += 2) { /* wings, then nostrils */
        lws_put(
            e,
            (lws_figure){.kind = LWS_ELLIPSE, .x = tip.x + s * w * .72f, .y = tip.y + .005f, .w = w * .42f, .h = .075f},
            lws_scale(f->skin, f->ambient * .55f + .36f + .1f * s * f->light_x), .75f);
        lws_figure nostril = {
            .kind = LWS_ELLIPSE, .x = tip.x + s * w * .48f, .y = tip.y + .062f, .w = w * .27f, .h = .028f};
        tilt(&nostril, -s * .25f);
        lws_put(e, nostril, lws_scale(f->skin, .25f), .8f);
    }
    lws_put(e, (lws_figure){.kind = LWS_BLOB, .x = tip.x + lit * .03f, .y = tip.y - .045f, .w = w * .75f, .h = .12f},
            bright, .55f);
}

/* ---- mouth ----------------------------------------------------------------------------------- */

static void inside_of_mouth(lws_easel *e, lws_figure opening)
{
    const lws_face *f = e->face;
    put_clipped(e, opening, NULL, (lws_rgb){.28f, .07f, .08f}, 1);
    lws_figure teeth = opening;
    teeth.b = opening.b * (f->smile > .2f ? .55f : .15f);
    put_clipped(e, teeth, &opening, (lws_rgb){.95f, .94f, .90f}, .96f);
    put_clipped(e,
                (lws_figure){.kind = LWS_BLOB,
                             .x = opening.x,
                             .y = opening.y + opening.b * .9f,
                             .w = opening.w * .6f,
                             .h = opening.b * .5f + .01f},
                &opening, (lws_rgb){.75f, .33f, .34f}, .8f);
}

void lws_paint_mouth(lws_easel *e)
{
    const lws_face *f = e->face;
    lws_spot at = lws_face_spot(f, 0, f->mouth_y);
    float w = f->mouth_w * at.narrow, bend = -.13f * f->smile, gap = .20f * f->open;
    at.y += .05f * (f->smile > 0 ? f->smile : 0); /* corners rise, the middle sinks */
    lws_put(e,
            (lws_figure){.kind = LWS_BLOB, .x = at.x, .y = at.y + f->lip_down + gap + .075f, .w = w * .8f, .h = .075f},
            lws_scale(f->skin, .5f), .5f);
    lws_figure lip = {.kind = LWS_LENS, .x = at.x, .y = at.y, .w = w, .a = 0, .b = f->lip_down + gap, .bend = bend};
    lws_put(e, lip, f->lips, 1);
    lws_put(
        e,
        (lws_figure){
            .kind = LWS_BLOB, .x = at.x, .y = at.y + gap + f->lip_down * .55f, .w = w * .5f, .h = f->lip_down * .5f},
        lws_mix(f->lips, (lws_rgb){1, 1, 1}, .45f), .5f);
    /* The upper lip is two lenses, for the bow in its middle. */
    for (float s = -1; s < 2; s += 2) {
        lws_figure upper = {.kind = LWS_LENS,
                            .x = at.x + s * w * .36f,
                            .y = at.y + bend * .14f,
                            .w = w * .64f,
                            .a = f->lip_up,
                            .b = .012f,
                            .bend = bend * .42f};
        tilt(&upper, s * bend * .75f);
        lws_put(e, upper, lws_scale(f->lips, .84f), 1);
    }
    if (f->open > 0) {
        lws_figure opening = {
            .kind = LWS_LENS, .x = at.x, .y = at.y, .w = w * .88f, .a = .004f, .b = gap, .bend = bend};
        inside_of_mouth(e, opening);
    } else {
        lip.a = lip.b = .013f;
        lws_put(e, lip, lws_scale(f->lips, .38f), .9f);
    }
    for (float s = -1; s < 2; s += 2) /* dimples at the corners */
        lws_put(e, (lws_figure){.kind = LWS_BLOB, .x = at.x + s * w * 1.02f, .y = at.y + bend, .w = .07f, .h = .06f},
                lws_scale(f->skin, .4f), .5f);
}

/* ---- glasses --------------------------------------------------------------------------------- */

void lws_paint_glasses(lws_easel *e)
{
    const lws_face *f = e->face;
    if (f->glasses == LWS_GLASSES_NONE)
        return;
    bool sun = f->glasses == LWS_GLASSES_SUN;
    lws_spot eye[2] = {lws_face_spot(f, -f->eye_apart, f->eye_y + .02f),
                       lws_face_spot(f, f->eye_apart, f->eye_y + .02f)};
    for (int i = 0; i < 2; i++) {
        float side = i ? 1 : -1, w = (sun ? .34f : .31f) * eye[i].narrow;
        lws_figure lens = {.kind = f->glasses == LWS_GLASSES_BOX ? LWS_BOX : LWS_ELLIPSE,
                           .x = eye[i].x,
                           .y = eye[i].y,
                           .w = w,
                           .h = f->glasses == LWS_GLASSES_BOX ? .20f : .27f,
                           .a = .07f};
        if (sun)
            lws_put(e, lens, (lws_rgb){.07f, .06f, .07f}, .93f);
        lws_put(e,
                (lws_figure){.kind = LWS_BLOB, .x = eye[i].x + w * .3f, .y = eye[i].y - .1f, .w = w * .6f, .h = .12f},
                (lws_rgb){1, 1, 1}, sun ? .4f : .22f);
        lens.ring = .055f;
        lws_put(e, lens, f->glasses_colour, 1);
        float outer = eye[i].x + side * w, end = side * 1.0f - .1f * f->yaw; /* the temple, to the ear */
        if (side * (end - outer) > .02f)
            lws_put(e,
                    (lws_figure){.kind = LWS_BOX,
                                 .x = .5f * (outer + end),
                                 .y = eye[i].y - .05f,
                                 .w = .5f * side * (end - outer),
                                 .h = .024f},
                    f->glasses_colour, 1);
    }
    float left = eye[0].x + .3f * eye[0].narrow, right = eye[1].x - .3f * eye[1].narrow;
    lws_put(e,
            (lws_figure){.kind = LWS_LENS,
                         .x = .5f * (left + right),
                         .y = eye[0].y - .07f,
                         .w = .62f * (right - left),
                         .a = .035f,
                         .b = .02f,
                         .bend = .04f},
            f->glasses_colour, 1);
}
