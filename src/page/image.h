/* Images within the file, as data URIs, and how much room is left for them. Private to this folder. */
#ifndef PAGE_IMAGE_H
#define PAGE_IMAGE_H

#include "base/text.h"
#include "base/tensors.h"

#include <stdbool.h>
#include <stddef.h>

/* What pictures may still take of the file. */
typedef struct image_room {
    size_t left;     /* bytes of text */
    bool is_used_up; /* one was left out */
} image_room;

/* Adds <img> of pixels float [h, w, c], made smaller by a whole factor where a side has more than 128; where the room
 * does not suffice, an empty <span> of the same place. `alt` says what it shows. Out of memory: `out` is lossy. */
void image_add(lws_text *out, image_room *room, lws_shape shape, const float *pixels, const char *alt);

/* Adds <img> of a PNG file as it is; nothing, and false, where it is none, cannot be read, or the room does not
 * suffice. */
bool image_add_file(lws_text *out, image_room *room, const char *path, const char *alt);

#endif
