/* Image files to pixels: decoding, cropping, resizing. The same code prepares datasets and reads the images that
 * commands are given, so that both see the same pixels.
 *
 * The formats are those that lws_image_formats names, a file of this folder for each. Images come upright, as EXIF data
 * say, and what is transparent on white; of 16 bits a channel the upper 8 are taken. Colour profiles are ignored. What
 * cannot be read whole is refused: truncated files, animations, more than LWS_IMAGE_SIDE pixels a side. */
#ifndef LWSSIM_IMAGE_H
#define LWSSIM_IMAGE_H

#include <lwssim/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LWS_IMAGE_SIDE = 16384,      /* pixels a side at most */
    LWS_IMAGE_PIXELS = 64000000, /* pixels at most */
};

typedef struct lws_image {
    uint8_t *pixels; /* [height, width, channels] */
    int width, height;
    int channels; /* 1: grey; 3: RGB; 4: RGB and a byte of padding, the fastest to decode and to
                     resize */
} lws_image;

/* A part of an image: width × height pixels from (left, top) on. */
typedef struct lws_crop {
    int left, top, width, height;
} lws_crop;

/* Chooses a part of an image, inside of it, once its size is known. An error is passed on. */
typedef lws_status lws_image_choose(const void *user, int width, int height, lws_crop *crop);

/* An image file in memory, and what is wanted of it. */
typedef struct lws_decode_args {
    const void *data; /* [bytes] */
    size_t bytes;
    const char *name;          /* serves to tell TGA, which has no signature, by its extension */
    int channels;              /* 1 (Rec. 601 luma, as Pillow's "L"), 3 or 4 */
    lws_image_choose *choose;  /* the part that is wanted; NULL: all of it */
    const void *user;          /* choose's */
    const uint8_t *background; /* [3] RGB, what transparent images lie on; NULL: white */
} lws_decode_args;

/* Decodes a part of an image: of a JPEG little more than that part, to the same pixels. *out holds at least the part
 * that was chosen, and *crop tells where in *out. Damage anywhere in the file counts. The pixels are the caller's:
 * lws_image_free. Any thread. LWS_ERR_FORMAT with the reason alone ("truncated", …), without the name;
 * LWS_ERR_MEMORY. */
lws_status lws_image_decode_part(const lws_decode_args *args, lws_image *out, lws_crop *crop);

/* The same for a whole image. */
lws_status lws_image_decode(const void *data, size_t bytes, const char *name, int channels, lws_image *out);

/* Reads and decodes a file; messages name it. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY. */
lws_status lws_image_read(const char *path, int channels, lws_image *out);

void lws_image_free(lws_image *image);

/* True for a name whose extension is that of a format that is read. */
bool lws_image_is_name(const char *name);

/* True for bytes that begin as files of a format do, whatever they are called; of a file its first 16 are enough. */
bool lws_image_begins(const void *data, size_t bytes);

/* The names of the formats, "JPEG, PNG, …", for people: writes them to `text` and returns it. */
enum { LWS_IMAGE_FORMATS = 128 };
const char *lws_image_formats(char text[LWS_IMAGE_FORMATS]);

typedef enum lws_filter { LWS_FILTER_LANCZOS, LWS_FILTER_AREA } lws_filter;

/* Coefficients and scratch memory of resizing, kept from one image to the next. One per thread. */
typedef struct lws_resizer lws_resizer;

/* NULL when out of memory. */
lws_resizer *lws_resizer_create(void);
void lws_resizer_destroy(lws_resizer *resizer);

/* Resizes the part `crop` of `image` to out [height, width, 1 or 3], 3 for an image of 4 channels. Separable,
 * antialiased: lanczos is a windowed sinc of three lobes, area the mean of the pixels whose centres an output pixel
 * covers. Integer arithmetic, so the same bytes on every machine. The crop must lie inside. LWS_ERR_MEMORY. */
lws_status lws_image_resize(lws_resizer *resizer, const lws_image *image, lws_crop crop, lws_filter filter, int width,
                            int height, uint8_t *out);

#endif
