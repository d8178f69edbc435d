/* The traits of a face, thrown like dice from its seed and index: one sequence of throws, in the order of this file. */
#include "traits.h"

#include "base/rng.h"

#include <math.h>

/* ---- dice ------------------------------------------------------------------------------------ */

/* One throw a statement: C leaves the order of evaluation inside an expression to the compiler, and the faces must not
 * depend on it. */

typedef struct dice {
    lws_rng_key key;
    uint64_t thrown;
} dice;

static float between(dice *d, float low, float high)
{
    return low + (high - low) * (float)lws_rng_uniform(d->key, d->thrown++);
}

static bool chance(dice *d, float p)
{
    return between(d, 0, 1) < p;
}

/* Near the middle of [-1, 1] more often than at its ends. */
static float about(dice *d, float spread)
{
    float a = between(d, -1, 1);
    float b = between(d, -1, 1);
    return .5f * (a + b) * spread * 1.4f;
}

/* An index, each as likely as its weight says. */
static int choose(dice *d, const float *weight, int count)
{
    float sum = 0;
    for (int i = 0; i < count; i++)
        sum += weight[i];
    float at = between(d, 0, sum);
    for (int i = 0; i < count - 1; i++) {
        at -= weight[i];
        if (at < 0)
            return i;
    }
    return count - 1;
}

static lws_rgb hue(float h, float saturation, float value)
{
    float r = fabsf(h * 6 - 3) - 1, g = 2 - fabsf(h * 6 - 2), b = 2 - fabsf(h * 6 - 4);
    lws_rgb pure = {lws_clamp(r, 0, 1), lws_clamp(g, 0, 1), lws_clamp(b, 0, 1)};
    return lws_scale(lws_mix((lws_rgb){1, 1, 1}, pure, saturation), value);
}

/* Any hue, of a saturation and a value between bounds. */
static lws_rgb any_hue(dice *d, float pale, float vivid, float dark, float bright)
{
    float h = between(d, 0, 1);
    float saturation = between(d, pale, vivid);
    return hue(h, saturation, between(d, dark, bright));
}

static lws_rgb vary(dice *d, lws_rgb c, float by)
{
    float all = 1 + between(d, -by, by);
    c.r *= all * (1 + between(d, -by, by) * .4f);
    c.g *= all * (1 + between(d, -by, by) * .4f);
    c.b *= all * (1 + between(d, -by, by) * .4f);
    return c;
}

/* A point on the line through the colours, t from 0 to 1. */
static lws_rgb along(const lws_rgb *colours, int count, float t)
{
    float at = t * (float)(count - 1);
    int i = (int)at;
    i = i > count - 2 ? count - 2 : i;
    return lws_mix(colours[i], colours[i + 1], at - (float)i);
}

/* ---- traits ---------------------------------------------------------------------------------- */

static void pose_and_light(dice *d, lws_face *f)
{
    f->seed = (uint32_t)between(d, 0, 16777216);
    f->x = about(d, .09f);
    f->y = -.01f + about(d, .08f);
    f->scale = .54f + about(d, .06f);
    f->roll = about(d, .22f);
    f->yaw = about(d, .42f);
    f->pitch = about(d, .16f);
    float side = between(d, -1, 1);
    f->light_x = side * .75f;
    f->light_y = between(d, -.75f, -.1f);
    f->light_z = sqrtf(lws_clamp(1 - f->light_x * f->light_x - f->light_y * f->light_y, .1f, 1));
    f->ambient = between(d, .42f, .72f);
    float warm = about(d, .10f);
    f->tint = (lws_rgb){1 + warm, 1, 1 - warm};
}

