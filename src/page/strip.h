/* A picture of a run, images/step-NNNNNNNNN.png, taken apart into its images. Private to this folder. */
#ifndef PAGE_STRIP_H
#define PAGE_STRIP_H

#include "base/tensors.h"
#include <lwssim/status.h>

typedef struct strip {
    lws_shape shape; /* of an image */
    int columns;
    float *pixels; /* [2, columns, h, w, c]: originals, then reconstructions; owned */
} strip;

/* Reads a picture of two rows of images, as training draws it (report/grid.h): gaps of two pixels, and every image
 * enlarged by a whole factor, which is taken back. strip_free() is due where LWS_OK comes back. LWS_ERR_FORMAT where it
 * is no such picture; LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status strip_read(const char *path, strip *s);
void strip_free(strip *s);

#endif
