/* Figure 1: test images and what is left of them under each loss: private to this folder. Not collective. */
#ifndef LWS_TABLE_FIGURE_H
#define LWS_TABLE_FIGURE_H

#include "formats.h"

/* Writes FOLDER/figure1.png, a panel for every model that has a finished cell, and FOLDER/figure1-MODEL.png with each
 * panel by itself; their names go to d->figure. A panel has a row for each of the first images of the test split, and
 * as columns the original and the losses in the order of the table, reconstructed by the model of the least seed; its
 * name above, means of the table below. A column without a model that can be read stays white, with a warning. Does
 * nothing without names->data. LWS_ERR_IO, LWS_ERR_MEMORY, and as lws_dataset_open() and lws_dataset_read(). */
lws_status figure_make(const char *folder, table_document *d);

#endif
