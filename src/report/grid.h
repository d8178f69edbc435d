/* Images side by side in one PNG. */
#ifndef LWSSIM_GRID_H
#define LWSSIM_GRID_H

#include <lwssim/status.h>

#include <stdbool.h>

/* Writes rows × columns images to a PNG, each float [h, w, c] (c 1 or 3) clipped to [0, 1] and enlarged by whole
 * factors to about 128 pixels; image [r · columns + k] stands in row r, column k. Appears whole or not
 * at all. LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status lws_grid_write(const char *path, int h, int w, int c, int rows, int columns, const float *const *image);

/* Whether the file is a PNG, by its beginning; whose, see lws_picture_is_own(). */
bool lws_grid_is_picture(const char *path);

#endif
