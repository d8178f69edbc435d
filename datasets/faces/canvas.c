/* How much of each pixel a shape covers, and the noise that gives surfaces their grain. */
#include "canvas.h"

#include <math.h>
#include <stdbool.h>

/* ---- noise ----------------------------------------------------------------------------------- */

static float lattice(int32_t x, int32_t y, uint32_t seed)
{
    uint32_t h = seed + (uint32_t)x * 0x9E3779B1u + (uint32_t)y * 0x85EBCA77u;
    h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
    h = (h ^ (h >> 12)) * 0x297A2D39u;
    h ^= h >> 15;
    return (float)(h >> 8) * (2.f / 16777216.f) - 1;
}

static int32_t floor_to_int(float v)
{
    int32_t i = (int32_t)v;
    return (float)i > v ? i - 1 : i;
}

float lws_noise(float x, float y, uint32_t seed)
{
    int32_t i = floor_to_int(x), j = floor_to_int(y);
    float u = x - (float)i, v = y - (float)j;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    float top = lattice(i, j, seed) * (1 - u) + lattice(i + 1, j, seed) * u;
    float bottom = lattice(i, j + 1, seed) * (1 - u) + lattice(i + 1, j + 1, seed) * u;
    return top * (1 - v) + bottom * v;
}

/* ---- shapes ---------------------------------------------------------------------------------- */

/* Coverage at signed distance d (inside negative) from an edge. */
static float edge(float d, float pixel)
{
    return lws_clamp(.5f - d / pixel, 0, 1);
}

/* Distance to an ellipse, good near its edge: the implicit function over its gradient. */
static float ellipse_distance(const lws_figure *p, float x, float y)
{
    float u = x / p->w, v = y / p->h;
    float f = sqrtf(u * u + v * v);
    float gu = u / p->w, gv = v / p->h;
    float gradient = sqrtf(gu * gu + gv * gv);
    if (gradient < 1e-6f)
        return p->w < p->h ? -p->w : -p->h;
    return f * (f - 1) / gradient;
}

static float box_distance(const lws_figure *p, float x, float y)
{
    float dx = fabsf(x) - p->w + p->a, dy = fabsf(y) - p->h + p->a;
    float ox = dx > 0 ? dx : 0, oy = dy > 0 ? dy : 0;
    float inside = dx > dy ? dx : dy;
    return sqrtf(ox * ox + oy * oy) + (inside < 0 ? inside : 0) - p->a;
}

/* The sum of two edges, so that lines thinner than a pixel fade instead of breaking up. */
static float lens_cover(const lws_figure *p, float x, float y, float pixel)
{
    float u = x / p->w, room = 1 - u * u;
    if (room <= 0)
        return 0;
    float line = p->bend * u * u;
    float above = edge(line - p->a * room - y, pixel), below = edge(y - line - p->b * room, pixel);
    return lws_clamp(above + below - 1, 0, 1);
}

static float outline(const lws_figure *p, float d, float pixel)
{
    if (p->ring == 0)
        return edge(d, pixel);
    return lws_clamp(edge(d - .5f * p->ring, pixel) - edge(d + .5f * p->ring, pixel), 0, 1);
}

float lws_figure_cover(const lws_figure *p, float x, float y, float pixel)
{
    x -= p->x;
    y -= p->y;
    if (p->c != 0 || p->s != 0) {
        float turned = p->c * x + p->s * y;
        y = p->c * y - p->s * x;
        x = turned;
    }
    switch (p->kind) {
    case LWS_ELLIPSE:
        return outline(p, ellipse_distance(p, x, y), pixel);
    case LWS_BOX:
        return outline(p, box_distance(p, x, y), pixel);
    case LWS_BLOB: {
        float u = x / p->w, v = y / p->h, room = 1 - u * u - v * v;
        return room > 0 ? room * room : 0;
    }
    case LWS_LENS:
        return lens_cover(p, x, y, pixel);
    default:
        return p->cover(p->user, x, y, pixel);
    }
}

/* ---- painting -------------------------------------------------------------------------------- */

/* Half the sides of the upright rectangle in the picture that holds the shape. */
static void reach(const lws_frame *f, const lws_figure *p, float *across, float *down)
{
    bool upright = p->c == 0 && p->s == 0;
    float pc = upright ? 1 : p->c, ps = upright ? 0 : p->s;
    float c = fabsf(f->c * pc - f->s * ps), s = fabsf(f->c * ps + f->s * pc);
    float w = p->w + p->ring;
    float h = p->kind == LWS_LENS ? fabsf(p->bend) + fabsf(p->a) + fabsf(p->b) : p->h + p->ring;
    *across = (c * w + s * h) * f->scale;
    *down = (s * w + c * h) * f->scale;
}

/* First and one past the last pixel of [centre - half, centre + half]. */
static void span(const lws_canvas *canvas, float centre, float half, int *first, int *end)
{
    float size = (float)canvas->size;
    *first = (int)lws_clamp((centre - half + 1) / canvas->pixel - 1, 0, size);
    *end = (int)lws_clamp((centre + half + 1) / canvas->pixel + 2, 0, size);
}

static void blend(lws_rgb *to, const lws_paint *paint, float x, float y, float alpha)
{
    float light = 1 + paint->shade_x * x + paint->shade_y * y;
    if (paint->grain != 0)
        light += paint->grain * lws_noise(x * paint->grain_x, y * paint->grain_y, paint->grain_seed);
    *to = lws_mix(*to, lws_scale(paint->colour, light < 0 ? 0 : light), alpha);
}

void lws_canvas_paint(lws_canvas *canvas, const lws_frame *f, const lws_figure *shape, const lws_figure *clip,
                      const lws_paint *paint)
{
    int x0, x1, y0, y1;
    float across, down, pixel = canvas->pixel / f->scale;
    reach(f, shape, &across, &down);
    span(canvas, f->x + f->scale * (f->c * shape->x - f->s * shape->y), across, &x0, &x1);
    span(canvas, f->y + f->scale * (f->s * shape->x + f->c * shape->y), down, &y0, &y1);
    for (int j = y0; j < y1; j++) {
        float dy = ((float)j + .5f) * canvas->pixel - 1 - f->y;
        lws_rgb *row = canvas->pixels + (size_t)j * (size_t)canvas->size;
        for (int i = x0; i < x1; i++) {
            float dx = ((float)i + .5f) * canvas->pixel - 1 - f->x;
            float x = (f->c * dx + f->s * dy) / f->scale, y = (f->c * dy - f->s * dx) / f->scale;
            float alpha = lws_figure_cover(shape, x, y, pixel) * paint->alpha;
            if (clip && alpha > 0)
                alpha *= lws_figure_cover(clip, x, y, pixel);
            if (alpha > 0)
                blend(&row[i], paint, x - shape->x, y - shape->y, alpha);
        }
    }
}
