/* What a table was made with, kept as table.ini in its folder: private to this folder. */
#ifndef LWS_TABLE_PLAN_H
#define LWS_TABLE_PLAN_H

#include "table/table.h"

typedef enum table_kind { TABLE_OF_PAPER, TABLE_SWEEP } table_kind;

/* All in it is the same on all ranks, and by bytes. */
typedef struct table_plan {
    int kind;                                              /* table_kind */
    char models[LWS_CONFIG_TEXT], losses[LWS_CONFIG_TEXT]; /* of Table 1: names with commas between */
    char seeds[LWS_CONFIG_TEXT];                           /* of Table 1: numbers with commas between */
    char vary[LWS_CONFIG_TEXT];                            /* of a sweep: "KEY=VALUE;VALUE | KEY=…" */
    int split;                                             /* lws_split that is evaluated */
    int64_t images;                                        /* of it at most; 0: all */
    char train[LWS_CONFIG_TEXT], valid[LWS_CONFIG_TEXT], test[LWS_CONFIG_TEXT]; /* digests of the data */
    lws_train_options options;                                                  /* of all cells, but for what differs */
} table_plan;

/* What there is to train on. */
typedef struct plan_images {
    lws_shape shape; /* of an image */
    int64_t rows;    /* how many */
} plan_images;

/* Opens the data of plan->options, takes its digests into the plan and says what there is to train on. All ranks must
 * have the same, and images to evaluate. Collective. Agreed: as lws_dataset_open(), LWS_ERR_RANKS, LWS_ERR_MISMATCH. */
lws_status plan_look_at_data(lws_comm *comm, table_plan *plan, plan_images *images);

/* Whether a cell can be trained on such images: its options fit each other, there is a batch, the model can be built.
 * LWS_ERR_USAGE, LWS_ERR_MISMATCH, LWS_ERR_MEMORY, lone. Not collective. */
lws_status plan_check_cell(const lws_table_cell *cell, plan_images images);

/* The folder becomes the plan's. Where one stands there already, the lists of Table 1 gain what they lack of its,
 * and all else but the group "run", and what a sweep varies, must be the same: else LWS_ERR_MISMATCH, naming what
 * differs first. A folder that holds other things is refused. *lock: on rank 0, to be given to lws_folder_unlock();
 * *is_new, on rank 0: there was none. Collective. Agreed: LWS_ERR_USAGE, LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status plan_settle(lws_comm *comm, const char *folder, table_plan *plan, int *lock, bool *is_new);

#endif
