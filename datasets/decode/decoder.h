/* What a decoder is, and what the decoders share.
 *
 * A format is one file, which ends with its row, the lws_decoder lws_decoder_NAME, and NAME in the list in decode.c:
 * from there the format's extensions are known to listings, and its name to messages. Pixels are malloc()ed. */
#ifndef LWSSIM_DECODER_H
#define LWSSIM_DECODER_H

#include "datasets/decode/image.h"

typedef struct lws_decoder {
    const char *formats;       /* for people: "JPEG"; of several: "PGM, PPM". NULL: known, but not read */
    const char *extensions[6]; /* of file names, in small letters; NULL behind the last */
    const char
        *signatures[8]; /* its files begin with one of these, ? for any byte; NULL behind the last. None: names tell */

    /* What decoders do not check, or not as is wanted here: libjpeg fills up truncated files, libpng and giflib
     * take the first picture of an animation. Walks the file's segments without decoding, and says NULL: fine, as far
     * as this goes; else a reason for people, a constant string. No scan: decoding finds all. */
    const char *(*scan)(const uint8_t *data, size_t bytes);

    /* How the image of a file that `scan` has found fit is to be turned, 1 to 8 as EXIF counts. NULL: never. */
    int (*orientation)(const uint8_t *data, size_t bytes);

    /* The pixels of a file that `scan` has found fit, as lws_image_decode_part; the channels of *out are either those
     * that were asked for or 4. It calls lws_decode_choose as soon as it knows the size. */
    lws_status (*decode)(const lws_decode_args *args, lws_image *out, lws_crop *crop);
} lws_decoder;

/* choose.c: the size of an image is known: refuses one that is too large (LWS_ERR_FORMAT); else *crop is the part that
 * is wanted. */
lws_status lws_decode_choose(const lws_decode_args *args, int64_t width, int64_t height, lws_crop *crop);

/* choose.c: room for pixels, all 0 at first, so that none is ever what memory happened to hold. LWS_ERR_MEMORY. */
lws_status lws_decode_room(int width, int height, int channels, lws_image *out);

/* choose.c: frees the pixels and refuses the file for this reason; without one, memory had run out and that is said. */
lws_status lws_decode_refuse(lws_image *out, const char *reason);

/* compose.c: an image of RGB and alpha as it is seen on the background, in place; the alpha is then padding. */
void lws_decode_compose(const lws_decode_args *args, lws_image *image);

/* exif.c: the orientation in EXIF data, which begin with their byte order; 1, as stored, where there is none. */
int lws_exif_orientation(const uint8_t *data, size_t bytes);

/* orient.c: a decoder's decode, of the image as it is seen in this orientation. */
lws_status lws_decode_turned(const lws_decoder *decoder, int orientation, const lws_decode_args *args, lws_image *out,
                             lws_crop *crop);

/* The number in the n bytes at p, the lowest first. */
static inline size_t lws_little_endian(const uint8_t *p, int n)
{
    size_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

#endif
