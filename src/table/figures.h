/* The figures of a cell that is trained: private to this folder. */
#ifndef LWS_TABLE_FIGURES_H
#define LWS_TABLE_FIGURES_H

#include "table/table.h"

#include "inference/evaluate.h"

/* Evaluates the last checkpoint of the cell and writes its files of figures, the last of which makes it a finished one.
 * since: when the cell was begun, by lws_now(). Collective over the group. Agreed: as lws_inference_load(),
 * lws_evaluate(), and of writing. */
lws_status figures_make(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell, double since,
                        lws_evaluation *result);

/* Whether a whole file of figures of this cell is there, and the values of images that belong to it. One process. Not
 * collective. */
bool figures_are_there(const lws_table_job *job, const lws_table_cell *cell);

/* Takes away what figures there are, as they are not those of the cell: nobody is to read them until it has its own.
 * One process. Not collective. */
void figures_discard(const lws_table_job *job, const lws_table_cell *cell);

#endif
