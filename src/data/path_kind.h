/* What a path that a user names is. Not collective. */
#ifndef LWSSIM_PATH_KIND_H
#define LWSSIM_PATH_KIND_H

#include <lwssim/status.h>

typedef enum lws_path_kind {
    LWS_PATH_DATASET,
    LWS_PATH_SHARD,
    LWS_PATH_CHECKPOINT,
    LWS_PATH_RUN,
    LWS_PATH_CODES,
} lws_path_kind;

/* A folder by the names in it, a file by its attributes; whether it is valid is another question. LWS_ERR_IO where it
 * cannot be read, LWS_ERR_FORMAT where it is none of these. */
lws_status lws_path_identify(const char *path, lws_path_kind *kind);

#endif
