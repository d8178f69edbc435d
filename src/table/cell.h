/* One cell of a table, by the group of ranks that has it: private to this folder. */
#ifndef LWS_TABLE_CELL_H
#define LWS_TABLE_CELL_H

#include "table/table.h"

#include "inference/evaluate.h"

/* What is asked on every rank now and then: whether to stop. */
typedef struct cell_stop {
    bool (*is_wanted)(void *user);
    void *user;
} cell_stop;

/* How it stands, by its files; *status, *message [size]: of one that failed. One process. Not collective. */
lws_table_state cell_look(const lws_table_job *job, const lws_table_cell *cell, lws_status *status, char *message,
                          size_t size);

/* Trains it, from where it is, and evaluates it; `result` gets its figures. A failure is kept in failed.txt, but a
 * stop. Collective over the group. Agreed: LWS_STOPPED, and all errors of a training and an evaluation. */
lws_status cell_run(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell, cell_stop stop,
                    lws_evaluation *result);

#endif
