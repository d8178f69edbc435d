/* Checkpoints: one self-verifying HDF5 file holds everything a run needs to go on.
 *
 *   /model/NAME       float32, a parameter, in its shape     /state/NAME   a running statistic
 *   /optimizer/m/NAME, /optimizer/v/NAME                     Adam's moments of that parameter
 *   attribute `digest` on each array; on the root: kind, schema, config (INI text), height, width, channels,
 *   dataset_digest, seed, epoch, step, best_step, best_ssim, and `digest` over all of these and the arrays' digests
 *
 * The file depends on the state of the run alone: same bits from any number of ranks. It is written under a
 * temporary name, flushed, verified and renamed. All functions run in one process (rank 0). */
#ifndef LWSSIM_CHECKPOINT_H
#define LWSSIM_CHECKPOINT_H

#include <lwssim/digest.h>
#include <lwssim/nn.h>

enum { LWS_CHECKPOINT_SCHEMA = 1, LWS_PATH = 4096 };

typedef struct lws_checkpoint_meta {
    lws_shape image;
    char dataset_digest[LWS_DIGEST_TEXT]; /* of the training split */
    int64_t seed, epoch, step;            /* steps done; epochs begun and done by then */
    int64_t best_step;                    /* of the best validation SSIM so far; -1: none yet */
    double best_ssim;
} lws_checkpoint_meta;

/* Arrays are the flat ones of the tensor table; m and v may be NULL: they are then left out. */
typedef struct lws_checkpoint_data {
    float *params, *states, *m, *v;
} lws_checkpoint_data;

/* Writes FOLDER/step-NNNNNNNNN.h5; path [LWS_PATH] gets its name. On failure (LWS_ERR_IO: full or unwritable disk) no
 * file of that name is left or changed, but where only the folder could not be flushed. May be tried again. */
lws_status lws_checkpoint_write(const char *folder, const lws_checkpoint_meta *meta, const char *config,
                                const lws_tensors *tensors, const lws_checkpoint_data *data, char *path);

/* Reads what describes the run; *config is the caller's to free(). LWS_ERR_IO, LWS_ERR_FORMAT. */
lws_status lws_checkpoint_read_meta(const char *path, lws_checkpoint_meta *meta, char **config);

/* Reads and verifies the arrays. LWS_ERR_MISMATCH where the file holds another model. */
lws_status lws_checkpoint_read(const char *path, const lws_tensors *tensors, const lws_checkpoint_data *data);

/* Recomputes every digest. LWS_ERR_FORMAT names the first array that does not match. */
lws_status lws_checkpoint_verify(const char *path);

/* The digest attribute of a verified file: the same for equal states. */
lws_status lws_checkpoint_digest(const char *path, char digest[LWS_DIGEST_TEXT]);

/* How many checkpoints a folder has, whole or not; -1 where it cannot be read. */
int64_t lws_checkpoint_count(const char *folder);

/* The newest checkpoint of a folder that verifies, path [LWS_PATH]; those that do not are passed over with a warning.
 * With step >= 0, that step's. LWS_ERR_IO when there is none. */
lws_status lws_checkpoint_find(const char *folder, int64_t step, char *path);

/* After the checkpoint of `step` was written: deletes all but the newest `keep` up to it and that of best_step (-1:
 * none). Those of later steps go too: the run was resumed from before them, as they were bad. So do leftover
 * temporary files. */
void lws_checkpoint_prune(const char *folder, int64_t step, int64_t keep, int64_t best_step);

#endif
