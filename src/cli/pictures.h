/* Image files, folders of them and datasets as float images: private to the command line. */
#ifndef LWS_PICTURES_H
#define LWS_PICTURES_H

#include "nn/nn.h"
#include <lwssim/status.h>

typedef struct pictures {
    int count;
    lws_shape shape;
    float *pixels; /* [count, h, w, c] in [0, 1] */
    char **name;   /* [count] of pictures_load_all; else NULL */
} pictures;

/* At most `limit` images of this shape from an image file, a folder of image files (by name) or a dataset folder (the
 * first of its test split). Image files are cropped to the largest centred square, or to crop pixels a side, and
 * resized as `prepare` does. Free with pictures_free. */
lws_status pictures_load(const char *path, lws_shape shape, int crop, int limit, pictures *p);

/* All images of this shape from an image file, or from a folder or an archive as `prepare` lists it, with their names
 * there. Prepared as above; those that cannot be read are left out with a warning. LWS_ERR_FORMAT where none is left.
 */
lws_status pictures_load_all(const char *path, lws_shape shape, int crop, pictures *p);

/* One image file in its own size, 3 channels. */
lws_status pictures_read(const char *path, pictures *p);

void pictures_free(pictures *p);

#endif
