/* The painters of a face, each for some of its parts. The caller calls them from back to front. */
#ifndef LWSSIM_FACE_PAINT_H
#define LWSSIM_FACE_PAINT_H

#include "traits.h"

typedef struct lws_easel {
    lws_canvas *canvas;
    const lws_face *face;
    lws_frame head;   /* of half a head's width */
    lws_frame body;   /* the same, not turned with the head */
    lws_figure skull; /* the outline of the head, in the head's frame */
} lws_easel;

/* Where a point of the face lies in the head's frame, and how much narrower things are there, for the head's yaw and
 * pitch. u and v are as the traits give them, for a face seen from the front. */
typedef struct lws_spot {
    float x, y, narrow;
} lws_spot;

lws_spot lws_face_spot(const lws_face *face, float u, float v);

/* The colour with an alpha and no shading. */
static inline lws_paint lws_flat(lws_rgb colour, float alpha)
{
    return (lws_paint){.colour = colour, .alpha = alpha};
}

/* Paints a shape in the head's frame, without a clip. */
static inline void lws_put(lws_easel *e, lws_figure shape, lws_rgb colour, float alpha)
{
    lws_paint paint = lws_flat(colour, alpha);
    lws_canvas_paint(e->canvas, &e->head, &shape, NULL, &paint);
}

void lws_paint_backdrop(lws_easel *e);
void lws_paint_body(lws_easel *e);
void lws_paint_head(lws_easel *e); /* ears, skull, cheeks */
void lws_paint_nose(lws_easel *e);
void lws_paint_mouth(lws_easel *e);
void lws_paint_eyes(lws_easel *e); /* with brows */
void lws_paint_glasses(lws_easel *e);
void lws_paint_beard(lws_easel *e);
void lws_paint_hair_behind(lws_easel *e);
void lws_paint_hair(lws_easel *e); /* and hats */

#endif
