/* Where the files of a cell are: private to this folder. */
#ifndef LWS_TABLE_PLACE_H
#define LWS_TABLE_PLACE_H

#include "table/table.h"

/* DIR/cells/NAME/FILE, or with "" the folder itself. Not collective. */
void cell_path(const lws_table_job *job, const lws_table_cell *cell, const char *file, char path[LWS_PATH]);

/* DIR/logs/NAME.txt. Not collective. */
void cell_log_path(const lws_table_job *job, const lws_table_cell *cell, char path[LWS_PATH]);

#endif
