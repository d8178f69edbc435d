/* Where the parts of a face come to lie when the head is turned and tilted. */
#include "paint.h"

#include <math.h>

lws_spot lws_face_spot(const lws_face *f, float u, float v)
{
    float w = v / f->tall, depth = sqrtf(lws_clamp(1 - u * u - .5f * w * w, .05f, 1));
    float across = sqrtf(1 - f->yaw * f->yaw);
    float narrow = (across * depth - f->yaw * u) / depth; /* the derivative of x by u */
    return (lws_spot){u * across + f->yaw * depth, v + f->pitch * depth, lws_clamp(narrow, .45f, 1.25f)};
}