static void head(dice *d, lws_face *f)
{
    static const lws_rgb skins[] = {{.99f, .87f, .79f}, {.95f, .79f, .67f}, {.88f, .69f, .54f}, {.75f, .55f, .40f},
                                    {.58f, .40f, .28f}, {.42f, .28f, .20f}, {.30f, .20f, .15f}};
    float darkness = between(d, 0, 1);
    f->skin = vary(d, along(skins, sizeof skins / sizeof *skins, darkness), .05f);
    f->feminine = between(d, 0, 1);
    f->age = between(d, 0, 1);
    f->tall = 1.30f + about(d, .12f) - .04f * f->feminine;
    f->jaw = .10f + .14f * f->feminine + about(d, .10f);
    f->squareness = 2.1f + (1 - f->feminine) * between(d, 0, .8f);
    f->ears = between(d, .15f, .24f);
    f->freckles = darkness < .45f && chance(d, .16f);
}

static void eyes(dice *d, lws_face *f)
{
    static const lws_rgb irises[] = {{.22f, .13f, .07f}, {.34f, .20f, .10f}, {.45f, .33f, .15f}, {.36f, .45f, .24f},
                                     {.33f, .52f, .66f}, {.25f, .40f, .62f}, {.48f, .55f, .60f}};
    static const float light[] = {2, 2, 1.5f, 1.5f, 2.5f, 1.5f, 1}, dark[] = {6, 3, 1, .3f, .2f, .1f, .2f};
    bool pale = f->skin.g > .62f;
    f->iris = vary(d, irises[choose(d, pale ? light : dark, 7)], .12f);
    f->eye_apart = .43f + about(d, .05f);
    f->eye_y = -.02f + about(d, .06f);
    f->eye_w = .228f + about(d, .03f) + .02f * f->feminine;
    f->eye_h = .112f + about(d, .03f) + .018f * f->feminine;
    f->eye_slant = about(d, .16f);
    f->eye_open = chance(d, .04f) ? .12f : between(d, .75f, 1.08f);
    f->gaze_x = about(d, .5f);
    f->gaze_y = about(d, .25f);
    f->brow_y = -.235f + about(d, .05f);
    f->brow_w = .275f + about(d, .03f);
    f->brow_thick = .055f - .022f * f->feminine + about(d, .018f);
    f->brow_bend = .07f + about(d, .06f);
    f->brow_slant = about(d, .22f);
}

static void mouth(dice *d, lws_face *f)
{
    f->nose_w = .165f + about(d, .05f);
    f->nose_y = .40f + about(d, .05f);
    f->mouth_y = .72f + about(d, .05f);
    f->smile = lws_clamp(.42f + about(d, .8f), -.35f, 1);
    f->mouth_w = .30f + .08f * f->smile + about(d, .04f);
    f->open = f->smile > .3f && chance(d, .5f) ? between(d, .25f, 1) : chance(d, .1f) ? between(d, .2f, .9f) : 0;
    f->lip_up = .045f + about(d, .018f) + .010f * f->feminine;
    f->lip_down = .068f + about(d, .022f) + .012f * f->feminine;
    lws_rgb natural = {f->skin.r * .86f, f->skin.g * .58f, f->skin.b * .58f};
    static const lws_rgb lipsticks[] = {{.78f, .12f, .18f}, {.85f, .32f, .42f}, {.55f, .10f, .22f}, {.82f, .36f, .28f}};
    f->lips = natural;
    if (chance(d, f->feminine * .55f)) {
        lws_rgb lipstick = lipsticks[(int)between(d, 0, 3.999f)];
        f->lips = lws_mix(natural, lipstick, between(d, .5f, .95f));
    }
    f->lips = vary(d, f->lips, .06f);
}

