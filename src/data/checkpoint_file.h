/* What the files on checkpoints share: private to this folder. */
#ifndef LWS_CHECKPOINT_FILE_H
#define LWS_CHECKPOINT_FILE_H

#include "data/checkpoint.h"
#include "data/h5.h"

#define CHECKPOINT_KIND "lwssim checkpoint"

/* Calls visit(user, name, tensor, values) for every array of a checkpoint that holds `data`, in the order in which they
 * are written, until one fails: its name in the file, and where its numbers lie in memory. */
typedef lws_status checkpoint_visit(void *user, const char *name, const lws_tensor *tensor, float *values);
lws_status checkpoint_each(const lws_tensors *tensors, const lws_checkpoint_data *data, checkpoint_visit *visit,
                           void *user);

/* Everything the root digest covers, as text: the attributes, then NAME DIGEST of every array in name order. The
 * caller frees *text. LWS_ERR_MEMORY, LWS_ERR_FORMAT, LWS_ERR_IO. */
lws_status checkpoint_contents(lws_h5 *file, const lws_checkpoint_meta *meta, const char *config, char **text);

lws_status checkpoint_read_meta(lws_h5 *file, const char *path, lws_checkpoint_meta *meta, char **config);

/* Opens a checkpoint and verifies the root digest (not the arrays'). is_own: this process has just written it. */
lws_status checkpoint_open(const char *path, bool is_own, lws_h5 **file, lws_checkpoint_meta *meta, char **config);

/* Recomputes every digest of a checkpoint that this process has just written. */
lws_status checkpoint_verify_own(const char *path);

/* checkpoint_store.c: a file at `path` that holds another step than that of its name is renamed, so that the checkpoint
 * of that step can be written. LWS_ERR_IO. */
lws_status checkpoint_make_way(const char *path, int64_t step);

#endif
