/* Files of codes, for other programs to look at and to decode again. The format, and what makes a file valid, stand in
 * codes/codes_format.h. Not collective. */
#ifndef LWSSIM_CODES_FILE_H
#define LWSSIM_CODES_FILE_H

#include "base/digest.h"
#include "base/tensors.h"
#include <lwssim/status.h>

#include <stdbool.h>

enum { LWS_CODES_MODEL = 16 }; /* room for the name of a kind of model */

typedef struct lws_codes_file {
    int64_t n;
    int latent;
    float *code;                      /* [n, latent] */
    float *log_variance;              /* [n, latent] of a VAE; NULL: none */
    char **name;                      /* [n], of the images; NULL in foreign files */
    lws_shape image;                  /* that the model takes */
    char model[LWS_CODES_MODEL];      /* "vae" */
    char checkpoint[LWS_DIGEST_TEXT]; /* its digest */
    char dataset[LWS_DIGEST_TEXT];    /* digest of the split that the images are of; "": of no dataset */
} lws_codes_file;

/* Writes the file, reads it back, and puts it in the place of `path`, which is otherwise as before. LWS_ERR_IO,
 * LWS_ERR_LIMIT, LWS_ERR_MEMORY. */
lws_status lws_codes_write(const char *path, const lws_codes_file *codes);

/* Reads a valid file. is_foreign: one of any program that has the array /codes; nothing else is then set. Free with
 * lws_codes_file_free. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MISMATCH (of a later schema), LWS_ERR_NUMERIC,
 * LWS_ERR_MEMORY. */
lws_status lws_codes_read(const char *path, bool is_foreign, lws_codes_file *out);

/* What is in it; the struct is the caller's. */
void lws_codes_file_free(lws_codes_file *codes);

/* Whether a file says that it holds codes. LWS_ERR_IO; LWS_ERR_FORMAT where it is too damaged to tell. */
lws_status lws_codes_peek(const char *path, bool *is_codes);

#endif