static void hair(dice *d, lws_face *f)
{
    static const lws_rgb colours[] = {{.07f, .06f, .06f}, {.20f, .13f, .09f}, {.36f, .23f, .14f},
                                      {.48f, .22f, .12f}, {.74f, .38f, .16f}, {.80f, .62f, .36f},
                                      {.93f, .83f, .62f}, {.58f, .57f, .56f}, {.88f, .87f, .85f}};
    float pale = lws_smooth(.35f, .75f, f->skin.g), old = lws_smooth(.65f, 1, f->age);
    float weight[] = {4.5f - 3 * pale, 3,    .6f + 2 * pale, .2f + pale, 1.2f * pale,
                      2.2f * pale,     pale, .1f + 4 * old,  4 * old};
    f->hair_colour = vary(d, colours[choose(d, weight, 9)], .12f);
    if (chance(d, .05f))
        f->hair_colour = any_hue(d, .65f, .65f, .75f, .75f);

    static const float masculine[LWS_HAIRS] = {1.4f, 1.6f, 3, 2.4f, 2.4f, 1.2f, .2f, .5f, .4f, .3f, .8f, 1.2f, 1.8f};
    static const float feminine[LWS_HAIRS] = {.05f, .15f, .6f, .7f, .3f, 1.4f, 2.4f, 3.4f, 3, 1.8f, 1.2f, 1.4f, .05f};
    float styles[LWS_HAIRS];
    for (int i = 0; i < LWS_HAIRS; i++)
        styles[i] = masculine[i] + (feminine[i] - masculine[i]) * f->feminine;
    f->hair = (lws_hair)choose(d, styles, LWS_HAIRS);
    f->hair_volume = between(d, .06f, .20f);
    f->hairline = -.66f + about(d, .10f);
    f->part = between(d, -.55f, .55f);
    f->hair_length = between(d, 0, 1);
    f->brow = lws_mix(lws_scale(f->hair_colour, .75f), (lws_rgb){.16f, .11f, .08f}, .45f);

    static const float beards[] = {4.5f, 2.2f, 2.2f, 1, 1};
    int beard = choose(d, beards, 5);
    f->beard = chance(d, 1 - lws_smooth(.25f, .5f, f->feminine)) ? (lws_beard)beard : LWS_BEARD_NONE;
}

static void worn(dice *d, lws_face *f)
{
    static const float hats[] = {.84f, .06f, .05f, .05f}, glasses[] = {.74f, .09f, .11f, .06f};
    static const float collars[] = {3, 2, 2.2f, 1};
    f->hat = (lws_hat)choose(d, hats, 4);
    if (f->hat == LWS_HAT_SCARF && f->feminine < .4f)
        f->hat = LWS_HAT_NONE;
    f->hat_colour = any_hue(d, .1f, .75f, .25f, .9f);
    f->glasses = (lws_glasses)choose(d, glasses, 4);
    f->glasses_colour = chance(d, .65f) ? (lws_rgb){.09f, .08f, .09f} : any_hue(d, .2f, .7f, .3f, .7f);
    f->earrings = chance(d, f->feminine * .4f);
    f->collar = (lws_collar)choose(d, collars, 4);
    f->cloth = any_hue(d, .05f, .8f, .15f, .95f);
    f->cloth2 = chance(d, .5f) ? (lws_rgb){.93f, .93f, .92f} : lws_scale(f->cloth, .6f);
    f->shoulders = 1.95f - .3f * f->feminine + about(d, .2f);
    f->cloth_stripes = chance(d, .2f);
}

static void backdrop(dice *d, lws_face *f)
{
    static const float kinds[] = {3, 2, 1.2f, 2, 1.3f};
    f->backdrop = (lws_backdrop)choose(d, kinds, 5);
    float h = between(d, 0, 1);
    float value = between(d, .12f, .95f);
    f->back1 = hue(h, between(d, .03f, .55f), value);
    h += about(d, .2f);
    value = lws_clamp(value + about(d, .5f), .08f, .97f);
    f->back2 = hue(h - floorf(h), between(d, .03f, .55f), value);
    f->back_x = between(d, -1, 1);
    f->back_y = between(d, -1, 1);
}

void lws_face_traits(uint64_t seed, uint64_t index, lws_face *face)
{
    dice d = {lws_rng(seed, LWS_RNG_FACES, index), 0};
    *face = (lws_face){0};
    pose_and_light(&d, face);
    head(&d, face);
    eyes(&d, face);
    mouth(&d, face);
    hair(&d, face);
    worn(&d, face);
    backdrop(&d, face);
}
