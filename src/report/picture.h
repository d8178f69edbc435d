/* One image as a PNG in memory. */
#ifndef LWSSIM_PICTURE_H
#define LWSSIM_PICTURE_H

/* The PNG of image float [h, w, c] (c 1 or 3), clipped to [0, 1]; *bytes gets its length, the caller frees it. NULL
 * when out of memory. Not collective. */
unsigned char *lws_picture_png(int h, int w, int c, const float *image, int *bytes);

#endif
