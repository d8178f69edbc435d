/* The format of a file of codes: an HDF5 file that is written at once, under a temporary name of base/output.h. It has
 *
 *   array            type                what
 *   /codes           float32 [n,latent]  a code each image; of a VAE the mean
 *   /log_variance    float32 [n,latent]  of a VAE: the logarithm of the variance about it; no such array of others
 *   /names           text [n]            of the images: as in the dataset, or of files
 *
 *   attribute              type           what
 *   digest of /codes and   text           lws_digest of its numbers
 *     /log_variance
 *   names_digest of /      text           lws_digest over /names, each with a terminating zero
 *   kind of /              text           "lwssim codes"
 *   schema of /            whole number   1
 *   model of /             text           "ae", "vae", "mmd-ae"
 *   height, width,         whole numbers  of the images that the model takes
 *     channels of /
 *   checkpoint_digest of / text           digest of / of the checkpoint: which model it was
 *   dataset_digest of /    text           split_digest of the images' split; "": they are of no dataset
 *   digest of /            text           lws_digest of this text, its third line only where that array is there:
 *
 *     MODEL HEIGHT WIDTH CHANNELS CHECKPOINT_DIGEST DATASET_DIGEST\n
 *     /codes DIGEST\n
 *     /log_variance DIGEST\n
 *     /names DIGEST\n
 *
 * in that order, whose bytes depend on the model and the images alone: no time stamps, the same from any number of
 * ranks.
 *
 * A file is a valid file of codes if and only if
 *
 *   (1) HDF5 reads it, with plain links, its own filters and no raw data in other files;
 *   (2) kind is "lwssim codes";
 *   (3) schema is 1;
 *   (4) model has at most 15 characters, checkpoint_digest 32, dataset_digest 32 or none; 1 <= height, width <= 1024;
 *       1 <= channels <= 3;
 *   (5) /codes is of float32 [n, latent] with n >= 1 and 1 <= latent <= 4096;
 *   (6) so is /log_variance, if it is there, with the same n and latent;
 *   (7) /names is text [n];
 *   (8) each digest is that of what it is of;
 *   (9) all numbers are finite.
 *
 * lws_codes_read checks all; of a foreign file (1), (5) and (9) of /codes. */
#ifndef LWS_CODES_FORMAT_H
#define LWS_CODES_FORMAT_H

#include "data/codes_file.h"
#include "data/h5.h"

#define CODES_KIND "lwssim codes"
#define CODES_CODES "/codes"
#define CODES_LOG_VARIANCE "/log_variance"
#define CODES_NAMES "/names"
#define CODES_DIGEST "digest" /* of arrays of numbers, and of the root */
#define CODES_NAMES_DIGEST "names_digest"

enum { CODES_SCHEMA = 1, CODES_LATENT_MAX = 4096 };

typedef struct codes_digests {
    char code[LWS_DIGEST_TEXT], log_variance[LWS_DIGEST_TEXT], names[LWS_DIGEST_TEXT], root[LWS_DIGEST_TEXT];
} codes_digests;

/* All digests of what is in memory. LWS_ERR_MEMORY. */
lws_status codes_digest(const lws_codes_file *c, codes_digests *d);

/* (2) of an open file. LWS_ERR_FORMAT, LWS_ERR_IO. */
lws_status codes_is_marked(lws_h5 *file, bool *is_marked);

/* Reads and checks an open file, as lws_codes_read; the caller closes it. */
lws_status codes_read_open(lws_h5 *file, const char *path, bool is_foreign, lws_codes_file *out);

#endif
