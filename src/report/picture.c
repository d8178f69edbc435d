/* Images to PNGs in memory. */
#include "report/picture.h"

#include "png.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

unsigned char *lws_picture_png(int h, int w, int c, const float *image, int *bytes)
{
    size_t count = (size_t)h * w * c;
    uint8_t *pixels = malloc(count + 1);
    if (!pixels)
        return NULL;
    for (size_t i = 0; i < count; i++)
        pixels[i] = (uint8_t)lrintf(fminf(fmaxf(image[i], 0), 1) * 255);
    unsigned char *png = png_encode(pixels, w * c, w, h, c, bytes);
    free(pixels);
    return png;
}
