/* What the decoders do not check, or not as is wanted here: stb_image fills up truncated files with grey or black,
 * takes the first frame of animations, and ignores the checksums of PNG; libjpeg fills up truncated files, too, and
 * decodes CMYK, of which nothing here knows how it is meant. These walk a file's segments without decoding. NULL: fine,
 * as far as this goes; else a reason for people, a constant string. */
#ifndef LWSSIM_SCAN_H
#define LWSSIM_SCAN_H

#include <stddef.h>
#include <stdint.h>

const char *lws_scan_jpeg(const uint8_t *data, size_t bytes);
const char *lws_scan_png(const uint8_t *data, size_t bytes);
const char *lws_scan_gif(const uint8_t *data, size_t bytes);
const char *lws_scan_bmp(const uint8_t *data, size_t bytes);
const char *lws_scan_tga(const uint8_t *data, size_t bytes);
const char *lws_scan_pnm(const uint8_t *data, size_t bytes); /* with the signature P5 or P6 */

#endif
