/* Transparency: what is seen of an image that lies on one colour. */
#include "decoder.h"

static const uint8_t white[3] = {255, 255, 255};

/* value × alpha + below × (255 - alpha), over 255 and rounded. */
static uint8_t blend(unsigned value, unsigned alpha, unsigned below)
{
    unsigned sum = value * alpha + below * (255 - alpha) + 128;
    return (uint8_t)((sum + (sum >> 8)) >> 8);
}

void lws_decode_compose(const lws_decode_args *args, lws_image *image)
{
    const uint8_t *below = args->background ? args->background : white;
    size_t count = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < count; i++) {
        uint8_t *p = image->pixels + 4 * i, alpha = p[3];
        for (int c = 0; c < 3 && alpha != 255; c++)
            p[c] = blend(p[c], alpha, below[c]);
    }
}
