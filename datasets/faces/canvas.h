/* A small painter: anti-aliased shapes on a square canvas, in float colours from 0 to 1.
 *
 * The picture spans [-1, 1] in x (right) and y (down). Shapes are given in the coordinates of a frame, which is moved,
 * turned and scaled against the picture. Only +, -, *, / and sqrt are used on pixels, so that the result is the same on
 * every machine. */
#ifndef LWSSIM_CANVAS_H
#define LWSSIM_CANVAS_H

#include <lwssim/status.h>

#include <stddef.h>
#include <stdint.h>

typedef struct lws_rgb {
    float r, g, b;
} lws_rgb;

typedef struct lws_canvas {
    int size;
    float pixel;     /* side of a pixel in the picture's coordinates */
    lws_rgb *pixels; /* [size, size] */
} lws_canvas;

/* Where a frame's origin lies in the picture, its scale, and the cosine and sine of its angle (clockwise). */
typedef struct lws_frame {
    float x, y, scale, c, s;
} lws_frame;

typedef enum lws_figure_kind {
    LWS_ELLIPSE, /* half axes w, h */
    LWS_BLOB,    /* the same, fading softly from the centre to the edge */
    LWS_BOX,     /* half sides w, h; corners of radius a */
    LWS_LENS,    /* from -w to w about the line y = bend × (x / w)², a above it and b below it in the
                    middle */
    LWS_CUSTOM,  /* cover(user, x, y, pixel) within w, h */
} lws_figure_kind;

typedef struct lws_figure {
    lws_figure_kind kind;
    float x, y, w, h; /* centre and extent, in the frame */
    float a, b, bend;
    float c, s; /* cosine and sine of its angle in the frame; both 0: upright */
    float ring; /* not 0, with ELLIPSE and BOX: only the line along the edge, so thick */
    float (*cover)(const void *user, float x, float y, float pixel); /* CUSTOM: 0 to 1 */
    const void *user;
} lws_figure;

typedef struct lws_paint {
    lws_rgb colour;
    float alpha;                   /* 0: nothing, 1: opaque */
    float shade_x, shade_y;        /* brighter by so much per unit of the frame, from the shape's centre on */
    float grain, grain_x, grain_y; /* noise: amplitude, and waves per unit of the frame */
    uint32_t grain_seed;
} lws_paint;

/* Paints a shape; with `clip`, only inside that other shape of the same frame. */
void lws_canvas_paint(lws_canvas *canvas, const lws_frame *frame, const lws_figure *shape, const lws_figure *clip,
                      const lws_paint *paint);

/* How much of a pixel of side `pixel` at (x, y) of the frame the shape *p covers, 0 to 1. */
float lws_figure_cover(const lws_figure *p, float x, float y, float pixel);

/* Smooth noise in [-1, 1] with one wave or so per unit. */
float lws_noise(float x, float y, uint32_t seed);

static inline float lws_clamp(float v, float low, float high)
{
    return v < low ? low : v > high ? high : v;
}

/* 0 below `from`, 1 above `to`, smooth between. */
static inline float lws_smooth(float from, float to, float v)
{
    float t = lws_clamp((v - from) / (to - from), 0, 1);
    return t * t * (3 - 2 * t);
}

static inline lws_rgb lws_mix(lws_rgb a, lws_rgb b, float t)
{
    return (lws_rgb){a.r + t * (b.r - a.r), a.g + t * (b.g - a.g), a.b + t * (b.b - a.b)};
}

static inline lws_rgb lws_scale(lws_rgb a, float f)
{
    return (lws_rgb){a.r * f, a.g * f, a.b * f};
}

#endif
