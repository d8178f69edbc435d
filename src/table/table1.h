/* Table 1 of the paper: models by losses, several seeds each, all else the same. See table.h for the folder. */
#ifndef LWSSIM_TABLE1_H
#define LWSSIM_TABLE1_H

#include "table/table.h"

typedef struct lws_table1_request {
    const char *folder;
    const char *models, *losses; /* names with commas between */
    const char *seeds;           /* how many, from 1 on; or numbers with commas between (one alone: "7,") */
    int64_t images;              /* of the test split at most; 0: all */
    int64_t ranks_per_cell;      /* 0: as many as there are ranks for */
    lws_train_options options;   /* of all cells; model, loss and seed do not count */
    const char *command;         /* to be told with the table; "": not said */
    const char *machine;
} lws_table1_request;

/* Makes the table, or goes on with it, and then its files (report_table.h) of the cells that are finished; rank 0
 * prints table.txt. Fair by construction: what a cell draws (weights, order, noise, the prior) follows from its seed
 * and its step, its steps are those of all. LWS_ERR_USAGE for lists of what there is not; and as lws_table_run().
 * Agreed. Collective. */
lws_status lws_table1(lws_comm *comm, const lws_table1_request *request);

/* Sets, over the defaults, what --quick stands for: minutes on two cores. `table` has the keys of training, and
 * test-images, in `fields`. LWS_ERR_USAGE where it lacks one. Not collective. */
lws_status lws_table1_quick(lws_config_table table, void *fields);

#endif
