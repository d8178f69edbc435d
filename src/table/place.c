/* Names in the folder of a table. */
#include "place.h"

#include <stdio.h>

void cell_path(const lws_table_job *job, const lws_table_cell *cell, const char *file, char path[LWS_PATH])
{
    snprintf(path, LWS_PATH, "%s/" LWS_TABLE_CELLS "/%s%s%s", job->folder, cell->name, file[0] ? "/" : "", file);
}

void cell_log_path(const lws_table_job *job, const lws_table_cell *cell, char path[LWS_PATH])
{
    snprintf(path, LWS_PATH, "%s/" LWS_TABLE_LOGS "/%s.txt", job->folder, cell->name);
}
