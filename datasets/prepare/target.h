/* The output folder of a preparation: whose are the files in it, and how new ones take the places of old ones.
 *
 *   .NAME.partial        of a shard or the report: in the making
 *   .lwssim-preparing    a preparation is at work, or was killed: such files are its own
 *   .lwssim-replacing    (LWS_DATASET_REPLACING) all are complete, and are being renamed to NAME */
#ifndef LWSSIM_TARGET_H
#define LWSSIM_TARGET_H

#include "datasets/prepare/prepare.h"

#define LWS_TARGET_PREPARING ".lwssim-preparing"

/* How files that have no other mark of ours begin. */
#define LWS_TARGET_REPORT_BEGINS "Recipe: "
#define LWS_TARGET_MARKER_BEGINS "lwssim prepare "

/* What lies in the folder. */
typedef struct lws_target_contents {
    bool has_dataset;           /* shards, by what is in them */
    bool has_marker;            /* LWS_TARGET_PREPARING, by what is in it */
    char shard[LWS_SHARD_NAME]; /* the first of the shards by name */
    char foreign[256];          /* the first thing by name that is of no dataset, dot-names aside; "": none */
    char in_the_way[256];       /* the first that has a name of ours, and is not ours; "": none */
    char partial[256];          /* a file in the making; "": none */
} lws_target_contents;

/* LWS_ERR_IO where the folder or a shard cannot be read, LWS_ERR_MEMORY. */
lws_status lws_target_look(const char *folder, lws_target_contents *contents);

/* Removes the files in the making, and the marker of the preparation. LWS_ERR_IO. */
lws_status lws_target_clear(const char *folder);

/* Removes one file of the folder. LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status lws_target_remove(const char *folder, const char *name);

/* Replaces what is there with the complete files in the making: so many shards of each split, and the report. Where one
 * of them is missing, nothing changes. From the first change on there is no way back: after a failure or a kill,
 * lws_target_replace_resume goes on. LWS_ERR_IO. *begun: whether that point was reached. */
lws_status lws_target_replace(const char *folder, int shards[LWS_SPLITS], bool *begun);

/* Finishes what a killed process began; *found: whether there was anything to finish. LWS_ERR_IO. */
lws_status lws_target_replace_resume(const char *folder, bool *found);

#endif
