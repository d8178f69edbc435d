/* Images that are stored otherwise than they are to be seen: mirrored, upside down, turned by a quarter. */
#include "decoder.h"

#include <stdlib.h>
#include <string.h>

/* What makes the image that is seen of the one that is stored: it is mirrored, then rows and columns change places. */
typedef struct turn {
    bool flips_x, flips_y, swaps;
    int width, height; /* as stored */
    const lws_decode_args *args;
} turn;

/* A part of what is seen, where it is stored; and, with the steps in the other order, back. */
static lws_crop to_stored(const turn *t, lws_crop seen)
{
    lws_crop c = t->swaps ? (lws_crop){seen.top, seen.left, seen.height, seen.width} : seen;
    c.left = t->flips_x ? t->width - c.left - c.width : c.left;
    c.top = t->flips_y ? t->height - c.top - c.height : c.top;
    return c;
}

static lws_crop to_seen(const turn *t, lws_crop c)
{
    c.left = t->flips_x ? t->width - c.left - c.width : c.left;
    c.top = t->flips_y ? t->height - c.top - c.height : c.top;
    return t->swaps ? (lws_crop){c.top, c.left, c.height, c.width} : c;
}

static lws_status choose(const void *user, int width, int height, lws_crop *crop)
{
    turn t = *(const turn *)user;
    t.width = width;
    t.height = height;
    LWS_TRY(lws_decode_choose(t.args, t.swaps ? height : width, t.swaps ? width : height, crop));
    *crop = to_stored(&t, *crop);
    return LWS_OK;
}

static const uint8_t *pixel_of(const turn *t, const lws_image *stored, int x, int y)
{
    lws_crop at = to_stored(t, (lws_crop){x, y, 1, 1});
    return stored->pixels + ((size_t)at.top * (size_t)stored->width + (size_t)at.left) * (size_t)stored->channels;
}

static void copy(const turn *t, const lws_image *stored, lws_image *seen)
{
    size_t n = (size_t)seen->channels;
    uint8_t *to = seen->pixels;
    for (int y = 0; y < seen->height; y++) {
        const uint8_t *from = pixel_of(t, stored, 0, y);
        ptrdiff_t step = seen->width > 1 ? pixel_of(t, stored, 1, y) - from : 0;
        for (int x = 0; x < seen->width; x++, to += n)
            memcpy(to, from + x * step, n);
    }
}

lws_status lws_decode_turned(const lws_decoder *decoder, int orientation, const lws_decode_args *args, lws_image *out,
                             lws_crop *crop)
{
    turn t = {.flips_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8,
              .flips_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7,
              .swaps = orientation >= 5,
              .args = args};
    lws_decode_args stored_args = *args;
    lws_image stored;
    stored_args.choose = choose;
    stored_args.user = &t;
    LWS_TRY(decoder->decode(&stored_args, &stored, crop));
    t.width = stored.width;
    t.height = stored.height;
    *crop = to_seen(&t, *crop);
    lws_status status = lws_decode_room(t.swaps ? stored.height : stored.width, t.swaps ? stored.width : stored.height,
                                        stored.channels, out);
    if (status == LWS_OK)
        copy(&t, &stored, out);
    free(stored.pixels);
    return status;
}
