/* What is made of the finished cells of a table: the table beside the paper's figures, the statistics of its claims,
 * and pictures. */
#ifndef LWSSIM_REPORT_TABLE_H
#define LWSSIM_REPORT_TABLE_H

#include <lwssim/status.h>

/* What the cells do not say. Owned by the caller. */
typedef struct lws_table_names {
    const char *title; /* one line: what was trained, on what */
    int models, losses;
    const char *const *model; /* [models], as test.json has them ("mmd-ae"), in the order of the table */
    const char *const *loss;  /* [losses], alike */
    const char *command;      /* that made the table; "": not said */
    const char *machine;      /* that it ran on; "": not said */
    double seconds;           /* that it took; below 0: not said */
    const char *data;         /* dataset folder, for the pictures; NULL: no pictures */
    int faces;                /* test images in a picture, the first ones */
} lws_table_names;

/* Reads every finished cell below FOLDER/cells and writes FOLDER/table.txt, .csv, .tex and .json, figure1.png and one
 * figure1-MODEL.png a model. Cells of other models or losses are passed over, those that are not finished are shown as
 * missing. Each file appears whole or not at all; one of such a name that is none of ours stays, with a warning. Tables
 * are written before pictures. Called by rank 0. Not collective. LWS_ERR_FORMAT for a damaged cell, LWS_ERR_MISMATCH
 * for cells that were not evaluated on the same images, where there are two of one model, loss and seed, and where no
 * cell is finished; LWS_ERR_IO, LWS_ERR_MEMORY; of a picture, those of lws_inference_load() and lws_dataset_open(). */
lws_status lws_table_report(const char *folder, const lws_table_names *names);

#endif
