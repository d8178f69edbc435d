/* One image as a PNG of its own size. */
#ifndef LWSSIM_PICTURE_H
#define LWSSIM_PICTURE_H

#include <lwssim/status.h>

#include <stdbool.h>

/* The PNG of image float [h, w, c] (c 1 or 3), clipped to [0, 1]; *bytes gets its length, the caller frees it. NULL
 * when out of memory. Not collective. */
unsigned char *lws_picture_png(int h, int w, int c, const float *image, int *bytes);

/* The same to a file, which appears whole or not at all. LWS_ERR_IO, LWS_ERR_MEMORY. Not collective. */
lws_status lws_picture_write(const char *path, int h, int w, int c, const float *image);

/* Whether the file is a PNG that this program has made, which each says of itself behind its header. Not collective. */
bool lws_picture_is_own(const char *path);

#endif
