/* PNG files in memory: private to this folder. */
#ifndef LWS_PNG_H
#define LWS_PNG_H

/* The PNG of pixels [height, width, channels], whose rows begin `stride` bytes apart; the caller frees it. NULL when
 * out of memory. */
unsigned char *png_encode(const unsigned char *pixels, int stride, int width, int height, int channels, int *bytes);

#endif
