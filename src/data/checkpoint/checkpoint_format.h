/* The format of a checkpoint: an HDF5 file with everything that a run needs to go on.
 *
 * Its name is step-NNNNNNNNN.h5, the steps done with at least nine digits. While it is being written it has a temporary
 * name of base/output.h. It has
 *
 *   array                  type     what
 *   /model/TENSOR          float32  a parameter, in its shape: /model/encoder/conv1/weight
 *   /state/TENSOR          float32  a running statistic
 *   /optimizer/SLOT/TENSOR float32  what the optimizer keeps of that parameter (Adam: slots m and v); may be left
 *                                   out, as in the weights of a failed step
 *
 *   attribute              type           what
 *   digest of each array   text           lws_digest of its numbers
 *   kind of /              text           "lwssim checkpoint"
 *   schema of /            whole number   2; 1 in older files, which have no valid_digest
 *   config of /            text           the options of the run that its results depend on, as INI
 *   height, width,         whole numbers  of the images
 *     channels of /
 *   dataset_digest of /    text           of the training split
 *   valid_digest of /      text           of the validation split, which chooses the best; "": not known
 *   seed of /              whole number
 *   epoch, step of /       whole numbers  epochs begun and done, steps done
 *   best_step of /         whole number   of the best validation SSIM so far; -1: none yet
 *   best_ssim of /         float64
 *   digest of /            text           lws_digest of this text, whose last line is there for each array, by name:
 *
 *     HEIGHT WIDTH CHANNELS DATASET_DIGEST[ VALID_DIGEST] SEED EPOCH STEP BEST_STEP BEST_SSIM\n
 *     CONFIG\n
 *     NAME DIGEST\n
 *
 * (numbers as printf's %d and %a give them; VALID_DIGEST only where it is not empty), in that order, whose bytes depend
 * on the state of the run alone: no time stamps, the same from any number of ranks.
 *
 * A file is a valid checkpoint if and only if
 *
 *   (1) HDF5 reads it, with plain links, its own filters and no raw data in other files; groups are nested at most 16
 *       deep, and there are at most 65536 of them and arrays;
 *   (2) kind is "lwssim checkpoint";
 *   (3) schema is 1 or 2;
 *   (4) 1 <= height, width <= 1024; 1 <= channels <= 3; seed, epoch and step are from 0 to 2^52, best_step from -1;
 *       there are best_ssim and config; dataset_digest and, with schema 2, valid_digest have at most 32 characters;
 *   (5) each array has a digest;
 *   (6) digest is that of the text above;
 *   (7) each array is of float32 and its digest is that of its numbers;
 *   (8) where its name is that of a step, step is it.
 *
 * It fits a model if and only if, besides,
 *
 *   (9) each tensor of the model is there, of float32, in its shape, and no other under /model and /state.
 *
 * lws_checkpoint_read_meta checks (1) to (6), lws_checkpoint_verify (1) to (7), lws_checkpoint_verify_name (1) to (8),
 * and lws_checkpoint_read (1) to (6), and (7) and (9) of what it reads. */
#ifndef LWSSIM_CHECKPOINT_FORMAT_H
#define LWSSIM_CHECKPOINT_FORMAT_H

#include "data/checkpoint.h"
#include "data/h5.h"

#define CHECKPOINT_KIND "lwssim checkpoint"
#define CHECKPOINT_DIGEST "digest" /* of each array, and of the root */

enum { CHECKPOINT_SCHEMA = 2 };

/* Calls visit(user, name, tensor, values) for every array of a checkpoint that holds `data`, in the order in which they
 * are written, until one fails: its name in the file, and where its numbers lie in memory. */
typedef lws_status checkpoint_visit(void *user, const char *name, const lws_tensor *tensor, float *values);
lws_status checkpoint_each(const lws_tensors *tensors, const lws_checkpoint_data *data, checkpoint_visit *visit,
                           void *user);

/* What an array is by its name in the file; slot: "" unless it is one of the optimizer's. */
lws_checkpoint_group checkpoint_group_of(const char *name, char slot[LWS_CHECKPOINT_SLOT_NAME]);

/* The attributes of the root, but for `digest`: written; read and held against (2), (3) and (4). *config is the
 * caller's to free(). */
lws_status checkpoint_write_meta(lws_h5 *file, const lws_checkpoint_meta *meta, const char *config);
lws_status checkpoint_read_meta(lws_h5 *file, const char *path, lws_checkpoint_meta *meta, char **config);

/* The digest of the root, of what the description and the arrays' digests are now. LWS_ERR_MEMORY, LWS_ERR_FORMAT (5),
 * LWS_ERR_IO. */
lws_status checkpoint_root_digest(lws_h5 *file, const lws_checkpoint_meta *meta, const char *config,
                                  char digest[LWS_DIGEST_TEXT]);

/* A text attribute of the root; it must fit: what is cut off could pass for another. LWS_ERR_FORMAT. */
lws_status checkpoint_read_text(lws_h5 *file, const char *path, const char *name, char *to, size_t size);

/* (2) LWS_ERR_FORMAT. */
lws_status checkpoint_check_kind(lws_h5 *file, const char *path);

/* Is an open file meant as a checkpoint, whatever else is in it? LWS_ERR_FORMAT, LWS_ERR_IO. */
lws_status checkpoint_is_marked(lws_h5 *file, bool *is_marked);

/* checkpoint_folder.c: a file at `path` that holds another step than that of its name is renamed, so that the
 * checkpoint of that step can be written. LWS_ERR_IO. */
lws_status checkpoint_make_way(const char *path, int64_t step);

/* checkpoint_read.c: recomputes every digest of a checkpoint that this process has just written. */
lws_status checkpoint_verify_own(const char *path);

#endif
