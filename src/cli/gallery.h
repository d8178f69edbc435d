/* Images that a command has made: side by side in one picture, and as a file each. Private to the command line. */
#ifndef LWS_GALLERY_H
#define LWS_GALLERY_H

#include "base/config.h"
#include "nn/nn.h"
#include <lwssim/status.h>

/* The options of such a command: a part of its fields, called `to`, and the keys of that part. */
typedef struct gallery_options {
    char output[LWS_CONFIG_TEXT], files[LWS_CONFIG_TEXT];
    int64_t columns;
} gallery_options;

#define GALLERY_KEY(name, type, at, initial, min, max, choices, help)                                                  \
    {                                                                                                                  \
        name, type, at, initial, min, max, choices, help, NULL                                                         \
    }
#define GALLERY_KEYS(command)                                                                                          \
    GALLERY_KEY("output", LWS_CONFIG_STRING, offsetof(command, to.output), "", 0, 0, "PNG",                            \
                "all images in one picture"),                                                                          \
        GALLERY_KEY("columns", LWS_CONFIG_INT, offsetof(command, to.columns), "8", 1, 64, NULL,                        \
                    "images side by side in it"),                                                                      \
        GALLERY_KEY("files", LWS_CONFIG_STRING, offsetof(command, to.files), "", 0, 0, "DIR",                          \
                    "a folder for a PNG of each image")

enum { GALLERY_MAX = 4096 }; /* images in one picture */

typedef struct gallery {
    const gallery_options *to;
    const char *prefix; /* of the files' names */
    lws_shape shape;
    int64_t n, done;
    float *all; /* [n, h, w, c] of the picture; NULL: none is wanted */
} gallery;

/* Before anything is computed: LWS_ERR_USAGE where neither output is named, or the picture has another kind of name,
 * would be larger than GALLERY_MAX images (n; below 0: not known yet) or would write over one of the inputs (as in
 * cli_check_output). `command` is its name. */
lws_status gallery_check(const char *command, const gallery_options *to, int64_t n, const char *const *inputs);

/* n images of this shape are to come: as FILES/PREFIX-NNNNNN.png, from 0 on, which replace pictures of these names and
 * nothing else. gallery_close() ends it. LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status gallery_open(const gallery_options *to, const char *prefix, lws_shape shape, int64_t n, gallery *g);

/* The next ones, [count, h, w, c]. LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status gallery_add(gallery *g, int64_t count, const float *images);

/* Writes the picture, where all that came before went well; frees. Returns `status`, or LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status gallery_close(gallery *g, lws_status status);

#endif
