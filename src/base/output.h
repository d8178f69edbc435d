/* An output file: it appears whole or not at all.
 *
 * It is written beside the target, under a temporary name that no other file has, flushed, and put in the
 * target's place. A target that is there keeps its mode and owner; a new one gets those that open() would give it. Of a
 * symbolic link, the file that it leads to is replaced, and the link stays. Pipes and devices are written to directly;
 * a pipe that nobody reads is an error.
 *
 * The temporary names of a process are numbered, so that another attempt is made with another name; after a thousand
 * they begin again.
 */
#ifndef LWSSIM_OUTPUT_H
#define LWSSIM_OUTPUT_H

#include "base/folder.h"

#include <stddef.h>
#include <stdio.h>

typedef struct lws_output {
    FILE *file;            /* write here, or by other means to the file `path` */
    char path[LWS_PATH];   /* the temporary file, or the pipe or device */
    char target[LWS_PATH]; /* what it becomes; "": `path` is no temporary */
} lws_output;

/* Opens an output for writing; one of the two below ends it. LWS_ERR_IO where the target cannot be written. */
lws_status lws_output_open(const char *path, lws_output *out);

/* Flushes, closes and puts the file in the target's place. On failure (LWS_ERR_IO: full disk; LWS_ERR_LIMIT) the target
 * is as before, and no temporary file is left. Only where it is the folder that cannot be flushed, also LWS_ERR_IO, the
 * new file stands there, and a crash of the machine might undo that. */
lws_status lws_output_commit(lws_output *out);

/* Closes and removes the temporary file. The message of a failure stays. */
void lws_output_discard(lws_output *out);

/* A whole file at once. */
lws_status lws_output_write(const char *path, const void *bytes, size_t count);

/* Whether `name` (without a folder) is a temporary one of lws_output_open, as a killed process leaves it; `inner`
 * [256] is then the name of its target. */
bool lws_output_is_temporary(const char *name, char *inner);

#endif
