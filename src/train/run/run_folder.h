/* The folder of a run. Rank 0 acts, all agree. */
#ifndef LWS_RUN_FOLDER_H
#define LWS_RUN_FOLDER_H

#include "train/train.h"

/* Makes the folder and locks it (descriptor: to close at the end, -1 on other ranks), refuses or clears one that holds
 * a run, refuses one that holds other things. Collective. Agreed: LWS_ERR_USAGE, LWS_ERR_IO. */
lws_status run_folder_prepare(lws_comm *comm, const lws_train_request *request, int *descriptor);

/* Writes config.ini. Collective. Agreed: LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status run_folder_write_config(lws_comm *comm, const char *run, const lws_train_options *options);

#endif
