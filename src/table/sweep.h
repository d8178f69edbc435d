/* A sweep: one cell for each combination of values of some keys of training. See table.h for the folder. */
#ifndef LWSSIM_SWEEP_H
#define LWSSIM_SWEEP_H

#include "table/table.h"

typedef struct lws_sweep_request {
    const char *folder;
    const char *vary;          /* "KEY=VALUE;VALUE | KEY=VALUE;…"; the last key changes first */
    const char *sort;          /* by this figure, the best first: lws_sweep_sorts() */
    lws_split split;           /* that is evaluated */
    int64_t images;            /* of it at most; 0: all */
    int64_t ranks_per_cell;    /* 0: as many as there are ranks for */
    lws_train_options options; /* of all cells, but for what varies */
} lws_sweep_request;

/* Whether a varied key is among those of `vary`. Not collective. */
bool lws_sweep_varies(const char *vary, const char *key);

/* Makes all cells, or goes on with them, and then sweep.csv and sweep.txt of those that are finished, which rank 0
 * prints, too. LWS_ERR_USAGE where `vary` or `sort` make no sense; and as lws_table_run(). Agreed. Collective. */
lws_status lws_sweep(lws_comm *comm, const lws_sweep_request *request);

#endif
