/* Many trainings as one job. A table is a folder
 *
 *   table.ini                what all its cells have in common, and which there are
 *   cells/NAME/              one cell: a run (train.h), and when it is finished
 *   cells/NAME/test.csv      the values of every image of a split (inference/evaluate.h)
 *   cells/NAME/test.json     its figures on a split, and the digest of test.csv, written last: a cell that has a whole
 *                            one, and that test.csv, is finished
 *   cells/NAME/failed.txt    why it could not be finished: the number of a status (status.h), and its message
 *   logs/NAME.txt            what its training said
 *
 * The ranks are cut into groups. Each takes one cell at a time, trains it in a communicator of its own, evaluates
 * the last checkpoint and takes the next, so that a cell has the bits of a training alone. A cell that fails is
 * named and does not end the others. What is finished is kept, what was begun goes on from its checkpoint. */
#ifndef LWSSIM_TABLE_H
#define LWSSIM_TABLE_H

#include "base/folder.h"
#include "comm/comm.h"
#include "options/train_options.h"
#include <lwssim/split.h>

enum { LWS_TABLE_NAME = 256 }; /* room for the name of a cell */

#define LWS_TABLE_CELLS "cells"
#define LWS_TABLE_LOGS "logs"
#define LWS_TABLE_PLAN "table.ini"
#define LWS_TABLE_FIGURES "test.json"
#define LWS_TABLE_IMAGES "test.csv"
#define LWS_TABLE_FAILED "failed.txt"

typedef struct lws_table_cell {
    char name[LWS_TABLE_NAME];  /* of its folder */
    char title[LWS_TABLE_NAME]; /* for people */
    lws_train_options options;
} lws_table_cell;

typedef struct lws_table_job {
    const char *folder;
    int count;
    const lws_table_cell *cells; /* [count]; of those that cost the same the first is begun first */
    lws_split split;             /* that is evaluated */
    int64_t images;              /* of it at most, the first ones; 0: all */
    int64_t ranks_per_cell;      /* 0: as many as there are ranks for */
    double time_limit;           /* seconds for all of it; 0: none */
} lws_table_job;

typedef enum lws_table_state {
    LWS_TABLE_OPEN,     /* not begun, or begun */
    LWS_TABLE_FINISHED, /* has its figures */
    LWS_TABLE_DIVERGED, /* not finite: it would fail alike again */
    LWS_TABLE_BROKEN,   /* failed otherwise: tried again the next time */
} lws_table_state;

/* Trains and evaluates all cells that are open or broken. The folder is there, and the job's alone. state [count]
 * gets how each ended, in all cases but an error before the first began. LWS_STOPPED after a signal or at the time
 * limit, where cells are left; the error of the first cell that failed, with a message that names them all; other
 * errors (the table's folder cannot be written to) end it, too. Agreed. Collective. */
lws_status lws_table_run(lws_comm *comm, const lws_table_job *job, lws_table_state *state);

#endif
