/* A face as a whole: the frames, the order of painting, and the way to bytes. */
#include "face.h"

#include "paint.h"

#include <math.h>
#include <stdlib.h>

/* Cosine and sine of a small angle, without the mathematics library, whose last bits differ between machines. */
static lws_frame turned(float x, float y, float scale, float angle)
{
    float a2 = angle * angle;
    float c = 1 - a2 / 2 + a2 * a2 / 24, s = angle * (1 - a2 / 6 + a2 * a2 / 120);
    float norm = sqrtf(c * c + s * s);
    return (lws_frame){x, y, scale, c / norm, s / norm};
}

/* The head narrows towards the chin; `squareness` says how late. */
static float skull_cover(const void *user, float x, float y, float pixel)
{
    const lws_face *f = user;
    float t = y / f->tall, width = 1, power = 2;
    if (t > 0) {
        width = 1 - f->jaw * t * t;
        power = f->squareness;
    }
    float u = x / width, square = t * t;
    /* |t|^power for powers from 2 to 3, without pow(). */
    float vertical = square * (1 + (power - 2) * (fabsf(t) - 1));
    float value = u * u + vertical;
    float gradient = 2 * sqrtf(u * u + square / (f->tall * f->tall));
    return lws_clamp(.5f - (value - 1) / ((gradient > .2f ? gradient : .2f) * pixel), 0, 1);
}

static void paint(lws_easel *e)
{
    lws_paint_backdrop(e);
    lws_paint_hair_behind(e);
    lws_paint_body(e);
    lws_paint_head(e);
    lws_paint_beard(e);
    lws_paint_nose(e);
    lws_paint_mouth(e);
    lws_paint_eyes(e);
    lws_paint_hair(e);
    lws_paint_glasses(e);
}

static unsigned to_byte(float v)
{
    return (unsigned)(lws_clamp(v, 0, 1) * 255 + .5f);
}

/* Tint of the light, a little darkness at the corners, the grain of film, and out. */
static void develop(const lws_canvas *canvas, const lws_face *f, int channels, uint8_t *out)
{
    for (int j = 0; j < canvas->size; j++) {
        for (int i = 0; i < canvas->size; i++) {
            lws_rgb p = canvas->pixels[(size_t)j * (size_t)canvas->size + (size_t)i];
            float x = ((float)i + .5f) * canvas->pixel - 1, y = ((float)j + .5f) * canvas->pixel - 1;
            float light = 1 - .07f * (x * x + y * y) + .02f * lws_noise(x * 61, y * 61, f->seed);
            unsigned r = to_byte(p.r * f->tint.r * light), g = to_byte(p.g * f->tint.g * light);
            unsigned b = to_byte(p.b * f->tint.b * light);
            if (channels == 1) { /* the luma of decoded images */
                *out++ = (uint8_t)((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16);
                continue;
            }
            *out++ = (uint8_t)r;
            *out++ = (uint8_t)g;
            *out++ = (uint8_t)b;
        }
    }
}

lws_status lws_face_draw(uint64_t seed, uint64_t index, int size, int channels, uint8_t *out)
{
    lws_face face;
    lws_canvas canvas = {size, 2.f / (float)size, NULL};
    canvas.pixels = calloc((size_t)size * (size_t)size, sizeof *canvas.pixels);
    if (!canvas.pixels)
        return lws_fail(LWS_ERR_MEMORY, "out of memory drawing a face");
    lws_face_traits(seed, index, &face);
    lws_easel easel = {.canvas = &canvas, .face = &face};
    easel.head = turned(face.x, face.y, face.scale, face.roll);
    easel.body = turned(face.x - .3f * face.yaw * face.scale, face.y, face.scale, 0);
    easel.skull =
        (lws_figure){.kind = LWS_CUSTOM, .w = 1.02f, .h = face.tall + .02f, .cover = skull_cover, .user = &face};
    paint(&easel);
    develop(&canvas, &face, channels, out);
    free(canvas.pixels);
    return LWS_OK;
}
