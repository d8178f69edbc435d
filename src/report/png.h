/* PNG files in memory: private to this folder. */
#ifndef LWS_PNG_H
#define LWS_PNG_H

/* Behind the signature and the header stands who has made it, as the standard's text chunk of keyword "Software". */
enum { PNG_MARK_AT = 33 + 4 }; /* the chunk's length is before it */
#define PNG_MARK "tEXtSoftware\0lwssim"

/* The PNG of pixels [height, width, channels], whose rows begin `stride` bytes apart; the caller frees it. NULL when
 * out of memory. */
unsigned char *png_encode(const unsigned char *pixels, int stride, int width, int height, int channels, int *bytes);

#endif
