/* What makes one synthetic face differ from the next. Lengths are in half widths of the head, whose centre is the
 * origin; y points down; the head is `tall` half widths from centre to chin. */
#ifndef LWSSIM_FACE_TRAITS_H
#define LWSSIM_FACE_TRAITS_H

#include "canvas.h"

#include <stdbool.h>

typedef enum lws_hair {
    LWS_HAIR_BALD,
    LWS_HAIR_BUZZ,
    LWS_HAIR_SHORT,
    LWS_HAIR_PARTED,
    LWS_HAIR_QUIFF,
    LWS_HAIR_FRINGE,
    LWS_HAIR_BOB,
    LWS_HAIR_LONG,
    LWS_HAIR_WAVY,
    LWS_HAIR_BUN,
    LWS_HAIR_AFRO,
    LWS_HAIR_CURLY,
    LWS_HAIR_RECEDING,
    LWS_HAIRS,
} lws_hair;

typedef enum lws_hat { LWS_HAT_NONE, LWS_HAT_BEANIE, LWS_HAT_CAP, LWS_HAT_SCARF } lws_hat;

typedef enum lws_beard {
    LWS_BEARD_NONE,
    LWS_BEARD_STUBBLE,
    LWS_BEARD_FULL,
    LWS_BEARD_GOATEE,
    LWS_BEARD_MOUSTACHE,
} lws_beard;

typedef enum lws_glasses { LWS_GLASSES_NONE, LWS_GLASSES_ROUND, LWS_GLASSES_BOX, LWS_GLASSES_SUN } lws_glasses;

typedef enum lws_backdrop {
    LWS_BACKDROP_PLAIN,
    LWS_BACKDROP_LIGHTS,
    LWS_BACKDROP_STRIPES,
    LWS_BACKDROP_CLOUDS,
    LWS_BACKDROP_HORIZON,
} lws_backdrop;

typedef enum lws_collar { LWS_COLLAR_ROUND, LWS_COLLAR_V, LWS_COLLAR_SHIRT, LWS_COLLAR_HIGH } lws_collar;

typedef struct lws_face {
    uint32_t seed; /* of the noise */

    /* pose and light */
    float x, y, scale, roll; /* of the head in the picture; roll in radians */
    float yaw, pitch;        /* sines */
    float light_x, light_y, light_z, ambient;
    lws_rgb tint;

    /* head */
    float tall, jaw, squareness, ears;
    lws_rgb skin;
    float age, feminine; /* 0 to 1 */
    bool freckles;

    /* eyes and brows */
    float eye_apart, eye_y, eye_w, eye_h, eye_slant, eye_open, gaze_x, gaze_y;
    lws_rgb iris;
    float brow_y, brow_w, brow_thick, brow_bend, brow_slant;
    lws_rgb brow;

    /* nose and mouth */
    float nose_w, nose_y;
    float mouth_y, mouth_w, smile, open, lip_up, lip_down;
    lws_rgb lips;

    /* hair and what is worn */
    lws_hair hair;
    lws_rgb hair_colour;
    float hair_volume, hairline, part, hair_length;
    lws_beard beard;
    lws_hat hat;
    lws_rgb hat_colour;
    lws_glasses glasses;
    lws_rgb glasses_colour;
    bool earrings;
    lws_collar collar;
    lws_rgb cloth, cloth2;
    float shoulders;
    bool cloth_stripes;

    /* backdrop */
    lws_backdrop backdrop;
    lws_rgb back1, back2;
    float back_x, back_y; /* direction of its gradient */
} lws_face;

/* The face of a seed and an index. */
void lws_face_traits(uint64_t seed, uint64_t index, lws_face *face);

#endif
