/* Checkpoints: one self-verifying HDF5 file holds everything a run needs to go on. Its format, and what makes it valid,
 * stand in checkpoint/checkpoint_format.h; this is how it is written, read, verified and found.
 *
 * The file depends on the state of the run alone: same bits from any number of ranks. It is written under a
 * temporary name, flushed, verified and renamed. All functions run in one process (rank 0): not collective. */
#ifndef LWSSIM_CHECKPOINT_H
#define LWSSIM_CHECKPOINT_H

#include "base/digest.h"
#include "base/folder.h"
#include "base/tensors.h"

typedef struct lws_checkpoint_meta {
    lws_shape image;
    char dataset_digest[LWS_DIGEST_TEXT]; /* of the training split */
    char valid_digest[LWS_DIGEST_TEXT];   /* of the validation split, which chooses the best; "": not known */
    int64_t seed, epoch, step;            /* steps done; epochs begun and done by then */
    int64_t best_step;                    /* of the best validation SSIM so far; -1: none yet */
    double best_ssim;
} lws_checkpoint_meta;

enum {
    LWS_CHECKPOINT_SLOTS = 8,      /* numbers of a parameter that an optimizer keeps, at most */
    LWS_CHECKPOINT_SLOT_NAME = 32, /* room for the name of one */
};

/* The flat arrays of the tensor table: parameters, running statistics, and the optimizer's slots, each as long as the
 * parameters, as /optimizer/NAME: none where they are not to be written or read. */
typedef struct lws_checkpoint_data {
    float *params, *buffers;      /* NULL: left out */
    int slots;                    /* at most LWS_CHECKPOINT_SLOTS */
    const char *const *slot_name; /* [slots]: "m", "v" */
    float *slot[LWS_CHECKPOINT_SLOTS];
} lws_checkpoint_data;

/* Writes FOLDER/step-NNNNNNNNN.h5; path [LWS_PATH] gets its name. On failure (LWS_ERR_IO: full or unwritable disk;
 * LWS_ERR_LIMIT: a file larger than the process may make) no file of that name is left or changed, but where only the
 * folder could not be flushed. After LWS_ERR_IO it may be tried again. */
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

/* One array of a checkpoint. */
typedef enum lws_checkpoint_group {
    LWS_CHECKPOINT_MODEL, /* a parameter */
    LWS_CHECKPOINT_STATE, /* a running statistic */
    LWS_CHECKPOINT_SLOT,  /* of the optimizer */
    LWS_CHECKPOINT_OTHER, /* of nothing that this program writes */
} lws_checkpoint_group;

typedef struct lws_checkpoint_array {
    const char *name; /* in the file */
    lws_checkpoint_group group;
    char slot[LWS_CHECKPOINT_SLOT_NAME]; /* "m", of LWS_CHECKPOINT_SLOT */
    int rank;
    const int64_t *dims; /* [rank] */
    int64_t count;       /* of numbers */
} lws_checkpoint_array;

/* Calls visit(user, array) for every array in the file, by name, until one fails; its numbers are not read. */
typedef lws_status lws_checkpoint_visit_array(void *user, const lws_checkpoint_array *array);
lws_status lws_checkpoint_visit(const char *path, lws_checkpoint_visit_array *visit, void *user);

/* What a file says of itself, without looking at its arrays: *step where it is a checkpoint. LWS_ERR_FORMAT where it is
 * none, or too damaged to tell; LWS_ERR_IO where it cannot be read. */
lws_status lws_checkpoint_peek(const char *path, int64_t *step);

/* ---- the folder of a run's checkpoints: files "step-NNNNNNNNN.h5"; what has any other name is none of them ---- */

/* FOLDER/step-NNNNNNNNN.h5 to path [LWS_PATH]. */
void lws_checkpoint_path(const char *folder, int64_t step, char *path);

/* The steps of the files' names, newest first, whatever the files hold; the caller frees the list. LWS_ERR_IO where
 * the folder cannot be read, LWS_ERR_MEMORY. */
lws_status lws_checkpoint_list(const char *folder, int64_t **steps, int64_t *count);

/* How many there are, whole or not; -1 where the folder cannot be read. */
int64_t lws_checkpoint_count(const char *folder);

/* As lws_checkpoint_verify; and where the file has the name of a step, it must hold that step: else
 * LWS_ERR_MISMATCH. */
lws_status lws_checkpoint_verify_name(const char *path);

/* To read from: the newest that verifies and holds the step of its name, path [LWS_PATH]; others are passed over with a
 * warning. With step >= 0, that step's. LWS_ERR_IO, LWS_ERR_FORMAT when there is none. */
lws_status lws_checkpoint_find(const char *folder, int64_t step, char *path);

/* To go on from: the newest as above; but LWS_ERR_IO where a newer one cannot be opened or read, and LWS_ERR_MISMATCH
 * where it is of another version: going on would leave it behind. */
lws_status lws_checkpoint_find_to_resume(const char *folder, char *path);

/* When a run goes on from `step`: renames the damaged ones of later steps, which it will write again, to
 * "….damaged". LWS_ERR_IO. */
lws_status lws_checkpoint_set_aside(const char *folder, int64_t step);

/* After the checkpoint of `step` was written: deletes all but the newest `keep` up to it and that of best_step (-1:
 * none). What is no checkpoint of the step of its name stays and does not count. */
void lws_checkpoint_prune(const char *folder, int64_t step, int64_t keep, int64_t best_step);

/* Throws a run's checkpoints away; what is no checkpoint of the step of its name is renamed instead. LWS_ERR_IO where
 * one cannot be opened, removed or renamed. */
lws_status lws_checkpoint_remove_all(const char *folder);

#endif
