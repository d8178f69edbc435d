/* What the files on checkpoints share: private to this folder. */
#ifndef LWS_CHECKPOINT_FILE_H
#define LWS_CHECKPOINT_FILE_H

#include <lwssim/checkpoint.h>
#include <lwssim/h5.h>

#define CHECKPOINT_KIND "lwssim checkpoint"

/* The groups that hold arrays of parameters, in the order of the file. */
enum { GROUP_MODEL, GROUP_STATE, GROUP_M, GROUP_V, GROUPS };
extern const char *const checkpoint_group[GROUPS];

/* Everything the root digest covers, as text: the attributes, then NAME DIGEST of every array in name order. The
 * caller frees it; NULL when out of memory or unreadable (the message is set). */
char *checkpoint_contents(lws_h5 *file, const lws_checkpoint_meta *meta, const char *config);

/* Waits until the disk has all of a file. LWS_ERR_IO. */
lws_status checkpoint_flush(const char *path);

lws_status checkpoint_read_meta(lws_h5 *file, const char *path, lws_checkpoint_meta *meta, char **config);

/* Opens a checkpoint and verifies the root digest (not the arrays'). is_own: this process has just written it. */
lws_status checkpoint_open(const char *path, bool is_own, lws_h5 **file, lws_checkpoint_meta *meta, char **config);

/* Recomputes every digest of a checkpoint that this process has just written. */
lws_status checkpoint_verify_own(const char *path);

#endif
